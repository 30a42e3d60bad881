use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "health_check_probe",
    class: Class::Orderly,
    summary: "A health check: the same client opens the same port at a steady interval and drops \
           it without a word.",
    wire: "Handshake begun or completed, no payload, reset by the client; at least \
           {health_check_rounds} rounds whose intervals vary by less than \
           {health_check_variation}, or {many} of which most differ from their median by less. Not \
           where the reset's numbers tell of payload that the capture lacks.",
    reference: "load balancers' TCP checks (HAProxy tcp-check, IPVS, NLB)",
    next: "None: expected traffic; leave it out of failure statistics.",
    examples: &[
        "> S, < S., > ., > R., > S port=40001 +1s, < S., > ., > R., > S port=40002 +1s, < S., > ., \
             > R.",
        "> S, < S., > R, > S port=40001 +1s, < S., > R, > S port=40002 +1100ms, < S., > R",
        // One came late.
        "> S, < S., > ., > R., > S port=1 +1s, < S., > ., > R., > S port=2 +1s, < S., > ., > R., > S port=3 +1200ms, < S., > ., > R., > S port=4 +800ms, < S., > ., > R., > S port=5 +1s, < S., > ., > R.",
    ],
    near_misses: &[
        ("> S, < S., > ., > R., > S port=40001 +1s, < S., > ., > R.", "application_abort"),
        (
            "> S, < S., > ., > R., > S port=40001 +1s, < S., > ., > R., > S port=40002 +1120ms, < \
             S., > ., > R.",
            "application_abort",
        ),
        // Five with a late one may be chance; so may half of six.
        (
            "> S, < S., > ., > R., > S port=1 +1s, < S., > ., > R., > S port=2 +1s, < S., > ., > R., > S port=3 +1200ms, < S., > ., > R., > S port=4 +800ms, < S., > ., > R.",
            "application_abort",
        ),
        (
            "> S, < S., > ., > R., > S port=1 +1s, < S., > ., > R., > S port=2 +1400ms, < S., > ., > R., > S port=3 +1200ms, < S., > ., > R., > S port=4 +800ms, < S., > ., > R., > S port=5 +1s, < S., > ., > R.",
            "application_abort",
        ),
        (
            "> S, < S., > ., > P. 1, > R., > S port=40001 +1s, < S., > ., > P. 1, > R., > S \
             port=40002 +1s, < S., > ., > P. 1, > R.",
            "application_abort",
        ),
    ],
    twins: &[("application_abort", "a single round looks like any client that resets")],
    applies: Applies::Reset,
    needs: Needs::NOTHING,
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Its rounds are steady.
    confidence STEADY = 0.8;
    /// Rounds closer together are no checks.
    window SHORTEST_S = 0.05;
    /// Rounds of which most are as good as all: one or two may come late.
    count MANY: u64 = 6;
}

#[allow(clippy::cast_precision_loss)] // at most 512 attempts
fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let reset = case.reset?;
    let silent = c.endpoints.iter().all(|e| e.unique_bytes == 0) && !shows_more(case);
    let dropped = matches!(c.ending, Ending::HandshakeAbandoned | Ending::Reset);
    if reset.sender == Side::Server || !silent || !dropped {
        return Some(Finding::candidate(0.0));
    }
    let rounds = case.context.rounds(c);
    let enough = (rounds.count as f64) >= case.parameters.health_check_rounds && rounds.count > 2;
    let most = case.parameters.health_check_variation;
    let many = rounds.count >= MANY && rounds.spread <= most * rounds.median;
    let steady = rounds.deviation <= most * rounds.mean || many;
    (enough && rounds.mean > SHORTEST_S && steady).then(|| {
        Finding::new(STEADY)
            .with(Evidence::of("no_payload").at(reset.packet))
            .with(Evidence::count("rounds", rounds.count))
            .with(Evidence::number("interval_s", rounds.mean))
    })
}
