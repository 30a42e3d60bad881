//! Conversations in one line each, and what is stated of their connections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing test says where

mod bounds;
mod doubles;
mod forms;
mod notation;
mod numbers;
mod recorded;
#[path = "../support/mod.rs"]
mod support;
mod tcpdump;
mod thresholds;
mod written;

use finrst::conn::play;
use finrst::conn::{Connection, EndedBy, Ending, Form, Kind, SequenceCheck, Side, Trigger};

fn one(script: &str) -> Connection {
    let mut all = play(script).expect(script);
    assert_eq!(all.len(), 1, "{script}");
    all.remove(0)
}

#[test]
fn endings() {
    let cases = [
        ("> S", Ending::HandshakeUnanswered, EndedBy::None, "S0", "S"),
        (
            "> S, > S again +1s, > S again +2s",
            Ending::HandshakeUnanswered,
            EndedBy::None,
            "S0",
            "S",
        ),
        ("> S, < R.", Ending::HandshakeRefused, EndedBy::Server, "REJ", "Sr"),
        ("> S, < S., > R", Ending::HandshakeAbandoned, EndedBy::Client, "RSTO", "ShR"),
        ("> S, > R", Ending::HandshakeAbandoned, EndedBy::Client, "RSTOS0", "SR"),
        ("> S, < S., < R.", Ending::HandshakeAbortedByServer, EndedBy::Server, "RSTR", "Shr"),
        ("> S, < S.", Ending::HandshakeIncomplete, EndedBy::None, "S1", "Sh"),
        ("> S, < S., > .", Ending::Open, EndedBy::None, "S1", "ShA"),
        (
            "> S, < S., > ., > P. 100, < . , < P. 900, > ., > F., < ., < F., > .",
            Ending::Graceful,
            EndedBy::Client,
            "SF",
            "ShADadFf",
        ),
        ("> S, < S., > ., < F., > F., < .", Ending::Graceful, EndedBy::Server, "SF", "ShAfFa"),
        (
            "> S, < S., > ., > F., < F. ack=-1, > ., < .",
            Ending::Graceful,
            EndedBy::Both,
            "SF",
            "ShAFfa",
        ),
        ("> S, < S., > ., > P. 10, < ., < R.", Ending::Reset, EndedBy::Server, "RSTR", "ShADar"),
        (
            "> S, < S., > ., > F., < ., < P. 5, > R",
            Ending::ResetAfterFin,
            EndedBy::Client,
            "RSTO",
            "ShAFadR",
        ),
        ("> S, < S., > ., > F., < .", Ending::HalfClosed, EndedBy::Client, "S2", "ShAFa"),
        (
            "> S, < S., > ., > P. 10, > P. 10 again +1s, > P. 10 again +2s, > P. 10 again +4s",
            Ending::PeerUnresponsive,
            EndedBy::None,
            "S1",
            "ShADT",
        ),
        ("< S., > R", Ending::Stray, EndedBy::None, "RSTO", "^hR"),
        ("> ., < R", Ending::Stray, EndedBy::None, "RSTRH", "Ar"),
    ];
    for (script, ending, ended_by, state, history) in cases {
        let c = one(script);
        assert_eq!(c.ending, ending, "{script}");
        assert_eq!(c.ended_by, ended_by, "{script}");
        assert_eq!(c.zeek.conn_state(), state, "{script}");
        assert_eq!(c.zeek.history(), history, "{script}");
    }
}

#[test]
fn a_reply_names_what_it_answers() {
    let c = one("> S, < S., > ., > F., < ., < P. 500 +20ms, > R +1ms");
    let row = &c.teardowns[1];
    assert_eq!(row.form, Some(Form::Reply));
    assert_eq!(row.trigger, Some(Trigger::Data));
    assert_eq!(row.trigger_packet.get(), Some(6));
    assert_eq!(row.turnaround.get(), Some(1_000_000));
    assert_eq!(row.sequence_check, SequenceCheck::Exact);
    assert_eq!(row.effective, Some(true));
    assert!(row.sender_fin_before);
}

