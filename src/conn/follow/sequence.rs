//! The step of one segment through both sides' sequence space (RFC 9293 section 3.10, seen from
//! between the hosts).

use crate::base::numbers::numbers;
use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::effect::Effect;
use crate::conn::facts::endpoint::{Endpoint, Fin, State};
use crate::conn::facts::space::truncate;
use crate::conn::follow::baseline::baseline;
use crate::conn::follow::handshake::note_syn;
use crate::conn::follow::stall;
use crate::conn::primitives::optional::Moment;
use crate::conn::primitives::words::Side;
use crate::packet::{Options, Segment, Seq};

numbers! {
    /// A jump ahead, in bytes, that is only believed when it comes again: 64 MiB.
    size WILD_JUMP: i64 = 64 << 20;
}

/// Numbers of the segment into the sender's space, its acknowledgment into the peer's.
pub(in crate::conn) fn advance(
    c: &mut Connection<impl Stage>,
    segment: &Segment<'_>,
    sender: Side,
) -> Effect {
    let flags = segment.flags;
    let mut effect = Effect::default();
    base(c, segment, sender);
    if flags.syn() && !flags.rst() {
        let endpoint = &mut c.endpoints[sender];
        if flags.ack() {
            endpoint.syn_acks += 1;
        } else {
            endpoint.syns += 1;
        }
        note_syn(c, segment, sender);
    }
    if flags.rst() {
        return effect;
    }
    let wild = !believed(c, segment, sender);
    let (endpoint, peer) = sides(c, sender);
    if endpoint.based && !wild {
        occupy(endpoint, segment, &mut effect);
        if effect.fresh > 0 && segment.payload_length > endpoint.largest {
            let end = endpoint.position(segment.end());
            stall::grow(endpoint, peer, segment.payload_length, end.max(1).cast_unsigned());
        }
    }
    if flags.ack() && peer.based {
        acknowledge(endpoint, peer, segment, &mut effect);
    }
    effect
}

/// The whole step of the most common segment: plain payload that comes next, or a plain
/// acknowledgment, while both sides are open and nothing is closed, missing or sent again. `None`
/// when it is anything else: then [`advance`] and [`settle`] do the same and more.
#[inline]
pub(in crate::conn) fn carry_on(
    c: &mut Connection<impl Stage>,
    segment: &Segment<'_>,
    sender: Side,
) -> Option<Effect> {
    let open = c.endpoints.client.state == State::Open && c.endpoints.server.state == State::Open;
    let opened = c.syn_time.is_none() || c.handshake_time.is_some();
    if !segment.flags.only_acks() || !open || !opened || !c.teardowns.is_empty() {
        return None;
    }
    let (endpoint, peer) = sides(c, sender);
    let fresh = u64::from(segment.payload_length);
    let next = endpoint.max_end;
    let plain = endpoint.based
        && peer.based
        && endpoint.contiguous == next
        && endpoint.ranges.is_none()
        && segment.sequence == endpoint.base.plus(truncate(next))
        && (fresh == 0 || endpoint.unique_bytes > 0)
        && next > 0;
    let acked = peer.position(segment.acknowledgment);
    if !plain || acked > peer.max_end.cast_signed() {
        return None;
    }
    let mut effect = Effect { fresh, ..Effect::default() };
    if fresh > 0 {
        let end = next + fresh;
        (endpoint.max_end, endpoint.contiguous) = (end, end);
        endpoint.unique_bytes += fresh;
        endpoint.data_packets += 1;
        if segment.payload_length > endpoint.largest {
            stall::grow(endpoint, peer, segment.payload_length, end);
        }
        if endpoint.rtt_probe == 0 {
            (endpoint.rtt_probe, endpoint.rtt_probe_time) = (end, segment.time);
        }
        endpoint.last_data_time = segment.time;
        endpoint.unanswered = 0;
        peer.unanswered += fresh;
    }
    acknowledge(endpoint, peer, segment, &mut effect);
    (peer.probe_run, peer.retransmission_run) = (0, 0);
    endpoint.alive += 1;
    endpoint.progress += u32::from(fresh > 0 || effect.ack_advanced);
    window(endpoint, segment);
    baseline(endpoint, peer.timestamp_time.is_some(), segment, &mut effect);
    Some(effect)
}

