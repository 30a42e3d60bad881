//! Goals R2 to R6 on every shared capture, and whose packets are whose, in one process:
//!
//!     cargo bench --bench corpus
//!
//! Each is read whole (status, accounts, seconds, memory), mutated (20 mutants, 2 % of the bytes,
//! fixed seeds), cut (every prefix of 60 small ones), read in chunks of 1, 7, 4,096, 65,536 bytes
//! and whole, and compressed in five ways. The packets of all connections, and those of some alone,
//! are held against their rows and the ledger, under a few options; so is a connection that a storm
//! of resets splits. What does not hold stops the program. `tests/hostile.rs`,
//! `tests/invariance` and `tests/partition` do a part of it in every run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use finrst::capture::{Compression, Direction, ReadOptions, Source, Status};
use finrst::cause;
use finrst::conn::{Limits, Release};
use finrst::engine::{Options, Output, Session};

#[allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::pedantic, missing_docs)]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;
#[path = "../support/partition.rs"]
mod partition;
#[allow(dead_code)]
#[path = "../invariance/write.rs"]
mod write;

const CHUNKS: [usize; 4] = [1, 7, 4096, 65_536];
const MUTANTS: u64 = 20;
const PREFIXES: usize = 60;

/// One pass; `None` where the bytes are refused, whose text must be short and fit to print.
fn read(bytes: &[u8], chunk: usize) -> Option<Output> {
    let reading = ReadOptions { chunk, ..ReadOptions::default() };
    let options = Options { reading, ..Options::default() };
    match Session::open(vec![Source::bytes("input", bytes)], options) {
        Ok(session) => {
            let output = fuzz::file::all(session);
            fuzz::hold::output(&output);
            Some(output)
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.chars().count() <= 700 && !text.chars().any(char::is_control), "{text:?}");
            None
        }
    }
}

/// Everything that a pass says, but for how the file was packed.
fn told(output: Option<Output>) -> Option<String> {
    output.map(|output| {
        let mut text = String::new();
        for c in &output.connections {
            let verdict = cause::judge(&c, &output.context, &output.parameters);
            writeln!(text, "{} {} {c:?}", verdict.cause.name(), verdict.confidence).unwrap();
        }
        for mut file in output.files {
            (file.source_bytes, file.compression) = (None, Compression::None);
            writeln!(text, "{file:?}").unwrap();
        }
        text
    })
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            collect(&path, found);
        } else if !matches!(ending, Some("csv" | "parquet" | "md" | "json")) {
            found.push(path);
        }
    }
}

/// Peak of resident memory in KiB since [`forget_peak`].
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn forget_peak() {
    fs::write("/proc/self/clear_refs", "5").ok();
}

fn whole(captures: &[(PathBuf, Vec<u8>)]) {
    let (mut slowest, mut largest) = (Duration::ZERO, 0);
    let mut statuses = std::collections::BTreeMap::new();
    let (mut packets, mut connections) = (0, 0);
    for (_, bytes) in captures {
        forget_peak();
        let (base, begin) = (peak(), Instant::now());
        let output = read(bytes, 256 * 1024);
        slowest = slowest.max(begin.elapsed());
        largest = largest.max(peak().saturating_sub(base));
        let status = output.as_ref().map_or("refused", |output| output.files[0].status.as_str());
        *statuses.entry(status).or_insert(0) += 1;
        packets += output.as_ref().map_or(0, |output| output.files[0].packets);
        connections += output.as_ref().map_or(0, |output| output.connections.len());
    }
    println!(
        "R2 {} captures, {packets} packets, {connections} connections: {statuses:?}; slowest {} ms, most memory {} KiB",
        captures.len(),
        slowest.as_millis(),
        largest
    );
    assert!(slowest < Duration::from_secs(1) && largest < 64 << 10);
}

fn mutants(captures: &[(PathBuf, Vec<u8>)]) {
    let (begin, mut read_on, mut refused) = (Instant::now(), 0, 0);
    for (_, bytes) in captures {
        for seed in 1..=MUTANTS {
            let mut bytes = bytes.clone();
            fuzz::mutate::bytes(&mut bytes, seed);
            match read(&bytes, 256 * 1024) {
                Some(_) => read_on += 1,
                None => refused += 1,
            }
        }
    }
    let seconds = begin.elapsed().as_secs();
    println!("R3 {} mutants: {read_on} read, {refused} refused; {seconds} s", read_on + refused);
}

