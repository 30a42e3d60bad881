//! The rows of FIN and RST segments: what each met when it came.

use crate::base::numbers::numbers;
use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::effect::Effect;
use crate::conn::facts::endpoint::{Endpoint, Fin, State, Ttl};
use crate::conn::facts::reset::{Reason, Reset};
use crate::conn::facts::teardown::{Teardown, What};
use crate::conn::follow::recent::{Entry, Seen};
use crate::conn::follow::{form, payload};
use crate::conn::primitives::optional::{Moment, Number};
use crate::conn::primitives::words::{Form, SequenceCheck, Side, Trigger};
use crate::packet::{Options, Segment, Seq};

numbers! {
    /// While a handshake goes on no round trip is known; one is over after some repetitions of the
    /// SYN.
    window HANDSHAKE_TIME: i64 = 3_000_000_000;
    /// Rows that are searched for another one, from the first or from the latest: a storm of FINs
    /// and RSTs must not cost the square of its length.
    pub bound SEARCHED: usize = 64;
    /// A challenge ACK comes at once (RFC 5961 section 3.2): one round trip and a little.
    window CHALLENGE_TIME: i64 = 50_000_000;
}

/// The window with which a NetScaler opens.
const NETSCALER_WINDOW: u16 = 8190;
/// Largest window of a receiver that was not heard, and largest scale (RFC 7323 section 2.3).
const UNKNOWN_WINDOW: u64 = 1 << 30;
const MOST_SCALE: u8 = 14;

/// Adds the row of a FIN or RST; other segments only complete the rows of FINs they acknowledge.
pub(in crate::conn) fn teardown(
    c: &mut Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
    previous_end: i64,
) {
    let flags = segment.flags;
    if flags.ack() && !flags.rst() {
        acknowledge_fin(c, segment, sender);
    }
    if flags.rst() {
        let row = reset(c, recent, segment, sender);
        keep(c, row);
    } else if flags.fin() {
        fin(c, segment, sender, previous_end);
    }
}

/// Adds a row; most connections have one or two, so there is no room kept for more.
pub(in crate::conn) fn keep(c: &mut Connection<impl Stage>, row: Teardown) {
    if c.teardowns.len() == c.teardowns.capacity() {
        // The other side's FIN follows most FINs, and nothing most resets.
        let first = if row.is_fin() { 2 } else { 1 };
        c.teardowns.reserve_exact(c.teardowns.len().max(first));
    }
    c.teardowns.push(row);
}

fn acknowledge_fin(c: &mut Connection<impl Stage>, segment: &Segment<'_>, sender: Side) {
    let peer = &mut c.endpoints[sender.peer()];
    let acked = peer.ack_position(segment.acknowledgment);
    let covers = |fin: &&mut Fin| peer.acked > fin.at && acked > fin.at.cast_signed();
    let Some(fin) = peer.fin.as_mut().filter(covers) else {
        return;
    };
    fin.acked_at.or_set(segment.time);
    // A FIN that is sent again after its acknowledgment has one of its own, if any.
    for row in c.teardowns.iter_mut().rev().take(SEARCHED) {
        let open = row.acked_at.is_none() && !row.duplicate;
        if row.is_fin() && row.sender == sender.peer() && open {
            row.acked_at = segment.time.max(row.time).into();
            row.acked_packet = segment.packet.into();
        }
    }
}

fn fin(c: &mut Connection<impl Stage>, segment: &Segment<'_>, sender: Side, previous_end: i64) {
    let mut row = Teardown::of(c.side(sender), c.side(sender.peer()), segment, sender);
    let earlier = c.teardowns.iter_mut().take(SEARCHED).find(|t| {
        t.is_fin()
            && t.sender == sender
            && !t.duplicate
            && t.sequence.plus(t.payload_length) == segment.sequence.plus(segment.payload_length)
    });
    if let Some(earlier) = earlier {
        earlier.retransmissions += 1;
        row.retransmission_of = earlier.packet.into();
    }
    row.idle = segment.since(previous_end).into();
    if c.first_fin_by.is_none() {
        c.idle_before_fin = row.idle;
    }
    if row.peer_fin_before && c.side(sender.peer()).fin.is_some_and(|fin| fin.acked_at.is_none()) {
        c.simultaneous_close |= row.retransmission_of.get().is_none();
    }
    keep(c, row);
}

