//! Rows and tables are the same for any number of threads.

use std::collections::HashMap;
use std::path::Path;

use arrow_array::RecordBatch;
use finrst::capture::{Direction, ReadOptions, Source, Status};
use finrst::conn::{Limits, Release};
use finrst::engine;
use finrst::engine::{Options, Session};

use crate::support::{check_accounts, read};
use crate::write::{Owned, frames, packed, pcap, pcapng};
use crate::{captures, many};

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

/// A whole pass in words: every row, the counts, the accounts.
fn told(source: Source, threads: usize, limits: &Limits) -> (Vec<String>, String) {
    let options = Options { threads: Some(threads), limits: limits.clone(), ..Options::default() };
    let output = read(vec![source], options).unwrap();
    check_accounts(&output, "threads");
    let rows = output.connections.iter().map(|c| format!("{c:?}")).collect();
    (rows, format!("{:?} {:?} {:?}", output.counts, output.ledger, output.issues))
}

/// Too small to be worth a thread each: the trackers stay with the caller.
#[test]
fn of_every_small_capture() {
    for (name, path) in many() {
        let expected = told(Source::path(&path), 1, &Limits::default());
        for threads in [2, 3, 8] {
            let found = told(Source::path(&path), threads, &Limits::default());
            assert!(found == expected, "{name} with {threads} threads");
        }
    }
}

/// Short deadlines let go of connections on the way, and their ports come again.
#[test]
fn whatever_the_deadlines() {
    let bytes = pcap(&large(10), 1, false);
    let second = 1_000_000_000;
    let short = Limits {
        linger: second,
        handshake: 2 * second,
        half_closed: 5 * second,
        idle: 60 * second,
        ..Limits::default()
    };
    for limits in [Limits::default(), short, Limits { teardowns: 2, ..Limits::default() }] {
        let expected = told(Source::bytes("large", &*bytes), 1, &limits);
        for threads in [2, 3, 8] {
            let found = told(Source::bytes("large", &*bytes), threads, &limits);
            assert!(found == expected, "{limits:?} with {threads} threads");
        }
    }
}

/// A pass that is given up, and one over a stream that fails, have the rows of what was read.
#[test]
fn wherever_it_ends() {
    let bytes = pcap(&large(10), 1, false);
    for budget in [1 << 18, 4 << 20] {
        let given_up = |threads| {
            let options = Options { threads: Some(threads), ..Options::default() };
            let source = Source::bytes("large", &*bytes);
            let mut session = Session::open(vec![source], options).unwrap();
            assert!(session.step(budget).unwrap());
            let output = session.finish();
            let ends = output.counts.released[Release::End as usize];
            (ends, format!("{:?}", output.connections))
        };
        let expected = given_up(1);
        assert!(expected.0 > 0);
        for threads in [2, 4] {
            assert!(given_up(threads) == expected, "given up with {threads} threads");
        }
    }
    let failing = |threads| {
        let cut = std::io::Cursor::new(bytes[..bytes.len() / 2].to_vec());
        let source = Source::reader("failing", Box::new(Failing(cut)), None);
        let options = Options { threads: Some(threads), ..Options::default() };
        let output = read(vec![source], options).unwrap();
        check_accounts(&output, "failing");
        assert_eq!(output.files[0].status, Status::IoError);
        format!("{:?}", output.connections)
    };
    assert!(failing(3) == failing(1), "a stream that fails");
}

/// Fails where it would end.
struct Failing(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(std::io::Error::other("of the test")),
            n => Ok(n),
        }
    }
}

fn tables(path: &Path, threads: usize, chunk: usize) -> Vec<Vec<RecordBatch>> {
    let reading = ReadOptions { chunk, ..ReadOptions::default() };
    let options = Options { reading, threads: Some(threads), ..Options::default() };
    let output = read(vec![Source::path(path)], options).unwrap();
    let made = engine::tables(output, &HashMap::new(), &|| true).unwrap();
    made.into_iter().map(|made| made.batches).collect()
}

#[test]
fn whatever_the_threads() {
    let frames = large(10);
    let (plain, next) = (pcap(&frames, 1, false), pcapng(&frames, &[1]));
    assert!(plain.len() > 4 << 20, "{} bytes are read ahead", plain.len());
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
