use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "handshake_reset_ignored",
    class: Class::Refused,
    summary: "The SYN was answered by a reset that its sender may not obey: the reset acknowledges \
           another number, or none.",
    wire: "A reset to a SYN whose acknowledgment is not that of the SYN, or that has none; the \
           client repeats its SYN as if nothing had come. What the sender of the reset meant is \
           that nothing listens.",
    reference: "RFC 9293 section 3.10.7.3 (SYN-SENT: a reset is acceptable if its ACK is); RFC \
           9293 section 3.10.7.1 for the number it should have",
    next: "Look at the number that the resets acknowledge: does the peer's stack build them \
           wrongly, or do they answer something else?",
    examples: &[
        "> S, < R. ack=-1 +4ms, > S again +1s, < R. ack=-1 +4ms, > S again +2s, < R. ack=-1 +4ms",
        "> S, < R seq=#5 +4ms, > S again +1s, < R seq=#5 +4ms",
    ],
    near_misses: &[
        ("> S, < R. +4ms, > S again +1s, < R. +4ms", "port_closed"),
        ("> S, > S again +1s, > S again +2s", "syn_unanswered"),
    ],
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING.unless_reset(&[Ending::HandshakeUnanswered]).by(Side::Server).void(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The client repeated its SYN: it had not obeyed.
    confidence REPEATED = 0.8;
    /// There was one SYN.
    confidence ONCE = 0.5;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let void = |row: &Teardown| {
        row.sender == Side::Server && row.sequence_check == SequenceCheck::Void && !row.duplicate
    };
    let reset = match case.reset {
        Some(reset) => Some(reset).filter(|reset| void(reset))?,
        None if c.ending == Ending::HandshakeUnanswered => case.resets().find(|row| void(row))?,
        None => return None,
    };
    let syns = c.side(Side::Client).syns;
    if syns == 0 {
        return None;
    }
    let resets = case.resets().filter(|row| void(row)).count();
    let offset = reset.relative_acknowledgment.get().map(|ack| ack.saturating_sub(1));
    Some(
        Finding::new(if syns > 1 { REPEATED } else { ONCE })
            .with(Evidence::of("reset_does_not_acknowledge_the_syn").at(reset.packet))
            .with_some(offset.map(|offset| Evidence::difference("ack_offset", offset)))
            .with(Evidence::count("such_resets", resets as u64))
            .with(Evidence::count("syns", u64::from(syns)).at(c.first_packet)),
    )
}