fn reset(
    c: &Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
) -> Teardown {
    let (endpoint, peer) = (c.side(sender), c.side(sender.peer()));
    let mut reset = Reset::of(endpoint, peer, segment);
    reset.sequence_check = check(endpoint, peer, segment);
    let timestamps = endpoint.stamps() && peer.timestamp_time.is_some();
    let value = Options::timestamps(segment.options).map(|(value, _)| value);
    if timestamps {
        reset.timestamp_ok = Some(value.is_some_and(|value| fits(value, segment.time, endpoint)));
    }
    reset.reply_shape = reply_shape(segment);
    identify(&mut reset, endpoint, segment);
    let trigger = find_trigger(recent, segment, sender).filter(|t| {
        let limit = if t.flags.syn() { HANDSHAKE_TIME } else { c.reply_time() };
        segment.time.saturating_sub(t.time) <= limit
    });
    let mut row = Teardown::of(c.side(sender), c.side(sender.peer()), segment, sender);
    let form = form::of(c, recent, segment, sender, &reset, trigger.as_ref());
    reset.form = Some(form);
    let trigger = trigger.filter(|_| form != Form::Abort);
    if let Some(trigger) = trigger {
        reset.trigger = Some(kind_of(&trigger));
        reset.trigger_packet = trigger.packet.into();
        reset.turnaround = segment.since(trigger.time).into();
        reset.trigger_payload = trigger.payload;
        let end = peer.position(trigger.end());
        reset.trigger_old = trigger.payload > 0 && peer.based && end < peer.acked.cast_signed();
        if trigger.flags.ack() && endpoint.based {
            reset.trigger_relative_ack = endpoint.position(trigger.acknowledgment).into();
        }
    }
    reset.answer_time = answer_time(recent, segment, sender).into();
    reset.payload_echo =
        segment.payload_length > 0 && trigger.is_some_and(|t| t.payload == segment.payload_length);
    let before = trigger.map_or(segment.packet, |t| t.packet);
    let mut earlier = recent.backwards().filter(|e| e.packet < before && !e.flags.rst());
    let from = trigger.map_or(segment.time, |t| t.time);
    row.idle = earlier.next().map(|e| from.saturating_sub(e.time).max(0)).into();
    reset.copies_peer = copies(recent, segment, sender);
    reset.unread_bytes = endpoint.unanswered;
    if segment.flags.ack() && peer.based {
        let acked = peer.position(segment.acknowledgment);
        reset.peer_bytes_unacked =
            u64::try_from(peer.max_end.cast_signed().saturating_sub(acked)).unwrap_or(0);
    }
    reset.reason = reason(segment, endpoint).map(Box::new);
    row.what = What::Rst(Box::new(reset));
    row
}

/// The row of a copy that the capture made.
pub(in crate::conn) fn copy(
    c: &Connection<impl Stage>,
    segment: &Segment<'_>,
    sender: Side,
) -> Teardown {
    let mut row = Teardown::of(c.side(sender), c.side(sender.peer()), segment, sender);
    row.duplicate = true;
    let is_fin = !segment.flags.rst();
    let original = c.teardowns.iter().rev().take(SEARCHED).find(|t| {
        t.sender == sender && !t.duplicate && t.is_fin() == is_fin && t.sequence == segment.sequence
    });
    row.retransmission_of = original.map_or(Number::NONE, |t| t.packet.into());
    if !is_fin {
        let mut reset = Reset::of(c.side(sender), c.side(sender.peer()), segment);
        if let Some(original) = original.and_then(Teardown::reset) {
            reset.form = original.form;
            reset.sequence_check = original.sequence_check;
        }
        row.what = What::Rst(Box::new(reset));
    }
    row
}

