use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "old_duplicate_syn",
    class: Class::Abort,
    summary: "An old SYN of the same ports arrived late; the server answered it, and the client \
           reset that answer.",
    wire: "The SYN-ACK acknowledges the initial sequence number of an earlier SYN of these \
           addresses and ports; the client's reset repeats it. The real SYN may be refused \
           although the port is open.",
    reference: "RFC 9293 section 3.5, figure 9",
    next: "None, where it is rare. Where it is frequent, compare captures at both ends: what on \
           the path duplicates or delays packets?",
    examples: &["> S isn=500, > S isn=1000 +5ms, < S. isn=9 ack=#-499, > R"],
    near_misses: &[],
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING.unless_reset(&[Ending::HandshakeIncomplete]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The answer acknowledges an earlier SYN of these ports.
    confidence NUMBERED = 0.8;
    /// The server held another SYN, and refused this one.
    confidence HELD = 0.65;
    /// Another SYN took its place before it opened.
    confidence REPLACED = 0.5;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let client = c.side(Side::Client);
    let extra = c.extra();
    let earlier = extra.and_then(|extra| extra.earlier_isn);
    let Some(reset) = case.reset else {
        let replaced = c.superseded && c.ending == Ending::HandshakeIncomplete;
        return replaced.then(|| {
            Finding::new(REPLACED).with(Evidence::of("replaced_by_another_syn").at(c.last_packet))
        });
    };
    let refused = c.ending == Ending::HandshakeRefused;
    let syn_acks = [c.syn_ack, extra.and_then(|extra| extra.second_syn_ack)];
    let odd = syn_acks.into_iter().flatten().find(|syn_ack| syn_ack.ack_offset != 0);
    if let (Some(syn_ack), Some(isn)) = (odd, earlier) {
        let offset = i64::from(isn.wrapping_sub(client.base.0).cast_signed());
        if syn_ack.ack_offset == offset && (reset.sender == Side::Client || refused) {
            return Some(
                Finding::new(NUMBERED)
                    .with(Evidence::difference("ack_offset", offset).at(syn_ack.packet))
                    .with(Evidence::of("acknowledges_an_earlier_syn").at(syn_ack.packet))
                    .with(Evidence::of("reset").at(reset.packet)),
            );
        }
    }
    // A listener that still holds the old SYN refuses the real one although the port is open.
    let held = refused && (odd.is_some() || extra.is_some_and(|e| e.earlier_in_handshake));
    held.then(|| {
        Finding::new(HELD)
            .with(Evidence::of("server_held_another_syn").maybe_at(odd.map(|o| o.packet)))
            .with(Evidence::of("reset_acknowledges_syn").at(reset.packet))
    })
}
