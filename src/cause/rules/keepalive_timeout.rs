use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "keepalive_timeout",
    class: Class::Timeout,
    summary: "Keep-alive probes went unanswered, so the prober's host gave up and reset.",
    wire: "At least two unanswered probes (one octet before the next, no or one octet of \
           payload), then an abort of the prober.",
    reference: "RFC 1122 section 4.2.3.6",
    next: "The peer or the path had died before the probes: look at when it was last heard.",
    examples: &[
        "> S, < S., > ., > P. 5, < ., > . probe +5s, > . probe +1s, > . probe +1s, > R. +1s",
    ],
    near_misses: &[],
    twins: &[],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| {
        f64::from(reset.probe_run) >= case.parameters.keepalive_probes
            && reset.peer_zero_window.get().is_none()
            && reset.form != Some(Form::Reply)
    })?;
    let endpoint = case.side(reset.sender);
    let span = reset.time.saturating_sub(endpoint.run_since);
    Some(
        Finding::new(0.85)
            .with(Evidence::count("unanswered_probes", u64::from(reset.probe_run)))
            .with(Evidence::time("probing_s", span))
            .with(Evidence::of("reset_by_the_prober").at(reset.packet)),
    )
}
