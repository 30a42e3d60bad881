//! Packets of chosen connections: found again, and written so that they read the same.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::PathBuf;

use finrst::capture::{ReadOptions, Reader, Source};
use finrst::conn::{Chosen, Connection};
use finrst::engine::again;
use finrst::engine::{Options, Session};
use finrst::table::export::{Guard, Written};

fn demo() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/demo.pcap")
}

fn connections(path: PathBuf) -> Vec<Connection> {
    let options = Options { limits: finrst::conn::Limits::default(), ..Options::default() };
    let mut session = Session::open(vec![Source::path(path)], options).unwrap();
    while session.step(1 << 20).unwrap() {}
    session.finish().connections.into_iter().collect()
}

fn frames(path: PathBuf) -> Vec<(Option<i64>, Vec<u8>, u32)> {
    let mut reader = Reader::open(vec![Source::path(path)], ReadOptions::default()).unwrap();
    let mut found = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        found.extend(batch.iter().map(|f| (f.time, f.data.to_vec(), f.original_length)));
    }
    found
}

#[test]
fn every_packet_belongs_to_one_connection() {
    let all: Vec<_> = connections(demo()).iter().map(Chosen::from).collect();
    let (made, _) =
        again::table(vec![Source::path(demo())], Options::default(), all, &|| true).unwrap();
    let rows: usize = made.batches.iter().map(arrow_array::RecordBatch::num_rows).sum();
    assert_eq!(rows, frames(demo()).len());
}

#[test]
fn saved_packets_keep_octets_and_times() {
    let target = std::env::temp_dir().join(format!("finrst-save-{}.pcapng", std::process::id()));
    let all: Vec<_> = connections(demo()).iter().map(Chosen::from).collect();
    let (sources, options) = ([Source::path(demo())], Options::default());
    let saved =
        again::save(&sources, &options, &all, None, &target, &Guard::default(), &|| true).unwrap();
    let (before, after) = (frames(demo()), frames(target.clone()));
    std::fs::remove_file(&target).unwrap();
    assert_eq!(saved, Written { rows: before.len() as u64, lost: None });
    assert_eq!(before, after);
}

#[test]
fn packets_are_never_saved_over_their_source() {
    let folder = std::env::temp_dir().join(format!("finrst-over-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let source = folder.join("a.pcap");
    std::fs::copy(demo(), &source).unwrap();
    let all: Vec<_> = connections(source.clone()).iter().map(Chosen::from).collect();
    let guard = Guard { overwrite: true, ..Guard::default() };
    let (sources, options) = ([Source::path(&source)], Options::default());
    let outcome = again::save(&sources, &options, &all, None, &source, &guard, &|| true);
    assert!(matches!(outcome, Err(finrst::base::error::Error::Exists { .. })));
    assert_eq!(std::fs::read(&source).unwrap(), std::fs::read(demo()).unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_cancelled_save_leaves_nothing() {
    let folder = std::env::temp_dir().join(format!("finrst-cancel-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let all: Vec<_> = connections(demo()).iter().map(Chosen::from).collect();
    let (sources, options) = ([Source::path(demo())], Options::default());
    let target = folder.join("x.pcapng");
    let outcome =
        again::save(&sources, &options, &all, None, &target, &Guard::default(), &|| false);
    assert!(matches!(outcome, Err(finrst::base::error::Error::Cancelled)));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
    std::fs::remove_dir(&folder).unwrap();
}

#[test]
fn a_script_gives_its_segments() {
    let script = "> S, < S., > ., > P. 120, < R.";
    let all: Vec<_> = finrst::conn::play(script).unwrap().iter().map(Chosen::from).collect();
    let made = again::of_script(script, all).unwrap();
    assert_eq!(made.batches[0].num_rows(), 5);
}
