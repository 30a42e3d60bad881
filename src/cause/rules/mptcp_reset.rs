use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "mptcp_reset",
    class: Class::Abort,
    summary: "Multipath TCP reset the connection or one of its subflows.",
    wire: "An MPTCP reset or fast-close option on the reset.",
    reference: "RFC 8684 sections 3.5 and 3.6",
    next: "Read the reason; look at the other subflows.",
    examples: &[
        "> S, < S., > ., > P. 80, < P. 300, > ., < R. +1s mptcp=3",
        "> S, < S., > ., > P. 80, < P. 300, > ., < R. +1s mptcp=0",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 80, < P. 300, > ., < R. +1s", "application_abort"),
        ("> S, < S., > ., > P. 80, < ., < R. mptcp=3", "abort_unread_data"),
    ],
    twins: &[],
    applies: Applies::Reset,
    needs: Needs::NOTHING.reason(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The reset states its reason.
    confidence STATED = 0.9;
    /// It states none.
    confidence UNSTATED = 0.6;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| matches!(reset.mptcp, Some(7 | 8)))?;
    let reason = match reset.reason.as_deref() {
        Some(&Reason::Mptcp(code)) => Some(code),
        _ => None,
    };
    let text = match reason {
        Some(1) => "MPTCP-specific error",
        Some(2) => "lack of resources",
        Some(3) => "administratively prohibited",
        Some(4) => "too much outstanding data",
        Some(5) => "unacceptable performance",
        Some(6) => "middlebox interference",
        _ => "unspecified",
    };
    let stated = reason.is_some_and(|code| code != 0);
    Some(
        Finding::new(if stated { STATED } else { UNSTATED })
            .with(Evidence::text("mptcp_reason", text).at(reset.packet)),
    )
}
