//! Damaged and hostile captures: nothing panics, the accounts add up, the status tells the truth.
//!
//! Captures stay outside the repository: `FINRST_SHARED` names the directory that holds them. What
//! ever failed is in `tests/data/regressions`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use finrst::capture::Status;
use finrst::engine::Options;

#[allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::pedantic, missing_docs)]
#[path = "fuzz/src/lib.rs"]
mod fuzz;

/// Largest capture that is tried here; `tests/bench/corpus.rs` tries every one, compiled for speed.
const SMALL: u64 = 3000;
/// Captures of which every prefix is read, and the largest of them.
const PREFIXES: usize = 20;
const SMALLEST: usize = 800;
/// Files that are kept, each forged in another way.
const FORGED: u64 = 120;
/// Mutants of each capture.
const MUTANTS: u64 = 20;

/// Small captures of the shared directory, spread over all of them.
fn small(most: usize) -> Vec<PathBuf> {
    let root = std::env::var_os("FINRST_SHARED").map_or("../shared".into(), PathBuf::from);
    let mut found = Vec::new();
    collect(&root.join("captures/public"), &mut found);
    found.sort();
    if found.is_empty() {
        eprintln!("SKIPPED: no captures below {}; set FINRST_SHARED", root.display());
    }
    let step = found.len().div_ceil(most).max(1);
    found.into_iter().step_by(step).collect()
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            collect(&path, found);
        } else if is_capture(&path) && path.metadata().is_ok_and(|meta| meta.len() <= SMALL) {
            found.push(path);
        }
    }
}

fn is_capture(path: &Path) -> bool {
    !matches!(path.extension().and_then(|e| e.to_str()), Some("csv" | "parquet" | "md" | "json"))
}

#[test]
fn what_ever_failed() {
    let mut replayed = 0;
    for entry in fs::read_dir("tests/data/regressions").unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let bytes = fs::read(entry.path()).unwrap();
        match name.split_once('-').unwrap().0 {
            "digest" => fuzz::digest::run(&bytes),
            "events" => fuzz::events::run(&bytes),
            "file" => fuzz::file::run(&bytes),
            "kept" => fuzz::kept::run(&bytes),
            "options" => fuzz::options::run(&bytes),
            "packet" => fuzz::packet::run(&bytes),
            "tables" => fuzz::tables::run(&bytes),
            other => panic!("no target {other}"),
        }
        replayed += 1;
    }
    assert!(replayed > 0);
}

#[test]
fn mutants() {
    for path in small(200) {
        let original = fs::read(&path).unwrap();
        for seed in 1..=MUTANTS {
            let mut bytes = original.clone();
            fuzz::mutate::bytes(&mut bytes, seed);
            if let Some(output) = fuzz::file::pass(&bytes, 256 * 1024, Options::default()) {
                fuzz::hold::output(&output);
            }
        }
    }
}

#[test]
fn files_that_are_kept_forged_with_right_checksums() {
    let rounds = std::env::var("FINRST_FORGED").ok().and_then(|n| n.parse().ok()).unwrap_or(FORGED);
    for seed in 1..=rounds {
        let mut random = fuzz::mutate::numbers(seed);
        let mut next = || random().to_le_bytes()[3];
        let edits = usize::from(next() % 3) + 1;
        let mut data = vec![seed.to_le_bytes()[0]];
        data.extend((0..5 * edits).map(|_| next()));
        fuzz::kept::run(&data);
    }
}

#[test]
fn every_prefix() {
    let all = small(usize::MAX).into_iter().map(|path| (fs::read(&path).unwrap(), path));
    let small: Vec<_> = all.filter(|(bytes, _)| bytes.len() <= SMALLEST).collect();
    let step = small.len().div_ceil(PREFIXES).max(1);
    for (bytes, path) in small.into_iter().step_by(step) {
        let whole = fuzz::file::pass(&bytes, 256 * 1024, Options::default());
        let Some(whole) = whole.filter(|o| o.files[0].status == Status::Complete) else { continue };
        for length in 0..bytes.len() {
            let cut = fuzz::file::pass(&bytes[..length], 256 * 1024, Options::default());
            let Some(cut) = cut else { continue };
            fuzz::hold::output(&cut);
            let file = &cut.files[0];
            let fits =
                matches!(file.status, Status::Complete | Status::Empty | Status::TruncatedTail);
            let name = path.display();
            assert!(fits, "{name} cut to {length}: {}", file.status);
            assert_eq!(file.bytes_total, length as u64, "{name} cut to {length}");
            assert!(file.packets <= whole.files[0].packets, "{name} cut to {length}");
        }
    }
}

#[test]
fn the_size_of_chunks_changes_nothing() {
    for path in small(60) {
        let bytes = fs::read(&path).unwrap();
        let shown = |chunk| {
            fuzz::file::pass(&bytes, chunk, Options::default())
                .map(|output| format!("{:?} {:?}", output.connections, output.files))
        };
        let whole = shown(16 << 20);
        for chunk in [1, 7, 4096, 65_536] {
            assert_eq!(shown(chunk), whole, "{} in chunks of {chunk}", path.display());
        }
    }
}

/// A connection of more segments than sixteen bits count, of each kind.
#[test]
fn small_counters_do_not_overflow() {
    for flags in [0x10, 0x11] {
        let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend([0xff, 0xff, 0, 0, 101, 0, 0, 0]);
        for n in 0..70_000_u32 {
            bytes.extend((1_700_000_000 + n / 1000).to_le_bytes());
            bytes.extend((n % 1000).to_le_bytes());
            bytes.extend([40, 0, 0, 0, 40, 0, 0, 0, 0x45, 0, 0, 40]);
            bytes.extend(u16::try_from(n % 60_000 + 1).unwrap().to_be_bytes());
            bytes.extend([0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0x9c, 0x40, 1, 187]);
            bytes.extend((n / 2 * 7).to_be_bytes());
            bytes.extend([0, 0, 0, 1, 0x50, if n == 0 { 2 } else { flags }, 0, 0, 0, 0, 0, 0]);
        }
        let output = fuzz::file::pass(&bytes, 256 * 1024, Options::default()).unwrap();
        fuzz::hold::output(&output);
        assert_eq!(output.files[0].packets, 70_000);
        // The first 65,535 rows of FINs are of one connection, of which 64 are compared.
        let ended: usize = output.connections.iter().map(|c| c.teardowns.len()).sum();
        let not_compared = output.issues.count("teardowns_not_compared");
        assert_eq!(not_compared > 60_000, ended > 60_000, "{not_compared} of {ended}");
    }
}
