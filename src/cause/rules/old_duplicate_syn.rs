use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "old_duplicate_syn",
    summary: "An old SYN of the same ports arrived late; the server answered it, and the client \
           reset that answer.",
    wire: "The SYN-ACK acknowledges the initial sequence number of an earlier SYN of these \
           addresses and ports; the client's reset repeats it. The real SYN may be refused \
           although the port is open.",
    reference: "RFC 9293 section 3.5, figure 9",
    next: "A delayed or duplicated packet in the network; rarely a problem by itself.",
    examples: &["> S isn=500, > S isn=1000 +5ms, < S. isn=9 ack=#-499, > R"],
    near_misses: &[],
    twins: &[],
    applies: Applies::Reset,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset?;
    let c = case.connection;
    let extra = c.extra()?;
    let isn = extra.earlier_isn?;
    let client = c.side(Side::Client);
    let offset = i64::from(isn.wrapping_sub(client.base.0).cast_signed());
    let syn_ack = [c.syn_ack, extra.second_syn_ack]
        .into_iter()
        .flatten()
        .find(|syn_ack| syn_ack.ack_offset != 0 && syn_ack.ack_offset == offset)?;
    let answers = reset.sender == Side::Client || c.ending == Ending::HandshakeRefused;
    answers.then(|| {
        Finding::new(0.8)
            .with(Evidence::difference("ack_offset", syn_ack.ack_offset).at(syn_ack.packet))
            .with(Evidence::of("acknowledges_an_earlier_syn").at(syn_ack.packet))
            .with(Evidence::of("reset").at(reset.packet))
    })
}
