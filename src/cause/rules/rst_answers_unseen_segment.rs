use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "rst_answers_unseen_segment",
    class: Class::Abort,
    summary: "The reset answers a segment that did not pass here.",
    wire: "The shape of a reply, no segment in the capture that it could answer, and a \
           sequence number that the peer never acknowledged here.",
    reference: "RFC 9293 section 3.10.7.1; at the server's tap a forged SYN-ACK shows itself only \
           so",
    next: "Capture at its sender: what did it answer?",
    examples: &[
        "> S, < S., > ., > P. 10, < P. 10, (> P. 10 ack=-4), < R",
        "> S, < S., > ., > P. 10, < P. 10, > F., (< P. 23), < R win=502 seq=+24",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 10, < P. 10, > P. 10 ack=-4, < R", "no_socket"),
        ("> S, < S., > ., > P. 10, < P. 10, (> P. 10 ack=-4), < R win=9", "undetermined"),
    ],
    twins: &[],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let reset = case.reset.filter(|reset| {
        // Old stacks leave their side's window in it.
        let window = c.side(reset.sender).window == reset.window;
        let replies = reset.reply_shape || !reset.flags.ack() && window;
        replies && reset.form == Some(Form::Other) && reset.trigger.is_none()
    })?;
    // What was sent from elsewhere is no answer of this host.
    (c.two_sided() && apart(case, reset).is_none()).then(|| {
        Finding::new(0.5).with(Evidence::of("reply_without_a_trigger").at(reset.packet)).with_some(
            reset.relative_sequence.get().map(|seq| Evidence::difference("relative_sequence", seq)),
        )
    })
}
