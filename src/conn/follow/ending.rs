//! How a connection ended: decided when it is let go, from its facts alone.

use crate::conn::facts::connection::Connection;
use crate::conn::facts::endpoint::{Endpoint, State};
use crate::conn::facts::teardown::{Kind, SequenceCheck, Teardown};
use crate::conn::primitives::words::{EndedBy, Ending, Opening, Phase, Release, Side};

/// Unanswered retransmissions or probes that make a peer unresponsive.
const RUN: u32 = 3;
/// A silence that counts as idle.
const IDLE: i64 = 1_000_000_000;
/// How long a handshake may still go on when the capture ends.
const HANDSHAKE_TIMER: i64 = 3_000_000_000;
/// How long an open or half-closed connection may still go on when the capture ends.
const OPEN_TIMER: i64 = 60_000_000_000;

/// Completes the rows of resets and decides the ending, who caused it and in which phase.
pub fn decide(c: &mut Connection, release: Release, capture_end: i64) {
    c.release = release;
    judge_resets(c);
    let effective = |t: &Teardown| t.effective != Some(false);
    let deciding = position(c, |t| is_reset(t) && effective(t));
    let raw = position(c, is_reset);
    c.ending_raw = ending(c, raw);
    c.ending = ending(c, deciding);
    c.deciding = match c.ending {
        Ending::Graceful | Ending::HalfClosed => position(c, |t| t.kind == Kind::Fin),
        Ending::HandshakeRefused
        | Ending::HandshakeAbandoned
        | Ending::HandshakeAbortedByServer
        | Ending::ResetAfterFin
        | Ending::Reset
        | Ending::Stray => deciding,
        _ => None,
    };
    c.ended_by = ended_by(c);
    c.phase = phase(c);
    c.censored = release == Release::End && censored(c, capture_end);
}

fn is_reset(row: &Teardown) -> bool {
    row.kind == Kind::Rst && !row.duplicate
}

fn position(c: &Connection, test: impl Fn(&Teardown) -> bool) -> Option<u32> {
    c.teardowns.iter().position(test).and_then(|n| u32::try_from(n).ok())
}

