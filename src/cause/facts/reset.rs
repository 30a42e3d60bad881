//! Facts of a reset: what it answers, and what its sender had or had not done.

use super::Fact;

const fn fact(name: &'static str, unit: &'static str, words: &'static [&'static str]) -> Fact {
    Fact::new(name, unit, words)
}

pub(super) const FACTS: &[Fact] = &[
    fact(
        "began_at_another_ttl",
        "",
        &[
            "Its TTL {ttl} began at another number than its sender's {usual_ttl}: another kernel's",
            "Its TTL began at another number than its sender's: another kernel's",
        ],
    ),
    fact("reset", "", &["The reset is packet {packet}", "The reset"]),
    fact("trigger", "", &["It answers packet {packet}", "It answers a segment"]),
    fact("answer_s", "s", &["The reset came {value} after what it answers"]),
    fact(
        "abort_by_a_live_socket",
        "",
        &[
            "{Sender}'s reset has the shape of an abort by a live socket",
            "The reset has the shape of an abort by a live socket",
        ],
    ),
    fact(
        "abort_without_own_payload",
        "",
        &[
            "{Sender} aborted without having sent a byte",
            "It was aborted by a side that had sent no byte",
        ],
    ),
    fact(
        "reset_at_the_same_instant",
        "connection",
        &["The listener reset {value} at this instant, this one among them"],
    ),
    fact(
        "unread_bytes",
        "byte",
        &[
            "{Sender} had been sent {value} that it did not answer with data",
            "{value} that were sent to it were not answered with data",
        ],
    ),
    fact("since_peer_data_s", "s", &["The last of them had come {value} before"]),
    fact("its_window_was_closed", "", &["Its window was closed: its buffer was full"]),
    fact(
        "its_window_had_shrunk",
        "",
        &["Its window was smaller by what it had been sent: that was still in its buffer"],
    ),
    fact(
        "its_window_was_open_again",
        "",
        &["Its window was as open as at first: it had read all that it was sent"],
    ),
    fact(
        "its_stack_closes_by_fin",
        "",
        &["A stack like its own sends a FIN when it closes with something unread"],
    ),
    fact(
        "reset_right_after_own_data",
        "",
        &["It reset right after sending data of its own, where a close sends a FIN"],
    ),
    fact(
        "unacknowledged_bytes",
        "byte",
        &["{value} that {sender} had sent were not acknowledged", "{value} were not acknowledged"],
    )
    .or_none("All that its sender had sent was acknowledged"),
    fact(
        "reset_answers_ordinary_segment",
        "",
        &[
            "{Sender}'s reset answers an ordinary segment of this connection",
            "The reset answers an ordinary segment of this connection",
        ],
    ),
    fact(
        "sender_last_heard_s",
        "s",
        &[
            "{Sender} had last been heard {value} before",
            "Its sender had last been heard {value} before",
        ],
    ),
    fact("no_payload", "", &["No payload was sent"]),
    fact("rounds", "time", &["The client does so again and again: {value} in this capture"]),
    fact("interval_s", "s", &["It does so every {value}"]),
    fact("reset_by_the_prober", "", &["{Sender}, who had probed, reset", "Who had probed reset"]),
    fact(
        "reset_by_the_blocked_side",
        "",
        &["{Sender}, who was not allowed to send, reset", "Who was not allowed to send reset"],
    ),
    fact(
        "reply_without_a_trigger",
        "",
        &["The reset has the shape of a reply, and nothing that it could answer was captured"],
    ),
    fact(
        "relative_sequence",
        "code",
        &["Its sequence number is {value}, counted from its sender's first"],
    ),
    fact(
        "inside_the_window_not_exact",
        "",
        &["Its sequence number lies in the window, but is not the next one"],
    ),
    fact("answered_by_challenge_ack", "", &["A challenge ACK answered it"]),
    fact("no_context", "", &["It belongs to no connection in this capture"]),
    fact("unsolicited_syn_ack", "", &["A SYN-ACK that nobody had asked for"]),
    fact(
        "acknowledges_unsent",
        "signed",
        &[
            "It acknowledges a number that is {value} off all that {peer} had sent",
            "It acknowledges a number that was never sent, {value} off",
        ],
    ),
    fact("mptcp_reason", "", &["It states an MPTCP reason: {text}"]),
    fact("reset_text", "", &["Its payload says: {text}"]),
    fact("diagnostic_payload", "code", &["Its payload is the diagnostic code {value}: {text}"]),
    fact("netscaler_code", "code", &["Its window is the NetScaler code {value}: {text}"]),
    fact("unprompted", "", &["It answers nothing, and no live socket sent it: a timer did"]),
    fact("both_sides_reset_at_once", "", &["Both sides were reset at the same moment"]),
    fact("matches_limit_of", "s", &["A silence of {value} is {text}"]),
    fact(
        "survived_elsewhere_s",
        "s",
        &["Connections of this service survive {value} of silence at most"],
    ),
    fact(
        "answer_of_another_address",
        "",
        &["The SYN-ACK comes from an address that the client did not ask"],
    ),
    fact("client_resets_it", "", &["The client resets it"]),
    fact("asked_in_connection", "id", &["The client asked in connection {value}"]),
    fact("answered_in_connection", "id", &["The answer went past it, as connection {value}"]),
    fact("segment_of_another_connection", "", &["This segment belongs to another connection"]),
    fact("its_receiver_resets_it", "", &["Its receiver resets it"]),
    fact("belongs_to_connection", "id", &["It belongs to connection {value}"]),
    fact(
        "segment_went_past_in_connection",
        "id",
        &["A segment of it went past the translator, as connection {value}"],
    ),
    fact(
        "answers_old_data",
        "",
        &[
            "The reset answers packet {packet}, whose data had been acknowledged",
            "The reset answers data that had been acknowledged",
        ],
    ),
    fact(
        "its_host_goes_on",
        "segment",
        &[
            "{Sender} sent {value} after it, as if there had been none",
            "{value} of its sender came after it",
        ],
    ),
    fact("goes_on_from_another_port", "", &["The client goes on from another port"]),
    fact("as_connection", "id", &["It is the same dialogue as connection {value}"]),
    fact(
        "reset_by_a_server_that_does_not_know_it",
        "",
        &["The server does not know that port, and resets it"],
    ),
];