/// The sender's and the peer's side.
const fn sides(c: &mut Connection<impl Stage>, sender: Side) -> (&mut Endpoint, &mut Endpoint) {
    c.endpoints.split_mut(sender)
}

/// Finds the beginning of a side's sequence space.
fn base(c: &mut Connection<impl Stage>, segment: &Segment<'_>, sender: Side) {
    let flags = segment.flags;
    let fitting = c.syn_ack.is_some_and(|seen| seen.ack_offset == 0);
    let other = c.extra().and_then(|extra| extra.second_syn_ack);
    let (endpoint, peer) = sides(c, sender);
    if flags.rst() || challenges(endpoint, peer, segment) {
        return;
    }
    if !endpoint.based {
        endpoint.based = true;
        endpoint.base = if flags.syn() { segment.sequence } else { segment.sequence.minus(1) };
        endpoint.max_end = u64::from(!flags.syn());
        endpoint.contiguous = endpoint.max_end;
    } else if flags.syn()
        && segment.sequence != endpoint.base
        && (!fitting && may_rebase(endpoint, peer, segment) || splits(endpoint, segment))
    {
        endpoint.base = segment.sequence;
        endpoint.max_end = 0;
        endpoint.contiguous = 0;
        endpoint.acked = 0;
        endpoint.ranges = None;
    }
    let opened = [&*endpoint, &*peer].iter().any(|side| side.syns + side.syn_acks > 0);
    let unseen = !endpoint.spoke() && !opened && !flags.syn();
    if unseen && endpoint.position(segment.sequence) > 1 {
        // What lies between the peer's acknowledgment and its first segment came before the capture.
        endpoint.base = segment.sequence.minus(1);
    }
    // Of two SYN-ACKs that both fit, the acknowledgment says which one was taken.
    let first = flags.ack() && peer.acked == 0 && peer.unique_bytes == 0 && peer.syn_acks > 1;
    if let Some(other) = other.filter(|_| first).map(|seen| Seq(seen.sequence))
        && segment.acknowledgment == other.plus(1)
        && other != peer.base
    {
        peer.base = other;
        (peer.max_end, peer.contiguous, peer.ranges) = (1, 1, None);
    }
    if flags.ack() && !peer.based {
        peer.based = true;
        peer.base = segment.acknowledgment.minus(1);
        peer.max_end = 1;
        peer.contiguous = 1;
        peer.acked = 1;
    }
}

/// A plain acknowledgment that answers a SYN and does not fit it speaks of another connection
/// (RFC 5961 section 4): its numbers are none of this one.
fn challenges(endpoint: &Endpoint, peer: &Endpoint, segment: &Segment<'_>) -> bool {
    let flags = segment.flags;
    let plain = flags.ack() && !flags.syn() && !flags.fin() && segment.payload_length == 0;
    let opening = peer.syns > 0 && peer.alive == peer.syns;
    let fits = || (1..=peer.max_end.cast_signed()).contains(&peer.position(segment.acknowledgment));
    plain && !endpoint.based && opening && !fits()
}

/// Whether the bytes of a segment are taken for its side's. A jump far ahead is believed once
/// another segment goes on from about there: most of a capture may be missing.
fn believed(c: &mut Connection<impl Stage>, segment: &Segment<'_>, sender: Side) -> bool {
    let endpoint = c.side(sender);
    if !endpoint.based || endpoint.unique_bytes == 0 {
        return true;
    }
    let top = endpoint.max_end.max(endpoint.acked).cast_signed();
    if endpoint.position(segment.sequence).saturating_sub(top) <= WILD_JUMP {
        return true;
    }
    if segment.sequence_length() == 0 {
        return false;
    }
    let end = segment.sequence.plus(segment.sequence_length());
    let far = &mut c.extra.get_or_insert_default().far[sender];
    let goes_on = |far: Seq| i64::from(segment.sequence.since(far)).abs() <= WILD_JUMP;
    far.replace(end).is_some_and(goes_on)
}

