use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "half_open_discovered",
    class: Class::Abort,
    summary: "The client had lost a connection on these ports that the server still held open: it \
           challenged the SYN, and the client reset the old one.",
    wire: "A SYN answered by a plain acknowledgment of other numbers; the client's reset repeats \
           that number; the same SYN comes again. Not when a FIN had closed the old connection \
           (see port_reuse_collision). A connection that is replaced by a SYN while it was open \
           was lost so.",
    reference: "RFC 9293 section 3.5.1, RFC 5961 section 4.2",
    next: "Look for the client's earlier connection on these ports: did the client restart, or \
           lose its state?",
    examples: &[
        "> S, < . ack=#5000, > R +1ms, > S again +1s, < S., > ., > P. 5, < .",
        "> S, < S., > ., > P. 5, < ., > S isn=90000 +9s, < . seq=#1 ack=#-88994, > R +1ms",
    ],
    near_misses: &[
        // The connection then worked: what it met in its handshake is not why it ended.
        (
            "> S, < . ack=#5000, > R +1ms, > S again +1s, < S., > ., > P. 5, < P. 5, > ., > F. \
             +40s, < F., > .",
            "client_close",
        ),
        ("> S, < . ack=#5000, > R +1ms", "port_reuse_collision"),
    ],
    twins: &[(
        "port_reuse_collision",
        "whether the old connection had been closed is only known where it was captured",
    )],
    applies: Applies::Any,
    needs: Needs::NOTHING.unless_reset(&[Ending::Superseded]).by(Side::Client),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The acknowledgment is that of the earlier connection.
    confidence KNOWN = 0.85;
    /// It is not, and the client tried again at once.
    confidence RETRIED = 0.75;
    /// The earlier one was not seen, and the retry was answered.
    confidence UNSEEN = 0.65;
    /// A new connection took its ports while it was open.
    confidence REPLACED = 0.65;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if case.reset.is_none() {
        let replaced = c.ending == Ending::Superseded && c.first_fin_by.is_none();
        return replaced.then(|| {
            Finding::new(REPLACED).with(Evidence::of("replaced_while_open").at(c.last_packet))
        });
    }
    let extra = c.extra()?;
    let (packet, position) = extra.challenge_to_syn?;
    let reset = challenge_reset(case, packet, position)?;
    let retry = extra.syn_retry_after_reset;
    let base = match extra.left {
        Some(left) if left.fins != BySide::both(false) => return None,
        Some(left) if repeats_the_old(case, left, position) => KNOWN,
        Some(_) if retry.is_some() => RETRIED,
        None if retry.is_some() && c.good_syn_ack_time.is_some() => UNSEEN,
        _ => return None,
    };
    Some(
        Finding::new(base)
            .with(Evidence::of("syn_answered_by_plain_ack").at(packet))
            .with(Evidence::of("reset_repeats_that_number").at(reset.packet))
            .with_some(
                extra.left.map(|left| Evidence::of("earlier_connection_last_seen").at(left.packet)),
            )
            .with_some(retry.map(|retry| Evidence::time("syn_retry_s", retry))),
    )
}