#[test]
fn an_abort_tells_what_was_lost() {
    let c = one("> S, < S., > ., > P. 1000, < ., > P. 2000, > R.");
    let row = &c.teardowns[0];
    assert_eq!((row.kind, row.form), (Kind::Rst, Some(Form::Abort)));
    assert_eq!(row.timestamp_ok, Some(true));
    assert_eq!(row.ip_id_delta, Some(1));
    assert_eq!(row.unacked_bytes, 2000);
    assert_eq!(c.bytes_lost(Side::Client), 2000);
    assert_eq!(c.bytes_lost(Side::Server), 0);
}

#[test]
fn a_fin_is_acknowledged_and_sent_again_until_then() {
    let c = one("> S, < S., > ., > F., > F. again +200ms, > F. again +400ms, < . +5ms");
    assert_eq!(c.teardowns.len(), 3);
    assert_eq!(c.teardowns[0].retransmissions, 2);
    assert_eq!(c.teardowns[1].retransmission_of.get(), Some(4));
    assert_eq!(c.teardowns[0].acked_packet.get(), Some(7));
    assert_eq!(c.side(Side::Client).fins, 3);
}

#[test]
fn a_challenged_reset_has_no_effect() {
    let c = one("> S, < S., > ., > P. 10, < ., < R. seq=+500, > . +1ms, > P. 10, < ., < P. 5, > .");
    let row = &c.teardowns[0];
    assert_eq!(row.sequence_check, SequenceCheck::InWindow);
    assert!(row.challenged);
    assert_eq!(row.effective, Some(false));
    assert_eq!(c.ending, Ending::Open);
    assert_eq!(c.ending_raw, Ending::Reset);
}

#[test]
fn a_wrong_acknowledgment_of_the_syn_is_measured() {
    let c = one("> S, < S. ack=+776, > R, > S again +15ms, < S. isn=7000, > .");
    let first = c.syn_ack.expect("seen");
    assert_eq!(first.ack_offset, 776);
    assert_eq!(c.ending, Ending::Open);
    assert_eq!(c.teardowns[0].effective, Some(false));
    assert_eq!(c.extra().and_then(|e| e.syn_retry_after_reset), Some(15_000_000));
}

#[test]
fn a_new_syn_begins_a_new_connection() {
    let rows = play("> S, < S., > ., > S isn=77777, < S. isn=4242, > .").expect("reads");
    let endings: Vec<_> = rows.iter().map(|c| c.ending).collect();
    assert_eq!(endings, [Ending::Superseded, Ending::Open]);
    let extra = rows[1].extra().expect("knows the earlier one");
    assert_eq!((extra.earlier_isn, extra.earlier_open), (Some(1000), true));
}

#[test]
fn icmp_refuses() {
    let c = one("> S, ! icmp 3/13");
    assert_eq!((c.ending, c.ended_by), (Ending::HandshakeUnanswered, EndedBy::ThirdParty));
    let c = one("> S, < icmp 3/3");
    assert_eq!(c.ended_by, EndedBy::Server);
}

#[test]
fn waiting_times() {
    let c = one("> S, < S. +140ms, > R +10ms");
    assert_eq!(c.client_wait(), Some(150_000_000));
    assert_eq!(c.syn_ack_delay(), Some(140_000_000));
}

