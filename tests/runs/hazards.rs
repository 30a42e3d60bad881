//! What a cut may fall into, each by its name.

use finrst::engine::runs::Most;
use finrst::engine::{Bound, Options, Output};

use crate::cut::{Capture, Record, classic, octets};
use crate::held::{File, alone, hold_all, hold_in, named};
use crate::steps::error_of;
use crate::support::data;

const SECOND: i64 = 1_000_000_000;

pub fn demo() -> Capture {
    classic(&octets(&data("demo.pcap"))).unwrap()
}

/// Holds runs of one and of two files, in few and many buckets, to one reader.
fn all_ways(what: &str, files: &[File], options: &Options) {
    for (each, buckets) in [(1, 1), (1, 64), (2, 2)] {
        hold_all(what, files, each, buckets, options);
    }
}

/// A frame of Ethernet and IPv4 in fragments of so many bytes.
fn fragments(record: &Record, size: usize) -> Vec<Record> {
    let data = record.data();
    let header = 14 + 4 * usize::from(data[14] & 15);
    let length = usize::from(u16::from_be_bytes([data[16], data[17]]));
    let payload = &data[header..14 + length];
    let pieces = payload.chunks(size).enumerate();
    let pieces = pieces.map(|(at, piece)| {
        let mut frame = data[..header].to_vec();
        let more = if (at + 1) * size < payload.len() { 0x2000 } else { 0 };
        let offset = u16::try_from(at * size / 8).unwrap() | more;
        frame[20..22].copy_from_slice(&offset.to_be_bytes());
        let total = u16::try_from(header - 14 + piece.len()).unwrap();
        frame[16..18].copy_from_slice(&total.to_be_bytes());
        frame.extend_from_slice(piece);
        record.with(&frame)
    });
    pieces.collect()
}

/// The demonstration in fragments. Some are lost, and wait until another one of their datagram comes,
/// or for ever.
pub fn fragmented() -> Capture {
    let mut capture = demo();
    let mut records = Vec::new();
    for (at, record) in capture.records.iter().enumerate() {
        let mut pieces = fragments(record, if at % 2 == 0 { 8 } else { 16 });
        if at % 13 == 5 {
            pieces.remove(0);
        }
        records.extend(pieces);
    }
    capture.records = records;
    capture
}

#[test]
fn fragments_on_both_sides_of_a_cut_are_one_segment() {
    let capture = fragmented();
    let options = Options::default();
    for first in (0..40).step_by(3) {
        let at: Vec<usize> = (first..capture.records.len()).step_by(40).collect();
        let files = named(capture.cut(&at));
        let what = format!("cut at {first} and every 40th");
        hold_all(&what, &files, 1, 2, &options);
    }
    let late = Options { start: Some(Bound::After(17 * SECOND)), ..Options::default() };
    all_ways("from a time on", &named(capture.cut(&[100, 200, 300])), &late);
}

#[test]
fn an_identification_used_again_beyond_a_cut_expires_or_joins_as_it_would() {
    for apart in [10, 29, 31, 400] {
        let mut capture = demo();
        let long = capture.records.iter().find(|record| record.data().len() > 100).unwrap();
        let mut pieces = fragments(long, 16);
        let mut again = pieces.clone();
        for record in &mut again {
            record.later(apart);
        }
        pieces.truncate(2);
        pieces.extend(again);
        let rest = capture.records.clone();
        capture.records = pieces;
        capture.records.extend(rest);
        for at in 0..8 {
            let files = named(capture.cut(&[at]));
            all_ways(&format!("{apart} s apart, cut at {at}"), &files, &Options::default());
        }
    }
}

