//! All six tables, row by row and in order, are the same however the bytes arrive: the size of
//! reads, reading ahead, threads, short reads, `read` or `scan`, one source or several, whatever
//! damaged them.

use std::collections::HashMap;
use std::io::{self, Read};

use finrst::capture::{Direction, ReadOptions, Source};
use finrst::conn::Limits;
use finrst::engine::Options;
use finrst::engine::{self, Scan, Step};
use finrst::table::Made;
use finrst::table::export::{Format, to};

use crate::support::{check_accounts, data, read, shared};
use crate::write::{Owned, frames, packed, pcap, pcapng};

/// How bytes arrive: how many are asked for at a time, on how many threads, and whether rows are
/// handed out.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    pub chunk: usize,
    pub threads: usize,
    pub scan: bool,
}

const DEFAULT: Way = Way { chunk: 256 * 1024, threads: 1, scan: false };

/// Each chunk with one thread and with several, kept and handed out.
fn ways() -> impl Iterator<Item = Way> {
    [(1, 1), (7, 2), (100, 1), (256 * 1024, 2), (256 * 1024, 4), (256 * 1024, 1)]
        .into_iter()
        .flat_map(|(chunk, threads)| [false, true].map(|scan| Way { chunk, threads, scan }))
}

/// Rows of a table as JSON, in order.
fn rows(tables: &[&Made]) -> Vec<String> {
    let mut out = Vec::new();
    for made in tables {
        let mut batches = made.batches.iter().cloned().map(Ok);
        to(&mut out, Format::JsonLines, &made.schema, &mut batches, &|| true).unwrap();
    }
    String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
}

/// The six tables, or why there are none: connections and teardowns, then the accounts.
pub type Told = Result<Vec<Vec<String>>, String>;

/// The tables of one pass, rows of connections and teardowns in an order that `read` and `scan`
/// have in common.
pub fn told(sources: Vec<Source>, way: Way) -> Told {
    let mut told = passed(sources, way, Limits::default())?;
    for table in told.iter_mut().take(2) {
        table.sort();
    }
    Ok(told)
}

/// The same, rows in the order in which they came.
fn passed(sources: Vec<Source>, way: Way, limits: Limits) -> Told {
    let reading = ReadOptions { chunk: way.chunk, ..ReadOptions::default() };
    let options = Options { reading, limits, threads: Some(way.threads), ..Options::default() };
    if !way.scan {
        let output = read(sources, options).map_err(|error| error.to_string())?;
        check_accounts(&output, &format!("{way:?}"));
        let made = engine::tables(output, &HashMap::new(), &|| true).unwrap();
        return Ok(made.iter().map(|made| rows(&[made])).collect());
    }
    let mut scan = Scan::open(sources, options).map_err(|error| error.to_string())?;
    let (mut connections, mut teardowns) = (Vec::new(), Vec::new());
    loop {
        match scan.step(1 << 20).map_err(|error| error.to_string())? {
            Step::More => {}
            Step::Pair(one, other) => {
                connections.push(one);
                teardowns.push(other);
            }
            Step::Done => break,
        }
    }
    let mut all = vec![rows(&connections.iter().collect::<Vec<_>>())];
    all.push(rows(&teardowns.iter().collect::<Vec<_>>()));
    all.extend(scan.accounts().unwrap().iter().map(|made| rows(&[made])));
    Ok(all)
}

/// Fails with the first row that differs.
pub fn assert_equal(expected: &Told, found: &Told, what: &str) {
    if expected == found {
        return;
    }
    let (Ok(expected), Ok(found)) = (expected, found) else {
        panic!("{what}: {expected:?}\n{found:?}");
    };
    for (expected, found) in expected.iter().zip(found) {
        for (expected, found) in expected.iter().zip(found) {
            assert_eq!(expected, found, "{what}");
        }
        assert_eq!(expected.len(), found.len(), "{what}: rows");
    }
}

/// Numbers that look random and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        usize::try_from((self.0 >> 33) % most as u64).unwrap()
    }
}

/// Cuts, or changes a few bytes here and there.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let length = bytes.len();
    match random.below(4) {
        0 => bytes.truncate(random.below(length)),
        1 => {
            let at = random.below(length);
            bytes.drain(at..length.min(at + 1 + random.below(40)));
        }
        _ => {
            for _ in 0..=random.below(3) {
                bytes[random.below(length)] ^= u8::try_from(1 + random.below(255)).unwrap();
            }
        }
    }
}

