use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "zero_window_giveup",
    class: Class::Timeout,
    summary: "The peer kept its window closed until this side gave up.",
    wire: "The peer's window is zero for the last stretch, this side has data to send or \
           probes it, and then an abort or silence.",
    reference: "RFC 9293 section 3.8.6.1, RFC 6429",
    next: "Look at the receiving application meanwhile: its log, its load, and its full buffer \
           (ss -tm).",
    examples: &[
        "> S, < S., > ., > P. 500, < . win=0, > . probe +300ms, < . win=0, > . probe +600ms, < . \
             win=0, > . probe +1s, < . win=0, > R. +30s",
    ],
    near_misses: &[
        (
            "> S, < S., > ., > P. 500, < . win=0, > . probe +300ms, < . win=500, > R. +30s",
            "application_abort",
        ),
        (
            "> S, < S., > ., > P. 500, < . win=0, > . probe +300ms, < . win=0, < R. +30s",
            "application_abort",
        ),
    ],
    twins: &[("application_abort", "an application may also abort while the window is closed")],
    applies: Applies::Reset,
    needs: Needs::NOTHING.no_form(Form::Reply),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The blocked side reset.
    confidence BLOCKED = 0.7;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| reset.form != Some(Form::Reply))?;
    let Some(closed) = reset.peer_zero_window.get() else {
        return Some(Finding::candidate(0.0));
    };
    let endpoint = case.side(reset.sender);
    if s(closed) < case.parameters.idle_s || endpoint.probes == 0 && reset.retransmission_run == 0 {
        return None;
    }
    Some(
        Finding::new(BLOCKED)
            .with(Evidence::time("zero_window_s", closed))
            .with(Evidence::count("probes", u64::from(endpoint.probes)))
            .with(Evidence::of("reset_by_the_blocked_side").at(reset.packet)),
    )
}
