//! `cargo bench --bench runs`: every capture of the laboratory and a third of the public ones, cut
//! in five, in runs of one file and of two, against one reader: every column of every table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing run says where
#![allow(dead_code)] // a part of what the tests use

#[path = "../runs/cut.rs"]
mod cut;
#[path = "../runs/held.rs"]
mod held;
#[path = "../runs/steps.rs"]
mod steps;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use cut::{Capture, octets};
use finrst::engine::Options;
use held::{hold_all, named};

/// Bytes beyond which a capture is left out.
const MOST: u64 = 8 << 20;

/// All files below a directory that are not too large.
fn small(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    support::below(directory, &mut found);
    found.retain(|path| path.metadata().is_ok_and(|meta| meta.len() <= MOST));
    found
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut paths, mut public) = (Vec::new(), Vec::new());
    paths.extend(small(&root.join("tests/lab/frozen")));
    if let Some(captures) = support::shared("runs") {
        paths.extend(small(&captures.join("lab")));
        paths.extend(small(&captures.join("practice")));
        public.extend(small(&captures.join("public")));
    }
    public.sort();
    paths.extend(public.into_iter().step_by(3));
    paths.sort();
    let (mut held, mut left) = (0, 0);
    for path in &paths {
        let Some(capture) = Capture::of(&octets(path)).filter(|c| c.records.len() > 4) else {
            left += 1;
            continue;
        };
        let count = capture.records.len();
        let files = named(capture.cut(&[count / 5, 2 * count / 5, 3 * count / 5, 4 * count / 5]));
        let options = Options::default();
        for (each, buckets) in [(1, 2), (2, 64)] {
            let what = format!("{} in runs of {each}", path.display());
            hold_all(&what, &files, each, buckets, &options);
        }
        held += 1;
    }
    assert!(held > 50, "{held} captures");
    println!("{held} captures cut in five are what they are whole; {left} have too few packets");
}