/// New bytes below the first that was seen of a side whose SYN was not captured: they were late, or
/// their acknowledgment was captured first. How many of them the segment brings.
fn below(endpoint: &mut Endpoint, start: i64, end: i64) -> u64 {
    let from = start.saturating_add(WILD_JUMP);
    let to = end.min(1).saturating_add(WILD_JUMP);
    if endpoint.syns + endpoint.syn_acks > 0 || start >= 1 || from <= 0 || to <= from {
        return 0;
    }
    let (from, to) = (from.cast_unsigned(), to.cast_unsigned());
    endpoint.below.get_or_insert_default().add(0, from, to).fresh
}

/// A second SYN of a side replaces its numbers only while they cannot have been accepted: a
/// SYN-ACK that fits after one that did not.
fn may_rebase(endpoint: &Endpoint, peer: &Endpoint, segment: &Segment<'_>) -> bool {
    let answers =
        segment.flags.ack() && peer.position(segment.acknowledgment) == 1 && endpoint.syn_acks > 0;
    answers && endpoint.acked == 0 && endpoint.unique_bytes == 0
}

/// A SYN of a side that had only acknowledged: its numbers begin here.
fn splits(endpoint: &Endpoint, segment: &Segment<'_>) -> bool {
    let first = endpoint.syns + endpoint.syn_acks == 0 && endpoint.unique_bytes == 0;
    first && !segment.flags.ack() && endpoint.fins == 0
}

/// The bytes the segment takes in its sender's space.
fn occupy(endpoint: &mut Endpoint, segment: &Segment<'_>, effect: &mut Effect) {
    let flags = segment.flags;
    let start = endpoint.position(segment.sequence);
    let length = i64::from(segment.sequence_length());
    let end = start + length;
    let old_end = endpoint.max_end;
    let probe = !flags.syn()
        && !flags.fin()
        && segment.payload_length <= 1
        && start == old_end.cast_signed() - 1
        && endpoint.state >= State::Open
        && old_end > 0;
    if probe {
        effect.probe = true;
        endpoint.trouble().probes += 1;
        return;
    }
    let second_syn = flags.syn() && start != 0 && segment.payload_length == 0;
    if length == 0 || second_syn {
        return;
    }
    let data_start = u64::try_from(start + i64::from(flags.syn())).unwrap_or(0).max(1);
    let data_end = u64::try_from(end - i64::from(flags.fin())).unwrap_or(0);
    if start == 0 && flags.syn() {
        endpoint.max_end = endpoint.max_end.max(1);
        endpoint.contiguous = endpoint.contiguous.max(1);
    }
    if start < 1 && segment.payload_length > 0 {
        effect.fresh = below(endpoint, start, end - i64::from(flags.fin()));
    }
    if data_end > data_start && segment.payload_length > 0 {
        let added = if data_start <= endpoint.contiguous && endpoint.ranges.is_none() {
            let contiguous = endpoint.contiguous.max(data_end);
            let fresh = contiguous - endpoint.contiguous;
            crate::conn::primitives::ranges::Added { fresh, contiguous }
        } else {
            let contiguous = endpoint.contiguous;
            endpoint.ranges.get_or_insert_default().add(contiguous, data_start, data_end)
        };
        endpoint.contiguous = added.contiguous;
        if endpoint.ranges.as_deref().is_some_and(|ranges| ranges.gaps() == 0 && ranges.folded == 0)
        {
            endpoint.ranges = None;
        }
        effect.fresh += added.fresh;
    }
    let known = data_end > data_start || effect.fresh > 0 || endpoint.below.is_some();
    if known && segment.payload_length > 0 {
        endpoint.unique_bytes += effect.fresh;
        endpoint.data_packets += u32::from(effect.fresh > 0);
        let again = u64::from(segment.payload_length).saturating_sub(effect.fresh);
        if again > 0 {
            endpoint.trouble().retransmitted_bytes += again;
        }
        if effect.fresh > 0 && data_end < old_end {
            endpoint.trouble().out_of_order += 1;
        }
    }
    if flags.fin() {
        let at = u64::try_from(end - 1).unwrap_or(0);
        if endpoint.fin.is_none() {
            endpoint.fin = Some(Fin { at, time: segment.time, acked_at: Moment::NONE });
        }
        if endpoint.contiguous == at {
            endpoint.contiguous = at + 1;
        }
    }
    let end = u64::try_from(end).unwrap_or(0);
    endpoint.max_end = endpoint.max_end.max(end);
    effect.retransmission =
        effect.fresh == 0 && end <= old_end && (end > 0 || endpoint.below.is_some());
    if effect.retransmission {
        endpoint.trouble().retransmitted_packets += 1;
        endpoint.rtt_probe = 0;
    } else if effect.fresh > 0 && endpoint.rtt_probe == 0 && end > old_end {
        (endpoint.rtt_probe, endpoint.rtt_probe_time) = (end, segment.time);
    }
}

