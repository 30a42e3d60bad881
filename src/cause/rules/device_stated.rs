use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "device_stated",
    class: Class::Abort,
    summary: "The sender of the reset says why: in its payload, its window field or an option.",
    wire: "Readable or diagnostic payload in the reset that is no echo of the segment it \
           answers, or a NetScaler code in the window of a sender whose windows are otherwise \
           far from it, or are a NetScaler's own.",
    reference: "draft-boucadair-tcpm-rst-diagnostic-payload; F5 tm.rstcause.pkt; Citrix NetScaler \
           reset codes; RFC 8684 section 3.6",
    next: "Read the reason; look it up in the device's manual.",
    examples: &[
        "> S, < S., > ., > P. 10, < ., < R. text=\"idle timeout expired\"",
        "> S, < S. ttl=63, > ., > P. 10, < . ttl=63, < R. text=\"blocked by policy\" ttl=64",
        // A NetScaler opens with a window of 8190, next to its codes.
        "> S, < S. win=8190, > ., > P. 10, < . win=8190, < R win=8201 +1ms",
    ],
    near_misses: &[
        ("> S, < S. win=8191, > ., > P. 10, < . win=8191, < R win=8201 +1ms", "abort_unread_data"),
        ("> S, < S. win=8190, > ., > P. 10, < . win=8190, < R win=8190 +1ms", "abort_unread_data"),
    ],
    twins: &[],
    applies: Applies::Reset,
    needs: Needs::NOTHING.reason(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// A text or a diagnostic payload says it.
    confidence STATED = 0.85;
    /// A code in the window says it, which may be chance.
    confidence CODE = 0.7;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset?;
    if reset.payload_echo {
        return None;
    }
    let (kind, text, code): (_, Box<str>, _) = match reset.reason.as_deref()? {
        Reason::Text(text) => ("reset_text", text.clone(), None),
        Reason::Diagnostic(code, meaning) => ("diagnostic_payload", meaning.clone(), Some(*code)),
        Reason::NetScaler(code, meaning) => ("netscaler_code", (*meaning).into(), Some(*code)),
        Reason::Mptcp(_) => return None,
    };
    let certain = if kind == "netscaler_code" { CODE } else { STATED };
    let mut evidence = Evidence::text(kind, text).at(reset.packet);
    evidence.value = code.map(f64::from);
    let finding = Finding::new(certain).with(evidence);
    // A router more or fewer is enough: the device that states the reason sent it itself.
    Some(match apart(case, reset).or_else(|| one_router(case, reset)) {
        Some(apart) => finding.with(apart.evidence(reset.packet)).by_third_party(),
        None => finding,
    })
}
