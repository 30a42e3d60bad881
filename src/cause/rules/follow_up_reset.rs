use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "follow_up_reset",
    class: Class::Abort,
    summary: "One more reset of a side that had already reset: its host answers what was still \
           on the way.",
    wire: "Any reset after an effective one of the same side, or after the connection was over.",
    reference: "RFC 9293 section 3.10.7.1",
    next: "Look at the first reset.",
    examples: &["> S, < S., > ., < P. 1000, < P. 1000, > R., > R +1ms"],
    near_misses: &[],
    twins: &[],
    applies: Applies::LateReset,
    needs: Needs::NOTHING,
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// An earlier reset of this side ended it.
    confidence EARLIER = 0.9;
    /// The connection was over otherwise.
    confidence OVER = 0.8;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset?;
    let own = reset.follow_up;
    if !own && !super::super::score::after_the_end(case, reset) {
        return None;
    }
    if !own {
        return Some(Finding::new(OVER).with(Evidence::of("connection_was_over").at(reset.packet)));
    }
    let first = case.resets().find(|other| other.sender == reset.sender && !other.follow_up)?;
    Some(Finding::new(EARLIER).with(Evidence::of("earlier_reset_of_this_side").at(first.packet)))
}