/// What the segment acknowledges in the peer's space.
fn acknowledge(
    endpoint: &mut Endpoint,
    peer: &mut Endpoint,
    segment: &Segment<'_>,
    effect: &mut Effect,
) {
    let position = peer.ack_position(segment.acknowledgment);
    let Ok(position) = u64::try_from(position) else { return };
    let handshake = segment.flags.syn() || peer.state < State::Open;
    if position > peer.max_end {
        let known = peer.max_end.max(peer.acked);
        let jump = position - known.min(position);
        if handshake && peer.syns + peer.syn_acks > 0
            || i64::try_from(jump).unwrap_or(i64::MAX) > WILD_JUMP
        {
            return;
        }
        if jump > 0 {
            peer.trouble().unseen_acked += jump;
            effect.reveals_gap = true;
        }
    }
    if position > peer.acked {
        // What is missing in the capture between what was acknowledged before and now.
        effect.reveals_gap |= peer.ranges.is_some() && !peer.saw(peer.acked, position);
        peer.acked = position;
        effect.ack_advanced = true;
        if peer.rtt_probe != 0 && position >= peer.rtt_probe {
            let rtt = segment.time.saturating_sub(peer.rtt_probe_time).max(0);
            peer.min_rtt = peer.min_rtt.get().map_or(rtt, |lowest| lowest.min(rtt)).into();
            peer.max_rtt = peer.max_rtt.max(rtt);
            peer.rtt_probe = 0;
        }
    } else if position == peer.acked
        && segment.sequence_length() == 0
        && !effect.probe
        && peer.max_end > peer.acked
    {
        let same = segment.window == endpoint.window;
        if same || Options::parse(segment.options).sack_right_edge.is_some() {
            let trouble = endpoint.trouble();
            trouble.duplicate_acks += u32::from(same);
            trouble.repeated_ack = position;
        }
    }
}

