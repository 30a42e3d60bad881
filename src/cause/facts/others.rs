//! Facts that other connections show.

use super::Fact;

const fn fact(name: &'static str, unit: &'static str, words: &'static [&'static str]) -> Fact {
    Fact::new(name, unit, words)
}

pub(super) const FACTS: &[Fact] = &[
    fact(
        "accepted_elsewhere",
        "connection",
        &["The same service accepted {value} in this capture"],
    )
    .or_none("The same service accepted no connection in this capture"),
    fact("accepted_and_not_served", "connection", &["It accepted {value} and sent no byte there"]),
    fact(
        "host_answers_at_other_ports",
        "",
        &["Meanwhile the server's host answers at other ports"],
    ),
    fact("service_serves_others_meanwhile", "", &["Meanwhile the service serves others"]),
    fact("service_accepts_others_meanwhile", "", &["Meanwhile the service accepts others"]),
    fact(
        "other_syns_answered_meanwhile",
        "SYN",
        &["Meanwhile {value} of the same client got an answer"],
    ),
    fact("refused", "connection", &["The service refused {value} in this capture"]),
    fact("refused_relative_to_accepted", "", &["It refused {text} those that it accepted"]),
    fact("open_at_that_time", "connection", &["The service had {value} open at that time"])
        .or_none("The service had no other connection open at that time"),
    fact("open_of_this_client", "connection", &["This client had {value} of them"])
        .or_none("This client had none of them"),
    fact("turned_away", "connection", &["The service turned {value} away like this one"]),
    fact("ended_within_a_second", "connection", &["The service ended {value} within a second"]),
    fact("were_open_before", "connection", &["It had {value} open before"]),
    fact("of_these_idle", "connection", &["{value} of those that it ended had been idle"]),
    fact("of_these_cut", "connection", &["{value} of them had a request that was not answered"]),
    fact("refuses_connections_afterwards", "", &["Afterwards it refuses connections"]),
    fact("closes_alike", "connection", &["The service closed {value} alike"]),
    fact(
        "cut_with_this_name",
        "connection",
        &["{value} with this name ended so, and none got an answer"],
    ),
    fact(
        "answered_with_others",
        "connection",
        &["{value} with other names, or none, got an answer"],
    ),
    fact(
        "something_else_leaves_the_same",
        "",
        &["Something else leaves the same packets, and nothing here speaks against it"],
    ),
    fact("other_connection", "id", &["The other connection is {value}"]),
    fact("after_it_s", "s", &["It ended {value} after that one"]),
    fact("other_ended_by", "", &["That one was ended by its {text}"]),
];
