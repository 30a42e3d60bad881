use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "abort_unread_data",
    class: Class::Abort,
    summary: "A side closed with data of the peer still unread: its host resets instead of \
           sending a FIN.",
    wire: "An abort whose sender had been sent payload that it never answered with payload of \
           its own (or that was still arriving), without a FIN of its own before.",
    reference: "RFC 1122 section 4.2.2.13, RFC 2525 section 2.17",
    next: "The application closed, crashed or was killed before reading everything.",
    examples: &[
        "> S, < S., > ., > P. 80, < ., < R. +1ms",
        "> S, < S., > ., > P. 80, < P. 5000, < P. 5000, > R.",
    ],
    near_misses: &[("> S, < S., > ., > P. 80, < P. 300, > ., < R. +1s", "application_abort")],
    twins: &[
        ("application_abort", "an abort by SO_LINGER 0 or by a kill is octet for octet the same"),
        ("keepalive_race", "its limit for idle connections may have come to its end just then"),
    ],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset_of(Form::Abort)?;
    // A close after the answer sends a FIN; a reset at once says that the request was not read to
    // its end.
    let truncated = case.side(reset.sender.peer()).unique_bytes > 0
        && reset.since_own_data.get().is_some_and(|since| s(since) < 0.005)
        && !reset.sender_fin_before;
    // What the reset does not acknowledge was still on its way: it cannot have been left unread.
    // And what came before a FIN that was acknowledged had probably been read to its end.
    let unread = if reset.peer_fin_before && reset.peer_bytes_unacked == 0 {
        0
    } else {
        reset.unread_bytes.saturating_sub(reset.peer_bytes_unacked)
    };
    let recent =
        reset.since_peer_data.get().is_some_and(|since| s(since) <= case.parameters.unread_s);
    if (unread == 0 || !recent) && !truncated {
        return None;
    }
    let since = reset.since_peer_data.get().map(s);
    let fresh = since.is_some_and(|since| since <= case.parameters.unread_fresh_s);
    Some(
        Finding::new(match (unread == 0, fresh) {
            (true, _) => 0.55,
            (false, true) => 0.68,
            (false, false) => 0.6,
        })
        .with_some(truncated.then(|| Evidence::of("reset_right_after_own_data")))
        .with(
            Evidence::count("unread_bytes", reset.unread_bytes.max(reset.peer_bytes_unacked))
                .at(reset.packet),
        )
        .with_some(since.map(|since| Evidence::number("since_peer_data_s", since)))
        .with(Evidence::count("unacknowledged_bytes", reset.unacked_bytes)),
    )
}
