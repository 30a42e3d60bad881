use super::prelude::*;
use crate::cause::context::{Attempt, the_only};
use crate::conn::Moment;

pub(super) const RULE: Rule = Rule {
    name: "nat_bypassed",
    class: Class::Abort,
    summary: "An answer went past the address translator: it came from the address behind it, \
           where the client has no connection.",
    wire: "The same client port and sequence numbers are in the capture with another server \
           address: the client resets what comes from the one (a SYN-ACK, or data in \
           mid-connection), and the other gets no answer, hangs or is reset. Or a host's reset \
           answers data that it had acknowledged before, and the host goes on: the translator took \
           the segment for its own.",
    reference: "kubernetes #122174 (hairpin), #74839 and moby/libnetwork #1090 (conntrack INVALID)",
    next: "Look for conntrack INVALID (drop it, or set nf_conntrack_tcp_be_liberal), hairpin mode \
           and bridge-nf-call-iptables.",
    examples: &[
        "> S server=9 isn=7, > S server=7 isn=7 +100us, < S. +50us, > R +50us, \
         > S server=9 again +1s",
        "> S, < S., > ., > P. 80, < P. 1000, < P. 1000, < P. 1000, > ., < P. 1000 seq=#1 +50ms, > \
             R +30us, < P. 1000, > . +1ms, < P. 1000, > . +1ms, < P. 1000, > . +1ms, < R +12ms",
        "> S, < S., > ., > P. 80, < P. 300, > ., < P. 500 server=7 seq=#301 ack=#81 +1ms, > R",
        // A pod whose port is above the client's, and the connection that dies of the reset.
        "> S, < S., > ., > P. 80, < P. 300, > ., < P. 500 server=7 service=50443 seq=#1 ack=#81 \
             +1ms, > R +1ms, > P. 80 server=1 service=443 +1s, < R +1ms",
        // Begun before the capture.
        "> P. 80, < P. 300, > ., < P. 500 server=7 seq=#301 ack=#81 +1ms, > R +1ms, > P. 80 \
             server=1 +1s, > P. 80 again +1s, > P. 80 again +2s, > P. 80 again +4s, > S port=9 \
             +90s",
    ],
    near_misses: &[
        // Both sides of a translator that works.
        (
            "> S server=9 isn=7, > S server=7 isn=7 +100us, < S. +50us, < S. server=9 +50us, > ., \
             > . server=7, < R., < R. server=9",
            "application_abort",
        ),
        // The SYNs have nothing in common.
        ("> S server=9 isn=7, > S server=7 isn=8 +1ms, < S. +50us, > R +50us", "undetermined"),
        // The same SYN half a second later is another one.
        (
            "> S server=9 isn=7, > S server=7 isn=7 +500ms, < S. +150ms, > R +50us",
            "client_handshake_timeout",
        ),
        // A scanner's SYN, to many.
        (
            "> S server=9 isn=7, > S server=8 isn=7 +1ms, > S server=7 isn=7 +1ms, < S. +50us, > R \
             +50us",
            "syn_scan",
        ),
        (
            "> S bare nots server=9 isn=7, > S bare nots server=7 isn=7 +1ms, < S. +50us, > R \
             +50us",
            "undetermined",
        ),
        // Numbers of no other connection.
        (
            "> S, < S., > ., > P. 80, < P. 300, > ., < P. 500 server=7 seq=#301 ack=#500 +1ms, > R",
            "no_socket",
        ),
        // A live host answers what it had before by an acknowledgment; this one is gone.
        ("> S, < S., > ., > P. 80, < P. 300, > ., < P. 300 again +300ms, > R +1ms", "no_socket"),
    ],
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING.unless_reset(&[Ending::HandshakeUnanswered, Ending::PeerUnresponsive]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The client resets the answer of an address that it never asked.
    confidence HANDSHAKE = 0.8;
    /// The SYN whose answers come from another address.
    confidence UNANSWERED = 0.75;
    /// A segment of a connection that its receiver has with another address.
    confidence STRAY = 0.8;
    /// The connection to which that segment belonged.
    confidence DRAGGED = 0.65;
    /// A reset for data that had been acknowledged, of a host that goes on.
    confidence OLD = 0.65;
    /// Twins in mid-connection begin within this time.
    window MID_STREAM_S = 1.0;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    handshake(case)
        .or_else(|| unanswered(case))
        .or_else(|| stray(case))
        .or_else(|| dragged(case))
        .or_else(|| old(case))
}

/// The same SYN with another destination, at the same time. A scanner uses its numbers for many.
fn twin<'a>(case: &Case<'a>) -> Option<&'a Attempt> {
    let c = case.connection;
    let client = c.side(Side::Client);
    if client.syns > 0 && only_mss(case) {
        return None;
    }
    let within = if client.syns > 0 { case.parameters.translated_s } else { MID_STREAM_S };
    let twin = the_only(case.context.twins(c))?;
    (s(twin.start.saturating_sub(c.start)).abs() <= within).then_some(twin)
}

