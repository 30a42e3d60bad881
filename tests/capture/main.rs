//! Captures built byte by byte, read back in every way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build;
mod compressed;
mod copies;
mod corpus;
mod damage;
mod differential;
mod formats;
mod many;
mod names;
mod objects;
mod random;
mod resync;

use finrst::base::error::Error;
use finrst::base::issue::Issues;
use finrst::capture::{Direction, FileSummary, Interface, ReadOptions, Reader, Source, Status};

/// A frame that outlives its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) number: u64,
    pub(crate) file: u32,
    pub(crate) number_in_file: u64,
    pub(crate) time: Option<i64>,
    pub(crate) interface: u32,
    pub(crate) link: u16,
    pub(crate) direction: Direction,
    pub(crate) data: Vec<u8>,
    pub(crate) original_length: u32,
}

/// Everything that reading gives.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) frames: Vec<Owned>,
    pub(crate) files: Vec<FileSummary>,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) issues: Issues,
}

impl Outcome {
    pub(crate) fn status(&self) -> Status {
        self.files[0].status
    }

    pub(crate) fn times(&self) -> Vec<Option<i64>> {
        self.frames.iter().map(|frame| frame.time).collect()
    }

    /// What must not depend on how the bytes came.
    fn digest(&self) -> String {
        let counts: Vec<_> = self.issues.counts().collect();
        let files: Vec<String> = self
            .files
            .iter()
            .map(|file| {
                let mut file = file.clone();
                file.source_bytes = None;
                file.compression = finrst::capture::Compression::None;
                format!("{file:?}")
            })
            .collect();
        format!(
            "{:?}{files:?}{:?}{counts:?}{:?}",
            self.frames,
            self.interfaces,
            self.issues.examples()
        )
    }
}

pub(crate) fn drain(mut reader: Reader) -> Outcome {
    let mut frames = Vec::new();
    while let Some(batch) = reader.next_batch().expect("batch") {
        for frame in batch {
            assert!(frame.original_length as usize >= frame.data.len());
            frames.push(Owned {
                number: frame.number,
                file: frame.file,
                number_in_file: frame.number_in_file,
                time: frame.time,
                interface: frame.interface,
                link: frame.link.0,
                direction: frame.direction,
                data: frame.data.to_vec(),
                original_length: frame.original_length,
            });
        }
    }
    for (frame, number) in frames.iter().zip(1..) {
        assert_eq!(frame.number, number);
    }
    for file in reader.files() {
        assert!(file.adds_up(), "accounts of {file:?}");
        assert_ne!(file.status, Status::Reading);
    }
    let packets: u64 = reader.files().iter().map(|file| file.packets).sum();
    assert_eq!(packets, frames.len() as u64);
    Outcome {
        frames,
        files: reader.files().to_vec(),
        interfaces: reader.interfaces().to_vec(),
        issues: reader.take_issues(),
    }
}

pub(crate) fn read_sources(sources: Vec<Source>, options: ReadOptions) -> Result<Outcome, Error> {
    Reader::open(sources, options).map(drain)
}

pub(crate) fn try_read(bytes: &[u8], chunk: usize) -> Result<Outcome, Error> {
    let options = ReadOptions { chunk, ..ReadOptions::default() };
    read_sources(vec![Source::bytes("test", bytes)], options)
}

pub(crate) fn read(bytes: &[u8]) -> Outcome {
    try_read(bytes, 256 * 1024).expect("readable")
}

pub(crate) fn refusal(bytes: &[u8]) -> String {
    try_read(bytes, 4096).expect_err("no capture").to_string()
}

/// Reads in pieces of several sizes and insists on the same result.
pub(crate) fn assert_same_in_pieces(name: &str, bytes: &[u8]) {
    let whole = try_read(bytes, 1 << 20).map_or_else(|e| e.to_string(), |o| o.digest());
    for chunk in [1, 7, 4096, 65_536] {
        let pieces = try_read(bytes, chunk).map_or_else(|e| e.to_string(), |o| o.digest());
        assert_eq!(whole, pieces, "{name} in pieces of {chunk}");
    }
    for is_size_known in [false, true] {
        let object = objects::stored("test", bytes, is_size_known);
        let elsewhere = read_sources(vec![object], ReadOptions::default());
        let elsewhere = elsewhere.map_or_else(|e| e.to_string(), |o| o.digest());
        assert_eq!(whole, elsewhere, "{name} in a store");
    }
}
