//! One reading against another.

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::Array as _;
use finrst::capture::{Reader, Source};
use finrst::conn::Counts;
use finrst::engine::runs::{Abreast, Done, Most, Stop};
use finrst::engine::{Options, Output, Session};
use finrst::table::Made;

use crate::steps::in_steps;
use crate::support::cells::{columns, tables, text};

/// A file in memory: its name and bytes.
pub type File = (String, Vec<u8>);

pub fn named(pieces: Vec<Vec<u8>>) -> Vec<File> {
    pieces.into_iter().enumerate().map(|(n, piece)| (format!("piece-{n:03}"), piece)).collect()
}

pub fn sources(files: &[File]) -> Vec<Source> {
    files.iter().map(|(name, octets)| Source::bytes(name.clone(), octets.clone())).collect()
}

/// What one reader finds.
pub fn alone(files: &[File], options: &Options) -> Output {
    let options = Options { threads: Some(1), ..options.clone() };
    let mut session = Session::open(sources(files), options).unwrap();
    while session.step(1 << 24).unwrap() {}
    session.finish()
}

/// Files that several threads read at once, with so many bytes that may wait.
pub fn opened(files: &[File], options: &Options, threads: usize, room: usize) -> Abreast {
    let options = Options { threads: Some(threads), ..options.clone() };
    let reader = Reader::open(sources(files), options.reading.clone()).unwrap();
    Abreast::held(reader, options, threads, room).ok().unwrap()
}

/// What several threads find that read the files at once, with so many bytes that may wait, and how
/// they did it; nothing where one reader has to read them.
pub fn abreast(
    files: &[File],
    options: &Options,
    threads: usize,
    room: usize,
) -> Option<(Output, Done)> {
    let mut abreast = opened(files, options, threads, room);
    loop {
        match abreast.step(1 << 16) {
            Ok(true) => {}
            Ok(false) => break,
            Err(Stop::Alone) => return None,
            Err(Stop::Error(error)) => panic!("{error}"),
        }
    }
    let done = abreast.done();
    Some((abreast.finish().unwrap(), done))
}

/// Holds runs of so many files, in so many buckets, and files that are read at once, to one reader.
pub fn hold_all(what: &str, files: &[File], each: usize, buckets: u32, options: &Options) {
    hold_in(&[Most::default()], what, files, (each, buckets), options);
}

/// Room for all of it, and for some connections at a time and what these may ask alone.
pub const ROOMS: [Most; 3] = [
    Most { context: 1 << 30, rows: 1 << 18 },
    Most { context: 9_000, rows: 7 },
    Most { context: 40_000, rows: 50 },
];

/// The same with so much room for judging.
pub fn hold_in(
    rooms: &[Most],
    what: &str,
    files: &[File],
    (each, buckets): (usize, u32),
    options: &Options,
) {
    let wanted = told(alone(files, options));
    let made = in_steps(files, each, buckets, options, rooms);
    for (most, (counts, made)) in rooms.iter().zip(made) {
        let what = format!("{what}, {most:?}");
        assert_eq!(counts, wanted.0, "{what}");
        assert_eq!(made.len(), wanted.1.len(), "{what}");
        for (made, wanted) in made.iter().zip(&wanted.1) {
            compare(&what, made, wanted);
        }
    }
    at_once(what, files, options, &wanted);
}

static TURN: AtomicUsize = AtomicUsize::new(0);

/// Holds files that are read at once, in two of the ways in turn, to one reader.
pub fn at_once(what: &str, files: &[File], options: &Options, wanted: &Told) {
    const WAYS: [(usize, usize); 4] = [(1, 1 << 20), (4, 0), (2, 0), (8, 1 << 20)];
    if files.len() > 1 {
        let turn = TURN.fetch_add(2, Ordering::Relaxed);
        for (threads, room) in [WAYS[turn % 4], WAYS[(turn + 1) % 4]] {
            let (found, _) = abreast(files, options, threads, room).unwrap();
            hold(&format!("{what}, {threads} threads"), found, wanted);
        }
    }
}

/// What bounds after the first packet count from.
pub fn origin(files: &[File], options: &Options) -> Option<i64> {
    let mut reader = Reader::open(sources(files), options.reading.clone()).unwrap();
    while let Some(batch) = reader.next_batch().unwrap() {
        if let Some(frame) = batch.iter().next() {
            return Some(frame.time.unwrap_or(0));
        }
    }
    None
}

pub type Cells = Vec<Vec<(String, Option<String>)>>;

pub fn cells(made: &Made) -> Cells {
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

/// What an output tells: how many connections were begun and let go, and all tables.
pub struct Told(Counts, Vec<Made>);

/// See [`Told`].
pub fn told(output: Output) -> Told {
    Told(output.counts, tables(output))
}

/// Holds every column of every table of one output to those of another.
pub fn hold(what: &str, made: Output, wanted: &Told) {
    assert_eq!(made.counts, wanted.0, "{what}");
    for (made, wanted) in tables(made).into_iter().zip(&wanted.1) {
        compare(what, &[made], wanted);
    }
}
