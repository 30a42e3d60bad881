use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "rst_challenged",
    class: Class::Abort,
    summary: "A reset inside the window but not at the exact number: the receiver challenged it \
           and lived on.",
    wire: "The sequence number lies in the receive window, is not the next one expected, and \
           the receiver answers at once with a plain acknowledgment.",
    reference: "RFC 5961 section 3.2",
    next: "Look whether an exact reset follows: a genuine sender answers the challenge with one. \
           If none does, who sent it?",
    examples: &["> S, < S., > ., > P. 10, < ., < R. seq=+500, > . +1ms, > P. 10, < ., < P. 5, > ."],
    near_misses: &[],
    twins: &[],
    applies: Applies::LateReset,
    needs: Needs::NOTHING.challenged(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The acknowledgment that answers it shows it.
    confidence CHALLENGED = 0.9;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| reset.challenged)?;
    Some(
        Finding::new(CHALLENGED)
            .with(Evidence::of("inside_the_window_not_exact").at(reset.packet))
            .with(Evidence::of("answered_by_challenge_ack")),
    )
}
