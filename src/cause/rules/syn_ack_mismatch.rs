use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "syn_ack_mismatch",
    class: Class::Suspicious,
    summary: "The SYN-ACK acknowledged a number that the client never sent, so the client reset \
           it.",
    wire: "The SYN-ACK's acknowledgment is not the client's initial sequence number plus one (nor \
           within its TFO data) and fits no earlier SYN of these ports; the client answers with a \
           reset whose sequence number is that acknowledgment. Linux keeps the socket and repeats \
           the SYN within {fast_retry_s}.",
    reference: "RFC 9293 section 3.10.7.3; article, RST case 3 (hijack)",
    next: "Who sent the SYN-ACK? Compare TTL, options and hardware address with the server's \
           other segments.",
    examples: &["> S, < S. ack=+776, > R"],
    near_misses: &[("> S, < S., > R +1ms", "undetermined")],
    twins: &[(
        "forged_syn_ack",
        "whether somebody else answered shows only when the genuine answer or the server's usual \
             headers are seen too",
    )],
    applies: Applies::Reset,
    needs: Needs::NOTHING.odd_syn_ack().by(Side::Client),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The reset has the number that was acknowledged.
    confidence MISMATCH = 0.85;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| reset.sender == Side::Client)?;
    mismatch(case, reset)
}

/// The mismatch as a fact, for this rule and those that say more.
pub(super) fn mismatch(case: &Case<'_>, reset: &Teardown) -> Option<Finding> {
    let c = case.connection;
    let syn_ack = [c.syn_ack, c.extra().and_then(|extra| extra.second_syn_ack)]
        .into_iter()
        .flatten()
        .find(|syn_ack| syn_ack.ack_offset != 0)?;
    let answers = reset.trigger_packet.get() == Some(syn_ack.packet)
        || reset.relative_sequence.get() == Some(syn_ack.ack_offset + 1);
    if !answers || c.side(Side::Client).syns == 0 {
        return None;
    }
    let retry = c.extra().and_then(|extra| extra.syn_retry_after_reset);
    let fast = retry.filter(|&retry| s(retry) <= case.parameters.fast_retry_s);
    Some(
        Finding::new(MISMATCH)
            .with(Evidence::difference("ack_offset", syn_ack.ack_offset).at(syn_ack.packet))
            .with(Evidence::of("reset_repeats_that_number").at(reset.packet))
            .with_some(fast.map(|retry| Evidence::time("syn_retry_s", retry))),
    )
}
