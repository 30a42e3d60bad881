use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "fin_wait2_expired",
    class: Class::Abort,
    summary: "A side had closed and its host stopped waiting for the peer's FIN; what came later \
           was reset.",
    wire: "A FIN that was acknowledged, silence, and a reply reset to the peer's data or FIN when \
           the closer's state had expired ({fin_wait_2_s} by Linux's default; a bare FIN is \
           refused by nothing else).",
    reference: "Linux tcp_fin_timeout, TCP_LINGER2; RFC 9293 section 3.6",
    next: "Look in the log of the peer's application for why it closed so late; ss -tn state \
           close-wait lists the sockets that it has not closed.",
    examples: &[
        "> S, < S., > ., > F., < ., < P. 5 +70s, > R +1ms",
        "> S, < S., > ., > F., < ., < F. +5s, > R +1ms",
        "> S, < S., > ., > P. 80, < P. 300, > F., < ., > R nots win=0 +3s",
        "> S, < S., > ., > P. 80, < P. 300, > F., < ., > R ts win=502 +3s",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 80, < P. 300, > F., < ., > R. +3s", "application_abort"),
        ("> S, < S., > ., > P. 80, < P. 300, > F., < ., > R ts win=502 +1s", "application_abort"),
        ("> S, < S., > ., > F., < ., < P. 5 +20ms, > R +1ms", "data_after_close"),
    ],
    twins: &[],
    applies: Applies::Reset,
    needs: Needs::NOTHING.after_its_fin(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Long enough after the FIN, or in answer to a bare FIN.
    confidence EXPIRED = 0.65;
    /// In answer to an acknowledgment, or unasked.
    confidence SOONER = 0.55;
    /// A stack that resets by itself does so after such a silence.
    window UNASKED_S = 2.0;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| reset.sender_fin_before)?;
    let unasked = unasked(case, reset);
    if reset.form != Some(Form::Reply) && !unasked {
        return None;
    }
    let after = s(reset.time.saturating_sub(reset.sender_fin_time.get()?));
    let acked = case.side(reset.sender).fin.is_some_and(|fin| fin.acked_at.get().is_some());
    let late = after >= case.parameters.fin_wait_2_s;
    let bare_fin = reset.trigger == Some(Trigger::Fin) && reset.trigger_payload == 0;
    let bare_ack = matches!(reset.trigger, Some(Trigger::Ack | Trigger::Probe));
    if !acked || !(late || bare_fin || bare_ack || unasked) {
        return None;
    }
    let finding = Finding::new(if late || bare_fin { EXPIRED } else { SOONER })
        .with(Evidence::number("after_fin_s", after).at(reset.packet))
        .with(Evidence::of("fin_was_acknowledged"))
        .with(Evidence::of("answered").maybe_at(reset.trigger_packet.get()));
    // A program that aborts on a stack whose aborts lack an ACK, and a box whose patience with
    // half-closed connections is short, send the same.
    Some(if unasked && !late { finding.as_stated() } else { finding })
}

/// A reset that answers nothing, or an acknowledgment of long ago: picoTCP sends one by itself when it
/// has waited long enough, in a form of its own.
pub(super) fn unasked(case: &Case<'_>, reset: &Teardown) -> bool {
    let silence = match reset.trigger {
        None => reset.idle,
        Some(Trigger::Ack) => reset.turnaround,
        Some(_) => return false,
    };
    (reset.form == Some(Form::Other) || !reset.flags.ack())
        && reset.sender_fin_before
        && case.acceptable()
        && silence.get().is_some_and(|silence| s(silence) >= UNASKED_S)
}
