use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "half_open_discovered",
    class: Class::Abort,
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
    applies: Applies::Any,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if case.reset.is_none() && c.ending == Ending::Superseded {
        return Some(
            Finding::new(0.65).with(Evidence::of("replaced_while_open").at(c.last_packet)),
        );
    }
    let extra = c.extra()?;
    let (packet, position) = extra.challenge_to_syn?;
    // After an orderly end the challenge comes from TIME-WAIT: nothing was half open.
    if extra.earlier_graceful {
        return None;
    }
    let answers = |reset: &&Teardown| {
        let trigger = matches!(reset.trigger, None | Some(Trigger::Ack));
        let repeats = reset.trigger_packet.get() == Some(packet)
            || reset.relative_sequence.get() == Some(position);
        reset.sender == Side::Client && trigger && repeats
    };
    let reset = match case.reset {
        Some(reset) => Some(reset).filter(answers)?,
        None if matches!(c.ending, Ending::Open | Ending::HalfClosed) => {
            case.resets().find(answers)?
        }
        None => return None,
    };
    Some(
        Finding::new(0.85)
            .with(Evidence::of("syn_answered_by_plain_ack").at(packet))
            .with(Evidence::of("reset_repeats_that_number").at(reset.packet))
            .with_some(
                extra.syn_retry_after_reset.map(|retry| Evidence::time("syn_retry_s", retry)),
            ),
    )
}
