//! One reading against another.

use arrow_array::Array as _;
use finrst::base::issue::Issues;
use finrst::capture::Source;
use finrst::engine::runs::{Memory, RunReader, Whole, settle};
use finrst::engine::{Options, Output, Session};
use finrst::table::Made;

use crate::support::cells::{columns, tables, text};

/// A file in memory: its name and bytes.
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
    let origin = origin(files, options);
    let options = Options { seed: Some(7), threads: Some(1), ..options.clone() };
    let settled = settle(options, origin).unwrap();
    let runs = files.chunks(each).map(|files_of_run| {
        let (of, memory) = (Some(files.len()), Memory::new(buckets));
        let mut run =
            RunReader::open(sources(files_of_run), settled.clone(), of, |_| Ok(memory)).unwrap();
        while run.step(1 << 24).unwrap() {}
        run.finish()
    });
    Whole::of(runs.collect()).output(None, &Issues::default(), &settled).unwrap()
}

/// What bounds after the first packet count from.
pub fn origin(files: &[File], options: &Options) -> Option<i64> {
    let mut reader =
        finrst::capture::Reader::open(sources(files), options.reading.clone()).unwrap();
    while let Some(batch) = reader.next_batch().unwrap() {
        if let Some(frame) = batch.iter().next() {
            return Some(frame.time.unwrap_or(0));
        }
    }
    None
}

type Cells = Vec<Vec<(String, Option<String>)>>;

fn cells(made: &Made) -> Cells {
    let mut rows = Vec::new();
    for batch in &made.batches {
        let columns = columns(batch);
        for row in 0..batch.num_rows() {
            let cells = columns.iter();
            rows.push(cells.map(|(name, cells)| (name.clone(), text(cells, row))).collect());
        }
    }
    rows
}

/// Holds every column of a table, which may be in parts, to those of another.
pub fn compare(what: &str, made: &[Made], wanted: &Made) {
    let equal = made.len() == 1
        && made[0].batches.len() == wanted.batches.len()
        && made[0].batches.iter().zip(&wanted.batches).all(|(a, b)| {
            a.num_rows() == b.num_rows()
                && a.columns().iter().zip(b.columns()).all(|(a, b)| a.to_data() == b.to_data())
        });
    if equal {
        return;
    }
    assert!(made.iter().all(|made| made.name == wanted.name), "{what}");
    let (made, wanted, name) = (made.iter().flat_map(cells), cells(wanted), wanted.name);
    let made: Cells = made.collect();
    let mut told = Vec::new();
    if made.len() != wanted.len() {
        told.push(format!("{name}: {} rows, {} wanted", made.len(), wanted.len()));
    }
    for (row, (made, wanted)) in made.iter().zip(&wanted).enumerate() {
        for ((column, made), (_, wanted)) in made.iter().zip(wanted) {
            if made != wanted {
                told.push(format!("{name} row {row} {column}: {made:?}, wanted {wanted:?}"));
            }
        }
    }
    told.truncate(12);
    assert!(told.is_empty(), "{what}\n{}", told.join("\n"));
}

/// Holds every column of every table of one output to those of another.
pub fn hold(what: &str, made: Output, wanted: Output) {
    assert_eq!(made.counts, wanted.counts, "{what}");
    for (made, wanted) in tables(made).into_iter().zip(tables(wanted)) {
        compare(what, &[made], &wanted);
    }
}
