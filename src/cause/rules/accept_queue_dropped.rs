use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "accept_queue_dropped",
    class: Class::Refused,
    summary: "The listener was closed with connections still waiting to be accepted; its host \
           reset them.",
    wire: "An abort by the server soon after the handshake, without any payload of its own, \
           at the same instant as at least one other connection of that listener.",
    reference: "Linux inet_csk_listen_stop",
    next: "Did the service stop or restart at that moment?",
    examples: &[],
    near_misses: &[],
    twins: &[(
        "application_abort",
        "a single connection of a closed listener looks like one that was aborted",
    )],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset_of(Form::Abort).filter(|reset| reset.sender == Side::Server)?;
    let c = case.connection;
    if c.side(Side::Server).unique_bytes > 0 || c.handshake_time.is_none() {
        return None;
    }
    let burst = case.parameters.burst_s;
    let service = case.context.service(c)?;
    let same = service.aborted_around(reset.time, burst);
    (same >= 2).then(|| {
        Finding::new(if same >= 3 { 0.75 } else { 0.65 })
            .with(Evidence::of("abort_without_own_payload").at(reset.packet))
            .with(Evidence::count("reset_at_the_same_instant", same as u64))
    })
}
