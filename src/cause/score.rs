//! How much speaks for a reset being injected: the weighted evidence of many small contradictions.

use super::apart as hops;
use super::evidence::Evidence;
use super::near::Near;
use super::rule::Case;
use crate::base::few::Few;
use crate::base::numbers::numbers;
use crate::conn::{Endpoint, Form, SequenceCheck, Side, Teardown, Traits, Trigger};

numbers! {
    /// Its sender goes on afterwards with new data, or with more than one segment.
    weight CARRIES_ON = 4.0;
    /// Or with a single acknowledgment.
    weight ACKNOWLEDGES = 2.0;
    /// Its number lies beyond what its sender sent.
    weight BEYOND = 3.0;
    /// Even beyond the window: nobody sends there, however much the capture missed.
    weight BEYOND_WINDOW = 4.0;
    /// Beyond by no more than a last message that the capture may have missed.
    weight BEYOND_LOST = 1.0;
    /// Beyond by fewer bytes than a last message and FIN that a capture may have missed.
    size LOST: i64 = 64;
    /// Its peer has long acknowledged its number, and nothing asked for it again.
    weight PASSED = 2.0;
    /// Beside one other sign: it has the shape of a reply, and a number nobody acknowledged yet, or
    /// nothing that it answers, of a host that does not abort so.
    weight UNASKED = 1.0;
    /// One of its side lies where injectors that guess place the next.
    weight GUESSED = 5.0;
    /// Several of its side with other numbers.
    weight SEVERAL = 3.0;
    /// Another one of its side lies beyond what that side sent.
    weight ANOTHER_BEYOND = 3.0;
    /// Three in a row whose TTL and window go up together.
    weight LOCKSTEP = 6.0;
    /// It passed other routers than its sender's segments, one more or less.
    weight ONE_HOP = 2.0;
    /// Or two and more.
    weight HOPS = 3.0;
    /// Its IP identification is not its sender's next.
    weight IDENTIFICATION = 2.0;
    /// How far an identification may be behind the latest one, and be of its counter.
    count ID_BEHIND: i32 = 64;
    /// And how far ahead of it.
    count ID_AHEAD: i32 = 2048;
    /// It has the header of its receiver, and not its sender's.
    weight COPIES_PEER = 4.0;
    /// It came sooner than any round trip.
    weight EARLY = 4.0;
    /// Sooner than the first round trip, the only one that is known.
    weight EARLIER_THAN_FIRST = 2.0;
    /// Round trips up to this long say nothing of what came too early.
    window NEXT_DOOR: i64 = 2_000_000;
    /// The same number came once more when a round trip was over.
    weight AGAIN = 2.0;
    /// That much of a round trip counts as one.
    fraction ROUND_TRIP_TENTHS: i64 = 9;
    /// It came right after the client's first request, which had no answer.
    weight FIRST_REQUEST = 1.0;
    /// So many round trips after a request are right after it.
    count REQUEST_TRIPS: i64 = 3;
    /// It came from another hardware address.
    weight HARDWARE = 2.0;
    /// The peer resets what the sender goes on sending.
    weight CONTRADICTED = 3.0;
    /// A reply with a window, of a host that sends none.
    weight REPLY_WINDOW = 2.0;
    /// A reply that may be fragmented, of a host that forbids it.
    weight REPLY_FRAGMENTS = 2.0;
    /// Its timestamp is missing or wrong.
    weight TIMESTAMP = 2.0;
    /// It is only missing, and the reset came from where its sender is: some stacks stamp none.
    weight UNSTAMPED = 1.0;
    /// It may be fragmented, and its sender's segments never.
    weight FRAGMENTS = 2.0;
    /// Its flow label is another.
    weight FLOW_LABEL = 2.0;
    /// Its window is near none that its sender had.
    weight WINDOW = 1.0;
    /// Windows that differ by this factor are not one socket's a moment later.
    fraction WINDOWS: u16 = 4;
    /// An abort like its sender's segments in all.
    weight CONSISTENT_ABORT = -6.0;
    /// A reply as its sender's host makes them.
    weight CONSISTENT_REPLY = -6.0;
    /// Its sender is silent afterwards, and only one sign speaks for injection.
    weight SILENT = -1.0;
}

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

