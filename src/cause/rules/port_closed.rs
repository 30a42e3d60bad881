use super::prelude::*;
use crate::cause::HostFacts;

pub(super) const RULE: Rule = Rule {
    name: "port_closed",
    class: Class::Refused,
    summary: "Nothing listens at the server's port: its host answers the SYN with a reset.",
    wire: "The responder's only segments are resets that acknowledge the SYN (sequence number 0 or \
           none of its own, window 0, no options). Not when the same port was open elsewhere in \
           the capture, nor when TTL or round trip are not the host's.",
    reference: "RFC 9293 section 3.10.7.1; article, RST case 1",
    next: "Is the service running, and does it listen on this address (ss -lnt at the server)?",
    examples: &["> S, < R.", "> S, < R., > S again +500ms, < R."],
    near_misses: &[("> S, < S., > ., < R", "accept_queue_overflow_reset")],
    twins: &[
        (
            "rejected_by_firewall",
            "a host's own firewall answers with the same bytes as its closed port",
        ),
        ("intermittent_refusal", "the port may have been open before or after the capture"),
    ],
    applies: Applies::Reset,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeRefused]).by(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// A refusal as the host makes them.
    confidence PLAIN = 0.9;
    /// One that is not quite like it.
    confidence ODD = 0.7;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = refusal(case)?;
    let attempts = case.side(Side::Client).syns;
    // Where the host is known and the reset is not quite like it, it may be somebody else's.
    let host = case.context.host(case.connection.addresses.server);
    let apart = host.is_some_and(|host| {
        let hops = crate::conn::hops(reset.ttl);
        !(host.hops_low..=host.hops_high).contains(&hops)
    });
    let unlabelled =
        host.is_some_and(|host| super::rejected_by_firewall::unlabelled(case, reset, host));
    // Linux before 4.18 numbers its resets too.
    let numbered =
        host.is_some_and(HostFacts::refuses_like_linux) && reset.ip_id.is_some_and(|id| id != 0);
    let plain = reset.reply_shape && !(apart || unlabelled || numbered);
    Some(
        Finding::new(if plain { PLAIN } else { ODD })
            .with(Evidence::of("reset_acknowledges_syn").at(reset.packet))
            .with(Evidence::count("attempts", u64::from(attempts)))
            .with_some(reset.turnaround.get().map(|t| Evidence::time("answer_s", t))),
    )
}
