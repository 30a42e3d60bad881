//! How a connection ended: decided when it is let go, from its facts alone.

use crate::base::numbers::numbers;
use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::endpoint::{Endpoint, State};
use crate::conn::facts::extra::Stuck;
use crate::conn::facts::reset::Mark;
use crate::conn::facts::teardown::Teardown;
use crate::conn::follow::teardowns::SEARCHED;
use crate::conn::primitives::words::{
    BySide, EndedBy, Ending, Form, Opening, Phase, Release, SequenceCheck, Side, Trigger,
};

numbers! {
    /// Unanswered retransmissions or probes that make a peer unresponsive.
    count RUN: u32 = 3;
    /// They take longer than this: what was lost in one flight is sent again at once, and says
    /// nothing.
    window FLIGHT: i64 = 5_000_000;
    /// A silence that counts as idle.
    window IDLE: i64 = 1_000_000_000;
    /// How long a handshake may still go on when the capture ends.
    window HANDSHAKE_TIMER: i64 = 3_000_000_000;
    /// How long an open or half-closed connection may still go on when the capture ends.
    window OPEN_TIMER: i64 = 60_000_000_000;
}

/// Completes the rows of resets and decides the ending, who caused it and in which phase.
pub(crate) fn decide(c: &mut Connection, release: Release, capture_end: i64) {
    c.release = release;
    c.simultaneous_close &= !answers_close_notify(c);
    judge_resets(c);
    let effective = |t: &Teardown| t.effective != Some(false);
    let deciding = position(c, |t| is_reset(t) && effective(t));
    let raw = position(c, is_reset);
    c.ending_raw = ending(c, raw);
    c.ending = if raw == deciding { c.ending_raw } else { ending(c, deciding) };
    c.deciding = match c.ending {
        Ending::Graceful | Ending::HalfClosed => position(c, Teardown::is_fin),
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

/// The same, were the capture to end now.
pub(crate) fn decide_so_far(c: &mut Connection, now: i64) {
    let release = if c.replaced { Release::Reuse } else { Release::End };
    decide(c, release, now);
}

fn is_reset(row: &Teardown) -> bool {
    !row.is_fin() && !row.duplicate
}

fn position(c: &Connection<impl Stage>, test: impl Fn(&Teardown) -> bool) -> Option<u32> {
    c.teardowns.iter().position(test).and_then(|n| u32::try_from(n).ok())
}

/// What came after each reset, and so whether it did anything.
fn judge_resets(c: &mut Connection<impl Stage>) {
    if c.teardowns.is_empty() {
        return;
    }
    let fins = BySide::of(|side| Close::of(c, side));
    let both_closed = |row: &Teardown| {
        row.sender_fin_before && row.peer_fin_before && fins[row.sender.peer()].accepted_before(row)
    };
    let last = c.endpoints.each_ref().map(Mark::of);
    // A client that was refused may still have repeated its SYN; only more than SYNs is life.
    let completed = c.endpoints.client.alive > c.endpoints.client.syns;
    let syns = c.endpoints.each_ref().map(|endpoint| endpoint.syns + endpoint.syn_acks);
    let heard = c.endpoints.each_ref().map(Endpoint::spoke);
    let mut effective = BySide::both(false);
    let obeyed = obeyed_later(c);
    for (place, row) in c.teardowns.iter_mut().enumerate() {
        let side = row.sender;
        let closed = both_closed(row);
        let duplicate = row.duplicate;
        let Some(reset) = row.reset_mut() else { continue };
        if duplicate {
            reset.effective = Some(false);
            continue;
        }
        let (sender, peer) = (last[side], last[side.peer()]);
        reset.sender_after = sender.alive.saturating_sub(reset.sender_mark.alive);
        reset.sender_progress_after = sender.progress.saturating_sub(reset.sender_mark.progress);
        reset.sender_bytes_after = sender.bytes.saturating_sub(reset.sender_mark.bytes);
        let peer_after = peer.alive.saturating_sub(reset.peer_mark.alive);
        let peer_progress_after = peer.progress.saturating_sub(reset.peer_mark.progress);
        // Where only the client's direction was captured, it answers an answer that was not, and
        // goes on by itself.
        let alone = !heard[side.peer()]
            && reset.sender_mark.bytes == 0
            && reset.sender_mark.alive <= syns[side];
        let lives_on = (peer_progress_after > 0 || alone)
            && reset.sender_progress_after > 0
            && (reset.sequence_check != SequenceCheck::AcksSyn || completed)
            && obeyed != Some(place);
        reset.follow_up = effective[side];
        // Whom nobody hears may have challenged it, and its sender goes on.
        let missed = !heard[side.peer()]
            && reset.sequence_check == SequenceCheck::InWindow
            && reset.sender_progress_after > 0;
        reset.effective = if reset.challenged
            || lives_on
            || missed
            || reset.follow_up
            || closed
            || reset.sequence_check == SequenceCheck::Void
            || (!reset.may_be_obeyed() && reset.sender_mark.alive > syns[side])
        {
            Some(false)
        } else {
            match reset.sequence_check {
                SequenceCheck::Exact | SequenceCheck::FinMinusOne | SequenceCheck::AcksSyn => {
                    Some(true)
                }
                SequenceCheck::InWindow if peer_after == 0 => Some(true),
                _ => None,
            }
        };
        effective[side] |= reset.effective != Some(false);
    }
}

/// The first exact reset after which its receiver said nothing but what was on its way, and then
/// answered by resets: it had obeyed. Nothing that was sent after it was acknowledged.
fn obeyed_later(c: &Connection<impl Stage>) -> Option<usize> {
    let rows = || c.teardowns.iter().take(SEARCHED).enumerate().filter(|(_, row)| is_reset(row));
    let (first, row) = rows().find(|(_, row)| row.sequence_check == SequenceCheck::Exact)?;
    let (sender, receiver) = (c.side(row.sender), c.side(row.sender.peer()));
    let at = row.relative_sequence.get()?;
    let on_its_way = receiver.last_time.saturating_sub(row.time) <= c.reply_time();
    let closed = receiver.fins > u32::from(row.peer_fin_before);
    let answered = rows().any(|(place, other)| {
        place > first && other.sender != row.sender && other.form == Some(Form::Reply)
    });
    (on_its_way && answered && !closed && sender.acked.cast_signed() <= at).then_some(first)
}

/// What became of a side's FIN.
#[derive(Clone, Copy)]
struct Close {
    acked: bool,
    /// The number after it, and that after its side's data.
    end: i64,
    /// All bytes before it were acknowledged.
    delivered: bool,
}

impl Close {
    fn of(c: &Connection<impl Stage>, side: Side) -> Self {
        let endpoint = c.side(side);
        let at = endpoint.fin.map_or(0, |fin| fin.at).cast_signed();
        Self {
            acked: endpoint.fin.is_some_and(|fin| fin.acked_at.is_some()),
            end: at.saturating_add(1),
            delivered: endpoint.acked.cast_signed() >= at,
        }
    }

    /// Whether a reset of its receiver leaves it accepted: it was acknowledged, or the reset itself
    /// acknowledges it and nothing else. Any other refuses it, or data before it.
    fn accepted_before(self, row: &Teardown) -> bool {
        let covers = row.relative_acknowledgment.get().is_some_and(|at| at >= self.end);
        self.acked || row.form == Some(Form::Abort) && covers && self.delivered
    }
}

/// A side has sent a FIN, and goes by it: where the peer acknowledged data beyond its number, it never
/// took it for one (a FIN before the SYN-ACK, or forged).
fn closed(endpoint: &Endpoint) -> bool {
    let overrun = endpoint.fin.is_some_and(|fin| endpoint.acked.min(endpoint.max_end) > fin.at + 1);
    endpoint.fins > 0 && !overrun
}

/// Both FINs are there: each was accepted, unless something was seen against it.
fn both_closed(c: &Connection<impl Stage>) -> Ending {
    let unaccepted = |endpoint: &&Endpoint| endpoint.fin.is_some_and(|fin| fin.acked_at.is_none());
    if c.endpoints.iter().filter(unaccepted).any(goes_unanswered) {
        return Ending::PeerUnresponsive;
    }
    let repeated = |side: Side| {
        let mut rows = c.teardowns.iter().take(SEARCHED);
        rows.any(|row| row.sender == side && row.is_fin() && row.retransmissions > 0)
    };
    let again = [Side::Client, Side::Server].into_iter().any(|side| {
        let endpoint = c.side(side);
        unaccepted(&endpoint) && (endpoint.retransmission_run > 0 || repeated(side))
    });
    if again { Ending::HalfClosed } else { Ending::Graceful }
}

/// The second FIN answers the first side's `close_notify`, which came just before its FIN: the FINs
/// crossed, and yet one side closed first.
fn answers_close_notify(c: &Connection<impl Stage>) -> bool {
    let Some(first) = c.first_fin_by.filter(|_| c.simultaneous_close) else { return false };
    let notified = c.extra().and_then(|extra| extra.tls_alert[first]);
    let (Some(alert), Some(fin)) = (notified, c.side(first).fin) else { return false };
    let mut rows = c.teardowns.iter().take(SEARCHED);
    let second = rows.find(|row| row.is_fin() && row.sender == first.peer());
    second.is_some_and(|row| {
        let heard = row.relative_acknowledgment.get() >= Some(fin.at.cast_signed());
        heard
            && row.time > alert.time
            && alert.clear.is_none_or(|(_, description)| description == 0)
    })
}

fn ending(c: &Connection<impl Stage>, reset: Option<u32>) -> Ending {
    let (client, server) = (&c.endpoints.client, &c.endpoints.server);
    let no_syn = client.syns == 0 && (server.syn_acks == 0 || client.alive == 0);
    let exchange = client.alive > 0 && server.alive > 0;
    let reset = reset.and_then(|n| c.teardowns.get(usize::try_from(n).ok()?));
    let shown = || one_sided_stream(c) || reset.is_some_and(shows_connection);
    if no_syn && !exchange && server.syns == 0 && !shown() {
        return Ending::Stray;
    }
    if let Some(row) = reset {
        return by_reset(c, row);
    }
    let (client_fin, server_fin) = (closed(client), closed(server));
    if client_fin && server_fin {
        return both_closed(c);
    }
    let only_syns = client.alive == client.syns + client.syn_acks;
    let attempted = client.syns > 0 && only_syns && client.unique_bytes == 0;
    if client.syns > 0 && server.alive == 0 && client.alive == client.syns {
        return Ending::HandshakeUnanswered;
    }
    if attempted && server.unique_bytes == 0 && !server_fin {
        return Ending::HandshakeIncomplete;
    }
    if c.superseded {
        return Ending::Superseded;
    }
    let stuck = [Side::Client, Side::Server].into_iter().any(|side| is_stuck(c, side));
    if unresponsive(client) || unresponsive(server) || final_ack_ignored(c) || stuck {
        return Ending::PeerUnresponsive;
    }
    if closed_unseen(c) {
        return Ending::Graceful;
    }
    if client_fin || server_fin { Ending::HalfClosed } else { Ending::Open }
}

/// The capture lost the second FIN, or the whole direction: the side that had closed, and was
/// acknowledged, acknowledges one number beyond all that its peer sent, and nothing follows.
fn closed_unseen(c: &Connection<impl Stage>) -> bool {
    let Some(first) = c.first_fin_by else { return false };
    let (closer, other) = (c.side(first), c.side(first.peer()));
    let mut rows = c.teardowns.iter().take(SEARCHED);
    let fin = rows.find(|row| row.is_fin() && row.sender == first);
    let Some(before) = fin.and_then(|row| row.relative_acknowledgment.get()) else { return false };
    if !other.spoke() {
        // One direction alone: the number that came since may as well be a byte, but a closed
        // side that hears one answers by a reset.
        return other.acked.cast_signed() == before + 1 && closer.retransmission_run == 0;
    }
    other.fins == 0
        && other.unseen_acked == 1
        && other.acked == other.max_end + 1
        && before < other.acked.cast_signed()
        && closer.fin.is_some_and(|fin| fin.acked_at.is_some())
        && closer.last_time >= other.last_time
}

/// One direction alone still shows a connection: the peer's bytes are acknowledged, or the side
/// goes on for more than a retransmission or two.
fn one_sided_stream(c: &Connection<impl Stage>) -> bool {
    c.endpoints.iter().any(|e| {
        e.unseen_acked > 0
            || (e.unique_bytes > 0 && e.alive > e.retransmitted_packets + 2)
            || (e.unique_bytes > 0 || e.fins > 0) && goes_unanswered(e)
    })
}

/// A reset alone may show a connection: one that answers data, or that only a socket sends.
fn shows_connection(row: &Teardown) -> bool {
    let answers = row.trigger == Some(Trigger::Data) && row.trigger_relative_ack.is_some();
    row.form == Some(Form::Abort) || answers
}

/// A side goes on repeating data that were never acknowledged, or its probes get no answer. A FIN
/// alone that is repeated so leaves the connection half closed.
fn unresponsive(endpoint: &Endpoint) -> bool {
    endpoint.unacked() > 0 && goes_unanswered(endpoint) || endpoint.probe_run >= RUN
}

/// A side's full segments do not get through, whatever else is heard of the peer, which has not
/// closed either.
fn is_stuck(c: &Connection<impl Stage>, side: Side) -> bool {
    let stuck = c.extra().and_then(|extra| extra.stuck[side]);
    let here = |stuck: Stuck| stuck.at == c.side(side).acked && stuck.times >= RUN;
    stuck.is_some_and(here) && c.side(side.peer()).fins == 0
}

/// A side repeats its segments for longer than a flight of them takes.
fn goes_unanswered(endpoint: &Endpoint) -> bool {
    let flight = endpoint.max_rtt.saturating_mul(2).max(FLIGHT);
    let tried = endpoint.last_time.saturating_sub(endpoint.run_since);
    endpoint.retransmission_run + endpoint.probe_run >= RUN && tried > flight
}

/// The server goes on repeating its SYN-ACK, and the client its data: the handshake's last
/// acknowledgment did not count.
fn final_ack_ignored(c: &Connection<impl Stage>) -> bool {
    let (client, server) = (&c.endpoints.client, &c.endpoints.server);
    c.handshake_time.is_some()
        && client.unique_bytes > 0
        && client.acked <= 1
        && client.retransmitted_packets >= 2
        && server.alive == server.syn_acks
        && server.syn_acks > client.syns
}

fn by_reset(c: &Connection<impl Stage>, row: &Teardown) -> Ending {
    let client = &c.endpoints.client;
    let (client_mark, server_mark) = match row.sender {
        Side::Client => (row.sender_mark, row.peer_mark),
        Side::Server => (row.peer_mark, row.sender_mark),
    };
    let closed = row.sender_fin_before && row.peer_fin_before;
    if closed && Close::of(c, row.sender.peer()).accepted_before(row) {
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
fn refused_by_icmp(c: &Connection<impl Stage>) -> Option<EndedBy> {
    let icmp = c.extra()?.icmp.filter(crate::conn::facts::icmp::Icmp::unreachable)?;
    let server = icmp.reporter == c.addresses.server;
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
