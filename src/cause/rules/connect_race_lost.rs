use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "connect_race_lost",
    class: Class::Abort,
    summary: "The client tried several addresses at once (happy eyeballs); another attempt won \
           and this one was dropped.",
    wire: "An abandoned handshake whose client completed another connection to the same port \
           within two seconds, started within 250 ms of this one.",
    reference: "RFC 8305",
    next: "None: this is how clients race address families.",
    examples: &[
        "> S, > S server=2, < S. server=1, > ., < S. server=2, > R",
        "> S, > S server=2 +250ms, < S., > ., < S. server=1, > R",
        "> S, > S port=40001 +90ms, < S., > ., < S. port=40000, > R",
    ],
    near_misses: &[
        ("> S, > S server=2 +251ms, < S., > ., < S. server=1, > R", "client_handshake_timeout"),
        ("> S, > S port=40001 +110ms, < S., > ., < S. port=40000, > R", "client_handshake_timeout"),
        ("> S bare nots, > S server=2, < S. server=1, > R, < S. server=2, > .", "undetermined"),
    ],
    twins: &[],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = abandonment(case)?;
    let c = case.connection;
    // To the same address a second attempt may also be the retry after the client's own limit.
    let within = |server| {
        let limit = case.parameters.race_window_s;
        let same = server == c.addresses[1];
        if same { limit.min(case.parameters.handshake_timeout_s) } else { limit }
    };
    // A scanner's SYN, without a system's options, races with nothing.
    if case.side(Side::Client).syn_options & !0b111 == 0 {
        return None;
    }
    let near = case.context.completed_around(c, case.parameters.race_window_s).iter();
    let siblings = near.filter(|other| {
        other.id != c.id
            && other.service.1 == c.ports[1]
            && s(other.start.saturating_sub(c.start)).abs() <= within(other.service.0)
            && other
                .completed
                .get()
                .is_some_and(|t| s(t.saturating_sub(c.start)) <= case.parameters.race_completion_s)
    });
    let Some(sibling) = siblings.min_by_key(|other| other.id) else {
        return dropped_syn_ack(case).then(|| Finding::candidate(0.15));
    };
    Some(
        Finding::new(0.75)
            .with(Evidence::of("reset_of_an_unneeded_attempt").at(reset.packet))
            .with(Evidence::count("sibling_connection", sibling.id))
            .with(if sibling.start < c.start {
                Evidence::time("sibling_started_earlier_s", c.start.saturating_sub(sibling.start))
            } else {
                Evidence::time("sibling_started_later_s", sibling.start.saturating_sub(c.start))
            }),
    )
}
