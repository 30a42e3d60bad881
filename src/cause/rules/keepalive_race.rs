use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "keepalive_race",
    class: Class::Abort,
    summary: "The server closed an idle connection just as the client sent its next request; the \
           request was lost.",
    wire: "The server's FIN after a second or more of silence, then a request of the client \
           that crossed it or came within a round trip, answered by a reply reset.",
    reference: "RFC 9112 section 9.5",
    next: "Let the client's idle limit be shorter than the server's, or make it retry.",
    examples: &["> S, < S., > ., > P. 80, < P. 300, > ., < F. +5s, > P. 80 ack=-1 +2ms, < R +10ms"],
    near_misses: &[(
        "> S, < S., > ., > P. 80, < P. 300, > ., < F. +5ms, > . , > P. 80 +2s, < R +10ms",
        "data_after_close",
    )],
    twins: &[],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| {
        reset.sender == Side::Server
            && reset.trigger == Some(Trigger::Data)
            && reset.sender_fin_before
    })?;
    let c = case.connection;
    let fin = reset.sender_fin_time.get()?;
    let idle = c.idle_before_fin.get().filter(|_| c.first_fin_by == Some(Side::Server))?;
    let request = reset.time.saturating_sub(reset.turnaround.get()?).saturating_sub(fin);
    let client = c.side(Side::Client);
    let round_trip = c.min_rtt().unwrap_or(0).max(client.max_rtt).max(20_000_000);
    let crossed = reset
        .trigger_relative_ack
        .get()
        .is_some_and(|ack| c.side(Side::Server).fin.is_some_and(|fin| ack <= fin.at.cast_signed()));
    if s(idle) < case.parameters.idle_s || !(crossed || request <= round_trip) {
        return None;
    }
    Some(
        Finding::new(if crossed { 0.85 } else { 0.7 })
            .with(Evidence::time("idle_before_fin_s", idle))
            .with(
                Evidence::time("request_after_fin_s", request).maybe_at(reset.trigger_packet.get()),
            )
            .with(Evidence::of("reset_answers_request").at(reset.packet)),
    )
}
