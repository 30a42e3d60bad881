//! The steps through files, as several machines would take them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use finrst::base::error::Error;
use finrst::base::issue::Issues;
use finrst::conn::Counts;
use finrst::engine::runs::{Held, Job, Most, Way, Writing, settle};
use finrst::engine::{Metadata, Options};
use finrst::table::Made;

use crate::held::{File, origin, sources};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A directory of its own that goes with it.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("finrst-runs-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Files that hold what a step wrote.
pub fn held(paths: &[PathBuf]) -> Vec<Held> {
    paths.iter().cloned().map(Held::from).collect()
}

pub fn way(options: &Options, buckets: u32, of: usize) -> Way {
    Way { options: options.clone(), fingerprint: 1, seed: 9, buckets, of: Some(of) }
}

pub fn digest(files: &[File], to: &Path, way: Way) -> Result<(), Error> {
    let mut writing = Writing::open(sources(files), to, Vec::new(), way)?;
    while writing.step(1 << 20)? {}
    writing.finish().map(drop)
}

/// Takes all steps; the paths of the digests and of the facts.
pub fn steps(
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
        job.stitch(bucket, &settled, &to, &|| true).unwrap();
        facts.push(to);
    }
    (digests, facts)
}

/// The counts and tables that the steps give with so much room for judging, each table in its parts.
pub fn in_steps(
    files: &[File],
    each: usize,
    buckets: u32,
    options: &Options,
    rooms: &[Most],
) -> Vec<(Counts, Vec<Vec<Made>>)> {
    let scratch = Scratch::new();
    let (digests, paths) = steps(&scratch, files, each, buckets, options);
    let job = Job::open(&held(&digests), None).unwrap();
    let facts = job.facts(&held(&paths)).unwrap();
    let metadata = Metadata::new();
    let settled = settle(options.clone(), origin(files, options)).unwrap();
    let judged = rooms.iter().map(|&most| {
        let (together, shared) = job.together(&facts, options, most, &|| true).unwrap();
        let with = (&shared, &settled, &metadata);
        let (mut connections, mut teardowns) = (Vec::new(), Vec::new());
        for part in 0..job.plan.heads.len() {
            for slice in 0..together.slices(&job.plan, part) {
                let at = (part, slice);
                let judged = together.judge(&job.plan, &facts, at, with, &|| true).unwrap();
                let [some, ends] = judged;
                connections.push(some);
                teardowns.push(ends);
            }
        }
        let (known, with) = ((&together, &facts[..]), (&settled, &metadata));
        let accounts = job.accounts(known, &Issues::default(), with, &|| true).unwrap();
        let mut made = vec![connections, teardowns];
        made.extend(accounts.map(|table| vec![table]));
        (together.counts, made)
    });
    judged.collect()
}

/// What the steps say of files that they cannot put together.
pub fn error_of(files: &[File], each: usize, buckets: u32, options: &Options) -> String {
    let scratch = Scratch::new();
    let settled = settle(options.clone(), origin(files, options)).unwrap();
    let digests = files.chunks(each).enumerate().map(|(number, run)| {
        let to = scratch.file(&format!("run-{number}.frd"));
        digest(run, &to, way(&settled, buckets, files.len())).unwrap();
        to
    });
    let digests: Vec<PathBuf> = digests.collect();
    let to = scratch.file("facts-0.frf");
    let stitched = Job::open(&held(&digests), None)
        .and_then(|job| job.stitch(0, &settled, &to, &|| true).map(drop));
    stitched.unwrap_err().to_string()
}
