use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "no_socket",
    class: Class::Abort,
    summary: "The peer had lost the connection: restarted, failed over, or closed without a word \
           that got through.",
    wire: "A reply reset in mid-connection to an ordinary segment, without a FIN or reset of \
           its sender before. After a silence of {state_idle_s} that no connection of the service \
           outlived it may be a box between that has forgotten, and right after a handshake a \
           balancer without a backend.",
    reference: "RFC 9293 section 3.10.7.1",
    next: "Did the host or process restart, or a cluster fail over? Was a reset of it lost on \
           the way?",
    examples: &[
        "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +3s, < R +1ms",
        "> P. 80, < R +1ms",
    ],
    near_misses: &[("> S, < S., > ., > P. 80, < R. +10ms", "abort_unread_data")],
    twins: &[
        ("accept_queue_overflow_reset", "right after the handshake the two look alike"),
        ("idle_timeout_reset", "a box that forgot the connection answers as a restarted peer does"),
        ("nat_state_lost", "without link addresses the two look alike"),
    ],
    applies: Applies::Reset,
    needs: Needs::NOTHING.form(Form::Reply).ending(&[
        Ending::Reset,
        Ending::ResetAfterFin,
        Ending::Stray,
    ]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// After a silence, in which a host may have lost it.
    confidence AFTER_SILENCE = 0.7;
    /// Without one.
    confidence IN_USE = 0.6;
    /// Its sender had spoken a moment before: some stacks abort so.
    confidence ALIVE = 0.45;
    /// It was open before the capture began: what else may have ended it before is not seen.
    weight BEGAN_BEFORE = -0.1;
    /// Such a silence.
    window SILENCE_S = 1.0;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case
        .reset_of(Form::Reply)
        .filter(|reset| !reset.sender_fin_before && !reset.sender_rst_before)?;
    let c = case.connection;
    if !matches!(c.ending, Ending::Reset | Ending::ResetAfterFin | Ending::Stray)
        || !case.established()
    {
        return None;
    }
    let handshake = reset.relative_sequence.get() == Some(1)
        && reset.trigger == Some(Trigger::Ack)
        && c.side(reset.sender).unique_bytes == 0
        && c.opening == Opening::Syn
        && reset.idle.get().is_none_or(|idle| s(idle) < case.parameters.idle_s);
    let stray = reset.trigger_relative_ack.get().is_some_and(|ack| {
        let endpoint = c.side(reset.sender);
        ack > endpoint.max_end.max(endpoint.acked).cast_signed() && endpoint.spoke()
    });
    if handshake || stray {
        return None;
    }
    // The acknowledgment or FIN that follows what it had just sent: its socket was there a moment
    // ago, and some stacks abort without ACK.
    let alive = matches!(reset.trigger, Some(Trigger::Ack | Trigger::Fin))
        && reset.sender_idle.get().is_some_and(|idle| idle <= c.reply_time());
    let confidence = match reset.idle.get() {
        _ if alive => ALIVE,
        Some(idle) if s(idle) >= SILENCE_S => AFTER_SILENCE,
        _ => IN_USE,
    };
    // A box between has forgotten it as likely, after a silence that no connection of this service
    // is known to have outlived.
    let elsewhere = case.context.service(c).map_or(0, |service| service.survived);
    let outlived = c.silence.survived.max(elsewhere);
    let forgotten = reset
        .idle
        .get()
        .is_some_and(|idle| s(idle) >= case.parameters.state_idle_s && idle > outlived);
    // Nor has a host lost what it has just opened, as a balancer without a backend seems to.
    let sender = c.side(reset.sender);
    let proxy = sender.syn_acks > 0 && sender.alive == sender.syn_acks;
    let unseen = if c.opening == Opening::MidStream { BEGAN_BEFORE } else { 0.0 };
    let finding = Finding::new(confidence + unseen)
        .with(Evidence::of("reset_answers_ordinary_segment").at(reset.packet))
        .with(Evidence::of("trigger").maybe_at(reset.trigger_packet.get()))
        .with_some(reset.idle.get().map(|idle| Evidence::time("idle_s", idle)))
        .with_some(reset.sender_idle.get().map(|idle| Evidence::time("sender_last_heard_s", idle)));
    Some(if forgotten || proxy { finding.as_stated() } else { finding })
}
