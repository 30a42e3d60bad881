//! A script that is written as a capture is read as the script.

use finrst::capture::{ReadOptions, Reader, Source};
use finrst::conn::script::{Packet, parse};
use finrst::engine::played;
use finrst::packet::{Decoded, Decoder, IcmpError, Limits, PathId, Segment};

use super::recorded::scripts;

/// All that there is to a segment, but for its path, which a decoder numbers in its own way, and a
/// bit that IP version 6 does not have.
fn segment(segment: &Segment<'_>) -> String {
    let same = Segment { path: PathId(0), ..*segment };
    let dont_fragment = same.ip_version == 4 && same.dont_fragment;
    let Segment { packet, time, direction, link_source, ip_version, source, destination, .. } =
        same;
    let Segment { ttl, ip_id, traffic_class, flow_label, source_port, destination_port, .. } = same;
    let Segment { sequence, acknowledgment, flags, window, checksum, header_length, .. } = same;
    let ends = (packet, time, direction, link_source, ip_version, source, destination);
    let ip = (ttl, ip_id, dont_fragment, traffic_class, flow_label, source_port, destination_port);
    let tcp = (sequence, acknowledgment, flags, window, checksum, header_length, same.options);
    let payload = (same.payload_length, same.payload.octets());
    format!("{ends:?} {ip:?} {tcp:?} {payload:?}")
}

fn error(error: &IcmpError) -> String {
    format!("{:?}", IcmpError { path: PathId(0), ..*error })
}

fn written(script: &str) -> Vec<String> {
    parse(script)
        .unwrap()
        .iter()
        .map(|packet| match packet {
            Packet::Tcp(owned) => segment(&owned.segment()),
            Packet::Icmp(quoting) => error(quoting),
        })
        .collect()
}

/// The packets of the capture of a script, and how many paths they take.
fn read(script: &str) -> (Vec<String>, usize) {
    let octets = played::capture(script).unwrap();
    let source = Source::bytes("script", &*octets);
    let mut reader = Reader::open(vec![source], ReadOptions::default()).unwrap();
    let mut decoder = Decoder::new(Limits::default());
    let mut found = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        for frame in &batch {
            match decoder.decode(&frame, frame.time.unwrap()) {
                Decoded::Tcp(one) => found.push(segment(&one)),
                Decoded::IcmpError(one) => found.push(error(&one)),
                other => panic!("{script}: {other:?}"),
            }
        }
    }
    (found, decoder.paths().len())
}

#[test]
fn every_recorded_conversation_is_read_as_it_was_written() {
    let scripts = scripts();
    assert!(scripts.len() > 300);
    for script in scripts {
        assert_eq!(read(&script).0, written(&script), "{script}");
    }
}

#[test]
fn what_few_conversations_have_is_written_too() {
    let script = "> S mac=5 in, < S. id=77 ttl=9 out path=1, > ., > P. 9 cut, < P. text=\"ab, c\", \
                  < . badsum path=4094, ! icmp 3/13, > S v6 port=1 mac=6, < icmp 1/4, < R. v6 path=1, \
                  > S v4 port=2, > . win=0, < P. 100000";
    let (found, paths) = read(script);
    assert_eq!(found, written(script));
    // The plain one, and two VLANs.
    assert_eq!(paths, 3);
}

#[test]
fn a_script_that_is_wrong_makes_no_capture() {
    assert!(played::capture("> Q").is_err());
}
