//! The short paths do what the long ones do.

use proptest::prelude::*;

use super::{Birth, Live, sequence, zeek};
use crate::conn::facts::connection::Connection;
use crate::conn::follow::recent::{Pool, Recent};
use crate::conn::follow::teardowns;
use crate::conn::memory::pack::{Packer, Rare, SLACK, unpack};
use crate::conn::primitives::words::{Opening, Side};
use crate::conn::script::{Packet, parse};

/// Plays a script and takes each segment on both paths where the short one takes it at all; how
/// often it did, in sequence space and for Zeek.
fn play(script: &str) -> (usize, usize) {
    let (mut pool, mut recent) = (Pool::default(), Recent::default());
    let mut known: Option<Connection> = None;
    let mut short = (0, 0);
    for packet in parse(script).unwrap() {
        let Packet::Tcp(owned) = packet else { continue };
        let segment = owned.segment();
        let birth = Birth { id: 0, first: Side::Client, opening: Opening::Syn };
        let connection = known.get_or_insert_with(|| {
            let mut connection = Connection::default();
            connection.begin(birth, &segment);
            connection
        });
        let side = connection.sender(&segment);
        let mut quick = connection.clone();
        if let Some(effect) = sequence::carry_on(&mut quick, &segment, side) {
            let mut full = connection.clone();
            let end = full.end;
            let mut expected = sequence::advance(&mut full, &segment, side);
            teardowns::teardown(&mut full, pool.of(&recent), &segment, side, end);
            teardowns::challenge(&mut full, &segment, side, &expected);
            sequence::settle(&mut full, &segment, side, &mut expected);
            assert_eq!(format!("{effect:?}"), format!("{expected:?}"), "{script}");
            assert_eq!(format!("{quick:?}"), format!("{full:?}"), "{script}");
            short.0 += 1;
        }
        for reveals_gap in [false, true] {
            let packet = zeek::Packet {
                sender: side,
                flags: segment.flags,
                sequence: segment.sequence,
                acknowledgment: segment.acknowledgment,
                window: segment.window,
                payload: segment.payload_length,
                time: segment.time,
                reveals_gap,
            };
            let (mut quick, mut full) = (connection.zeek.clone(), connection.zeek.clone());
            if quick.carry_on(&packet) {
                full.work(&packet);
                assert_eq!(format!("{quick:?}"), format!("{full:?}"), "{script}");
                short.1 += 1;
            }
        }
        Live { connection, recent: &mut recent, pool: &mut pool }.take(&segment, side);
        survives(connection, &pool, recent);
    }
    short
}

/// Nothing of a connection and of its latest segments is lost in the compact form.
fn survives(connection: &Connection, pool: &Pool, recent: Recent) {
    let (mut packer, mut copy) = (Packer::default(), connection.clone());
    let rare = Rare::take(&mut copy);
    let mut form =
        packer.pack(&mut copy, Some(pool.of(&recent)), rare.as_ref().map(|_| 5)).to_vec();
    form.resize(form.len() + SLACK, 0xff);
    let mut again = Recent::default();
    let mut fresh = Pool::default();
    // In place of another connection, whose facts must not stay.
    let mut other = connection.clone();
    other.endpoints.swap();
    other.teardowns.extend(connection.teardowns.clone());
    let reference = unpack(&form, &mut other, Some((&mut fresh, &mut again)));
    assert_eq!(reference, rare.as_ref().map(|_| 5));
    rare.unwrap_or_default().put(&mut other);
    assert_eq!(format!("{other:?}"), format!("{connection:?}"));
    let segments =
        |pool: &Pool, recent| format!("{:?}", pool.of(&recent).all().collect::<Vec<_>>());
    assert_eq!(segments(&fresh, again), segments(pool, recent));
}

#[test]
fn plain_segments_take_the_short_path() {
    let (sequence, zeek) = play(
        "> S, < S., > ., > P. 10, < ., < P. 1400, > ., < . 1400, < P. 1400, > ., > P. 20, < .",
    );
    assert!(sequence >= 6 && zeek >= 5, "{sequence} and {zeek} of 12");
}

#[test]
fn the_name_that_a_client_asked_for_stays_when_the_server_answers_by_tls() {
    let request = "hex=474554202f20485454502f312e310a486f73743a20612e6f72670a";
    let script = format!("> S, < S., > ., > P. {request}, < P. tls, > P. 90, < P. tls");
    let connection = crate::conn::play(&script).unwrap().remove(0);
    assert_eq!(connection.extra().unwrap().server_name.as_deref(), Some("a.org"));
}

fn item() -> impl Strategy<Value = String> {
    let flags = prop_oneof![
        6 => Just("P."), 6 => Just("."), 1 => Just("F."), 1 => Just("R."), 1 => Just("R"),
        1 => Just("S"), 1 => Just("S."), 1 => Just("E."), 1 => Just("U."), 1 => Just("-"),
    ];
    let words = prop_oneof![
        8 => Just(""), 1 => Just("again"), 1 => Just("probe"), 1 => Just("win=0"),
        1 => Just("nots"), 1 => Just("seq=+1"), 1 => Just("seq=+1400"), 1 => Just("seq=-1"),
        1 => Just("ack=+1"), 1 => Just("ack=-1"), 1 => Just("ack=+5000"), 1 => Just("id=9"),
        1 => Just("tls"), 1 => Just("+6s"), 1 => Just("+0ms"), 1 => Just("seq=+90000000"),
    ];
    let payload = prop_oneof![Just(0), Just(1), Just(120), Just(1400)];
    (any::<bool>(), flags, payload, words, any::<bool>()).prop_map(
        |(client, flags, payload, word, lost)| {
            let arrow = if client { '>' } else { '<' };
            let payload =
                if payload > 0 && word != "probe" { format!(" {payload}") } else { String::new() };
            let text = format!("{arrow} {flags}{payload} {word}");
            if lost && word == "id=9" { format!("({text})") } else { text }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn both_paths_agree(
        opened in any::<bool>(),
        items in proptest::collection::vec(item(), 1..40),
    ) {
        let mut script = if opened { "> S, < S., > ., ".to_owned() } else { "> ., ".to_owned() };
        script.push_str(&items.join(", "));
        if parse(&script).is_ok() {
            play(&script);
        }
    }
}