#[test]
fn no_delay_is_negative_where_the_clock_went_back_or_a_fin_comes_again_after_its_acknowledgment() {
    let c = one("> S, < S. -5ms, > . -5ms, > P. 9, < F. -5ms, > . -5ms, < F. again +5s, > R -9ms");
    assert_eq!((c.client_wait(), c.syn_ack_delay(), c.ack_delay()), (Some(0), Some(0), Some(0)));
    let [fin, again, reset] = &c.teardowns[..] else { panic!("{:?}", c.teardowns) };
    assert_eq!(fin.acked_at.get(), Some(fin.time));
    assert!(again.acked_at.is_none());
    for row in [fin, again, reset] {
        let delays = [row.idle, row.sender_idle, row.since_peer_data, row.turnaround];
        assert!(delays.iter().all(|delay| delay.get().is_none_or(|delay| delay >= 0)));
    }
}

#[test]
fn every_octet_that_was_captured_counts_once() {
    let mut told = Vec::new();
    for (script, octets, gaps) in [
        // A challenge of another connection, far away, and of two SYN-ACKs the one that was taken.
        ("> S, < . seq=#2000000000 ack=#999, > S again +3s, < S., > ., < P. 206", 206, 0),
        ("> S, < S., < S. isn=16000000, > . ack=#-15099999, < P. 206 seq=#-15099999", 206, 0),
        ("> S, < S. isn=16000000, < S. isn=900000, > ., < P. 206", 206, 0),
        // Begun in the middle: what comes late, and what was acknowledged before it came.
        ("< P. 65 seq=+1396, < . 1396, > .", 1461, 0),
        ("< P. 65 seq=+1396, < . 1396, < . 1000 seq=#-999", 2461, 0),
        ("> . ack=#2001, < P. 2000", 2000, 0),
        ("< P. 10, < . probe, < P. 10", 20, 0),
        // Most of it was lost by the capture, and once it goes on far ahead.
        (
            "> S, < S., > ., < P. 9, < P. 9 seq=+300000000, < P. 9 seq=+300000009, < P. 9 seq=+300000018",
            27,
            0,
        ),
        ("> S, < S., > ., < P. 9, < P. 9 seq=+300000000, < P. 9", 18, 0),
        // Holes count once they were acknowledged, those inside the captured range as well.
        ("> S, < S., > ., (< P. 100), < P. 9, > .", 9, 100),
        ("> S, < S., > ., (< P. 100), < P. 9, > . ack=-9", 9, 100),
        ("> S, < S., > ., (< P. 100), < P. 9, > . ack=-59", 9, 50),
        ("> S, < S., > ., (< P. 100), < P. 9, > . ack=-109", 9, 0),
        ("> S, < S., > ., < P. 9, (< P. 100), > .", 9, 100),
        ("> S, < S., > ., < P. 9, (< P. 100), > ., < P. 9, (< P. 50), < F., > .", 18, 150),
    ] {
        let c = one(script);
        let server = c.side(Side::Server);
        let found = (server.unique_bytes, server.lost_bytes());
        if found != (octets, gaps) {
            told.push(format!("{script}: {found:?}, not {:?}", (octets, gaps)));
        }
    }
    assert!(told.is_empty(), "{told:#?}");
}

#[test]
fn late_segments_of_the_connection_before_stay_with_it() {
    let first = "> S, < S., > ., > P. 80, < P. 300, > ., > R. +1ms, > S isn=500000 +1ms, ";
    let opened = "< S. isn=4000000 +20ms, > ., ";
    let late = "< F. seq=#-3099699 ack=#-498919 +1ms, > R +30us, ";
    let rest = "> P. 50, < P. 70, > F., < F., > .";
    for script in [
        format!("{first}< F. seq=#301 ack=#-498919 +1ms, > R +30us, {opened}{rest}"),
        format!("{first}{opened}{late}{rest}"),
        format!("{first}{opened}< P. 300 seq=#-3099999 ack=#-498919 +1ms, > R +30us, {rest}"),
    ] {
        let all = play(&script).unwrap();
        let told: Vec<_> = all.iter().map(|c| (c.ending, c.endpoints.server.rsts)).collect();
        assert_eq!(told, [(Ending::Reset, 0), (Ending::Graceful, 0)], "{script}");
        let packets = all.iter().map(|c| c.endpoints.iter().map(|e| e.packets).sum::<u64>());
        assert_eq!(packets.collect::<Vec<_>>(), [9, 8], "{script}");
        assert_eq!(all[1].ended_by, EndedBy::Client);
        assert_eq!(all[0].release, finrst::conn::Release::Reuse);
    }
    // A host that knows the connection before challenges the SYN: that is the new one's.
    let challenged =
        "> S, < S., > ., > P. 80, < ., > S isn=500000 +9s, < . seq=#1 ack=#-498919, > R";
    let all = play(challenged).unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].ending, Ending::HandshakeAbandoned);
    // What is too late is a connection of its own no more than it was.
    let later = format!("{first}{opened}{rest}, < F. seq=#-3099699 ack=#-498919 +121s");
    assert_eq!(play(&later).unwrap()[0].end, play(first).unwrap()[0].end);
}