/// A pcapng file of frames that have no time, or one.
pub fn simple(frames: &[(&[u8], Option<u64>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let padded = body.len().div_ceil(4) * 4;
        let length = u32::try_from(padded + 12).unwrap().to_le_bytes();
        out.extend(kind.to_le_bytes());
        out.extend(length);
        out.extend(body);
        out.resize(out.len() + padded - body.len(), 0);
        out.extend(length);
    };
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend([1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    block(0x0a0d_0d0a, &section);
    block(1, &[1, 0, 0, 0, 0, 0, 0, 0]);
    for (frame, time) in frames {
        let length = u32::try_from(frame.len()).unwrap().to_le_bytes();
        let mut body = Vec::new();
        if let Some(time) = time {
            body.extend(0_u32.to_le_bytes());
            body.extend(u32::try_from(time >> 32).unwrap().to_le_bytes());
            body.extend(u32::try_from(time & 0xffff_ffff).unwrap().to_le_bytes());
            body.extend(length);
        }
        body.extend(length);
        body.extend(*frame);
        block(if time.is_some() { 6 } else { 3 }, &body);
    }
    out
}

#[test]
fn frames_without_a_time_take_it_from_the_file_before() {
    let capture = demo();
    let frames = || capture.records.iter().map(Record::data);
    for every in [0, 1, 2, 5] {
        let timed = |at: usize| {
            (every > 0 && at % every == 1).then(|| 1_700_000_000_000_000 + at as u64 * 90_000)
        };
        let all: Vec<(&[u8], Option<u64>)> =
            frames().enumerate().map(|(at, frame)| (frame, timed(at))).collect();
        for size in [17, 60] {
            let files = named(all.chunks(size).map(simple).collect());
            all_ways(&format!("every {every}, {size}"), &files, &Options::default());
            let (start, end) = (Some(Bound::After(SECOND)), Some(Bound::After(12 * SECOND)));
            let options = Options { start, end, ..Options::default() };
            all_ways(&format!("every {every}, {size}, some of it"), &files, &options);
        }
    }
}

#[test]
fn a_clock_that_leaps_is_believed_where_one_reader_believes_it() {
    let capture = demo();
    let count = capture.records.len();
    let years = 38 * 365 * 86_400;
    for (from, to) in
        [(0, 1), (count / 2, count / 2 + 1), (count / 2 - 1, count / 2 + 1), (count - 1, count)]
    {
        for seconds in [years, 7 * 3600, -7 * 3600] {
            let mut odd = capture.clone();
            odd.records[from..to].iter_mut().for_each(|record| record.later(seconds));
            let options = Options::default();
            for at in [&[1, count / 2][..], &[count / 2 - 1, count - 1], &[count / 2 + 1]] {
                let files = named(odd.cut(at));
                let what = format!("{seconds} s at {from}, cut at {at:?}");
                hold_all(&what, &files, 1, 2, &options);
            }
        }
    }
    // Silence between two runs, and within one.
    for gap in [6 * 3600 - 1, 6 * 3600 + 60, 9 * 86_400] {
        let mut apart = capture.clone();
        apart.records[count / 2..].iter_mut().for_each(|record| record.later(gap));
        for at in [count / 3, count / 2, count / 2 + 1] {
            all_ways("a gap", &named(apart.cut(&[at])), &Options::default());
        }
    }
}

#[test]
fn files_that_are_empty_cut_compressed_or_named_twice_are_what_they_are_to_one_reader() {
    let capture = demo();
    let options = Options::default();
    let pieces = capture.cut(&[40, 80, 120]);
    let empty = capture.piece(&[], false);
    let mut short = pieces[1].clone();
    short.truncate(short.len() - 5);
    let packed = zstd::bulk::compress(&pieces[2], 1).unwrap();
    let files = [&pieces[0], &empty, &short, &packed, &empty, &pieces[3], &pieces[3]];
    let files = named(files.into_iter().cloned().collect());
    all_ways("odd files", &files, &options);
    let backwards: Vec<File> = files.iter().rev().cloned().collect();
    all_ways("named backwards", &backwards, &options);
}

#[test]
fn what_one_client_and_one_service_are_remembered_by_is_what_one_reader_remembers() {
    let demo = demo();
    // A SYN and the reset that answers it, between other ports each time.
    let find = |flags: u8| {
        let of = |record: &&Record| record.data().get(47).is_some_and(|&seen| seen == flags);
        demo.records.iter().find(of).unwrap()
    };
    let (syn, reset) = (find(2), find(20));
    let mut capture = demo.clone();
    capture.records.clear();
    for number in 0..4200_u16 {
        let port = (20_000 + number).to_be_bytes();
        let mut asked = syn.data().to_vec();
        asked[34..36].copy_from_slice(&port);
        capture.records.push(syn.with(&asked));
        if number % 3 == 0 {
            let mut refused = reset.data().to_vec();
            refused[26..34].copy_from_slice(&[&asked[30..34], &asked[26..30]].concat());
            refused[34..38].copy_from_slice(&[&asked[36..38], &asked[34..36]].concat());
            refused[42..46].copy_from_slice(
                &(u32::from_be_bytes(asked[38..42].try_into().unwrap()) + 1).to_be_bytes(),
            );
            capture.records.push(syn.with(&refused));
        }
    }
    let files = named(capture.cut(&[900, 2500, 4000]));
    let options = Options::default();
    assert!(alone(&files, &options).issues.count("context_full") > 0);
    let rooms = [Most { context: 1 << 20, rows: 1500 }, Most::default()];
    hold_in(&rooms, "in few buckets", &files, (1, 2), &options);
    hold_all("in many", &files, 1, 64, &options);
}

/// The same frame within VLANs, the outer one first.
pub fn within(record: &Record, vlans: &[u16]) -> Record {
    let data = record.data();
    let mut frame = data[..12].to_vec();
    for vlan in vlans {
        frame.extend([0x81, 0]);
        frame.extend(vlan.to_be_bytes());
    }
    frame.extend_from_slice(&data[12..]);
    record.with(&frame)
}

#[test]
fn one_tuple_in_two_vlans_over_a_cut_is_two_connections() {
    let mut capture = demo();
    let twice = capture.records.iter().enumerate().flat_map(|(at, record)| {
        // One begins in the one VLAN first, the next in the other.
        let order = if at % 3 == 0 { [10, 20] } else { [20, 10] };
        order.map(|vlan| within(record, &[vlan]))
    });
    capture.records = twice.collect();
    let options = Options::default();
    let files = named(capture.cut(&[]));
    let whole = alone(&files, &options);
    assert_eq!(whole.counts.created, 2 * alone(&named(demo().cut(&[])), &options).counts.created);
    for first in (1..60).step_by(7) {
        let at: Vec<usize> = (first..capture.records.len()).step_by(60).collect();
        let files = named(capture.cut(&at));
        all_ways(&format!("cut at {first} and every 60th"), &files, &options);
    }
}

#[test]
fn one_tuple_in_more_vlans_than_are_kept_apart_is_counted_as_by_one_reader() {
    let mut capture = demo();
    let some: Vec<Record> = capture.records.iter().take(12).cloned().collect();
    let all = some.iter().flat_map(|record| (1..=20).map(|vlan| within(record, &[vlan])));
    capture.records = all.collect();
    let options = Options::default();
    for at in [&[7][..], &[19, 20, 21], &[100, 133]] {
        let files = named(capture.cut(at));
        assert!(alone(&files, &options).counts.crowded > 0);
        all_ways(&format!("20 siblings, cut at {at:?}"), &files, &options);
    }
}

/// A record of an ICMP error that a router between answers a frame with.
fn unreachable(record: &Record) -> Record {
    let data = record.data();
    let quoted = &data[14..(14 + 28).min(data.len())];
    let mut frame = data[..14].to_vec();
    let length = u16::try_from(28 + quoted.len()).unwrap().to_be_bytes();
    frame.extend([0x45, 0, length[0], length[1], 0, 1, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1]);
    // To whoever sent it: host unreachable.
    frame.extend_from_slice(&data[26..30]);
    frame.extend([3, 1, 0, 0, 0, 0, 0, 0]);
    frame.extend_from_slice(quoted);
    record.with(&frame)
}

#[test]
fn an_icmp_error_in_the_next_file_belongs_to_its_connection() {
    let capture = demo();
    let place = capture.records.iter().position(|record| record.data()[47] == 2).unwrap();
    let error = unreachable(&capture.records[place]);
    let options = Options::default();
    let without = icmp_errors(&alone(&named(capture.cut(&[])), &options));
    let mut told = 0;
    for behind in [1, 2, 30, 100] {
        let at = (place + behind).min(capture.records.len());
        let mut with = capture.clone();
        with.records.insert(at, error.clone());
        let files = named(with.cut(&[at]));
        told += usize::from(icmp_errors(&alone(&files, &options)) > without);
        all_ways(&format!("{behind} behind"), &files, &options);
        // And in a file that lies before, by its name.
        let backwards: Vec<File> = files.iter().rev().cloned().collect();
        all_ways(&format!("{behind} behind, named before"), &backwards, &options);
    }
    assert!(told > 0, "no error changes its connection");
}

/// ICMP errors that belong to a connection.
fn icmp_errors(output: &Output) -> u32 {
    output.connections.iter().map(|c| c.extra().map_or(0, |extra| extra.icmp_count)).sum()
}

/// A connection from a port of one of many clients that its server aborts without a byte.
fn aborted(like: &Record, number: u32) -> [Record; 4] {
    let [.., far, near] = (number / 60_000 * 256 + number / 64 % 250).to_be_bytes();
    let (client, server) = ([10, 9, far, near], [10, 9, 9, 9]);
    let port = u16::try_from(1024 + number % 60_000).unwrap();
    let segment = |back: bool, flags: u8, seq: u32, ack: u32| {
        let (from, to) = if back { (server, client) } else { (client, server) };
        let (source, target) = if back { (80, port) } else { (port, 80) };
        let mut frame = like.data()[..14].to_vec();
        frame.extend([0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0]);
        frame.extend([from, to].concat());
        frame.extend([source, target].map(u16::to_be_bytes).concat());
        frame.extend([seq, ack].map(u32::to_be_bytes).concat());
        frame.extend([0x50, flags, 16, 0, 0, 0, 0, 0]);
        like.with(&frame)
    };
    let [isn, other] = [number * 1000, number * 777];
    [
        segment(false, 0x02, isn, 0),
        segment(true, 0x12, other, isn + 1),
        segment(false, 0x10, isn + 1, other + 1),
        segment(true, 0x14, other + 1, isn + 1),
    ]
}

#[test]
fn seventy_thousand_aborts_of_one_service_are_remembered_as_by_one_reader() {
    let mut capture = demo();
    let like = capture.records[0].clone();
    capture.records = (0..70_000).flat_map(|number| aborted(&like, number)).collect();
    let files = named(capture.cut(&[90_001, 200_002]));
    let options = Options::default();
    let whole = alone(&files, &options);
    // Beyond 65,536 aborts, and beyond 4,096 short lives.
    assert_eq!(whole.issues.count("context_full"), (70_000 - 65_536) + (70_000 - 4096));
    let rooms = [Most { context: 20 << 20, rows: 1 << 18 }];
    hold_in(&rooms, "70,000 aborts", &files, (1, 3), &options);
}

#[test]
fn more_paths_than_are_told_apart_in_all_runs_are_an_error_that_names_the_limit() {
    let mut capture = demo();
    let like = capture.records[0].clone();
    let paths = (0..70_000_u32).map(|number| {
        let [outer, inner] = [number / 4000 + 1, number % 4000 + 1];
        within(&like, &[outer, inner].map(|vlan| u16::try_from(vlan).unwrap()))
    });
    capture.records = paths.collect();
    let files = named(capture.cut(&[35_000]));
    let options = Options::default();
    let error = error_of(&files, 1, 2, &options);
    assert!(error.contains("65536"), "{error}");
    assert!(error.contains("VLANs and tunnels"), "{error}");
}
