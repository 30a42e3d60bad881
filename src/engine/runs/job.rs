//! The digests of a capture's runs, and the steps that are made of them.

use std::io::BufWriter;
use std::path::Path;

use super::accounts::{Accounts, accounts};
use super::facts::{self, Bucketed, Facts};
use super::frd::{Digested, Digesting};
use super::held::Held;
use super::plan::{Plan, Surveyed};
use super::run::{Run, RunReader};
use super::stitch::{AllPaths, stitch};
use super::together::{Most, Together};
use crate::base::error::Error;
use crate::base::issue::Issues;
use crate::base::text::file_name;
use crate::capture::{Progress, Source, SourceFiles};
use crate::conn::finish;
use crate::digest::{Header, MOST_BUCKETS, Stamp, checksum};
use crate::engine::session::told_at_the_end;
use crate::engine::tables::Accounts as Tables;
use crate::engine::{Metadata, Options};
use crate::table::Made;
use crate::table::export::{Guard, Whole};
use crate::table::shared::Shared;

/// A run that is read into a file.
pub struct Writing {
    run: RunReader<Digesting<BufWriter<Whole>>>,
}

/// How a run is to be read.
pub struct Way {
    /// Options whose bounds are moments.
    pub options: Options,
    /// The same wherever everything is that changes rows.
    pub fingerprint: u64,
    /// Key of the hash of addresses and ports.
    pub seed: u64,
    /// How many buckets there are to be.
    pub buckets: u32,
    /// How many files the whole capture has.
    pub of: Option<usize>,
}

impl Writing {
    /// Opens the files of a run, and the file that its digest goes into.
    ///
    /// # Errors
    /// As [`RunReader::open`]; [`Error::Io`], and [`Error::Exists`] where it would replace a
    /// source or another capture.
    pub fn open(
        sources: Vec<Source>,
        to: &Path,
        stamps: Vec<Stamp>,
        way: Way,
    ) -> Result<Self, Error> {
        let Way { mut options, fingerprint, seed, buckets, of } = way;
        options.seed = Some(seed);
        if buckets > MOST_BUCKETS {
            let said = format!("{buckets} buckets are too many: {MOST_BUCKETS} at most");
            return Err(Error::Argument(said));
        }
        let header =
            Header { version: String::new(), options: fingerprint, seed, buckets, files: stamps };
        let sink = |sources: &SourceFiles| {
            let guard = Guard { sources: sources.clone(), never: true, ..Guard::default() };
            let out = Whole::create(to, guard)?;
            Digesting::new(BufWriter::new(out), &file_name(to), &header)
        };
        Ok(Self { run: RunReader::open(sources, options, of, sink)? })
    }

    /// See [`RunReader::step`].
    ///
    /// # Errors
    /// As there.
    pub fn step(&mut self, budget: u64) -> Result<bool, Error> {
        self.run.step(budget)
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        self.run.progress()
    }

    /// Ends the file, which then appears; what is known of the run, and how long the file is.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(self) -> Result<(Run, u64), Error> {
        let (run, sink) = self.run.finish();
        let (out, length) = sink.finish(&run)?;
        commit(out)?;
        Ok((run, length))
    }
}

fn commit(out: BufWriter<Whole>) -> Result<(), Error> {
    let name = out.get_ref().name().to_owned();
    let file = out.into_inner().map_err(|error| Error::Io { file: name, source: error.into() })?;
    file.commit().map(drop)
}

/// The digests of all runs.
pub struct Job {
    /// How their runs lie to each other.
    pub plan: Plan,
    digests: Vec<Digested>,
    /// The same wherever all digests are.
    pub key: u64,
    /// How many buckets each has.
    pub buckets: u32,
    /// Key of the hash of addresses and ports.
    pub seed: u64,
}

impl Job {
    /// Opens them.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::State`] for what is no digest, or not one of the same job;
    /// [`Error::Argument`] where there is none, or the survey is of other files.
    pub fn open(digests: &[Held], surveyed: Option<&[Surveyed]>) -> Result<Self, Error> {
        let digests: Vec<Digested> =
            digests.iter().cloned().map(Digested::open).collect::<Result<_, _>>()?;
        let Some(first) = digests.first() else {
            return Err(Error::Argument("no digest".to_owned()));
        };
        let files: usize = digests.iter().map(|digest| digest.head.files.len()).sum();
        let (header, mut key) = (first.header(), Vec::new());
        let (buckets, seed, options) = (header.buckets, header.seed, header.options);
        for digest in &digests {
            let other = digest.header();
            let differs = if other.buckets != buckets {
                "it has another number of buckets than the others"
            } else if other.seed != seed {
                "it has another seed than the others"
            } else if other.options != options {
                "it was made with other options than the others"
            } else if digest.head.of != files as u64 {
                "it was made for a capture with another number of files"
            } else {
                key.extend(digest.sum().to_le_bytes());
                continue;
            };
            return Err(digest.broken(differs));
        }
        let heads = digests.iter().map(|digest| digest.head.clone()).collect();
        let plan = Plan::of(heads, surveyed)?;
        for (standings, interfaces) in plan.standings.iter().zip(&plan.interfaces) {
            for standing in standings {
                key.extend(standing.file.to_le_bytes());
                key.extend(standing.key.to_le_bytes());
            }
            key.extend(interfaces.to_le_bytes());
        }
        Ok(Self { plan, digests, key: checksum(&key), buckets, seed })
    }

