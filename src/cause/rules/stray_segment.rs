use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "stray_segment",
    class: Class::Undecided,
    summary: "A segment that belongs to no connection of its receiver was answered with a reset.",
    wire: "A reply reset whose trigger carries a number that its sender never sent, or that \
           opens nothing.",
    reference: "RFC 9293 section 3.10.7.1",
    next: "Look at what else its sender did: a connection that had just ended (a late segment), \
           one to another address (misrouted), or the same at many ports (a scan).",
    examples: &["> ., < R", "< S., > R"],
    near_misses: &[
        // Nobody was seen to answer.
        ("< S., < S. again +1s, < F. +1s", "undetermined"),
        ("> F., > F. again +1s", "undetermined"),
        // Nor what it answers.
        ("< R", "undetermined"),
    ],
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING.unless_reset(&[]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// No connection is known for it.
    confidence NO_CONTEXT = 0.75;
    /// It acknowledges what its receiver had not sent.
    confidence UNSENT = 0.65;
    /// A reset alone: a candidate.
    confidence RESET = 0.3;
    /// It may belong to a connection that began before the capture.
    weight BEGAN_BEFORE = -0.1;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending == Ending::Stray && case.reset.is_some() && !case.answers(Trigger::Data) {
        // A reset alone: whoever sent it, what for is not shown.
        if case.reset.is_some_and(|reset| reset.trigger.is_none()) {
            return Some(Finding::candidate(RESET));
        }
        let first = Evidence::of("no_context").at(c.first_packet);
        let backscatter = c.opening == Opening::SynAckFirst;
        let unseen = if c.opening == Opening::MidStream { BEGAN_BEFORE } else { 0.0 };
        return Some(Finding::new(NO_CONTEXT + unseen).with(first).with_some(
            backscatter.then(|| Evidence::of("unsolicited_syn_ack").at(c.first_packet)),
        ));
    }
    let reset = case.reset_of(Form::Reply)?;
    let endpoint = c.side(reset.sender);
    let ack = reset.trigger_relative_ack.get()?;
    let known = endpoint.max_end.max(endpoint.acked).cast_signed();
    (endpoint.spoke() && (ack > known || ack < 0)).then(|| {
        Finding::new(UNSENT)
            .with(
                Evidence::difference("acknowledges_unsent", ack - known)
                    .maybe_at(reset.trigger_packet.get()),
            )
            .with(Evidence::of("reset_repeats_that_number").at(reset.packet))
    })
}
