use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "rst_answers_unseen_segment",
    class: Class::Abort,
    summary: "The reset answers a segment that did not pass here.",
    wire: "The shape of a reply (no ACK, no options; the window closed, or left as it was, as \
           old stacks do), no segment in the capture that it could answer, and a sequence \
           number that the peer did not acknowledge here.",
    reference: "RFC 9293 section 3.10.7.1; at the server's tap a forged SYN-ACK shows itself only \
           so",
    next: "Capture at its sender: what did it answer?",
    examples: &[
        "> S, < S., > ., > P. 10, < P. 10, (> P. 10 ack=-4), < R",
        "> S, < S., > ., > P. 10, < P. 10, > F., (< P. 23), < R win=502 seq=+24",
        // Its last message and FIN were lost to the capture, and what it answers as well.
        "> S, < S. ttl=128, > ., > P. 10, < P. 10 ttl=128, > ., > P. 9 +9s, > F., < R ttl=128 \
             seq=+24 win=502 +20ms",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 10, < P. 10, > P. 10 ack=-4, < R", "no_socket"),
        ("> S, < S., > ., > P. 10, < P. 10, (> P. 10 ack=-4), < R win=9", "undetermined"),
        // The peer had acknowledged that number: it answers nothing that was lost.
        ("> S, < S., > ., > P. 10, < P. 10, > ., < R +9s", "undetermined"),
    ],
    twins: &[],
    applies: Applies::Reset,
    needs: Needs::NOTHING.form(Form::Other),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// It has the shape of a reply.
    confidence REPLY = 0.5;
    /// It is bare, and has its sender's window.
    confidence BARE = 0.4;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset =
        case.reset.filter(|reset| reset.form == Some(Form::Other) && reset.trigger.is_none())?;
    let c = case.connection;
    let endpoint = c.side(reset.sender);
    let kept = reset.window == endpoint.window && endpoint.alive > 0;
    let bare = !reset.flags.ack() && reset.header_length == 20 && kept;
    // Bytes from what the peer had acknowledged.
    let ahead = reset.ahead.get().map(|ahead| ahead + reset.unacked_bytes.cast_signed());
    if !(reset.reply_shape || bare) || ahead == Some(0) {
        return None;
    }
    // What was sent from elsewhere is no answer of this host.
    (c.two_sided() && apart(case, reset).is_none()).then(|| {
        Finding::new(if reset.reply_shape { REPLY } else { BARE })
            .with(Evidence::of("reply_without_a_trigger").at(reset.packet))
            .with_some(
                reset
                    .relative_sequence
                    .get()
                    .map(|seq| Evidence::difference("relative_sequence", seq)),
            )
    })
}
