//! Captures made to hurt, through a whole scan: time for n and 2n packets, and memory.
//!
//!     cargo bench --bench attack                     every attack, n = 100,000 to 400,000
//!     cargo bench --bench attack -- flood 10000000   one attack of one size
//!     cargo bench --bench attack -- flood 10000000 1073741824    within a memory limit
//!
//! Each size runs in a process of its own, so that its peak of resident memory is its own. A
//! script with figures and no timed test: `tests/bench/README.md` keeps them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::cast_possible_truncation)]

use std::io::{self, Read};
use std::process::Command;

use finrst::capture::Source;
use finrst::engine::Options;
use finrst::engine::{Scan, Step};
use finrst::table::Made;

mod shapes;
use shapes::{SHAPES, Shape};

/// Ratio of times for twice the packets that still counts as linear.
const LINEAR: f64 = 2.6;

/// Bytes of a capture as they are asked for.
struct Pieces {
    shape: &'static Shape,
    next: u64,
    end: u64,
    ready: Vec<u8>,
    taken: usize,
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ready.len() {
            self.ready.clear();
            self.taken = 0;
            while self.ready.len() < 1 << 16 && self.next < self.end {
                (self.shape.make)(self.next, self.end, &mut self.ready);
                self.next += 1;
            }
        }
        let rest = &self.ready[self.taken..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

fn rows(made: &Made) -> usize {
    made.batches.iter().map(arrow_array::RecordBatch::num_rows).sum()
}

/// One attack of one size: what it gave, in one line.
fn run(shape: &'static Shape, packets: u64, memory_limit: Option<u64>) {
    let reader = Pieces { shape, next: 0, end: packets, ready: (shape.head)(), taken: 0 };
    let source = Source::reader(shape.name, Box::new(reader), None);
    let mut scan =
        Scan::open(vec![source], Options { memory_limit, ..Options::default() }).unwrap();
    let (mut connections, mut teardowns) = (0, 0);
    loop {
        match scan.step(1 << 18).unwrap() {
            Step::More => {}
            Step::Pair(one, other) => {
                connections += rows(&one);
                teardowns += rows(&other);
            }
            Step::Done => break,
        }
    }
    println!(
        "{} {packets} {:.3} {} {connections} {teardowns}",
        shape.name,
        processor_seconds(),
        peak_mib()
    );
}

/// Seconds of processor time of this process, to a hundredth: the machine may be busy otherwise.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks.filter_map(|text| text.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Peak of resident memory in MiB, where the system tells.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// The same in a process of its own: seconds, and the line.
fn apart(shape: &Shape, packets: u64) -> (f64, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args([shape.name, &packets.to_string()]).output().unwrap();
    let line = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let seconds = line.split(' ').nth(2).and_then(|text| text.parse().ok());
    match seconds {
        Some(seconds) => (seconds, line),
        None => (f64::NAN, String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [name, packets, memory @ ..] = arguments.as_slice() {
        let shape = SHAPES.iter().find(|shape| shape.name == name).expect("no such attack");
        let memory = memory.first().map(|bytes| bytes.parse().expect("bytes"));
        return run(shape, packets.parse().expect("a number of packets"), memory);
    }
    println!("attack packets seconds peak_MiB connections teardowns");
    for shape in SHAPES {
        let mut before: Option<f64> = None;
        for packets in [100_000, 200_000, 400_000] {
            let (seconds, line) = apart(shape, packets);
            let ratio = before.map_or(0.0, |before| seconds / before);
            let verdict = if ratio > LINEAR { " NOT LINEAR" } else { "" };
            println!("{line} x{ratio:.2}{verdict}");
            before = Some(seconds);
        }
    }
}
