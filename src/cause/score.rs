//! How much speaks for a reset being injected: the weighted evidence of many small contradictions.

use super::evidence::Evidence;
use super::near::Near;
use super::rule::Case;
use crate::conn::{Form, SequenceCheck, Side, Teardown, Trigger};

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
    let apart = crate::conn::seconds(later) > case.parameters.reorder_s;
    // A scanner's own kernel resets the SYN-ACK that its raw socket asked for.
    let raw_socket = row.sender == Side::Client && row.trigger == Some(Trigger::SynAck);
    let lives_on = row.sender_progress_after > 0 && !fin_acked && !retried && apart && !raw_socket;
    let new_data = row.sender_bytes_after > 0;
    score.add(lives_on && (new_data || row.sender_after > 1), 4.0, "sender_carries_on", at);
    let beyond = row.ahead.get().is_some_and(|ahead| ahead > 2);
    let guessed = near.guessed;
    score.add(beyond && complete && !guessed, 3.0, "sequence_beyond_sent", at);
    score.add(guessed && complete, 5.0, "guessed_sequence_offsets", at);
    score.add(near.several && !guessed, 3.0, "several_sequence_numbers", at);
    score.add(near.lockstep, 6.0, "ttl_and_window_in_lockstep", at);
    let steady = endpoint.ttl.first != 0 && endpoint.ttl.high - endpoint.ttl.low <= 1;
    let odd_ttl = row.ttl_delta.is_some_and(|delta| {
        f64::from(delta.abs()) >= case.parameters.ttl_difference && endpoint.ttl.syn != row.ttl
    });
    score.add(odd_ttl && steady, 3.0, "ttl_differs", at);
    let counter = endpoint.ip_id_steps >= 2 && endpoint.ip_id_jumps == 0;
    let odd_id = row.ip_id_delta.is_some_and(|delta| !(-64..=2048).contains(&delta));
    score.add(odd_id && counter, 2.0, "ip_id_out_of_sequence", at);
    score.add(row.copies_peer, 4.0, "copies_the_peers_header", at);
    score.add(too_early(case, row), 4.0, "earlier_than_a_round_trip", at);
    let abort_shaped = row.flags.ack() && row.window != 0;
    let stampless = abort_shaped && row.timestamp_ok == Some(false);
    score.add(stampless && row.ttl <= 128, 2.0, "timestamp_missing_or_wrong", at);
    let first_request = row.sender == Side::Server
        && peer.unique_bytes > 0
        && endpoint.unique_bytes == 0
        && row
            .since_peer_data
            .get()
            .is_some_and(|since| since < c.min_rtt().unwrap_or(0).max(1).saturating_mul(3));
    score.add(first_request && score.kinds > 0, 1.0, "right_after_the_first_request", at);
    score.add(row.link_source_differs && score.kinds > 0, 2.0, "hardware_address_differs", at);
    let contradicted = near.peer_answers && row.sender_after > 0 && !fin_acked;
    score.add(contradicted && !lives_on, 3.0, "peer_resets_what_the_sender_goes_on_sending", at);

    let like_its_sender = row.ttl_delta.is_none_or(|delta| delta == 0);
    let consistent = row.form == Some(Form::Abort)
        && row.timestamp_ok != Some(false)
        && like_its_sender
        && row.ip_id_delta.is_none_or(|delta| (0..=2048).contains(&delta));
    score.add(consistent && !(lives_on && new_data), -6.0, "consistent_abort", at);
    let plain_reply = row.form == Some(Form::Reply) && row.reply_shape && like_its_sender;
    score.add(plain_reply && !lives_on, -6.0, "consistent_reply", at);
    let stops =
        row.sender_after == 0 && row.sequence_check == SequenceCheck::Exact && like_its_sender;
    score.add(stops && score.kinds == 1, -1.0, "sender_is_silent_afterwards", at);
    score
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
    let (Some(turnaround), Some(usual)) = (row.turnaround.get(), shortest(case, row)) else {
        return false;
    };
    let far = usual > 2_000_000;
    #[allow(clippy::cast_precision_loss)] // nanoseconds of a round trip
    let early = (turnaround as f64) < usual as f64 * case.parameters.too_early;
    far && early && sender.alive > 0 && row.trigger != Some(Trigger::SynAck)
}

/// The shortest time in which a segment of the peer was answered by this side.
fn shortest(case: &Case<'_>, row: &Teardown) -> Option<i64> {
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
