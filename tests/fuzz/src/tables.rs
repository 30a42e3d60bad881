//! Bytes to the Arrow batches of every table, at once and in a scan of other chunks: no row is lost.

use finrst::capture::{ReadOptions, Source};
use finrst::engine::Options;
use finrst::engine::{Scan, Step, metadata, tables as made};
use finrst::table::Made;

use super::{file, hold};

/// One input.
pub fn run(data: &[u8]) {
    let Some((&how, bytes)) = data.split_first() else { return };
    let chunks = [256 * 1024, 13];
    let (chunk, other) = if how & 1 == 0 { chunks.into() } else { (chunks[1], chunks[0]) };
    let Some(output) = file::pass(bytes, chunk, Options::default()) else {
        let read = file::pass(bytes, other, Options::default());
        assert!(read.is_none(), "refused in one size of chunks and read in another");
        return;
    };
    hold::output(&output);
    let teardowns = output.connections.iter().map(|c| c.teardowns.len()).sum();
    let expected = [output.connections.len(), teardowns];
    let metadata = metadata(&Options::default());
    let whole = made(output, &metadata, &|| true).expect("rows of the engine fit its tables");
    assert_eq!([rows(&whole[0]), rows(&whole[1])], expected, "rows of the tables");
    assert_eq!(scanned(bytes, other), expected, "rows of a scan");
}

fn rows(made: &Made) -> usize {
    made.batches.iter().map(|batch| batch.num_rows()).sum()
}

/// Connections and teardowns of a scan within little memory.
fn scanned(bytes: &[u8], chunk: usize) -> [usize; 2] {
    let reading = ReadOptions {
        chunk,
        max_uncompressed_bytes: Some(file::UNPACKED),
        ahead: false,
        ..ReadOptions::default()
    };
    let options = Options { reading, threads: Some(1), ..Options::default() };
    let mut scan = Scan::open(vec![Source::bytes("input", bytes)], options).expect("opened before");
    let mut sums = [0; 2];
    loop {
        match scan.step(1 << 16).expect("nothing is refused once a capture is open") {
            Step::More => {}
            Step::Pair(connections, teardowns) => {
                sums[0] += rows(&connections);
                sums[1] += rows(&teardowns);
            }
            Step::Done => break,
        }
    }
    scan.accounts().expect("the scan is at its end");
    sums
}
