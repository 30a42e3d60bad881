//! Every column of every table is the same through a digest.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use finrst::capture::Source;
use finrst::digest::Digest;
use finrst::engine::{Options, Output, metadata, tables};

use super::made::{connections, digest};
use super::support::{below, data, read, read_file, shared};

/// Of the shared captures every so many is read here.
const STEP: usize = 7;

fn made(output: Output) -> Vec<(String, Vec<arrow_array::RecordBatch>)> {
    let made = tables(output, &metadata(&Options::default()), &|| true).unwrap();
    made.into_iter().map(|table| (table.name.to_owned(), table.batches)).collect()
}

/// Reads a capture both ways; how many connections it has, none where it is no capture.
fn same(path: &Path, buckets: u32) -> usize {
    let what = format!("{} in {buckets} buckets", path.display());
    if read_file(path).is_err() {
        return 0;
    }
    let options = || Options { threads: Some(1), ..Options::default() };
    let sequential = || read(vec![Source::path(path)], options()).unwrap();
    let (expected, mut output) = (sequential(), sequential());
    let through = digest(path, buckets);
    let opened = Digest::open("test", &mut Cursor::new(&through.octets)).unwrap();
    assert_eq!(format!("{:?}", opened.footer()), format!("{:?}", through.footer), "{what}");
    let (counts, rows, context) = connections(&through);
    assert_eq!(counts, expected.counts, "{what}");
    let facts = |output: &Output| -> Vec<String> {
        output.connections.iter().map(|c| format!("{c:?}")).collect()
    };
    let expected_facts = facts(&expected);
    (output.connections, output.context) = (rows, context);
    for (one, other) in facts(&output).iter().zip(&expected_facts) {
        assert_eq!(one, other, "{what}");
    }
    for ((name, one), (_, other)) in made(output).iter().zip(&made(expected)) {
        assert_eq!(one.len(), other.len(), "{what}: {name}");
        for (one, other) in one.iter().zip(other) {
            for (at, field) in other.schema().fields().iter().enumerate() {
                assert_eq!(one.column(at), other.column(at), "{what}: {name}.{}", field.name());
            }
        }
    }
    expected_facts.len()
}

#[test]
fn of_every_capture_here() {
    let mut all = vec![data("demo.pcap")];
    below(&data("captures"), &mut all);
    below(&data("regressions"), &mut all);
    let mut connections = 0;
    for path in &all {
        for buckets in [1, 2, 64] {
            connections += same(path, buckets);
        }
    }
    assert!(connections > 300, "{connections} connections");
}

#[test]
fn of_the_laboratory() {
    let mut all = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/frozen"), &mut all);
    let connections: usize = all.iter().map(|path| same(path, 3)).sum();
    assert!(connections > 4000, "{connections} connections");
}

#[test]
fn of_shared_captures() {
    let Some(shared) = shared("digests of shared captures") else { return };
    let mut all = Vec::new();
    for part in ["public", "lab", "practice"] {
        below(&shared.join(part), &mut all);
    }
    let all: Vec<&PathBuf> = all.iter().step_by(STEP).collect();
    assert!(all.len() > 100, "{} captures", all.len());
    let connections: usize = all.into_iter().map(|path| same(path, 5)).sum();
    assert!(connections > 300, "{connections} connections");
}
