//! Rows and tables are the same for any number of threads.

use std::collections::HashMap;
use std::path::Path;

use arrow_array::RecordBatch;
use finrst::answer;
use finrst::capture::{Direction, ReadOptions, Source};
use finrst::read::Options;

use crate::captures;
use crate::support::read;
use crate::write::{Owned, frames, packed, pcap, pcapng};

/// Everything on Ethernet in the repository, many times over, among frames longer than the room
/// in front of what is read ahead.
pub fn large(rounds: i64) -> Vec<Owned> {
    let all: Vec<Owned> = captures()
        .iter()
        .flat_map(|(_, path)| frames(path).0)
        .filter(|f| {
            let plain = f.link == 1 && f.direction == Direction::Unknown && f.original > 0;
            plain && f.time.is_some_and(|time| (0..1 << 61).contains(&time))
        })
        .collect();
    let mut large = Vec::new();
    for round in 0..rounds {
        for (n, frame) in all.iter().enumerate() {
            let time = frame.time.map(|time| time + round * 3_600_000_000_000);
            large.push(Owned { time, interface: 0, ..frame.clone() });
            if n % 500 == 0 {
                let mut data = vec![0xee; 90_000 + n * 7 % 100_000];
                data[12..14].copy_from_slice(&[0x88, 0xb5]);
                let original = u32::try_from(data.len()).unwrap();
                large.push(Owned { time, interface: 0, data, original, ..frame.clone() });
            }
        }
    }
    large
}

fn tables(path: &Path, threads: usize, chunk: usize) -> Vec<Vec<RecordBatch>> {
    let reading = ReadOptions { chunk, ..ReadOptions::default() };
    let options = Options { reading, threads: Some(threads), ..Options::default() };
    let output = read(vec![Source::path(path)], options).unwrap();
    let made = answer::tables(output, &HashMap::new(), &|| true).unwrap();
    made.into_iter().map(|made| made.batches).collect()
}

#[test]
fn whatever_the_threads() {
    let frames = large(10);
    let (plain, next) = (pcap(&frames, 1, false), pcapng(&frames, &[1]));
    assert!(plain.len() > 4 << 20, "{} octets are read ahead", plain.len());
    let mut files = vec![("cut.pcap", plain[..plain.len() - 7].to_vec()), ("next.pcapng", next)];
    files.extend(packed(&plain));
    files.push(("many.pcap", pcap(&large(250), 1, false)));
    let folder = std::env::temp_dir().join(format!("finrst-threads-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, bytes) in files {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        let expected = tables(&path, 1, 256 * 1024);
        if name.starts_with("many") {
            assert!(expected[0].len() > 1 && expected[1].len() > 1, "tables of several batches");
        }
        for (threads, chunk) in [(2, 256 * 1024), (3, 16 * 1024), (8, 100_000)] {
            assert!(tables(&path, threads, chunk) == expected, "{name} with {threads} threads");
        }
        std::fs::remove_file(&path).unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