/// States, windows, runs and baselines, once the teardown row has seen what was before.
pub(in crate::conn) fn settle(
    c: &mut Connection<impl Stage>,
    segment: &Segment<'_>,
    sender: Side,
    effect: &mut Effect,
) {
    let flags = segment.flags;
    handshake(c, segment, sender, effect);
    let now = segment.time;
    let first_fin = c.first_fin_by;
    let obeyed = flags.rst() && c.teardowns.last().is_some_and(|row| row.may_be_obeyed());
    let (endpoint, peer) = sides(c, sender);
    // A SYN-ACK that comes again says that nothing was heard; so does what is sent again and
    // acknowledges none of what its peer sends again, too.
    let missing = peer.retransmission_run > 0 && peer.acked < peer.max_end;
    let deaf = missing && !effect.ack_advanced && segment.payload_length > 0;
    if !(effect.retransmission && (flags.syn() || deaf)) {
        peer.probe_run = 0;
        peer.retransmission_run = 0;
    }
    if flags.rst() {
        endpoint.rsts += 1;
        if obeyed {
            endpoint.state = State::Reset;
        }
        c.first_rst_by.get_or_insert(sender);
        return;
    }
    endpoint.alive += 1;
    if effect.fresh > 0 || effect.ack_advanced || (flags.syn() && effect.retransmission) {
        endpoint.progress += 1;
    }
    state(endpoint, peer, segment);
    if effect.fresh > 0 {
        endpoint.last_data_time = now;
        endpoint.unanswered = 0;
        peer.unanswered += effect.fresh;
    }
    if effect.retransmission || effect.probe {
        let begins = endpoint.retransmission_run + endpoint.probe_run == 0;
        endpoint.retransmission_run += u32::from(effect.retransmission);
        endpoint.probe_run += u32::from(effect.probe);
        let run = endpoint.retransmission_run + endpoint.probe_run;
        let trouble = endpoint.trouble();
        if begins {
            trouble.run_since = now;
        }
        trouble.longest_run = trouble.longest_run.max(run);
    } else if effect.fresh > 0 && !peer.spoke() {
        // What a peer that was never captured says is not known: who sends more was answered.
        endpoint.retransmission_run = 0;
    }
    window(endpoint, segment);
    baseline(endpoint, peer.timestamp_time.is_some(), segment, effect);
    if flags.fin() {
        endpoint.fins += 1;
        if c.first_fin_by.is_none() {
            c.first_fin_by = Some(sender);
        }
    }
    if first_fin.is_some() {
        c.bytes_after_first_fin[sender] += effect.fresh;
    }
}

fn handshake(c: &mut Connection<impl Stage>, segment: &Segment<'_>, sender: Side, effect: &Effect) {
    let flags = segment.flags;
    if sender == Side::Client && c.syn_time.is_some() && !(flags.syn()) {
        c.client_answer_time.or_set(segment.time);
        if !flags.rst()
            && flags.ack()
            && c.good_syn_ack_time.is_some()
            && c.endpoints.server.acked > 0
        {
            c.handshake_time.or_set(segment.time);
        }
    }
    let answers_syn = sender == Side::Server
        && flags.ack()
        && !flags.syn()
        && !flags.rst()
        && segment.payload_length == 0
        && c.syn_ack.is_none()
        && c.endpoints.client.state == State::SynSent
        && !effect.ack_advanced;
    if answers_syn {
        let position = c.endpoints.client.position(segment.acknowledgment);
        let extra = c.extra.get_or_insert_default();
        extra.challenge_to_syn.get_or_insert((segment.packet, position));
    }
}

fn state(endpoint: &mut Endpoint, peer: &mut Endpoint, segment: &Segment<'_>) {
    let flags = segment.flags;
    let next = if flags.fin() {
        State::FinSent
    } else if flags.syn() {
        match (flags.ack(), endpoint.state) {
            (true, State::Silent | State::SynSent) => State::SynAckSent,
            (false, State::Silent) => State::SynSent,
            (_, state) => state,
        }
    } else {
        match endpoint.state {
            State::SynSent if !flags.ack() || peer.state == State::Silent => State::SynSent,
            state => state.max(State::Open),
        }
    };
    if endpoint.state != State::Reset {
        endpoint.state = endpoint.state.max(next);
    }
    if flags.ack() && peer.state == State::SynAckSent && peer.acked > 0 {
        peer.state = State::Open;
    }
}

fn window(endpoint: &mut Endpoint, segment: &Segment<'_>) {
    endpoint.window = segment.window;
    if segment.flags.syn() {
        return;
    }
    let scaled = u32::try_from(endpoint.scaled_window()).unwrap_or(u32::MAX);
    endpoint.window_minimum = Some(endpoint.window_minimum.map_or(scaled, |w| w.min(scaled)));
    if segment.window == 0 {
        endpoint.trouble().zero_windows += 1;
        endpoint.zero_since.or_set(segment.time);
    } else {
        endpoint.zero_since = Moment::NONE;
    }
}
