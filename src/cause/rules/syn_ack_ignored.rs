use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "syn_ack_ignored",
    class: Class::Refused,
    summary: "The server's answer came and the client took no notice of it: its checksum or its \
           number was wrong.",
    wire: "SYN-ACKs and no reset, and the client repeats its SYN as if nothing had come. Either \
           the checksum of the SYN-ACK is wrong while that of the SYN is right, or it acknowledges \
           a number that the client never sent. (With a wrong number most hosts answer by a \
           reset.)",
    reference: "RFC 9293 sections 3.1 and 3.10.7.3",
    next: "Who builds the SYN-ACK: a raw socket, an XDP program, a box that rewrites headers and \
           leaves the checksum? Look at InCsumErrors (nstat) at the client.",
    examples: &[
        "> S, < S. ack=+5, > S again +1s, < S. again +10ms, > S again +2s, < S. again +10ms",
    ],
    near_misses: &[
        ("> S, < S. ack=+5, > R, > S again +15ms, < S. again, > R", "syn_ack_mismatch"),
        (
            "> S, < S., > S again +1s, < S. again +10ms, > S again +2s, < S. again",
            "syn_ack_unanswered",
        ),
        ("> S, < S. ack=+5", "undetermined"),
    ],
    twins: &[],
    applies: Applies::Attempt,
    needs: Needs::NOTHING.ending(&[Ending::HandshakeIncomplete]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// It does not acknowledge the SYN.
    confidence MISMATCHED = 0.75;
    /// Its checksum is wrong.
    confidence DAMAGED = 0.8;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if case.reset.is_some() || c.ending != Ending::HandshakeIncomplete {
        return None;
    }
    let first = c.syn_ack?;
    let client = c.side(Side::Client);
    if client.syns < 2 || client.rsts > 0 || client.last_time <= first.time {
        return None;
    }
    let syns = Evidence::count("syns", u64::from(client.syns)).at(c.first_packet);
    if first.ack_offset != 0 && c.good_syn_ack_time.is_none() {
        return Some(
            Finding::new(MISMATCHED)
                .with(Evidence::difference("ack_offset", first.ack_offset).at(first.packet))
                .with(syns),
        );
    }
    let damaged = c.extra().filter(|extra| extra.sound_syn).map_or(0, |e| e.damaged_syn_acks);
    (damaged > 0).then(|| {
        Finding::new(DAMAGED)
            .with(Evidence::count("syn_acks_with_a_wrong_checksum", u64::from(damaged)))
            .with(Evidence::of("syn_ack_came").at(first.packet))
            .with(syns)
    })
}