/// Reads of all lengths, as a pipe or a file object gives them.
struct Short(io::Cursor<Vec<u8>>, Random);

impl Read for Short {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let most = out.len().min(1 + self.1.below(700));
        self.0.read(&mut out[..most])
    }
}

fn pipe(name: &str, bytes: &[u8], seed: u64) -> Source {
    let short = Short(io::Cursor::new(bytes.to_vec()), Random(seed));
    Source::reader(name, Box::new(short), None)
}

fn demo() -> Vec<Owned> {
    frames(&data("demo.pcap")).0
}

/// Captures that are not quiet: in every compression, damaged or not, with oddities of both
/// formats on the way, all in the same minutes.
fn odd(seed: u64) -> Vec<(String, Vec<u8>)> {
    let mut random = Random(seed);
    let mut frames = demo();
    frames.sort_by_key(|frame| frame.time);
    let mut all = Vec::new();
    for part in 0..4 {
        let mut own: Vec<Owned> = frames.iter().skip(part).step_by(4).cloned().collect();
        for _ in 0..6 {
            let (at, other) = (random.below(own.len()), random.below(own.len()));
            own.swap(at, other);
        }
        for frame in own.iter_mut().skip(part).step_by(9) {
            frame.original = 20;
        }
        all.push(pcap(&own, own[0].link, part == 1));
        // Interfaces are described between packets.
        let (one, two) = own.split_at(own.len() / 2);
        let ng = [pcapng(one, &[1]), pcapng(two, &[1, 1])].concat();
        all.push(ng);
    }
    let mut kinds = 0..;
    all.into_iter()
        .map(|plain| {
            let mut forms = packed(&plain);
            forms.push(("plain", plain));
            let (kind, mut bytes) = forms.swap_remove(kinds.next().unwrap_or(0) % 6);
            if random.below(3) > 0 {
                damage(&mut bytes, &mut random);
            }
            (format!("{}.{kind}", random.below(1 << 30)), bytes)
        })
        .collect()
}

#[test]
fn of_damaged_compressed_captures() {
    let mut random = Random(14);
    let (mut read, mut refused) = (0, 0);
    let plain = pcap(&demo(), 1, false);
    // Several members, so that there is something to be read before most of the damage.
    let parts: Vec<_> = plain.chunks(plain.len() / 3).map(packed).collect();
    for number in 0..5 {
        let kind = parts[0][number].0;
        let whole = parts.iter().flat_map(|part| part[number].1.clone()).collect::<Vec<u8>>();
        for round in 0..24 {
            let mut bytes = whole.clone();
            damage(&mut bytes, &mut random);
            let source = || vec![Source::bytes("damaged", &*bytes)];
            let expected = told(source(), DEFAULT);
            for way in ways() {
                let found = told(source(), way);
                assert_equal(&expected, &found, &format!("{kind}, round {round}, {way:?}"));
            }
            let piped = told(vec![pipe("damaged", &bytes, 1)], DEFAULT);
            for (way, seed) in ways().step_by(3).zip(2..) {
                let found = told(vec![pipe("damaged", &bytes, seed)], way);
                assert_equal(&piped, &found, &format!("{kind} piped, round {round}, {way:?}"));
            }
            if expected.is_ok() { read += 1 } else { refused += 1 }
        }
    }
    assert!(read > 60 && refused > 10, "{read} read, {refused} refused");
}

#[test]
fn of_several_sources() {
    let (mut compared, mut issues) = (0, 0);
    for seed in 0..10 {
        let files = odd(seed);
        let listed: Vec<(String, Vec<u8>)> = files
            .into_iter()
            .filter(|(name, bytes)| told(vec![Source::bytes(name, &**bytes)], DEFAULT).is_ok())
            .collect();
        let sources = || listed.iter().map(|(name, bytes)| Source::bytes(name, &**bytes)).collect();
        let expected = told(sources(), DEFAULT);
        for way in ways() {
            let found = told(sources(), way);
            assert_equal(&expected, &found, &format!("several, seed {seed}, {way:?}"));
        }
        let as_pipes = |seed| listed.iter().map(|(name, bytes)| pipe(name, bytes, seed)).collect();
        let piped = told(as_pipes(1), DEFAULT);
        for (way, number) in ways().step_by(3).zip(2..) {
            let found = told(as_pipes(number), way);
            assert_equal(&piped, &found, &format!("several piped, seed {seed}, {way:?}"));
        }
        compared += listed.len();
        issues += expected.map_or(0, |tables| tables[4].len());
    }
    assert!(compared > 50 && issues > 200, "{compared} files, {issues} issues");
}

