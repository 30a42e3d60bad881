//! The steps through files, as several machines would take them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use finrst::base::error::Error;
use finrst::base::issue::Issues;
use finrst::capture::Source;
use finrst::engine::runs::{Facts, Held, Job, Way, Writing, settle};
use finrst::engine::{Metadata, Options};

use crate::cut::{Capture, octets};
use crate::everywhere::recorded;
use crate::held::{File, alone, compare, named, origin};
use crate::support::cells::tables;
use crate::support::data;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A directory of its own that goes with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("finrst-runs-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn held(paths: &[PathBuf]) -> Vec<Held> {
    paths.iter().cloned().map(Held::from).collect()
}

fn way(options: &Options, buckets: u32, of: usize) -> Way {
    Way { options: options.clone(), fingerprint: 1, seed: 9, buckets, of: Some(of) }
}

fn digest(files: &[File], to: &Path, way: Way) -> Result<(), Error> {
    let sources = files.iter().map(|(name, octets)| Source::bytes(name.clone(), octets.clone()));
    let mut writing = Writing::open(sources.collect(), to, Vec::new(), way)?;
    while writing.step(1 << 20)? {}
    writing.finish().map(drop)
}

/// Takes all steps; the paths of the digests and of the facts.
fn steps(
    scratch: &Scratch,
    files: &[File],
    each: usize,
    buckets: u32,
    options: &Options,
) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let settled = settle(options.clone(), origin(files, options)).unwrap();
    let mut digests = Vec::new();
    for (number, run) in files.chunks(each).enumerate() {
        let to = scratch.file(&format!("run-{number}.frd"));
        digest(run, &to, way(&settled, buckets, files.len())).unwrap();
        digests.push(to);
    }
    let mut facts = Vec::new();
    for bucket in 0..buckets {
        let to = scratch.file(&format!("facts-{bucket}.frf"));
        let job = Job::open(&held(&digests), None).unwrap();
        job.stitch(bucket, options, &to, &|| true).unwrap();
        facts.push(to);
    }
    (digests, facts)
}

/// Holds the tables that the steps give to those of one reader.
pub fn hold(what: &str, files: &[File], each: usize, buckets: u32, options: &Options) {
    let scratch = Scratch::new();
    let (digests, paths) = steps(&scratch, files, each, buckets, options);
    let job = Job::open(&held(&digests), None).unwrap();
    let facts = job.facts(&held(&paths)).unwrap();
    let (together, shared) = job.together(&facts, options, &|| true).unwrap();
    let metadata = Metadata::new();
    let settled = settle(options.clone(), origin(files, options)).unwrap();
    let with = (&shared, &settled, &metadata);
    let (mut connections, mut teardowns) = (Vec::new(), Vec::new());
    for part in 0..job.plan.heads.len() {
        let judged = together.judge(&job.plan, &facts, part, with, &|| true).unwrap();
        let [some, ends] = judged;
        connections.push(some);
        teardowns.push(ends);
    }
    let accounts = job.accounts(&together, &Issues::default(), (&settled, &metadata)).unwrap();
    let wanted = tables(alone(files, options));
    let mut made = vec![connections, teardowns];
    made.extend(accounts.map(|table| vec![table]));
    for (made, wanted) in made.iter().zip(&wanted) {
        compare(what, made, wanted);
    }
}

