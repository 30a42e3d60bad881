//! Facts of how a connection was closed, and of what was said in it.

use super::Fact;

const fn fact(name: &'static str, unit: &'static str, words: &'static [&'static str]) -> Fact {
    Fact::new(name, unit, words)
}

pub(super) const FACTS: &[Fact] = &[
    fact("fin", "", &["{Sender} sent its FIN", "The FIN"]),
    fact("first_fin", "", &["{Sender} sent the first FIN", "The first FIN"]),
    fact("client_fin", "", &["The client's FIN"]),
    fact("server_fin", "", &["The server's FIN"]),
    fact("fin_acknowledged", "", &["That FIN was acknowledged"]),
    fact("fin_was_acknowledged", "", &["Its FIN had been acknowledged"]),
    fact("fin_retransmissions", "time", &["The FIN was sent again {value}"]),
    fact(
        "unacknowledged_bytes_at_fin",
        "byte",
        &["{value} sent before it had not been acknowledged yet"],
    )
    .or_none("All that was sent before it had been acknowledged"),
    fact("bytes_after_first_fin", "byte", &["The other side sent {value} more after it"])
        .or_none("The other side sent nothing more after it"),
    fact(
        "data_after_fin_s",
        "s",
        &["Data of {sender} came {value} after {peer}'s FIN", "Data came {value} after the FIN"],
    ),
    fact(
        "data_before_fin_s",
        "s",
        &[
            "Data of {sender} crossed {peer}'s FIN: they passed here {value} before it",
            "Data crossed the FIN: they passed here {value} before it",
        ],
    ),
    fact(
        "bytes_after_fin",
        "byte",
        &["{Peer} sent {value} that met the close", "{value} met the close"],
    ),
    fact(
        "reset_answers_data",
        "",
        &["{Sender}'s reset answers those data", "The reset answers those data"],
    ),
    fact(
        "reset_answers_request",
        "",
        &["{Sender}'s reset answers the request", "The reset answers the request"],
    ),
    fact(
        "after_fin_s",
        "s",
        &[
            "The reset came {value} after the FIN of {sender}",
            "The reset came {value} after the FIN",
        ],
    ),
    fact("answered", "", &["The reset answers packet {packet}", "The reset answers a segment"]),
    fact("connection_was_over", "", &["The connection was over already"]),
    fact(
        "earlier_reset_of_this_side",
        "",
        &["Packet {packet} is the first reset of this side", "This side had reset it before"],
    ),
    fact(
        "closed_without_an_octet",
        "",
        &[
            "{Sender} closed without having sent a byte",
            "It was closed before a byte of the server",
        ],
    ),
    fact("after_handshake_s", "s", &["That was {value} after the handshake"]),
    fact(
        "closed_in_use",
        "",
        &["{Sender} closed it while it was in use", "It was closed while it was in use"],
    ),
    fact("ended_by_the_service", "", &["The service ended it"]),
    fact("followed_the_other_leg", "", &["It was ended right after the other connection"]),
    fact("fin_without_any_record", "", &["The server's FIN came before any TLS record of its own"]),
    fact("client_bytes", "byte", &["The client had sent {value}"]),
    fact("tls_alert", "", &["TLS alert: {text}"]),
    fact("alert_code", "code", &["The alert's code is {value}"]),
    fact("alert_by", "", &["The {text} sent the alert"]),
    fact("close_notify", "", &["A TLS goodbye (close_notify)"]),
    fact(
        "left_unread_by_the_reset",
        "",
        &["{Sender} reset instead of reading it", "The reset left it unread"],
    ),
    fact("name", "", &["The name asked for: {text}"]),
    fact("cut_after_the_name", "", &["It was ended right after the name"]),
    fact(
        "last_seen",
        "",
        &["It was last seen in packet {packet}", "It was still open when last seen"],
    ),
    fact("capture_ended_soon_after", "", &["The capture ends soon after it"]),
    fact("age_s", "s", &["It had lasted {value}"]),
    fact("usual_age_s", "s", &["The service closes at an age of {value}"]),
    fact("requests", "request", &["It had carried {value}"]),
];