/// How a reset stands to what its receiver, the peer, expects next.
fn check(endpoint: &Endpoint, peer: &Endpoint, segment: &Segment<'_>) -> SequenceCheck {
    if peer.syns > 0 && peer.alive == peer.syns && peer.unique_bytes == 0 && endpoint.acked == 0 {
        let acked = peer.position(segment.acknowledgment);
        let acks_syn =
            segment.flags.ack() && (1..=peer.max_end.max(1).cast_signed()).contains(&acked);
        // A client that got the SYN-ACK has left SYN-SENT, although its acknowledgment was not seen.
        let answered = endpoint.state == State::SynAckSent && peer.acked > 0;
        let next = endpoint.position(segment.sequence) == endpoint.max_end.cast_signed();
        if answered && !segment.flags.ack() && next {
            return SequenceCheck::Exact;
        }
        return if acks_syn { SequenceCheck::AcksSyn } else { SequenceCheck::Void };
    }
    if !endpoint.based {
        return SequenceCheck::NotCheckable;
    }
    let position = endpoint.position(segment.sequence);
    let Ok(at) = u64::try_from(position) else { return SequenceCheck::Old };
    let lowest = endpoint.acked;
    let contiguous = endpoint.contiguous;
    if at == lowest || at == contiguous || (at == endpoint.max_end && at >= lowest) {
        return SequenceCheck::Exact;
    }
    if endpoint.fin.is_some_and(|fin| fin.at == at && lowest > at) {
        return SequenceCheck::FinMinusOne;
    }
    // What was captured above a hole may have reached the receiver as well.
    let gaps = endpoint.unseen_acked > 0 || endpoint.ranges.is_some();
    let next = lowest.max(if gaps { endpoint.max_end } else { contiguous });
    let window = match (peer.alive, peer.syns + peer.syn_acks) {
        (0, _) => UNKNOWN_WINDOW,
        (_, 0) => u64::from(peer.window) << MOST_SCALE,
        _ => peer.scaled_window(),
    };
    if at < lowest {
        SequenceCheck::Old
    } else if at < next.saturating_add(window.max(1)) {
        SequenceCheck::InWindow
    } else {
        SequenceCheck::Future
    }
}

/// No options and a closed window; the numbers of RFC 9293 section 3.10.7.1.
fn reply_shape(segment: &Segment<'_>) -> bool {
    let bare = segment.header_length == 20 && segment.window == 0;
    bare && (!segment.flags.ack() || segment.sequence.0 == 0)
}

/// The peer's latest segment whose numbers the reset repeats and which its sender has not
/// acknowledged: what a socket took needs no answer of a host without one.
fn find_trigger(recent: Seen<'_>, segment: &Segment<'_>, sender: Side) -> Option<Entry> {
    let with_ack = segment.flags.ack();
    let mut taken: Option<Seq> = None;
    recent.backwards().find(|entry| {
        if entry.flags.rst() {
            return false;
        }
        if entry.sender == sender {
            if entry.flags.ack() && taken.is_none_or(|seq| entry.acknowledgment.since(seq) > 0) {
                taken = Some(entry.acknowledgment);
            }
            return false;
        }
        let repeats_ack = entry.flags.ack() && entry.acknowledgment == segment.sequence;
        let covers = segment.acknowledgment == entry.end()
            || (entry.flags.syn() && segment.acknowledgment == entry.sequence.plus(1));
        let bare = !entry.flags.ack() && segment.sequence.0 == 0;
        let repeats = if with_ack { (bare || repeats_ack) && covers } else { repeats_ack || bare };
        let was_taken = taken.is_some_and(|seq| {
            seq.since(entry.end()) >= 0 && seq.since(entry.sequence) > 0 && entry.flags.ack()
        });
        repeats && !was_taken
    })
}

/// See [`Teardown::answer_time`].
fn answer_time(recent: Seen<'_>, segment: &Segment<'_>, sender: Side) -> Option<i64> {
    let mut first = None;
    for entry in recent.backwards().filter(|entry| entry.sender != sender && !entry.flags.rst()) {
        let same = if segment.flags.ack() {
            segment.acknowledgment == entry.end()
        } else {
            entry.flags.ack() && entry.acknowledgment == segment.sequence
        };
        if same {
            first = Some((entry.time, entry.payload));
        } else if let Some((time, payload)) = first {
            // Without new bytes its sender may have acknowledged the same long before.
            let brought = payload > 0 || !segment.flags.ack();
            return brought.then(|| segment.time.saturating_sub(time));
        }
    }
    None
}

