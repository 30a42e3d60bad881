use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "retransmission_timeout",
    summary: "One side's retransmissions went unanswered: the path or the peer died silently.",
    wire: "At least three unanswered retransmissions or probes of one side, then silence; a \
           reset, if any, is only the peer's reply to something later.",
    reference: "RFC 9293 section 3.8.3 (R2), RFC 1122 section 4.2.3.5, RFC 5482",
    next: "When was the peer last heard? Look for a path or device failure at that moment.",
    examples: &["> S, < S., > ., > P. 10, > P. 10 again +1s, > P. 10 again +2s, > P. 10 again +4s"],
    near_misses: &[],
    twins: &[],
    applies: Applies::Any,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let (side, run, packet) = match case.reset {
        Some(reset) => {
            let run = reset.retransmission_run;
            let peer_run = c.side(reset.sender.peer());
            let late = reset.form == Some(Form::Reply) || run > 0;
            let gave_up = f64::from(run) >= case.parameters.retransmission_run;
            let long = |e: &crate::conn::Endpoint| {
                f64::from(e.longest_run) >= case.parameters.retransmission_run && e.unacked() > 0
            };
            let gave_up =
                gave_up || (reset.form == Some(Form::Reply) && long(case.side(reset.sender)));
            let answered = reset.form == Some(Form::Reply) && long(peer_run);
            if !late || !(gave_up || answered) {
                return None;
            }
            let side = if gave_up { reset.sender } else { reset.sender.peer() };
            (side, run.max(case.side(side).longest_run), Some(reset.packet))
        }
        None => {
            if c.ending != Ending::PeerUnresponsive {
                return None;
            }
            let side = [Side::Client, Side::Server]
                .into_iter()
                .max_by_key(|&side| c.side(side).retransmission_run + c.side(side).probe_run)?;
            (side, c.side(side).retransmission_run + c.side(side).probe_run, None)
        }
    };
    let endpoint = c.side(side);
    Some(
        Finding::new(if packet.is_some() { 0.65 } else { 0.75 })
            .with(Evidence::count("unanswered_retransmissions", u64::from(run)).maybe_at(packet))
            .with(Evidence::time(
                "tried_for_s",
                endpoint.last_time.saturating_sub(endpoint.run_since),
            ))
            .with(Evidence::count("unacknowledged_bytes", endpoint.unacked())),
    )
}
