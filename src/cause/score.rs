//! How much speaks for a reset being injected: the weighted evidence of many small contradictions.

use super::apart as hops;
use super::evidence::Evidence;
use super::near::Near;
use super::rule::Case;
use crate::conn::{Endpoint, Form, SequenceCheck, Side, Teardown, Traits, Trigger};

/// Bytes of a last message and FIN that a capture may have missed.
const LOST: i64 = 64;
/// Windows that differ by this factor are not one socket's a moment later.
const WINDOWS: u16 = 4;

/// The sum and what it is made of.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Sum of the weights.
    pub total: f64,
    /// Different kinds of evidence for injection that apply.
    pub kinds: u32,
    /// Each piece with its weight.
    pub evidence: Vec<Evidence>,
}

impl Score {
    fn add(&mut self, applies: bool, weight: f64, name: &'static str, packet: u64) {
        if applies {
            self.total += weight;
            self.kinds += u32::from(weight > 0.0);
            self.evidence.push(Evidence::number(name, weight).at(packet));
        }
    }
}

/// Scores one reset against the other segments of its claimed sender.
pub fn score(case: &Case<'_>, row: &Teardown) -> Score {
    let mut score = Score::default();
    let c = case.connection;
    if after_the_end(case, row) {
        return score;
    }
    let (endpoint, peer) = (c.side(row.sender), c.side(row.sender.peer()));
    let at = row.packet;
    let complete = endpoint.unseen_acked == 0 && endpoint.ranges.is_none();
    let near = case.storm.map_or_else(|| Near::of(case, row), |storm| storm.near(case, row));

    let fin_acked =
        endpoint.fin.and_then(|fin| fin.acked_at.get()).is_some_and(|time| time <= row.time);
    // A SYN-ACK after a refusal may answer another SYN than the refused one.
    let retried = row.sequence_check == SequenceCheck::AcksSyn && peer.syns > 1;
    let later = endpoint.last_time.saturating_sub(row.time);
    let in_order = crate::conn::seconds(later) > case.parameters.reorder_s;
    // A scanner's own kernel resets the SYN-ACK that its raw socket asked for.
    let raw_socket = row.sender == Side::Client && row.trigger == Some(Trigger::SynAck);
    // Of two that answered the SYN, one resets and the other goes on; and a listener that resets
    // a wrong acknowledgment repeats its SYN-ACK.
    let disputed =
        hops::disputed(case, row) || endpoint.syn_acks > 0 && endpoint.alive == endpoint.syn_acks;
    // What came since may be as little its own as a forged reset would be.
    let by_others = c.extra().and_then(|extra| extra.foreign[row.sender]);
    let by_others = by_others.is_some_and(|other| other.packet > at && other.own_after == 0);
    // What a reply answers was said in the direction that was not captured.
    let unheard = !peer.spoke() && !row.flags.ack();
    let lives_on = row.sender_progress_after > 0
        && !(fin_acked || retried || raw_socket || disputed || by_others)
        && !(unheard && row.sender_mark.bytes == 0)
        && in_order;
    let new_data = row.sender_bytes_after > 0;
    let carries_on = lives_on && (new_data || row.sender_after > 1);
    score.add(carries_on, 4.0, "sender_carries_on", at);
    score.add(lives_on && !carries_on, 2.0, "sender_acknowledges_once_more", at);
    let own = hops::apart(case, row);
    let like_its_sender = own.is_none() && hops::alike(case, row);
    // A reply takes its number from the peer.
    let answers = row.trigger.is_some() && !row.flags.ack() || unheard;
    let beyond = !answers && row.ahead.get().is_some_and(|ahead| ahead > 2);
    let guessed = near.guessed;
    // The bytes before it may have been lost to the capture: then it looks like its sender's.
    let plain = row.reply_shape || !row.flags.ack() && row.window == endpoint.window;
    let lost = plain && like_its_sender && row.ahead.get().is_some_and(|by| by < LOST);
    let weight = match row.sequence_check {
        _ if lost => 1.0,
        // Nobody sends beyond the window, however much the capture missed.
        SequenceCheck::Future => 4.0,
        _ => 3.0,
    };
    score.add(beyond && complete && !guessed, weight, "sequence_beyond_sent", at);
    // Its peer has long acknowledged that number, and nothing asked for it again.
    let passed = row.sequence_check == SequenceCheck::Old
        && !row.flags.ack()
        && (row.trigger.is_none() || row.trigger_old);
    score.add(passed && complete && peer.spoke(), 2.0, "sequence_has_passed", at);
    score.add(guessed && complete, 5.0, "guessed_sequence_offsets", at);
    score.add(near.several && !guessed, 3.0, "several_sequence_numbers", at);
    let pair = near.beyond && !beyond && !guessed && !near.several;
    score.add(pair && complete, 3.0, "another_reset_beyond_sent", at);
    score.add(near.lockstep, 6.0, "ttl_and_window_in_lockstep", at);
    if let Some(own) = own {
        score.add(true, if own.distance() > 1 { 3.0 } else { 2.0 }, "hops_differ", at);
        score.evidence.push(own.evidence(at));
    }
    let odd_id = row.ip_id_delta.is_some_and(|delta| !(-64..=2048).contains(&delta));
    // A reply has no socket whose counter it could follow.
    let reply = row.form == Some(Form::Reply) || row.reply_shape || !row.flags.ack();
    score.add(
        odd_id && endpoint.counts_identifications() && !reply,
        2.0,
        "ip_id_out_of_sequence",
        at,
    );
    score.add(row.copies_peer && !like_its_sender, 4.0, "copies_the_peers_header", at);
    let early = too_early(case, row);
    let again = early && answered_in_time(case, row);
    // The first round trip alone may have been a slow one.
    let measured = again || peer.min_rtt.is_some();
    score.add(early, if measured { 4.0 } else { 2.0 }, "earlier_than_a_round_trip", at);
    score.add(again, 2.0, "answered_again_in_time", at);
    let headers = headers(case, row);
    for &(weight, name) in &headers {
        score.add(true, weight, name, at);
    }
    let first_request = row.sender == Side::Server
        && peer.unique_bytes > 0
        && endpoint.unique_bytes == 0
        && row
            .since_peer_data
            .get()
            .is_some_and(|since| since < c.min_rtt().unwrap_or(0).max(1).saturating_mul(3));
    score.add(first_request && score.kinds > 1, 1.0, "right_after_the_first_request", at);
    score.add(row.link_source_differs && score.kinds > 0, 2.0, "hardware_address_differs", at);
    let contradicted = near.peer_answers && row.sender_after > 0 && !fin_acked && !disputed;
    let one_more = !lives_on || in_order && !carries_on;
    let name = "peer_resets_what_the_sender_goes_on_sending";
    score.add(contradicted && one_more, 3.0, name, at);

    let unmarked = headers.is_empty();
    let consistent = row.form == Some(Form::Abort)
        && row.timestamp_ok != Some(false)
        && like_its_sender
        && unmarked
        && row.ip_id_delta.is_none_or(|delta| (0..=2048).contains(&delta));
    score.add(consistent && !(lives_on && new_data), -6.0, "consistent_abort", at);
    let plain_reply =
        row.form == Some(Form::Reply) && row.reply_shape && like_its_sender && unmarked;
    score.add(plain_reply && !lives_on && !early, -6.0, "consistent_reply", at);
    let stops =
        row.sender_after == 0 && row.sequence_check == SequenceCheck::Exact && like_its_sender;
    score.add(stops && score.kinds == 1, -1.0, "sender_is_silent_afterwards", at);
    score
}

