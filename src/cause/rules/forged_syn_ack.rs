use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "forged_syn_ack",
    class: Class::Suspicious,
    summary: "Somebody else answered the SYN: the SYN-ACK does not fit and is not the server's, \
           so the client reset it.",
    wire: "A mismatching SYN-ACK, and: a second one with the right number follows, or its \
           TTL, window or options are not those of the server's own segments. Or two SYN-ACKs to \
           one SYN, both with the right number, with different initial numbers and with another \
           TTL, window or options: the client believes the first, and the server resets what the \
           client says to it.",
    reference: "RFC 9293 section 3.10.7.3; article, RST case 3 (hijack)",
    next: "Find the injector: compare TTL and hardware address, capture nearer to the server.",
    examples: &[
        "> S, < S. ack=+776 ttl=50, > R, > S again +15ms, < S. isn=7000, > ., > P. 5, < .",
        "> S, < S. isn=9000 ttl=120 nots +5ms, > . nots +20us, < S. isn=77000 ttl=55 +90ms, > . \
             again +20us, < R ttl=55 +15ms, < R ttl=55 +80ms",
    ],
    near_misses: &[(
        "> S isn=500, > S isn=1000 +5ms, < S. isn=9 ack=#-499, > R",
        "old_duplicate_syn",
    )],
    twins: &[(
        "syn_ack_mismatch",
        "a server that lost its state may also answer with a number that does not fit",
    )],
    applies: Applies::Reset,
    needs: Needs::NOTHING.odd_syn_ack(),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The two answers differ in routers and in options or window.
    confidence TWO_SIGNS = 0.8;
    /// They differ in one of these.
    confidence ONE_SIGN = 0.7;
    /// The answer has another number than the SYN's: without any sign.
    confidence MISMATCHED = 0.5;
    /// And what each sign adds.
    weight SIGN = 0.1;
    /// At most.
    confidence MOST = 0.8;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    stolen(case).or_else(|| mismatched(case))
}

/// Two answers to one SYN, both with its number and each with an initial number of its own: the
/// client believes the first, and the server resets what the client says to it.
fn stolen(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let first = c.syn_ack.filter(|first| first.ack_offset == 0)?;
    let extra = c.extra()?;
    let second = extra.second_syn_ack.filter(|second| {
        extra.second_unasked && second.ack_offset == 0 && second.sequence != first.sequence
    })?;
    let answers = [first, second].map(|one| one.sequence.wrapping_add(1));
    let reset = case.reset.filter(|reset| {
        reset.sender == Side::Server
            && reset.form == Some(Form::Reply)
            && answers.contains(&reset.sequence.0)
    })?;
    let far = first.ttl.abs_diff(second.ttl) > 1;
    let other = second.options != first.options || second.window != first.window;
    if !far && !other {
        return None;
    }
    let delta = i64::from(first.ttl) - i64::from(second.ttl);
    Some(
        Finding::new(if far && other { TWO_SIGNS } else { ONE_SIGN })
            .with(Evidence::of("first_syn_ack").at(first.packet))
            .with(Evidence::of("second_syn_ack_with_another_number").at(second.packet))
            .with_some(far.then(|| Evidence::difference("ttl_delta", delta).at(first.packet)))
            .with_some(other.then(|| Evidence::of("options_or_window_differ").at(first.packet)))
            .with(Evidence::of("reset_of_what_was_acknowledged").at(reset.packet)),
    )
}

/// The answer had another number than the SYN's.
fn mismatched(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| reset.sender == Side::Client)?;
    let finding = super::syn_ack_mismatch::mismatch(case, reset)?;
    let c = case.connection;
    let first = c.syn_ack?;
    let second = c.extra().and_then(|extra| extra.second_syn_ack);
    let server = c.side(Side::Server);
    let host = case.context.host(c.addresses.server);
    let mut signs = Vec::new();
    if let Some(second) =
        second.filter(|second| (second.ack_offset == 0) != (first.ack_offset == 0))
    {
        signs.push(Evidence::of("second_syn_ack_fits").at(second.packet));
        if second.ttl != first.ttl {
            let delta = i64::from(first.ttl) - i64::from(second.ttl);
            signs.push(Evidence::difference("ttl_delta", delta).at(first.packet));
        }
        if second.options != first.options || second.window != first.window {
            signs.push(Evidence::of("options_or_window_differ").at(first.packet));
        }
    }
    let far =
        |low: u8, high: u8| first.ttl.saturating_add(1) < low || first.ttl > high.saturating_add(1);
    if server.ttl.first != 0 && far(server.ttl.low, server.ttl.high) {
        signs.push(Evidence::of("ttl_is_not_the_servers").at(first.packet));
    } else if host.is_some_and(|host| host.connections > 1 && far(host.ttl_low, host.ttl_high)) {
        signs.push(Evidence::of("ttl_is_not_the_hosts").at(first.packet));
    }
    if signs.is_empty() {
        return None;
    }
    let base =
        (MISMATCHED + SIGN * f64::from(u8::try_from(signs.len()).unwrap_or(u8::MAX))).min(MOST);
    let mut forged = Finding::new(base);
    forged.evidence = finding.evidence;
    forged.evidence.extend(signs);
    Some(forged)
}