#[test]
fn a_close_is_graceful_once_both_fins_were_accepted_whatever_the_order_within_a_round_trip() {
    let opened = "> S, < S., > ., > P. 80, < P. 300, > ., ";
    for (script, ending) in [
        // Nothing speaks against the second FIN where its acknowledgment is missing.
        ("< F., > ., > F. +8s", Ending::Graceful),
        ("< F., > ., > F. +8s, < .", Ending::Graceful),
        ("< F., > ., > F. +8s, < R", Ending::ResetAfterFin),
        ("< F., > ., > P. 24, > F., < R, < R", Ending::ResetAfterFin),
        ("< F., > ., > P. 24, < R, > F., < R", Ending::ResetAfterFin),
        ("< F., > ., > P. 24, < R, < R, > F.", Ending::ResetAfterFin),
        // An abort that acknowledges all and finds nothing but the FIN new.
        ("< F., > ., > F. +8s, < R.", Ending::Graceful),
        ("< F., > ., > P. 24, > F., < R.", Ending::ResetAfterFin),
        // What comes when all is acknowledged changes nothing.
        ("< F., > ., > F., < ., < R +1ms", Ending::Graceful),
        ("< F., > ., > F., < ., > R. +1ms", Ending::Graceful),
        ("< F., > ., > F., > R. +1ms, < .", Ending::Graceful),
        ("< F., > F. ack=-1, < R, > R", Ending::ResetAfterFin),
        // Sent again without an answer.
        ("< F., > ., > F., > F. again +1s", Ending::HalfClosed),
        ("< F., > ., > F., > F. again +1s, > F. again +2s", Ending::HalfClosed),
        ("< F., > ., > F., > F. again +1s, > F. again +2s, < .", Ending::Graceful),
        (
            "< F., > ., > F., > F. again +1s, > F. again +2s, > F. again +4s",
            Ending::PeerUnresponsive,
        ),
    ] {
        assert_eq!(one(&format!("{opened}{script}")).ending, ending, "{script}");
    }
}

#[test]
fn unanswered_segments_make_a_peer_unresponsive_whatever_their_sender_tries_next() {
    let opened = "> S, < S., > ., > P. 80, < ., ";
    let lost = "< P. 900, < P. 900 again +1s, < P. 900 again +2s, < P. 900 again +4s";
    for (then, ending) in [
        ("", Ending::PeerUnresponsive),
        (", < P. 10 +1s", Ending::PeerUnresponsive),
        (", < F. +1s", Ending::PeerUnresponsive),
        (", > F. +1s", Ending::HalfClosed),
        (", > . ack=-910 +1s", Ending::Open),
    ] {
        assert_eq!(one(&format!("{opened}{lost}{then}")).ending, ending, "{then}");
    }
    // What one flight lost is sent again at once.
    let flight = "< P. 900, < P. 900, < P. 900, < P. 900 again +1s, < P. 900 again +1us";
    assert_eq!(one(&format!("{opened}{flight}, < P. 900 again +1us")).ending, Ending::Open);
}