/// What a reset's header has that no reset of its sender would have, with its weight.
pub fn headers(case: &Case<'_>, row: &Teardown) -> Vec<(f64, &'static str)> {
    let c = case.connection;
    let endpoint = c.side(row.sender);
    let (traits, v4) = (endpoint.traits, c.ip_version == 4);
    let reply = row.form == Some(Form::Reply) || !row.flags.ack() || row.reply_shape;
    let whole = traits.never_fragments();
    let mut found = Vec::new();
    if hops::disputed(case, row) {
        return found;
    }
    let mut note = |applies: bool, weight: f64, name: &'static str| {
        if applies {
            found.push((weight, name));
        }
    };
    if reply {
        // Linux is known by its SYN-ACKs, and answers without a socket in one way only.
        let linux = v4 && endpoint.answers_like_linux();
        note(linux && row.window != 0, 2.0, "reply_with_a_window");
        note(linux && !row.dont_fragment, 2.0, "reply_may_be_fragmented");
        return found;
    }
    // Some stacks stamp no reset (lwIP, macOS, older BSD); those send it from where they are.
    let weight = if hops::alike(case, row) && !row.has_timestamp { 1.0 } else { 2.0 };
    note(row.timestamp_ok == Some(false), weight, "timestamp_missing_or_wrong");
    note(v4 && whole && !row.dont_fragment, 2.0, "may_be_fragmented");
    let steady = endpoint.flow_label != 0
        && !traits.has(Traits::LABELS)
        && endpoint.retransmitted_packets == 0;
    note(!v4 && steady && row.flow_label != endpoint.flow_label, 2.0, "flow_label_differs");
    note(strange_window(endpoint, row), 1.0, "window_unlike_the_senders");
    found
}