#[test]
fn files_on_the_way_change_nothing() {
    let options = Options::default();
    let demo = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    for at in [&[][..], &[1], &[40, 90], &[3, 60, 60, 120]] {
        let files = named(demo.cut(at));
        for (each, buckets) in [(1, 1), (2, 2), (1, 64)] {
            hold(&format!("{at:?} {each} {buckets}"), &files, each, buckets, &options);
        }
    }
    for (name, capture) in recorded() {
        let count = capture.records.len();
        let files = named(capture.cut(&[count / 3, count / 2, count * 4 / 5]));
        hold(&name, &files, 1, 2, &options);
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let (scratch, options) = (Scratch::new(), Options::default());
    let demo = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    let files = named(demo.cut(&[50]));
    let (digests, facts) = steps(&scratch, &files, 1, 2, &options);
    let job = Job::open(&held(&digests), None).unwrap();
    let refused = |result: Result<(), Error>, said: &str| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::State { .. }), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
    };
    let other = scratch.file("other.frd");
    for (way, said) in [
        (Way { seed: 8, ..way(&options, 2, 2) }, "another seed"),
        (way(&options, 4, 2), "another number of buckets"),
        (Way { fingerprint: 2, ..way(&options, 2, 2) }, "other options"),
        (way(&options, 2, 3), "another number of files"),
    ] {
        digest(&files[1..], &other, way).unwrap();
        refused(Job::open(&held(&[digests[0].clone(), other.clone()]), None).map(drop), said);
    }
    // One alone is not the whole.
    refused(Job::open(&held(&digests[..1]), None).map(drop), "another number of files");
    // Facts of other digests.
    let again = [digests[1].clone(), digests[0].clone()];
    assert!(Job::open(&held(&again), None).unwrap().facts(&held(&facts)).is_err());
    assert!(job.facts(&held(&facts[..1])).is_err());
    assert!(job.facts(&held(&[facts[1].clone(), facts[0].clone()])).is_err());
    assert!(job.stitch(2, &options, &other, &|| true).is_err());
}

#[test]
fn whatever_is_cut_or_changed_is_told() {
    let (scratch, options) = (Scratch::new(), Options::default());
    let demo = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    let files = named(demo.cut(&[20, 30]));
    let (digests, facts) = steps(&scratch, &files[..1], 1, 1, &options);
    let damaged = scratch.file("damaged");
    let told = |error: Error| {
        assert!(matches!(error, Error::State { .. }), "{error:?}");
    };
    let whole = std::fs::read(&facts[0]).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&damaged, &whole[..cut]).unwrap();
        told(Facts::open(damaged.clone().into()).map(drop).unwrap_err());
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&damaged, &changed).unwrap();
        let read = Facts::open(damaged.clone().into()).and_then(|facts| {
            let mut rows = facts.rows(0, false)?;
            while rows.next()?.is_some() {}
            let mut rows = facts.rows(0, true)?;
            while rows.next()?.is_some() {}
            Ok(())
        });
        told(read.unwrap_err());
    }
    let whole = std::fs::read(&digests[0]).unwrap();
    for cut in (0..whole.len()).step_by(7) {
        std::fs::write(&damaged, &whole[..cut]).unwrap();
        told(Job::open(&[damaged.clone().into()], None).map(drop).unwrap_err());
    }
    let mut unread = 0;
    for at in (0..whole.len()).step_by(3) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&damaged, &changed).unwrap();
        let to = scratch.file("to");
        let stitched = Job::open(&[damaged.clone().into()], None)
            .and_then(|job| job.stitch(0, &options, &to, &|| true).map(drop));
        // The line of all frames is not looked at where nothing is odd: a few bytes for each of 20.
        stitched.map_or_else(told, |()| unread += 1);
    }
    assert!(unread * 3 < 20 * 6, "{unread} changes are not told");
}

#[test]
fn a_limit_that_makes_one_depend_on_all_is_refused() {
    let scratch = Scratch::new();
    let demo = named(vec![octets(&data("demo.pcap"))]);
    let mut limited = Options { memory_limit: Some(1 << 30), ..Options::default() };
    for said in ["memory_limit", "a limit of connections"] {
        let to = scratch.file("run.frd");
        let error = digest(&demo, &to, way(&limited, 1, 1)).unwrap_err();
        assert!(matches!(&error, Error::Argument(text) if text.contains(said)), "{error:?}");
        assert!(!to.exists());
        limited = Options::default();
        limited.limits.connections = Some(9);
    }
}