/// What came of the claimed sender after a reset.
struct After {
    /// It goes on as if it had sent no reset.
    lives_on: bool,
    /// Not by a single segment without data, which may have been under way.
    carries_on: bool,
    /// Its last segment is too late for one that was overtaken.
    in_order: bool,
    /// Its FIN was acknowledged before.
    fin_acked: bool,
    /// Two answer in its name.
    disputed: bool,
    /// The direction that a reply would answer was not captured.
    unheard: bool,
}

impl After {
    fn of(case: &Case<'_>, row: &Teardown) -> Self {
        let c = case.connection;
        let (endpoint, peer) = (c.side(row.sender), c.side(row.sender.peer()));
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
        let disputed = hops::disputed(case, row)
            || endpoint.syn_acks > 0 && endpoint.alive == endpoint.syn_acks;
        // What came since may be as little its own as a forged reset would be.
        let by_others = c.extra().and_then(|extra| extra.foreign[row.sender]);
        let by_others =
            by_others.is_some_and(|other| other.packet > row.packet && other.own_after == 0);
        // What a reply answers was said in the direction that was not captured.
        let unheard = !peer.spoke() && !row.flags.ack();
        let lives_on = row.sender_progress_after > 0
            && !(fin_acked || retried || raw_socket || disputed || by_others)
            && !(unheard && row.sender_mark.bytes == 0)
            && in_order;
        let carries_on = lives_on && (row.sender_bytes_after > 0 || row.sender_after > 1);
        Self { lives_on, carries_on, in_order, fin_acked, disputed, unheard }
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

    let After { lives_on, carries_on, in_order, fin_acked, disputed, unheard } =
        After::of(case, row);
    score.add(carries_on, CARRIES_ON, "sender_carries_on", at);
    score.add(lives_on && !carries_on, ACKNOWLEDGES, "sender_acknowledges_once_more", at);
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
        _ if lost => BEYOND_LOST,
        SequenceCheck::Future => BEYOND_WINDOW,
        _ => BEYOND,
    };
    score.add(beyond && complete && !guessed, weight, "sequence_beyond_sent", at);
    let passed = row.sequence_check == SequenceCheck::Old
        && !row.flags.ack()
        && (row.trigger.is_none() || row.trigger_old);
    score.add(passed && complete && peer.spoke(), PASSED, "sequence_has_passed", at);
    score.add(guessed && complete, GUESSED, "guessed_sequence_offsets", at);
    score.add(near.several && !guessed, SEVERAL, "several_sequence_numbers", at);
    let pair = near.beyond && !beyond && !guessed && !near.several;
    score.add(pair && complete, ANOTHER_BEYOND, "another_reset_beyond_sent", at);
    score.add(near.lockstep, LOCKSTEP, "ttl_and_window_in_lockstep", at);
    if let Some(own) = own {
        score.add(true, if own.distance() > 1 { HOPS } else { ONE_HOP }, "hops_differ", at);
        score.evidence.push(own.evidence(at));
    }
    let odd_id = row.ip_id_delta.is_some_and(|delta| !(-ID_BEHIND..=ID_AHEAD).contains(&delta));
    // A reply has no socket whose counter it could follow.
    let reply = row.form == Some(Form::Reply) || row.reply_shape || !row.flags.ack();
    let odd_id = odd_id && endpoint.counts_identifications() && !reply;
    score.add(odd_id, IDENTIFICATION, "ip_id_out_of_sequence", at);
    score.add(row.copies_peer && !like_its_sender, COPIES_PEER, "copies_the_peers_header", at);
    let early = too_early(case, row);
    let again = early && answered_in_time(case, row);
    // The first round trip alone may have been a slow one.
    let measured = again || peer.min_rtt.is_some();
    score.add(
        early,
        if measured { EARLY } else { EARLIER_THAN_FIRST },
        "earlier_than_a_round_trip",
        at,
    );
    score.add(again, AGAIN, "answered_again_in_time", at);
    let headers = headers(case, row);
    for &(weight, name) in headers.iter() {
        score.add(true, weight, name, at);
    }
    let first_request = row.sender == Side::Server
        && peer.unique_bytes > 0
        && endpoint.unique_bytes == 0
        && row.since_peer_data.get().is_some_and(|since| {
            since < c.min_rtt().unwrap_or(0).max(1).saturating_mul(REQUEST_TRIPS)
        });
    score.add(first_request && score.kinds > 1, FIRST_REQUEST, "right_after_the_first_request", at);
    score.add(row.link_source_differs && score.kinds > 0, HARDWARE, "hardware_address_differs", at);
    let contradicted = near.peer_answers && row.sender_after > 0 && !fin_acked && !disputed;
    let one_more = !lives_on || in_order && !carries_on;
    let name = "peer_resets_what_the_sender_goes_on_sending";
    score.add(contradicted && one_more, CONTRADICTED, name, at);

