use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "data_after_close",
    class: Class::Abort,
    summary: "A side had closed and the peer sent more data; there was nobody to read it, so the \
           host reset.",
    wire: "A FIN, then payload of the peer, answered by a reset of the side that had sent the \
           FIN.",
    reference: "RFC 1122 section 4.2.2.13, RFC 2525 section 2.17",
    next: "Look at who goes on sending behind the FIN: does the peer not stop when it reads the \
           end of the stream, or does the closer not read to the end?",
    examples: &[
        "> S, < S., > ., > F., < ., < P. 500 +20ms, > R +1ms",
        "> S, < S., > ., > F., < ., < P. 500 +20ms, < F. +10us, > R +1ms, > R +10us",
        "> S, < S., > ., < P. 500 +20ms, < F. +10us, > F. ack=-501 +30ms, < ., > R seq=#1 +30ms, > \
             R seq=#1",
        "> S, < S., > ., > F. +40ms, < ., < P. 500 +20ms, > R. ack=-500 win=0 +80ms",
        // The answer, with its FIN, was on its way when the other side closed.
        "> S, < S., > ., > P. 80, < FP. 125, > F. ack=-126 +1ms, > R seq=#81 +9ms",
        // An upload crosses the close: its resets have old numbers, the last one answers the
        // acknowledgment of the FIN.
        "> S, < S. +20ms, > . +40us, > P. 400, > P. 1448 +50us, < . +20ms, < P. 310 +1ms, < F. \
             +30us, > P. 1448 ack=-311 +50us, > . +40us, < R seq=#1 +20ms, < R seq=#312 +20us",
    ],
    near_misses: &[
        ("> S, < S., > ., > F., < ., > R.", "application_abort"),
        ("> S, < S., > ., > F., < ., < P. 500 +20ms, > ., > R. +20ms", "abort_unread_data"),
        (
            "> S, < S., > ., > F., < ., < P. 500 +20ms, > . +1ms, < F., > R +1ms",
            "fin_wait2_expired",
        ),
    ],
    twins: &[],
    applies: Applies::Reset,
    needs: Needs::NOTHING.after_its_fin(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// A reply to data after the close.
    confidence REPLY = 0.85;
    /// An abort for it, as some stacks do.
    confidence ABORT = 0.6;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| reset.sender_fin_before)?;
    let after = s(reset.time.saturating_sub(reset.sender_fin_time.get()?));
    let before = refused_before(case, reset);
    let shaped = reset.trigger == Some(Trigger::Data)
        || (reset.trigger == Some(Trigger::Fin)
            && (reset.trigger_payload > 0 || data_refused(case, reset)))
        || (before.is_some() && data_refused(case, reset));
    let c = case.connection;
    let peer_sent = c.side(reset.sender.peer());
    // Some stacks (gVisor) abort instead of replying when data comes after the close: one round
    // trip later at most, and without having taken the data.
    let refused = reset.peer_bytes_unacked > 0 || reset.window == 0;
    let abort = reset.form == Some(Form::Abort)
        && refused
        && c.first_fin_by == Some(reset.sender)
        && reset
            .since_peer_data
            .get()
            .is_some_and(|since| since <= c.reply_time() && s(since) < after)
        && c.bytes_after_first_fin[reset.sender.peer()] > 0;
    let in_time = shaped && after <= case.parameters.fin_wait_2_s;
    if !in_time && !abort {
        return None;
    }
    Some(
        Finding::new(if shaped { REPLY } else { ABORT })
            .with_some(met(before.unwrap_or(reset)))
            .with(Evidence::count(
                "bytes_after_fin",
                c.bytes_after_first_fin[reset.sender.peer()]
                    .min(peer_sent.unique_bytes)
                    .max(peer_sent.unacked()),
            ))
            .with(Evidence::of("reset_answers_data").at(reset.packet)),
    )
}

/// When the data that a reset answers passed the FIN of its sender: after it, or on their way already.
fn met(answer: &Teardown) -> Option<Evidence> {
    let since = answer.turnaround.get().or(answer.since_peer_data.get())?;
    let after = answer.time.saturating_sub(since).saturating_sub(answer.sender_fin_time.get()?);
    let evidence = if after < 0 {
        Evidence::time("data_before_fin_s", after.saturating_neg())
    } else {
        Evidence::time("data_after_fin_s", after)
    };
    Some(evidence.maybe_at(answer.trigger_packet.get()))
}

/// An earlier reset answers data that crossed the FIN, with their old number, where the one that is
/// obeyed answers what acknowledged the FIN.
fn refused_before<'a>(case: &Case<'a>, reset: &Teardown) -> Option<&'a Teardown> {
    if reset.trigger != Some(Trigger::Ack) {
        return None;
    }
    let trip = case.connection.reply_time();
    case.resets().take_while(|other| other.packet < reset.packet).find(|other| {
        other.sender == reset.sender
            && other.sender_fin_before
            && other.trigger == Some(Trigger::Data)
            && reset.time.saturating_sub(other.time) <= trip
    })
}

/// The data before the FIN that the reset answers were never acknowledged, and what crossed the
/// close neither: the first of several resets answers them.
fn data_refused(case: &Case<'_>, reset: &Teardown) -> bool {
    case.side(reset.sender.peer()).unacked() > 0
}
