//! The same rows whatever the buffer size, the batch, the format, the compression, the number of
//! files, and whether rows are kept or handed out.

use finrst::capture::{Direction, ReadOptions, Source};
use finrst::cause;
use finrst::conn::Limits;
use finrst::engine::{Options, Output, Session};
use finrst::packet::Class;

use super::many;
use super::support::{check_accounts, read};
use super::write::{Owned, frames, packed, pcap, pcapng};

/// Everything that a pass says, but for where in which file the packets lay.
fn told(output: &Output) -> Vec<String> {
    let mut lines: Vec<String> = output
        .connections
        .iter()
        .map(|c| {
            let mut c = c.clone();
            (c.file, c.first_packet_in_file, c.interface) = (0, 0, 0);
            for row in &mut c.teardowns {
                (row.file, row.packet_in_file) = (0, 0);
            }
            let verdict = cause::judge(&c, &output.context, &output.parameters);
            format!("{} {} {c:?}", verdict.cause.name(), verdict.confidence)
        })
        .collect();
    let classes = Class::ALL.map(|class| output.ledger.total(class));
    lines.push(format!("{classes:?} {:?}", output.counts));
    lines.push(format!("{:?}", output.hosts.each_ref().map(finrst::hosts::Hosts::rows)));
    lines
}

fn assert_same(expected: &[String], output: &Output, what: &str) {
    check_accounts(output, what);
    let told = told(output);
    for (expected, told) in expected.iter().zip(&told) {
        assert_eq!(told, expected, "{what}");
    }
    assert_eq!(told.len(), expected.len(), "{what}");
}

fn bytes_in(name: &str, bytes: &[u8], chunk: usize) -> Output {
    let reading = ReadOptions { chunk, ..ReadOptions::default() };
    let options = Options { reading, ..Options::default() };
    read(vec![Source::bytes(name, bytes)], options).unwrap()
}

fn whole(name: &str, bytes: &[u8]) -> Output {
    read(vec![Source::bytes(name, bytes)], Options::default()).unwrap()
}

#[test]
fn whatever_is_kept_in_its_compact_form() {
    for (name, path) in many() {
        let expected = told(&read(vec![Source::path(&path)], Options::default()).unwrap());
        for (open, quiet) in [(0, i64::MIN), (2, 1_000_000)] {
            let limits = Limits { unpacked: open, quiet, ..Limits::default() };
            let options = Options { limits, ..Options::default() };
            let output = read(vec![Source::path(&path)], options).unwrap();
            assert_same(&expected, &output, &format!("{name}, {open} open"));
        }
    }
}

#[test]
fn whatever_the_buffer() {
    for (name, path) in many() {
        let bytes = std::fs::read(&path).unwrap();
        let expected = told(&whole(&name, &bytes));
        for chunk in [1, 7, 4096, 16 << 20] {
            assert_same(&expected, &bytes_in(&name, &bytes, chunk), &format!("{name} by {chunk}"));
        }
        let file = read(vec![Source::path(&path)], Options::default()).unwrap();
        assert_same(&expected, &file, &name);
        let pipe = Box::new(std::io::Cursor::new(bytes));
        let pipe = read(vec![Source::reader("pipe", pipe, None)], Options::default()).unwrap();
        assert_same(&expected, &pipe, &format!("{name} from a pipe"));
    }
}

/// Handed out while reading, a few bytes at a time, and put in order afterwards.
#[test]
fn whether_kept_or_handed_out() {
    for (name, path) in many() {
        let expected = told(&read(vec![Source::path(&path)], Options::default()).unwrap());
        let limits = Limits { keep: false, ..Limits::default() };
        let reading = ReadOptions { chunk: 512, ..ReadOptions::default() };
        let options = Options { limits, reading, ..Options::default() };
        let mut session = Session::open(vec![Source::path(&path)], options).unwrap();
        let mut rows = Vec::new();
        while session.step(1).unwrap() {
            rows.extend(&session.take());
        }
        rows.extend(&session.take());
        let mut output = session.finish();
        rows.extend(&output.connections);
        rows.sort_by_key(|c| c.id);
        output.connections = rows.into();
        assert_same(&expected, &output, &format!("{name} handed out"));
    }
}

#[test]
fn whatever_the_compression() {
    for (name, path) in many() {
        let bytes = std::fs::read(&path).unwrap();
        let expected = told(&whole(&name, &bytes));
        for (kind, packed) in packed(&bytes) {
            for chunk in [7, 256 * 1024] {
                let output = bytes_in(&name, &packed, chunk);
                assert_same(&expected, &output, &format!("{name}.{kind} by {chunk}"));
            }
        }
    }
}

/// Frames that another format can hold: all with a time, and none before 1970.
fn writable(frames: &[Owned]) -> bool {
    !frames.is_empty() && frames.iter().all(|frame| frame.time.is_some_and(|time| time >= 0))
}

#[test]
fn whatever_the_format() {
    let (mut as_pcapng, mut as_pcap) = (0, 0);
    for (name, path) in many() {
        let expected = told(&read(vec![Source::path(&path)], Options::default()).unwrap());
        let (frames, links) = frames(&path);
        if !writable(&frames) {
            continue;
        }
        as_pcapng += 1;
        let output = whole(&name, &pcapng(&frames, &links));
        assert_same(&expected, &output, &format!("{name} as pcapng"));
        let one = frames.iter().all(|frame| frame.link == frames[0].link);
        let silent = frames.iter().all(|frame| frame.direction == Direction::Unknown);
        let late = frames.iter().any(|frame| frame.time >= Some((1 << 32) * 1_000_000_000));
        // A header of zeros is a hole in a pcap.
        let hollow = frames.iter().any(|frame| frame.original == 0);
        if one && silent && !late && !hollow {
            as_pcap += 1;
            for big in [false, true] {
                let output = whole(&name, &pcap(&frames, frames[0].link, big));
                assert_same(&expected, &output, &format!("{name} as pcap"));
            }
        }
    }
    assert!(as_pcapng > 40 && as_pcap > 35, "{as_pcapng} as pcapng, {as_pcap} as pcap");
}

#[test]
fn in_several_files() {
    let mut split = 0;
    for (name, path) in many() {
        let expected = told(&read(vec![Source::path(&path)], Options::default()).unwrap());
        let (frames, links) = frames(&path);
        let ordered = frames.is_sorted_by_key(|frame| frame.time);
        if !writable(&frames) || !ordered || frames.len() < 4 {
            continue;
        }
        split += 1;
        for parts in [2, 3, 7] {
            let sources: Vec<Source> = frames
                .chunks(frames.len().div_ceil(parts))
                .enumerate()
                .map(|(n, part)| Source::bytes(format!("{n}"), pcapng(part, &links)))
                .collect();
            let output = read(sources, Options::default()).unwrap();
            assert_same(&expected, &output, &format!("{name} in {parts} files"));
        }
        // Dealt out by turns: two interfaces that captured at once.
        let (even, odd): (Vec<_>, Vec<_>) =
            frames.iter().cloned().enumerate().partition(|(n, _)| n % 2 == 0);
        let strict = frames.windows(2).all(|pair| pair[0].time < pair[1].time);
        if strict {
            let take = |part: Vec<(usize, Owned)>| {
                let part: Vec<Owned> = part.into_iter().map(|(_, frame)| frame).collect();
                Source::bytes("half", pcapng(&part, &links))
            };
            let output = read(vec![take(odd), take(even)], Options::default()).unwrap();
            assert_same(&expected, &output, &format!("{name} from two at once"));
        }
    }
    assert!(split > 25, "{split} split");
}