    // The shape of a reply, and nothing that it answers.
    let bare = !row.flags.ack() && row.trigger.is_none() && row.ahead.get() == Some(0);
    let bare = bare && complete && peer.spoke();
    // A reply has the number of an acknowledgment, and that was not given yet.
    let unasked = bare && row.unacked_bytes > 0 && score.kinds == 1;
    score.add(unasked, UNASKED, "number_not_acknowledged_yet", at);
    // Who stamps all that it sends aborts with an acknowledgment, and what is none answers something.
    let unstamped = own.is_some() && endpoint.stamps() && !row.has_timestamp;
    let to_nothing = bare && unstamped && peer.unseen_acked == 0 && score.kinds == 1;
    score.add(to_nothing, UNASKED, "a_reply_to_nothing", at);

    let unmarked = headers.is_empty();
    let consistent = row.form == Some(Form::Abort)
        && row.timestamp_ok != Some(false)
        && like_its_sender
        && unmarked
        && row.ip_id_delta.is_none_or(|delta| (0..=ID_AHEAD).contains(&delta));
    score.add(
        consistent && !(lives_on && row.sender_bytes_after > 0),
        CONSISTENT_ABORT,
        "consistent_abort",
        at,
    );
    let plain_reply =
        row.form == Some(Form::Reply) && row.reply_shape && like_its_sender && unmarked;
    score.add(plain_reply && !lives_on && !early, CONSISTENT_REPLY, "consistent_reply", at);
    let stops =
        row.sender_after == 0 && row.sequence_check == SequenceCheck::Exact && like_its_sender;
    score.add(stops && score.kinds == 1, SILENT, "sender_is_silent_afterwards", at);
    score
}

/// What a reset's header has that no reset of its sender would have, with its weight.
pub(super) fn headers(case: &Case<'_>, row: &Teardown) -> Few<(f64, &'static str)> {
    let c = case.connection;
    let endpoint = c.side(row.sender);
    let (traits, v4) = (endpoint.traits, c.ip_version == 4);
    let reply = row.form == Some(Form::Reply) || !row.flags.ack() || row.reply_shape;
    let whole = traits.never_fragments();
    let mut found = Few::default();
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
        note(linux && row.window != 0, REPLY_WINDOW, "reply_with_a_window");
        note(linux && !row.dont_fragment, REPLY_FRAGMENTS, "reply_may_be_fragmented");
        return found;
    }
    // Some stacks stamp no reset (lwIP, macOS, older BSD); those send it from where they are.
    let weight = if hops::alike(case, row) && !row.has_timestamp { UNSTAMPED } else { TIMESTAMP };
    note(row.timestamp_ok == Some(false), weight, "timestamp_missing_or_wrong");
    note(v4 && whole && !row.dont_fragment, FRAGMENTS, "may_be_fragmented");
    let steady = endpoint.flow_label != 0
        && !traits.has(Traits::LABELS)
        && endpoint.retransmitted_packets == 0;
    note(!v4 && steady && row.flow_label != endpoint.flow_label, FLOW_LABEL, "flow_label_differs");
    note(strange_window(endpoint, row), WINDOW, "window_unlike_the_senders");
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
pub(super) fn after_the_end(case: &Case<'_>, row: &Teardown) -> bool {
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
    let far = usual > NEXT_DOOR;
    #[allow(clippy::cast_precision_loss)] // nanoseconds of a round trip
    let early = (answered as f64) < usual as f64 * case.parameters.too_early;
    far && early
        && sender.alive > 0
        && row.trigger != Some(Trigger::SynAck)
        && c.counts.time_backward == 0
}

/// The same number came once more when a round trip was over: that was the host's own answer.
fn answered_in_time(case: &Case<'_>, row: &Teardown) -> bool {
    let (Some(answered), Some(usual)) = (row.answer_time.get(), shortest(case, row)) else {
        return false;
    };
    let due = row.time.saturating_sub(answered).saturating_add(usual / 10 * ROUND_TRIP_TENTHS);
    case.resets().any(|other| {
        other.sender == row.sender && other.sequence == row.sequence && other.time >= due
    })
}

/// The shortest time in which a segment of the peer was answered by this side.
pub(super) fn shortest(case: &Case<'_>, row: &Teardown) -> Option<i64> {
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
