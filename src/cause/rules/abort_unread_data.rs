use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "abort_unread_data",
    class: Class::Abort,
    summary: "A side closed with data of the peer still unread: its host resets instead of \
           sending a FIN.",
    wire: "An abort whose sender had been sent payload that it never answered with payload of its \
           own (or that was still arriving), without a FIN of its own before. Not a client that \
           has a short answer to its last request, nor one that had just answered itself. Linux \
           empties its buffer before it resets, so that its window says nothing; that of a small \
           stack (no option but the MSS) is its buffer where it moves: open again, all had been \
           read, smaller by a segment, it had not. Not a stack that closes by a FIN whatever is \
           unread (BSD, macOS, iOS, smoltcp): no timestamp on the reset where its side stamps, \
           identification 0 throughout.",
    reference: "RFC 1122 section 4.2.2.13, RFC 2525 section 2.17; lwIP tcp_close_shutdown, \
                tcp_recved; Linux __tcp_close; XNU and FreeBSD soclose, tcp_disconnect",
    next: "Look in the log of the application that reset, at that moment: did it close early, \
           crash, or was it killed (journalctl; dmesg for the OOM killer)?",
    examples: &[
        "> S, < S., > ., > P. 80, < ., < R. +1ms",
        "> S, < S., > ., > P. 80, < P. 5000, < P. 5000, > R.",
        "> S, < S., > ., > P. 80, < P. 9000, > . win=0, > R. win=0 +300ms",
        // A small stack whose window is smaller by what it was sent.
        "> S, < S. bare nots win=5840 ttl=255 +1ms, > ., > P. 1460, < . win=4380 ttl=255 +2ms, < R. \
             nots win=5840 ttl=255 +9s",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 80, < P. 300, > ., < R. +1s", "application_abort"),
        // It asked and was answered in a word; it answered itself.
        ("> S, < S., > ., > P. 80, < P. 300, > ., > R. +1ms", "application_abort"),
        ("> S, < S., > ., < P. 150, > P. 120, < ., > R. +1ms", "application_abort"),
        // It had read the end: Windows services close so.
        ("> S, < S., > ., > P. 80, < P. 300, > ., > F., < ., < R. win=0 +1ms", "application_abort"),
        // A small stack's window is open again: it had read all.
        (
            "> S, < S. bare nots win=5840 ttl=255 +1ms, > ., > P. 900, < . win=5840 ttl=255 +2ms, < \
             R. nots win=5840 ttl=255 +5ms",
            "application_abort",
        ),
        // A phone's: its stack sends a FIN when something is unread, and no timestamp on resets.
        (
            "> S, < S., > ., > P. 80, < P. 1400, < P. 1400, > ., > R. nots win=2058 +5ms",
            "application_abort",
        ),
    ],
    twins: &[
        ("application_abort", "an abort by SO_LINGER 0 or by a kill is byte for byte the same"),
        ("keepalive_race", "its limit for idle connections may have come to its end just then"),
        ("unread_close_notify", "only the goodbye of TLS may have been left unread"),
    ],
    applies: Applies::Reset,
    needs: Needs::NOTHING.form(Form::Abort),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Its window was closed: a full buffer was behind it.
    confidence FULL = 0.75;
    /// What was left had just come. It may have been read for all that: little more than an even
    /// chance.
    confidence FRESH = 0.5;
    /// What was left had come some time before.
    confidence LATER = 0.42;
    /// Its window was smaller by what it had been sent, of a stack whose window is its buffer.
    confidence SHRUNK = 0.65;
    /// Its stack sends a FIN when something is unread, as far as its segments show whose it is.
    confidence BY_FIN = 0.25;
    /// Segments after the handshake whose identifications show whose they are.
    count SEGMENTS: u32 = 2;
    /// The largest segment of who names none.
    size DEFAULT_MSS: u16 = 536;
    /// A client had the short answer to its last request.
    confidence ANSWERED = 0.35;
    /// A short answer: a client that asked for it has read it when it goes.
    size SHORT: u64 = 1460;
    /// A server that resets so soon after its own payload had not read the request to its end.
    window AT_ONCE_S = 0.005;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset_of(Form::Abort)?;
    if !shown(case, reset) {
        return None;
    }
    let unread = unread(reset);
    let since = reset.since_peer_data.get().map(s);
    let fresh = since.is_some_and(|since| since <= case.parameters.unread_fresh_s);
    // A closed window has a full buffer behind it.
    let full = unread > 0 && case.side(reset.sender).zero_since.is_some();
    let shrunk = unread > 0 && held(case, reset) == Some(Held::Some);
    let confidence = match (unread, fresh) {
        _ if answered(case, reset) => ANSWERED,
        _ if full => FULL,
        _ if closes_by_fin(case, reset) => BY_FIN,
        _ if shrunk => SHRUNK,
        (1.., true) => FRESH,
        _ => LATER,
    };
    let left = if unread == 0 { reset.peer_bytes_unacked } else { unread };
    Some(
        Finding::new(confidence)
            .with_some((left > 0).then(|| Evidence::count("unread_bytes", left).at(reset.packet)))
            .with_some(since.map(|since| Evidence::number("since_peer_data_s", since)))
            .with_some(full.then(|| Evidence::of("its_window_was_closed")))
            .with_some((shrunk && !full).then(|| Evidence::of("its_window_had_shrunk")))
            .with_some((unread == 0).then(|| Evidence::of("reset_right_after_own_data")))
            .with(Evidence::count("unacknowledged_bytes", reset.unacked_bytes)),
    )
}