/// Neither closed nor near any window that the sender had.
fn strange_window(endpoint: &Endpoint, row: &Teardown) -> bool {
    let near = |own: u16| {
        let (low, high) = (own.min(row.window), own.max(row.window));
        high <= low.saturating_mul(WINDOWS)
    };
    let opened = endpoint.alive > endpoint.syns + endpoint.syn_acks;
    row.window != 0
        && endpoint.alive > 0
        && !near(endpoint.syn_window)
        && opened
        && !near(endpoint.window)
}

/// A reset that comes when the connection was over already: late answers, and what address
/// translators send when they forget it.
pub fn after_the_end(case: &Case<'_>, row: &Teardown) -> bool {
    let acked = |side: Side| {
        let fin = case.side(side).fin.and_then(|fin| fin.acked_at.get());
        fin.is_some_and(|time| time <= row.time)
    };
    let closed = acked(Side::Client) && acked(Side::Server);
    closed || first_effective(case, row.sender.peer()).is_some_and(|first| first < row.packet)
}

/// The packet of the first effective reset of a side.
fn first_effective(case: &Case<'_>, side: Side) -> Option<u64> {
    let plain = || {
        let mut resets = case.resets();
        let first = resets.find(|row| row.effective == Some(true) && row.sender == side)?;
        Some(first.packet)
    };
    case.storm.map_or_else(plain, |storm| storm.first_effective(side, plain))
}

/// Sooner after what it answers than any round trip seen from the receiver's side of the tap.
fn too_early(case: &Case<'_>, row: &Teardown) -> bool {
    let c = case.connection;
    let sender = c.side(row.sender);
    let (Some(answered), Some(usual)) = (row.answer_time.get(), shortest(case, row)) else {
        return false;
    };
    let far = usual > 2_000_000;
    #[allow(clippy::cast_precision_loss)] // nanoseconds of a round trip
    let early = (answered as f64) < usual as f64 * case.parameters.too_early;
    far && early && sender.alive > 0 && row.trigger != Some(Trigger::SynAck) && c.time_backward == 0
}

/// The same number came once more when a round trip was over: that was the host's own answer.
fn answered_in_time(case: &Case<'_>, row: &Teardown) -> bool {
    let (Some(answered), Some(usual)) = (row.answer_time.get(), shortest(case, row)) else {
        return false;
    };
    let due = row.time.saturating_sub(answered).saturating_add(usual / 10 * 9);
    case.resets().any(|other| {
        other.sender == row.sender && other.sequence == row.sequence && other.time >= due
    })
}

/// The shortest time in which a segment of the peer was answered by this side.
pub fn shortest(case: &Case<'_>, row: &Teardown) -> Option<i64> {
    let c = case.connection;
    let data = c.side(row.sender.peer()).min_rtt.get();
    let handshake = match row.sender {
        Side::Server => c.syn_ack_delay(),
        Side::Client => c.ack_delay(),
    };
    match (data, handshake) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, other) => one.or(other),
    }
}
