//! What a digest costs beside decoding, and how large it is: `cargo bench --bench digest`.
//!
//! `FINRST_BENCH_CAPTURE` names a capture; without it the demonstration capture is taken, which is
//! too small to tell much. Both are done in turns, and the least time of each counts.
#![allow(clippy::expect_used, clippy::print_stdout, missing_docs)]
#![allow(clippy::cast_precision_loss)] // numbers for people

use std::hint::black_box;
use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant};

use finrst::capture::{ReadOptions, Reader, Source};
use finrst::conn::Seed;
use finrst::digest::{Digest, Footer, Header, Place, Writer};
use finrst::packet::{Decoded, Decoder};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo.pcap");
const BUCKETS: [u32; 3] = [1, 8, 64];

fn reader(bytes: &Arc<Vec<u8>>) -> Reader {
    let source = Source::Bytes { name: "bench".to_owned(), data: Arc::clone(bytes) };
    Reader::open(vec![source], ReadOptions { ahead: false, ..ReadOptions::default() })
        .expect("a capture")
}

/// Reads and decodes; how many segments there are.
fn decode(bytes: &Arc<Vec<u8>>) -> u64 {
    let (mut reader, mut decoder, mut segments) = (reader(bytes), Decoder::default(), 0);
    while let Some(batch) = reader.next_batch().expect("no error") {
        for frame in &batch {
            let found = decoder.decode(&frame, frame.time.unwrap_or(0));
            segments += u64::from(black_box(found.segment()).is_some());
        }
    }
    segments
}

/// The same, into a digest.
fn digest(bytes: &Arc<Vec<u8>>, buckets: u32) -> Vec<u8> {
    let (mut reader, mut decoder) = (reader(bytes), Decoder::default());
    let header = Header { seed: 1, buckets, ..Header::default() };
    let seed = Seed::of(header.seed);
    let mut writer = Writer::new(Vec::new(), &header).expect("memory");
    let mut key = i64::MIN;
    while let Some(batch) = reader.next_batch().expect("no error") {
        for frame in &batch {
            key = key.max(frame.time.unwrap_or(key));
            match decoder.decode(&frame, frame.time.unwrap_or(0)) {
                Decoded::Tcp(segment) => {
                    let hash = seed.hash(&segment);
                    writer.segment(hash, key, &segment).expect("memory");
                }
                Decoded::IcmpError(error) => {
                    let place = Place { key, file: frame.file, position: frame.number_in_file };
                    let hash = seed.hash_quoted(&error);
                    writer.icmp(hash, place, &error).expect("memory");
                }
                _ => {}
            }
        }
    }
    writer.finish(Footer::default()).expect("memory")
}

/// Reads a digest; how many packets there are.
fn read(octets: &[u8]) -> u64 {
    let digest = Digest::open("bench", &mut Cursor::new(octets)).expect("a digest");
    let mut packets = 0;
    for bucket in 0..digest.header().buckets {
        let mut items = digest.bucket(Cursor::new(octets), bucket);
        while let Some(item) = items.next().expect("whole") {
            packets += u64::from(black_box(item).place.position > 0);
        }
    }
    packets
}

fn timed<T>(least: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = black_box(work());
    *least = (*least).min(start.elapsed());
    done
}

fn main() {
    let path = std::env::var("FINRST_BENCH_CAPTURE").unwrap_or_else(|_| DEMO.to_owned());
    let rounds = std::env::var("FINRST_BENCH_ROUNDS").ok().and_then(|n| n.parse().ok());
    let bytes = Arc::new(std::fs::read(&path).expect("a capture"));
    println!("{path}: {} bytes", bytes.len());
    for buckets in BUCKETS {
        let [mut alone, mut whole, mut back] = [Duration::MAX; 3];
        let (mut segments, mut octets) = (0, Vec::new());
        for _ in 0..rounds.unwrap_or(5) {
            segments = timed(&mut alone, || decode(&bytes));
            octets = timed(&mut whole, || digest(&bytes, buckets));
            timed(&mut back, || read(&octets));
        }
        let [alone, whole, back] = [alone, whole, back].map(|time| time.as_secs_f64());
        let size = octets.len() as f64;
        println!(
            "{buckets:>3} buckets: decode {alone:.4} s, digest {whole:.4} s ({:.2} x decode, {:.0} ns \
             a segment more), back {back:.4} s; {} bytes, {:.2} a segment, {:.3} % of the capture",
            whole / alone,
            (whole - alone) * 1e9 / segments as f64,
            octets.len(),
            size / segments as f64,
            100.0 * size / bytes.len() as f64,
        );
    }
}