/// Whether an abort looks as if something was left unread.
pub(super) fn shown(case: &Case<'_>, reset: &Teardown) -> bool {
    // A close after the answer sends a FIN; a reset at once says that the request was not read to
    // its end.
    let truncated = reset.sender == Side::Server
        && case.side(reset.sender.peer()).unique_bytes > 0
        && reset.since_own_data.get().is_some_and(|since| s(since) < AT_ONCE_S)
        && !reset.sender_fin_before
        && !reset.peer_fin_before;
    let recent =
        reset.since_peer_data.get().is_some_and(|since| s(since) <= case.parameters.unread_s);
    let some = match held(case, reset) {
        Some(Held::Nothing) => false,
        Some(Held::Some) => true,
        None => recent,
    };
    unread(reset) > 0 && some || truncated
}

/// What the buffer of an aborting side held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// All had been read.
    Nothing,
    /// Something had not.
    Some,
}

/// What the last window of a small stack says of what was left in its buffer, where all that it had
/// been sent was acknowledged by then. Its window opens by a segment at least, so that less says
/// nothing; its resets have the window of an empty buffer, whatever is in it. Programs that write
/// segments themselves name no MSS, and their windows say nothing.
pub(super) fn held(case: &Case<'_>, reset: &Teardown) -> Option<Held> {
    let (side, peer) = (case.side(reset.sender), case.side(reset.sender.peer()));
    let plain = side.mss.is_some() && side.syn_options & !0b111 == 0;
    let whole = reset.window == side.syn_window && side.syn_window > 0;
    let covered = peer.unacked() == 0 && peer.unique_bytes > 0 && reset.peer_bytes_unacked == 0;
    if !plain || !whole || !covered || side.answers_like_linux() {
        return None;
    }
    let segment = peer.mss.unwrap_or(DEFAULT_MSS).min(side.mss.unwrap_or(DEFAULT_MSS));
    let smaller = side.syn_window.saturating_sub(side.window);
    // Others keep theirs open whatever is in the buffer, until it is nearly full.
    let moved = side.window_minimum.is_some_and(|least| least < u32::from(side.syn_window));
    if smaller == 0 {
        (moved || reset.ttl > SMALL_STACK).then_some(Held::Nothing)
    } else {
        (smaller >= segment.min(side.syn_window / 2)).then_some(Held::Some)
    }
}

/// Whether an aborting side's stack sends a FIN when it closes with something unread, so that its
/// reset was asked for: it stamps, but for its resets, of which the window is open (BSD, macOS,
/// iOS), or numbers none of the segments that nobody may fragment (these, and smoltcp).
pub(super) fn closes_by_fin(case: &Case<'_>, reset: &Teardown) -> bool {
    let side = case.side(reset.sender);
    let open = reset.window > 0 && reset.flags.ack() && reset.ttl <= BSD_TTL;
    let unstamped = reset.timestamp_ok.is_some() && !reset.has_timestamp && side.stamps();
    let own = side.alive.saturating_sub(side.syns + side.syn_acks);
    let unnumbered = case.connection.ip_version == 4
        && side.ip_id.is_none()
        && side.traits.never_fragments()
        && own >= SEGMENTS;
    open && (unstamped || unnumbered)
}

/// Bytes that may have been left unread. What the reset does not acknowledge was still on its
/// way: it cannot have been; and what came before a FIN that was acknowledged had probably been
/// read to its end.
fn unread(reset: &Teardown) -> u64 {
    if reset.peer_fin_before && reset.peer_bytes_unacked == 0 {
        return 0;
    }
    reset.unread_bytes.saturating_sub(reset.peer_bytes_unacked)
}

/// Whether a client aborts once it has the short answer to its last request.
pub(super) fn answered(case: &Case<'_>, reset: &Teardown) -> bool {
    let asked = match (reset.since_own_data.get(), reset.since_peer_data.get()) {
        (Some(own), Some(peer)) => own >= peer,
        _ => false,
    };
    reset.sender == Side::Client
        && asked
        && !reset.peer_fin_before
        && reset.peer_bytes_unacked == 0
        && (1..=SHORT).contains(&reset.unread_bytes)
        && case.side(Side::Client).zero_since.is_none()
}
