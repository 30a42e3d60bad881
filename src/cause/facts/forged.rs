//! Facts that contradict the claimed sender of a segment. Those that the score weighs have a weight
//! for a number, which is never told.

use super::Fact;

const fn fact(name: &'static str, unit: &'static str, words: &'static [&'static str]) -> Fact {
    Fact::new(name, unit, words)
}

/// A sign that the score weighs.
const fn sign(name: &'static str, words: &'static [&'static str]) -> Fact {
    Fact::new(name, "weight", words)
}

pub(super) const FACTS: &[Fact] = &[
    sign(
        "injection_score",
        &[
            "{Sender} did not send this reset, by all that follows together",
            "Its claimed sender did not send this reset, by all that follows together",
        ],
    ),
    sign(
        "sender_carries_on",
        &[
            "{Sender} carries on as if there had been no reset",
            "Its claimed sender carries on as if there had been no reset",
        ],
    ),
    sign(
        "sender_acknowledges_once_more",
        &[
            "{Sender} still acknowledges afterwards",
            "Its claimed sender still acknowledges afterwards",
        ],
    ),
    sign(
        "sequence_beyond_sent",
        &[
            "Its sequence number is beyond all that {sender} had sent",
            "Its sequence number is beyond all that its claimed sender had sent",
        ],
    ),
    sign(
        "sequence_has_passed",
        &["Its sequence number was acknowledged long ago, and nothing had asked for it again"],
    ),
    sign(
        "number_not_acknowledged_yet",
        &["A reply repeats an acknowledgment, and its number had not been acknowledged yet"],
    ),
    sign("a_reply_to_nothing", &["It has the shape of a reply, and there was nothing to answer"]),
    sign(
        "guessed_sequence_offsets",
        &["Resets came whose sequence numbers lie round steps apart: guesses of the next one"],
    ),
    sign(
        "several_sequence_numbers",
        &["Several resets came at once, each with another sequence number"],
    ),
    sign(
        "another_reset_beyond_sent",
        &[
            "Another reset with it is beyond all that {sender} had sent",
            "Another reset with it is beyond all that its claimed sender had sent",
        ],
    ),
    sign(
        "ttl_and_window_in_lockstep",
        &["TTL and window of the resets rise together, step by step, as one program writes them"],
    ),
    sign(
        "hops_differ",
        &[
            "{text}",
            "TTL {ttl} ({hops}) where {sender}'s other packets have {usual_ttl} ({usual_hops})",
            "It passed another number of routers than its claimed sender's other packets",
        ],
    ),
    fact("hops", "hop", &["By its TTL it passed {value}; {text}"]),
    sign(
        "ip_id_out_of_sequence",
        &[
            "Its IP identification is {ip_id_delta} from that of {sender}'s packet before it",
            "Its IP identification is not in the sequence of its claimed sender's",
        ],
    ),
    sign(
        "copies_the_peers_header",
        &["Its IP identification or window is a copy of the other side's packet before it"],
    ),
    sign(
        "earlier_than_a_round_trip",
        &[
            "It came {turnaround} after what it answers, sooner than {sender} ever answered",
            "It came sooner than its claimed sender ever answered",
        ],
    ),
    sign(
        "answered_again_in_time",
        &["The same answer came once more when a round trip was over: that one was the host's"],
    ),
    sign("right_after_the_first_request", &["It came right after the client's first request"]),
    sign(
        "hardware_address_differs",
        &[
            "It came from another hardware address than {sender}'s other packets",
            "It came from another hardware address than its claimed sender's other packets",
        ],
    ),
    sign(
        "peer_resets_what_the_sender_goes_on_sending",
        &[
            "{Peer} resets what {sender} goes on sending",
            "The other side resets what its claimed sender goes on sending",
        ],
    ),
    sign(
        "consistent_abort",
        &[
            "It has the shape of {sender}'s own abort",
            "It has the shape of its claimed sender's own abort",
        ],
    ),
    sign(
        "consistent_reply",
        &[
            "It has the shape of {sender}'s own reply",
            "It has the shape of its claimed sender's own reply",
        ],
    ),
    sign(
        "sender_is_silent_afterwards",
        &[
            "{Sender} is silent afterwards, as after a reset of its own",
            "Its claimed sender is silent afterwards, as after a reset of its own",
        ],
    ),
    sign(
        "reply_with_a_window",
        &[
            "It has a window, which {sender}'s system leaves out of such a reply",
            "It has a window, which its claimed sender's system leaves out of such a reply",
        ],
    ),
    sign(
        "reply_may_be_fragmented",
        &[
            "It may be fragmented, which {sender}'s system forbids in such a reply",
            "It may be fragmented, which its claimed sender's system forbids in such a reply",
        ],
    ),
    sign("timestamp_missing_or_wrong", &["Its TCP timestamp is missing or wrong"]),
    sign(
        "may_be_fragmented",
        &[
            "It may be fragmented, which {sender}'s other packets may not",
            "It may be fragmented, which its claimed sender's other packets may not",
        ],
    ),
    sign(
        "flow_label_differs",
        &[
            "Its IPv6 flow label is another than in {sender}'s other packets",
            "Its IPv6 flow label is another than in its claimed sender's other packets",
        ],
    ),
    sign(
        "window_unlike_the_senders",
        &[
            "Its window is unlike those of {sender}",
            "Its window is unlike those of its claimed sender",
        ],
    ),
    fact(
        "victim_answers",
        "",
        &[
            "{Sender}'s own reply, to what reached it behind the forged reset",
            "Its claimed sender's own reply, to what reached it behind the forged reset",
        ],
    ),
    fact(
        "refusal_without_a_flow_label",
        "",
        &["It has no IPv6 flow label, which the server's host sets"],
    ),
    fact(
        "refusal_with_a_window",
        "",
        &["It has a window, which the server's host leaves out of a refusal"],
    ),
    fact(
        "refusal_may_be_fragmented",
        "",
        &["It may be fragmented, which the server's host forbids in a refusal"],
    ),
    fact(
        "usual_answer_s",
        "s",
        &["The server's host never answers a SYN within less than {value}"],
    ),
    fact("segment_unlike_its_sender", "", &["This packet is unlike all others of the {text}"]),
    fact(
        "its_sender_goes_on_from_before_it",
        "",
        &[
            "Its claimed sender goes on in packet {packet} as if it had not been sent",
            "Its claimed sender goes on as if it had not been sent",
        ],
    ),
    fact(
        "other_octets_at_its_numbers",
        "",
        &[
            "Packet {packet} has other bytes at the same sequence numbers",
            "Another packet has other bytes at the same sequence numbers",
        ],
    ),
    fact(
        "timestamp_missing",
        "",
        &["It has no TCP timestamp, which its claimed sender's other packets have"],
    ),
    fact(
        "first_syn_ack",
        "",
        &["The first SYN-ACK is packet {packet}", "The first of two SYN-ACKs"],
    ),
    fact(
        "second_syn_ack_with_another_number",
        "",
        &[
            "A second SYN-ACK, packet {packet}, has another initial sequence number",
            "A second SYN-ACK has another initial sequence number",
        ],
    ),
    fact(
        "second_syn_ack_fits",
        "",
        &["A second SYN-ACK, packet {packet}, fits the SYN", "A second SYN-ACK fits the SYN"],
    ),
    fact(
        "ttl_delta",
        "signed",
        &["The TTL of the first SYN-ACK is {value} from that of the second"],
    ),
    fact("options_or_window_differ", "", &["The two SYN-ACKs differ in options or window"]),
    fact("ttl_is_not_the_servers", "", &["Its TTL is not that of the server's other packets"]),
    fact("ttl_is_not_the_hosts", "", &["Its TTL is not that of the host's other connections"]),
    fact("reset_of_what_was_acknowledged", "", &["The server resets what the client acknowledged"]),
];