    fn runs(&self) -> Vec<&Digested> {
        self.digests.iter().collect()
    }

    /// Follows the connections of a bucket and writes what they came to.
    ///
    /// # Errors
    /// As [`stitch()`], and those of writing.
    pub fn stitch(
        &self,
        bucket: u32,
        options: &Options,
        to: &Path,
        proceed: &dyn Fn() -> bool,
    ) -> Result<(Bucketed, u64), Error> {
        if bucket >= self.buckets {
            let text = format!("no bucket {bucket}: there are {}", self.buckets);
            return Err(Error::Argument(text));
        }
        let options = Options { seed: Some(self.seed), ..options.clone() };
        let marks = self.digests.iter().map(Digested::marks);
        let mut paths = AllPaths::of(marks, &options)?;
        let at = (bucket, self.buckets);
        let (tracker, end) = stitch(&self.plan, &self.runs(), &mut paths, &options, at, proceed)?;
        let (counts, mut rows) = finish(vec![tracker], end.clock.now(), |_| {});
        let mut known = Bucketed {
            job: self.key,
            bucket,
            counts,
            paths: paths.paths.marks(),
            ..Bucketed::default()
        };
        let out = Whole::create(to, Guard { never: true, ..Guard::default() })?;
        let mut out = BufWriter::new(out);
        let written = facts::write(&mut out, &self.plan, &mut known, &mut rows);
        let length = written.map_err(|source| Error::Io { file: file_name(to), source })?;
        commit(out)?;
        Ok((known, length))
    }

    /// What the buckets came to, from these files.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::State`] where one is missing, or of other digests.
    pub fn facts(&self, held: &[Held]) -> Result<Vec<Facts>, Error> {
        let facts: Vec<Facts> = held.iter().cloned().map(Facts::open).collect::<Result<_, _>>()?;
        for (bucket, facts) in (0..).zip(&facts) {
            if facts.known.job != self.key || facts.known.bucket != bucket {
                return Err(facts.broken("it was made of other digests"));
            }
        }
        if facts.len() != self.buckets as usize {
            return Err(Error::Argument("not as many files of facts as buckets".to_owned()));
        }
        Ok(facts)
    }

    /// Everything that judging needs, of all buckets.
    ///
    /// # Errors
    /// As [`Together::of`].
    pub fn together(
        &self,
        facts: &[Facts],
        options: &Options,
        most: Most,
        proceed: &dyn Fn() -> bool,
    ) -> Result<(Together, Shared), Error> {
        let together = Together::of(&self.plan, facts, options, most, proceed)?;
        let mut files = Vec::with_capacity(self.plan.files.len());
        for &(run, at) in &self.plan.files {
            let summaries = self.digests.get(run).map(Digested::files).unwrap_or_default();
            files.push(summaries.get(at).cloned().unwrap_or_default());
        }
        let interfaces: Vec<_> =
            self.digests.iter().flat_map(Digested::interfaces).cloned().collect();
        let shared = Shared::new(&files, &interfaces, together.paths.clone());
        Ok((together, shared))
    }

    /// The tables about the capture itself.
    ///
    /// # Errors
    /// As [`accounts()`], and [`Together::left`].
    pub fn accounts(
        &self,
        (together, facts): (&Together, &[Facts]),
        odd: &Issues,
        (options, metadata): (&Options, &Metadata),
        proceed: &dyn Fn() -> bool,
    ) -> Result<[Made; 5], Error> {
        let runs: Vec<Run> = self.digests.iter().map(Digested::run).collect::<Result<_, _>>()?;
        let all: Vec<&Run> = runs.iter().collect();
        let Accounts { ledger, files, interfaces, mut issues, hosts, .. } =
            accounts(&self.plan, &all, &self.runs(), odd, options)?;
        let left = together.left(&self.plan, facts, proceed)?;
        told_at_the_end(&mut issues, together.counts, left);
        let shared = Shared::new(&files, &interfaces, together.paths.clone());
        let known = Tables {
            ledger: &ledger,
            files: &files,
            interfaces: &interfaces,
            issues: &issues,
            hosts: [&options.hosts, &hosts],
        };
        known.tables(&shared, metadata)
    }
}
