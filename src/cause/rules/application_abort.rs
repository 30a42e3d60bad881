use super::abort_unread_data::Held;
use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "application_abort",
    class: Class::Abort,
    summary: "The application or its host aborted the connection: SO_LINGER 0, a kill, or lack \
           of memory.",
    wire: "An abort whose sender had nothing of the peer left to read, without probes or \
           retransmissions before it.",
    reference: "RFC 9293 section 3.10.5 (ABORT); Linux tcp_disconnect, SOCK_DESTROY",
    next: "Look in the application's log; SO_LINGER with a timeout of 0 is the usual reason.",
    examples: &[
        "> S, < S., > ., > P. 80, < P. 300, > ., < R. +1s",
        "> S, < S., > ., > R.",
        "> S, < S., > ., > F., < ., > R.",
        // Without a timestamp, as macOS, iOS and Windows send it.
        "> S, < S., > ., > P. 80, < P. 300, > ., > R. nots +3s",
        "> S, < S., > ., > P. 80, < P. 300, > ., > R. nots win=0 +3s",
        // The same of a host that draws its identifications.
        "> S, < S. id=911, > ., > P. 80, < P. 300 id=41012, > ., < R. nots win=0 id=23007 +500ms",
        // Without ACK, as old Windows and small stacks close.
        "> S, < S., > ., > P. 80, < P. 300, < F., > ., > R +14ms",
        "> S, < S., > ., > P. 4, < . +2ms, > R win=502 +1ms",
        // In the middle: only a socket sends such a reset.
        "< R. ts",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 80, < ., < R. +1ms", "abort_unread_data"),
        ("> S, < S., > ., > P. 80, < P. 300, > ., > R nots ttl=60 +3s", "idle_timeout_reset"),
        ("> S, < S., > ., > P. 80, < P. 300, > ., < R +9ms", "no_socket"),
        // Of a host that answers like Linux, and would stamp it.
        ("> S, < S., > ., > P. 80, < P. 300, > ., < R. nots win=0 id=23007 +500ms", "undetermined"),
        ("< R", "undetermined"),
    ],
    twins: &[
        (
            "abort_unread_data",
            "data that its application had not read yet does not show when it had been answered \
             before",
        ),
        ("accept_queue_dropped", "a closed listener's connection is aborted in the same way"),
        ("keepalive_timeout", "an application may abort while nobody answers"),
        ("retransmission_timeout", "an application may abort while nobody answers"),
        (
            "unread_close_notify",
            "the abort leaves the goodbye unread, but may not have been made for it",
        ),
        ("health_check_probe", "a single round looks like any client that resets"),
        ("zero_window_giveup", "an application may also abort while the window is closed"),
    ],
    applies: Applies::Reset,
    needs: Needs::NOTHING,
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Nothing of the peer was left to read.
    confidence NOTHING_LEFT = 0.6;
    /// A client had the short answer to its last request.
    confidence ANSWERED = 0.5;
    /// Something was, and had come long before.
    confidence SOMETHING_LEFT = 0.45;
    /// Something seems to have been left unread.
    confidence UNREAD = 0.3;
    /// Without an ACK and unasked, seconds after the FIN of its sender: a candidate.
    confidence BARE = 0.3;
    /// A client drops a handshake: a candidate.
    confidence HANDSHAKE = 0.15;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    if dropped_syn_ack(case) {
        return Some(Finding::candidate(HANDSHAKE));
    }
    let reset = case.reset?;
    if reset.form != Some(Form::Abort) {
        let unasked = super::fin_wait2_expired::unasked(case, reset);
        return unasked.then(|| Finding::candidate(BARE));
    }
    let recent =
        reset.since_peer_data.get().is_some_and(|since| s(since) <= case.parameters.unread_fresh_s);
    let ended = reset.peer_fin_before && reset.peer_bytes_unacked == 0;
    let answered = super::abort_unread_data::answered(case, reset);
    let asked_for = super::abort_unread_data::closes_by_fin(case, reset);
    let emptied = super::abort_unread_data::held(case, reset) == Some(Held::Nothing);
    let known = asked_for || emptied;
    if recent && !ended && !answered && !known && reset.unread_bytes > reset.peer_bytes_unacked {
        return None;
    }
    // Whether there was anything left to read, no observer sees.
    let shown = super::abort_unread_data::shown(case, reset);
    let confidence = match (shown, reset.unread_bytes) {
        _ if emptied => NOTHING_LEFT,
        _ if answered => ANSWERED,
        (false, 0) => NOTHING_LEFT,
        _ if asked_for => ANSWERED,
        (true, _) => UNREAD,
        (false, _) => SOMETHING_LEFT,
    };
    Some(
        Finding::new(confidence)
            .with(Evidence::of("abort_by_a_live_socket").at(reset.packet))
            .with(Evidence::count("unacknowledged_bytes", reset.unacked_bytes))
            .with_some(emptied.then(|| Evidence::of("its_window_was_open_again")))
            .with_some(asked_for.then(|| Evidence::of("its_stack_closes_by_fin")))
            .with_some(reset.idle.get().map(|idle| Evidence::time("idle_s", idle))),
    )
}
