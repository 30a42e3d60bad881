use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "connect_race_lost",
    summary: "The client tried several addresses at once (happy eyeballs); another attempt won \
           and this one was dropped.",
    wire: "An abandoned handshake whose client completed another connection to the same port \
           within two seconds, started within 250 ms of this one.",
    reference: "RFC 8305",
    next: "None: this is how clients race address families.",
    examples: &[],
    near_misses: &[],
    twins: &[],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = abandonment(case)?;
    let c = case.connection;
    let window = case.parameters.race_window_s;
    let sibling = case.context.attempts(c).iter().find(|other| {
        other.id != c.id
            && other.service.1 == c.ports[1]
            && other.service.0 != c.addresses[1]
            && (s(other.start.saturating_sub(c.start))).abs() <= window
            && other
                .completed
                .get()
                .is_some_and(|t| s(t.saturating_sub(c.start)) <= case.parameters.race_completion_s)
    })?;
    Some(
        Finding::new(0.75)
            .with(Evidence::of("reset_of_an_unneeded_attempt").at(reset.packet))
            .with(Evidence::count("sibling_connection", sibling.id))
            .with(Evidence::time("sibling_started_s", sibling.start.saturating_sub(c.start))),
    )
}
