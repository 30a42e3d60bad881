//! Facts of how a connection was opened, or was not.

use super::Fact;

const fn fact(name: &'static str, unit: &'static str, words: &'static [&'static str]) -> Fact {
    Fact::new(name, unit, words)
}

pub(super) const FACTS: &[Fact] = &[
    fact("syn", "", &["The client's SYN"]),
    fact("syns", "SYN", &["The client sent {value}"]),
    fact("syn_acks", "SYN-ACK", &["The server sent {value}"]),
    fact("attempts", "SYN", &["The client tried with {value}"]),
    fact("tried_for_s", "s", &["It was tried for {value}"])
        .or_none("It was tried only once, with nothing after it"),
    fact("client_wait_s", "s", &["The client waited {value} from its first SYN to its reset"]),
    fact("threshold_s", "s", &["A wait counts as a client's own limit from {value} on"]),
    fact("syn_ack_delay_s", "s", &["The SYN-ACK came {value} after its SYN"]),
    fact("server_answered_late", "", &["Most of the wait was for the server's answer"]),
    fact("reset_before_any_syn_ack", "", &["The client reset before any SYN-ACK had come"]),
    fact(
        "limit_above_s",
        "s",
        &["This client still went on with a handshake after waiting {value}"],
    ),
    fact("limit_at_most_s", "s", &["This client gave one up after waiting {value}"]),
    fact("syn_retry_s", "s", &["A new SYN followed {value} after the reset"]),
    fact("reset_acknowledges_syn", "", &["The reset acknowledges the SYN: it is the answer to it"]),
    fact("such_resets", "reset", &["{value} came that did not acknowledge the SYN"]),
    fact(
        "reset_does_not_acknowledge_the_syn",
        "",
        &["The reset does not acknowledge the SYN, so the client took no notice of it"],
    ),
    fact(
        "ack_offset",
        "signed",
        &["The SYN's number is not what was acknowledged, but one that is {value} off"],
    ),
    fact("reset_repeats_that_number", "", &["The reset has the number that was acknowledged"]),
    fact("syn_ack_came", "", &["A SYN-ACK came, and the client took no notice of it"]),
    fact("syn_ack_fits", "", &["The SYN-ACK fits the SYN"]),
    fact(
        "reset_by_who_sent_no_syn",
        "",
        &["The reset is that of the address's true owner, who had sent no SYN"],
    ),
    fact("syn_acks_with_a_wrong_checksum", "SYN-ACK", &["{value} had a wrong checksum"]),
    fact("timestamp_echo", "code", &["The SYN-ACK echoes the timestamp {value}"]),
    fact("timestamp_sent", "code", &["The SYN's timestamp was {value}"]),
    fact("timestamp", "code", &["The SYN's timestamp is {value}"]),
    fact(
        "timestamp_seen",
        "code",
        &["An earlier SYN to this server had the higher timestamp {value}"],
    ),
    fact("seen_in_connection", "id", &["That earlier SYN opened connection {value}"]),
    fact("accepted_meanwhile", "id", &["Meanwhile the server accepted connection {value}"]),
    fact(
        "as_timestamps_foretold",
        "SYN",
        &["The service took or dropped {value} of this address as their timestamps foretell"],
    ),
    fact("accepted_later", "id", &["Later the server accepted connection {value}"]),
    fact("asked_for", "", &["The SYN asked for {text}"]),
    fact("answered_without_it", "SYN", &["{value} without it got an answer on this path"]),
    fact("syn_options", "", &["Options in the SYN: {text}, as scanners send it"]),
    fact("syn_window", "code", &["The SYN's window is {value}, as scanners send it"]),
    fact(
        "syn_and_reset_are_of_two_stacks",
        "",
        &["The SYN is a program's own, and the reset its kernel's, which knew nothing of it"],
    ),
    fact("services_tried", "service", &["Its sender tried {value}"]),
    fact("ports_of_this_host", "port", &["Without success at {value} of this host"])
        .or_none("No other port of this host was tried without success"),
    fact("hosts_of_this_net", "host", &["Without success at {value} of this network"])
        .or_none("No other host of this network was tried without success"),
    fact(
        "reset_ends_the_attempt",
        "",
        &["{Sender} reset the attempt", "A reset ended the attempt"],
    ),
    fact(
        "raw_socket_goes_on_after_its_hosts_reset",
        "",
        &["The client goes on although its own host has reset the attempt, as a raw socket does"],
    ),
    fact("no_syn_and_no_ack", "", &["The segment has neither SYN nor ACK: it opens nothing"]),
    fact("acknowledges_nothing", "", &["The segment acknowledges nothing that was seen"]),
    fact("reset_answers_probe", "", &["A reset answered it, as a closed port does"]),
    fact("shape", "", &["Its shape: {text}"]),
    fact("sources_at_once", "source", &["{value} left this service half open at the same time"]),
    fact(
        "reset_of_the_half_open_connection",
        "",
        &["The half-open connection was cleared by a reset"],
    ),
    fact("answered_final_ack", "", &["The reset answers the handshake's last acknowledgment"]),
    fact(
        "no_socket_behind_the_syn_ack",
        "",
        &["The reset is the reply of a host without a socket, though it had sent the SYN-ACK"],
    ),
    fact("client_retransmissions", "segment", &["The client sent {value} again"])
        .or_none("The client sent nothing again"),
    fact("reset_at_last", "", &["A reset came at last"]),
    fact(
        "client_is_heard_on_another_connection",
        "",
        &["The server hears the client on another connection"],
    ),
    fact(
        "reset_of_an_unneeded_attempt",
        "",
        &["The client reset an attempt that it no longer needed"],
    ),
    fact("sibling_connection", "id", &["Connection {value} was the attempt that won"]),
    fact("sibling_started_earlier_s", "s", &["That attempt began {value} earlier"]),
    fact("sibling_started_later_s", "s", &["That attempt began {value} later"]),
    fact("replaced_by_another_syn", "", &["Another SYN of the same ports took its place"]),
    fact("acknowledges_an_earlier_syn", "", &["The SYN-ACK acknowledges an earlier SYN"]),
    fact("server_held_another_syn", "", &["The server still held another SYN of these ports"]),
    fact(
        "syn_answered_by_plain_ack",
        "",
        &["A plain acknowledgment, of an old connection, answered the SYN"],
    ),
    fact("replaced_while_open", "", &["A new SYN took its place while it was open"]),
    fact("ports_used_again_before_its_end", "", &["Its ports were used again before it had ended"]),
    fact(
        "earlier_connection_last_seen",
        "",
        &[
            "The earlier connection of these ports was last seen in packet {packet}",
            "There was an earlier connection of these ports",
        ],
    ),
    fact(
        "earlier_connection_ended",
        "",
        &[
            "The earlier connection of these ports ended in packet {packet}",
            "An earlier connection of these ports had ended",
        ],
    ),
    fact("earlier_ended_before_s", "s", &["It had ended {value} before"]),
    fact("server_was_in", "", &["The server should still have held it, in {text}"]),
];
