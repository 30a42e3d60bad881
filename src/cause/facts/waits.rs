//! Facts of silence, of retransmissions, and of windows that were closed.

use super::Fact;

const fn fact(name: &'static str, unit: &'static str, words: &'static [&'static str]) -> Fact {
    Fact::new(name, unit, words)
}

pub(super) const FACTS: &[Fact] = &[
    fact("idle_s", "s", &["Before it there was {value} of silence"]),
    fact("idle_before_fin_s", "s", &["Before the FIN there was {value} of silence"]),
    fact("idle_before_request_s", "s", &["Before the request there was {value} of silence"]),
    fact("silence_before_s", "s", &["Before that there was {value} of silence"]),
    fact("limit_s", "s", &["{value} is a usual limit"]),
    fact("keep_alive_limit_s", "s", &["{value} is a usual limit of idle connections"]),
    fact("request_before_reset_s", "s", &["The request came {value} before the reset"]),
    fact("request_after_fin_s", "s", &["The request came {value} after the server's FIN"]),
    fact(
        "request_before_fin_s",
        "s",
        &["The request passed {value} before the server's FIN, which does not acknowledge it"],
    ),
    fact("waited_s", "s", &["That was waited for during {value}"]),
    fact("unanswered_bytes", "byte", &["A request of {value} had no answer"]),
    fact("unanswered_probes", "probe", &["{value} went unanswered"]),
    fact("probing_s", "s", &["It was probed for {value}"]),
    fact("unanswered_retransmissions", "retransmission", &["{value} went unanswered"]),
    fact("peer_last_heard_s", "s", &["The other side had last been heard {value} before"]),
    fact("opened_after_s", "s", &["That connection was opened {value} later"]),
    fact("zero_window_s", "s", &["The window was closed for {value}"]),
    fact("closed_by", "", &["The {text} closed its window: its application did not read"]),
    fact("probes", "probe", &["The other side sent {value} of the closed window"]),
    fact("full_segment_bytes", "byte", &["A full segment of {value} does not get through"]),
    fact("sent_again", "time", &["It was sent again {value}"]),
    fact("next_hop_mtu", "byte", &["The next link takes packets of {value}"]),
    fact("something_smaller_behind_it_came", "", &["Something smaller behind it got through"]),
    fact("peer_was_heard_again", "", &["The other side was heard again afterwards"]),
    fact("icmp", "", &["An ICMP error said: {text}"]),
    fact("icmp_type", "code", &["Its type is {value}"]),
    fact("icmp_code", "code", &["Its code is {value}"]),
    fact("reported_by", "", &["{text} reported it"]),
];