/// What came after each reset, and so whether it did anything.
fn judge_resets(c: &mut Connection) {
    let both_closed = |row: &Teardown| row.sender_fin_before && row.peer_fin_before;
    let (client, server) = (counters(&c.endpoints[0]), counters(&c.endpoints[1]));
    // A client that was refused may still have repeated its SYN; only more than SYNs is life.
    let completed = c.endpoints[0].alive > c.endpoints[0].syns;
    let mut effective = [false; 2];
    for row in &mut c.teardowns {
        if row.duplicate {
            row.effective = if row.kind == Kind::Rst { Some(false) } else { None };
            continue;
        }
        let (sender, peer) = match row.sender {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        row.sender_after = sender.0.saturating_sub(row.sender_mark.alive);
        row.sender_progress_after = sender.1.saturating_sub(row.sender_mark.progress);
        row.sender_bytes_after = sender.2.saturating_sub(row.sender_mark.bytes);
        row.peer_after = peer.0.saturating_sub(row.peer_mark.alive);
        row.peer_progress_after = peer.1.saturating_sub(row.peer_mark.progress);
        if row.kind == Kind::Fin {
            continue;
        }
        let lives_on = row.peer_progress_after > 0
            && row.sender_progress_after > 0
            && (row.sequence_check != SequenceCheck::AcksSyn || completed);
        row.follow_up = effective[row.sender.index()];
        row.effective = if row.challenged
            || lives_on
            || row.follow_up
            || both_closed(row)
            || row.sequence_check == SequenceCheck::Void
        {
            Some(false)
        } else {
            match row.sequence_check {
                SequenceCheck::Exact | SequenceCheck::FinMinusOne | SequenceCheck::AcksSyn => {
                    Some(true)
                }
                SequenceCheck::InWindow if row.peer_after == 0 => Some(true),
                _ => None,
            }
        };
        effective[row.sender.index()] |= row.effective != Some(false);
    }
}

fn counters(endpoint: &Endpoint) -> (u32, u32, u64) {
    (endpoint.alive, endpoint.progress, endpoint.unique_bytes)
}

fn ending(c: &Connection, reset: Option<u32>) -> Ending {
    let (client, server) = (&c.endpoints[0], &c.endpoints[1]);
    let no_syn = client.syns == 0 && (server.syn_acks == 0 || client.alive == 0);
    let exchange = client.alive > 0 && server.alive > 0;
    if no_syn && !exchange && !one_sided_stream(c) && server.syns == 0 {
        return Ending::Stray;
    }
    if let Some(row) = reset.and_then(|n| c.teardowns.get(usize::try_from(n).ok()?)) {
        return by_reset(c, row);
    }
    let (client_fin, server_fin) = (client.fins > 0, server.fins > 0);
    if client_fin && server_fin {
        return Ending::Graceful;
    }
    let attempted = client.syns > 0 && client.alive == client.syns && client.unique_bytes == 0;
    if client.syns > 0 && server.alive == 0 && client.alive == client.syns {
        return Ending::HandshakeUnanswered;
    }
    if attempted && server.unique_bytes == 0 && !server_fin {
        return Ending::HandshakeIncomplete;
    }
    if c.superseded {
        return Ending::Superseded;
    }
    if client_fin || server_fin {
        return Ending::HalfClosed;
    }
    if unresponsive(client) || unresponsive(server) {
        return Ending::PeerUnresponsive;
    }
    Ending::Open
}

/// One direction alone still shows a connection: the peer's octets are acknowledged, or the side
/// goes on for more than a retransmission or two.
fn one_sided_stream(c: &Connection) -> bool {
    c.endpoints.iter().any(|e| {
        e.unseen_acked > 0 || (e.unique_bytes > 0 && e.alive > e.retransmitted_packets + 2)
    })
}

fn unresponsive(endpoint: &Endpoint) -> bool {
    endpoint.retransmission_run + endpoint.probe_run >= RUN && endpoint.unacked() > 0
        || endpoint.probe_run >= RUN
}

fn by_reset(c: &Connection, row: &Teardown) -> Ending {
    let client = &c.endpoints[0];
    let (client_mark, server_mark) = match row.sender {
        Side::Client => (row.sender_mark, row.peer_mark),
        Side::Server => (row.peer_mark, row.sender_mark),
    };
    if row.sender_fin_before && row.peer_fin_before {
        return Ending::Graceful;
    }
    let opened = c.handshake_time.get().is_some_and(|time| time <= row.time);
    let refused_ack = c.syn_ack.is_some() && !opened && row.sender == Side::Server;
    let only_syns = client.syns > 0
        && (refused_ack || (client_mark.alive <= client.syns && client_mark.bytes == 0));
    if only_syns {
        return match row.sender {
            Side::Server if server_mark.alive == 0 => Ending::HandshakeRefused,
            Side::Server if c.good_syn_ack_time.get().is_some_and(|time| time <= row.time) => {
                Ending::HandshakeAbortedByServer
            }
            Side::Server => Ending::HandshakeRefused,
            Side::Client => Ending::HandshakeAbandoned,
        };
    }
    if row.sender_fin_before || row.peer_fin_before { Ending::ResetAfterFin } else { Ending::Reset }
}

fn ended_by(c: &Connection) -> EndedBy {
    match c.ending {
        Ending::Graceful if c.simultaneous_close => EndedBy::Both,
        Ending::Graceful | Ending::HalfClosed => {
            c.first_fin_by.map_or(EndedBy::None, EndedBy::from)
        }
        Ending::HandshakeRefused
        | Ending::HandshakeAbandoned
        | Ending::HandshakeAbortedByServer
        | Ending::ResetAfterFin
        | Ending::Reset => c.deciding().map_or(EndedBy::None, |row| row.sender.into()),
        Ending::HandshakeUnanswered => refused_by_icmp(c).unwrap_or(EndedBy::None),
        _ => EndedBy::None,
    }
}

/// An ICMP error refuses a SYN; it comes from the server itself or from a box on the way.
fn refused_by_icmp(c: &Connection) -> Option<EndedBy> {
    let icmp = c.extra()?.icmp.filter(crate::conn::facts::connection::Icmp::unreachable)?;
    let server = icmp.reporter == c.addresses[1];
    Some(if server { EndedBy::Server } else { EndedBy::ThirdParty })
}

fn phase(c: &Connection) -> Phase {
    let deciding = c.deciding();
    let fin_before = deciding
        .map_or(c.first_fin_by.is_some(), |row| row.sender_fin_before || row.peer_fin_before);
    let handshake = match c.ending {
        Ending::HandshakeUnanswered
        | Ending::HandshakeRefused
        | Ending::HandshakeAbandoned
        | Ending::HandshakeAbortedByServer
        | Ending::HandshakeIncomplete => true,
        _ => c.opening != Opening::MidStream && c.endpoints.iter().any(|e| e.state < State::Open),
    };
    if handshake {
        Phase::Handshake
    } else if fin_before {
        Phase::Closing
    } else if c.endpoints.iter().all(|e| e.unique_bytes == 0) {
        Phase::AfterHandshake
    } else if deciding.and_then(|row| row.idle.get()).unwrap_or(0) >= IDLE {
        Phase::Idle
    } else {
        Phase::Data
    }
}

fn censored(c: &Connection, capture_end: i64) -> bool {
    let silence = capture_end.saturating_sub(c.end);
    match c.ending {
        Ending::HandshakeUnanswered | Ending::HandshakeIncomplete => silence < HANDSHAKE_TIMER,
        Ending::Open | Ending::HalfClosed | Ending::PeerUnresponsive => silence < OPEN_TIMER,
        _ => false,
    }
}
