use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "half_open_discovered",
    summary: "The server still held an old connection on these ports; it challenged the SYN and \
           the client reset the old one.",
    wire: "A SYN answered by a plain acknowledgment of other numbers; the client's reset \
           repeats that number; the same SYN comes again and is then accepted.",
    reference: "RFC 9293 section 3.5.1, RFC 5961 section 4.2",
    next: "The client restarted or lost its state; look for its earlier connection on these \
           ports.",
    examples: &["> S, < . ack=#5000, > R +1ms, > S again +1s, < S., > ., > P. 5, < ."],
    near_misses: &[],
    twins: &[],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| reset.sender == Side::Client)?;
    let c = case.connection;
    let (packet, position) = c.extra()?.challenge_to_syn?;
    let answers = reset.trigger_packet == Some(packet) || reset.relative_sequence == Some(position);
    if !answers || (reset.trigger.is_some() && reset.trigger != Some(Trigger::Ack)) {
        return None;
    }
    let retry = c.extra()?.syn_retry_after_reset;
    Some(
        Finding::new(0.85)
            .with(Evidence::of("syn_answered_by_plain_ack").at(packet))
            .with(Evidence::of("reset_repeats_that_number").at(reset.packet))
            .with_some(retry.map(|retry| Evidence::time("syn_retry_s", retry))),
    )
}