/// Which file was named first matters only where files begin at the same moment, and to the issue
/// that says so.
#[test]
fn of_sources_named_in_another_order() {
    let without = |told: Told| -> Vec<Vec<String>> {
        let mut told = told.unwrap();
        told[4].retain(|row| !row.contains("files_out_of_order"));
        told
    };
    for seed in 0..6 {
        let listed: Vec<(String, Vec<u8>)> = odd(seed)
            .into_iter()
            .step_by(2)
            .filter(|(name, bytes)| told(vec![Source::bytes(name, &**bytes)], DEFAULT).is_ok())
            .collect();
        let source = |(name, bytes): &(String, Vec<u8>)| Source::bytes(name, &**bytes);
        let expected = without(told(listed.iter().map(source).collect(), DEFAULT));
        for turned in 1..listed.len() {
            let (back, front) = listed.split_at(turned);
            let sources = front.iter().chain(back).map(source).collect();
            let found = without(told(sources, DEFAULT));
            assert_equal(&Ok(expected.clone()), &Ok(found), &format!("{turned} turned, {seed}"));
        }
    }
}

/// A packet of one of many clients and of one server, as raw IP.
fn packet(at: i64, client: u16, back: bool, flags: u8, numbers: (u32, u32)) -> Owned {
    let (near, far) = (([10, 1, 0, 1], 1024 + client), ([10, 2, 0, 1], 80));
    let (from, to) = if back { (far, near) } else { (near, far) };
    let mut data = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0];
    data.extend([from.0, to.0].concat());
    data.extend([from.1.to_be_bytes(), to.1.to_be_bytes()].concat());
    data.extend([numbers.0.to_be_bytes(), numbers.1.to_be_bytes()].concat());
    data.extend([0x50, flags, 255, 255, 0, 0, 0, 0]);
    let (time, direction) = (Some(1_700_000_000_000_000_000 + at), Direction::Unknown);
    Owned { time, interface: 0, link: 101, direction, data, original: 40 }
}

/// A scan judges a connection by those that were let go before the rows of its batch are full:
/// which these are must not depend on how much was read by then.
#[test]
fn of_verdicts_that_hang_on_other_connections() {
    let (mut all, mut at) = (Vec::new(), 0);
    let (syn, rst, ack) = (2, 4, 16);
    for client in 0..16_000 {
        at += 1_000_000;
        all.push(packet(at, client, false, syn, (7, 0)));
        if client == 12_000 {
            all.push(packet(at + 10, client, true, syn | ack, (70, 8)));
            all.push(packet(at + 20, client, false, ack, (8, 71)));
            all.push(packet(at + 30, client, false, rst, (8, 0)));
        } else {
            all.push(packet(at + 10, client, true, rst | ack, (0, 8)));
        }
    }
    // Everything is late at once.
    all.push(packet(at + 86_400_000_000_000, 16_000, false, syn, (7, 0)));
    let bytes = pcap(&all, 101, false);
    let way = |chunk| Way { chunk, scan: true, ..DEFAULT };
    let linger = 3_000_000_000;
    let told = |way| {
        let limits = Limits { linger, ..Limits::default() };
        passed(vec![Source::bytes("refused", &*bytes)], way, limits)
    };
    let expected = told(way(256 * 1024));
    for chunk in [1000, 16 << 20] {
        assert_equal(&expected, &told(way(chunk)), &format!("verdicts by {chunk}"));
    }
    let rows = &expected.unwrap()[0];
    let with = |cause: &str| rows.iter().filter(|row| row.contains(cause)).count();
    let (closed, intermittent) =
        (with("\"cause\":\"port_closed\""), with("\"cause\":\"intermittent_refusal\""));
    assert!(closed > 8000 && intermittent > 4000, "{closed} closed, {intermittent} intermittent");
}

/// Files that were found to differ.
#[test]
fn of_shared_faults() {
    let Some(captures) = shared("invariance of captures that once differed") else { return };
    let path = |name: &str| Source::path(captures.join("faults").join(name));
    let several = || (0..4).map(|n| path(&format!("threads-issues-50faf1a9f0-{n}.bin"))).collect();
    let single = || vec![path("bzip2_offset.bin")];
    let all: [&dyn Fn() -> Vec<Source>; 2] = [&several, &single];
    for sources in all {
        let expected = told(sources(), DEFAULT);
        assert!(expected.is_ok());
        for way in ways() {
            assert_equal(&expected, &told(sources(), way), &format!("{way:?}"));
        }
    }
}