fn prefixes(captures: &[(PathBuf, Vec<u8>)]) {
    let small: Vec<_> = captures.iter().filter(|(_, bytes)| bytes.len() <= 5000).collect();
    let step = small.len().div_ceil(PREFIXES).max(1);
    let (begin, mut count, mut files) = (Instant::now(), 0, 0);
    for (path, bytes) in small.into_iter().step_by(step) {
        let whole = read(bytes, 256 * 1024);
        let Some(whole) = whole.filter(|o| o.files[0].status == Status::Complete) else { continue };
        files += 1;
        for length in 0..bytes.len() {
            count += 1;
            let Some(cut) = read(&bytes[..length], 256 * 1024) else { continue };
            let file = &cut.files[0];
            let fits =
                matches!(file.status, Status::Complete | Status::Empty | Status::TruncatedTail);
            assert!(fits, "{} cut to {length}: {}", path.display(), file.status);
            assert!(file.packets <= whole.files[0].packets);
        }
    }
    println!("R4 {count} prefixes of {files} captures; {} s", begin.elapsed().as_secs());
}

fn chunks(captures: &[(PathBuf, Vec<u8>)]) {
    let begin = Instant::now();
    for (path, bytes) in captures {
        let expected = told(read(bytes, 16 << 20));
        for chunk in CHUNKS {
            let found = told(read(bytes, chunk));
            assert!(found == expected, "{} in chunks of {chunk}", path.display());
        }
        let packed = Compression::of(bytes) != Compression::None;
        if expected.is_none() || packed {
            continue; // compression within compression is refused
        }
        for (kind, packed) in write::packed(bytes) {
            let found = told(read(&packed, 4096));
            assert!(found == expected, "{}.{kind}", path.display());
        }
    }
    println!(
        "R6 {} captures in chunks of {CHUNKS:?} and whole, and in 5 compressions: the same; {} s",
        captures.len(),
        begin.elapsed().as_secs()
    );
}

/// Options that change which packets take part, or whose they are.
fn options() -> [Options; 4] {
    let reading = ReadOptions { resync: true, ..ReadOptions::default() };
    let limits = Limits { linger: 0, handshake: 0, idle: 1_000_000_000, ..Limits::default() };
    [
        Options::default(),
        Options { reading, ..Options::default() },
        Options { limits, ..Options::default() },
        Options { memory_limit: Some(30_000), seed: Some(1), ..Options::default() },
    ]
}

fn packets(captures: &[(PathBuf, Vec<u8>)]) {
    let (begin, mut segments, mut connections) = (Instant::now(), 0, 0);
    for (path, bytes) in captures {
        let source = || Source::bytes("input", bytes.as_slice());
        if Session::open(vec![source()], Options::default()).is_err() {
            continue;
        }
        for options in options() {
            let what = format!("{} {options:?}", path.display());
            let held = partition::hold(&what, &source, &options);
            held.sampled(&what, &source, &options, 2);
            segments += held.segments.len();
            connections += held.rows.len();
        }
    }
    println!(
        "{segments} packets of {connections} connections are each in the one that counts them; {} s",
        begin.elapsed().as_secs()
    );
}

/// A SYN and resets, no two alike, of one connection: more than one row has.
fn storm(resets: u32) {
    let frame = |number: u32| {
        let flags = if number == 0 { 2 } else { 4 };
        let mut data = vec![0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        data.extend([0x9c, 0x40, 1, 0xbb]);
        data.extend(number.to_be_bytes());
        data.extend([0, 0, 0, 0, 0x50, flags, 255, 255, 0, 0, 0, 0]);
        let time = Some(i64::from(number) * 100_000);
        let (interface, link, direction, original) = (0, 101, Direction::Unknown, 40);
        write::Owned { time, interface, link, direction, data, original }
    };
    let frames: Vec<_> = (0..=resets).map(frame).collect();
    let bytes = write::pcap(&frames, 101, false);
    let (source, options) = (|| Source::bytes("storm", bytes.as_slice()), Options::default());
    let held = partition::hold("storm", &source, &options);
    assert_eq!(held.output.counts.released[Release::Evicted as usize], 1);
    held.sampled("storm", &source, &options, 9);
}

fn main() {
    let root = std::env::var_os("FINRST_SHARED").map_or("../shared".into(), PathBuf::from);
    let mut paths = Vec::new();
    collect(&root.join("captures/public"), &mut paths);
    paths.sort();
    if paths.is_empty() {
        println!("SKIPPED: no captures below {}; set FINRST_SHARED", root.display());
        return;
    }
    let captures: Vec<_> =
        paths.into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
    packets(&captures);
    for part in ["faults", "lab", "practice"] {
        let mut paths = Vec::new();
        collect(&root.join("captures").join(part), &mut paths);
        let read = |path: PathBuf| (path.clone(), fs::read(&path).unwrap());
        packets(&paths.into_iter().map(read).collect::<Vec<_>>());
    }
    storm(70_000);
    whole(&captures);
    prefixes(&captures);
    chunks(&captures);
    mutants(&captures);
    println!("R5 the accounts of all these readings add up");
}
