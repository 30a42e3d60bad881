//! One reading against another.

use arrow_array::Array as _;
use finrst::base::issue::Issues;
use finrst::capture::Source;
use finrst::engine::runs::{Memory, Whole, digest, settle};
use finrst::engine::{Options, Output, Session};
use finrst::table::Made;

use crate::support::cells::{columns, tables, text};

/// A file in memory: its name and octets.
pub type File = (String, Vec<u8>);

pub fn named(pieces: Vec<Vec<u8>>) -> Vec<File> {
    pieces.into_iter().enumerate().map(|(n, piece)| (format!("piece-{n:03}"), piece)).collect()
}

fn sources(files: &[File]) -> Vec<Source> {
    files.iter().map(|(name, octets)| Source::bytes(name.clone(), octets.clone())).collect()
}

/// What one reader finds.
pub fn alone(files: &[File], options: &Options) -> Output {
    let options = Options { threads: Some(1), ..options.clone() };
    let mut session = Session::open(sources(files), options).unwrap();
    while session.step(1 << 24).unwrap() {}
    session.finish()
}

/// What runs of so many files find together.
pub fn in_runs(files: &[File], each: usize, buckets: u32, options: &Options) -> Output {
    let origin = alone_origin(files, options);
    let options = Options { seed: Some(7), threads: Some(1), ..options.clone() };
    let settled = settle(options, origin).unwrap();
    let runs = files.chunks(each).map(|files_of_run| {
        let mut memory = Memory::new(buckets);
        let of = Some(files.len());
        let run = digest(sources(files_of_run), &settled, of, &mut memory, &|| true).unwrap();
        (run, memory)
    });
    Whole::of(runs.collect()).output(None, &Issues::default(), &settled).unwrap()
}

fn alone_origin(files: &[File], options: &Options) -> Option<i64> {
    let mut reader =
        finrst::capture::Reader::open(sources(files), options.reading.clone()).unwrap();
    while let Some(batch) = reader.next_batch().unwrap() {
        if let Some(frame) = batch.iter().next() {
            return Some(frame.time.unwrap_or(0));
        }
    }
    None
}

fn differences(made: &Made, wanted: &Made, what: &str) -> Vec<String> {
    let mut told = Vec::new();
    let equal = made.batches.len() == wanted.batches.len()
        && made.batches.iter().zip(&wanted.batches).all(|(a, b)| {
            a.num_rows() == b.num_rows()
                && a.columns().iter().zip(b.columns()).all(|(a, b)| a.to_data() == b.to_data())
        });
    if equal {
        return told;
    }
    let all = |made: &Made| -> Vec<Vec<(String, Option<String>)>> {
        let mut rows = Vec::new();
        for batch in &made.batches {
            let columns = columns(batch);
            for row in 0..batch.num_rows() {
                let cells = columns.iter();
                rows.push(cells.map(|(name, cells)| (name.clone(), text(cells, row))).collect());
            }
        }
        rows
    };
    let (made, wanted) = (all(made), all(wanted));
    if made.len() != wanted.len() {
        told.push(format!("{what}: {} rows, {} wanted", made.len(), wanted.len()));
    }
    for (row, (made, wanted)) in made.iter().zip(&wanted).enumerate() {
        for ((name, made), (_, wanted)) in made.iter().zip(wanted) {
            if made != wanted {
                told.push(format!("{what} row {row} {name}: {made:?}, wanted {wanted:?}"));
            }
        }
    }
    told
}

/// Holds every column of every table of one output to those of another.
pub fn hold(what: &str, made: Output, wanted: Output) {
    assert_eq!(made.counts, wanted.counts, "{what}");
    let (made, wanted) = (tables(made), tables(wanted));
    let mut told = Vec::new();
    for (made, wanted) in made.iter().zip(&wanted) {
        assert_eq!(made.name, wanted.name);
        told.extend(differences(made, wanted, made.name));
    }
    told.truncate(12);
    assert!(told.is_empty(), "{what}\n{}", told.join("\n"));
}