/// The client resets a SYN-ACK of an address that it never asked.
fn handshake(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let reset = case.reset.filter(|reset| reset.sender == Side::Client)?;
    let syn_ack = c.syn_ack?;
    if c.handshake_time.is_some() || c.ending == Ending::Reset {
        return None;
    }
    // Were it the translator's other side, the twin would be answered as well.
    let twin = twin(case).filter(|twin| twin.completed == Moment::NONE)?;
    Some(
        Finding::new(HANDSHAKE)
            .with(Evidence::of("answer_of_another_address").at(syn_ack.packet))
            .with(Evidence::of("client_resets_it").at(reset.packet))
            .with(Evidence::count("asked_in_connection", twin.id)),
    )
}

/// The SYN whose answers come from another address.
fn unanswered(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::HandshakeUnanswered || case.reset.is_some() {
        return None;
    }
    let twin = twin(case).filter(|twin| twin.abandoned)?;
    Some(
        Finding::new(UNANSWERED)
            .with(Evidence::of("syn").at(c.first_packet))
            .with(Evidence::count("answered_in_connection", twin.id)),
    )
}

/// A segment of a connection that its receiver has with another address.
fn stray(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let reset = case.reset_of(Form::Reply)?;
    let other = case.context.bypassed(c)?;
    Some(
        Finding::new(STRAY)
            .with(Evidence::of("segment_of_another_connection").at(c.first_packet))
            .with(Evidence::of("its_receiver_resets_it").at(reset.packet))
            .with(Evidence::count("belongs_to_connection", other)),
    )
}

/// The connection to which that segment belonged: the reset for it reached its sender, which has
/// no socket any more.
fn dragged(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let answered = case.reset_of(Form::Reply).is_some_and(|reset| {
        reset.sender == Side::Server && !reset.sender_fin_before && !reset.sender_rst_before
    });
    let silent = case.reset.is_none() && c.ending == Ending::PeerUnresponsive;
    if !answered && !silent {
        return None;
    }
    let stray = case.context.bypass_of(c)?;
    Some(
        Finding::new(DRAGGED)
            .with_some(case.reset.map(|reset| Evidence::of("reset").at(reset.packet)))
            .with(Evidence::count("segment_went_past_in_connection", stray.id)),
    )
}

/// A reset for data that had been acknowledged, of a host that goes on: a socket that lives would
/// have acknowledged them once more.
fn old(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset_of(Form::Reply).filter(|reset| reset.trigger_old)?;
    // Two may stand out of order in a capture of several queues.
    let goes_on = reset.sender_after > 2 && !reset.sender_fin_before && !reset.sender_rst_before;
    (goes_on && case.established()).then(|| {
        Finding::new(OLD)
            .with(Evidence::of("answers_old_data").maybe_at(reset.trigger_packet.get()))
            .with(Evidence::of("reset").at(reset.packet))
            .with(Evidence::count("its_host_goes_on", u64::from(reset.sender_after)))
            .by_third_party()
    })
}