fn kind_of(entry: &Entry) -> Trigger {
    if entry.flags.syn() {
        if entry.flags.ack() { Trigger::SynAck } else { Trigger::Syn }
    } else if entry.payload > 0 && !entry.probe {
        Trigger::Data
    } else if entry.flags.fin() {
        Trigger::Fin
    } else if entry.probe {
        Trigger::Probe
    } else {
        Trigger::Ack
    }
}

/// A timestamp value fits when its clock ran on by no more than the time passed at 1 GHz and did
/// not go back by more than a second's worth at 1 kHz; a day of 1 kHz ticks is the outer bound.
fn fits(value: u32, time: i64, endpoint: &Endpoint) -> bool {
    let Some(at) = endpoint.timestamp_time.get() else { return true };
    let last = endpoint.timestamp;
    let ticks = i64::from(value.wrapping_sub(last).cast_signed());
    let day = 86_400_000;
    let elapsed_us = time.saturating_sub(at).max(0) / 1000;
    ticks >= -1000 && ticks <= day.max(elapsed_us.saturating_mul(2))
}

/// Whether the identification or window was taken over from the peer's segment before it.
fn copies(recent: Seen<'_>, segment: &Segment<'_>, sender: Side) -> bool {
    let Some(last) = recent.backwards().find(|e| e.sender != sender) else { return false };
    segment.ip_id.is_some_and(|id| id != 0) && last.ip_id == segment.ip_id && segment.window != 0
}

fn identify(reset: &mut Reset, endpoint: &Endpoint, segment: &Segment<'_>) {
    let Ttl { syn, first, last, .. } = endpoint.ttl;
    let usual = if first != 0 { last } else { syn };
    if usual != 0 {
        reset.ttl_delta = Some(i16::from(segment.ttl) - i16::from(usual));
    }
    if let (Some(id), Some(last)) = (segment.ip_id, endpoint.ip_id)
        && id != 0
    {
        reset.ip_id_delta = Some(i32::from(id.wrapping_sub(last).cast_signed()));
    }
}

fn reason(segment: &Segment<'_>, endpoint: &Endpoint) -> Option<Reason> {
    if let Some(code) = Options::parse(segment.options).mptcp_reset_reason {
        return Some(Reason::Mptcp(code));
    }
    if let Some(told) = segment.payload.reset_reason() {
        return Some(payload::reason(told));
    }
    // NetScaler's codes are windows like any other unless the sender's usual ones are far off.
    // A NetScaler's own window lies near its codes; it sends them without ACK too.
    let usual = endpoint.window;
    let netscaler = usual == NETSCALER_WINDOW && segment.window != usual;
    let strange = endpoint.alive > 0
        && (netscaler || segment.flags.ack() && usual.abs_diff(segment.window) > 64);
    if strange && !segment.flags.syn() && segment.header_length == 20 {
        return payload::netscaler_name(segment.window)
            .map(|meaning| Reason::NetScaler(segment.window, meaning));
    }
    None
}

/// Marks the peer's reset that this plain acknowledgment challenges (RFC 5961 section 3.2).
pub(in crate::conn) fn challenge(
    c: &mut Connection<impl Stage>,
    segment: &Segment<'_>,
    sender: Side,
    effect: &Effect,
) {
    let plain = segment.flags.ack()
        && !segment.flags.syn()
        && !segment.flags.fin()
        && !segment.flags.rst()
        && segment.payload_length == 0
        && !effect.ack_advanced
        && !effect.probe;
    if !plain {
        return;
    }
    let limit = CHALLENGE_TIME.max(c.handshake_rtt().saturating_mul(2));
    let mut latest = c.teardowns.iter_mut().rev().take(SEARCHED);
    let last = latest.find(|t| !t.is_fin() && !t.duplicate);
    if let Some(row) = last
        && row.sender != sender
        && segment.time.saturating_sub(row.time) <= limit
        && let Some(reset) = row.reset_mut()
        && matches!(reset.sequence_check, SequenceCheck::InWindow | SequenceCheck::FinMinusOne)
    {
        reset.challenged = true;
        // Its receiver lives on, and so may its claimed sender.
        let claimed = &mut c.endpoints[sender.peer()];
        claimed.state = if claimed.fin.is_some() { State::FinSent } else { State::Open };
        c.over_since = Moment::NONE;
    }
}

#[cfg(test)]
mod tests;
