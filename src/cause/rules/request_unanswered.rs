use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "request_unanswered",
    class: Class::Timeout,
    summary: "One side closed although the client's last request had no answer.",
    wire: "The client's payload was acknowledged and is the last there is, then the first FIN: of \
           a side that waited, or of a server that had answered before. A goodbye of TLS is no \
           request, nor is what a client sends long after the opening to a server that never says \
           anything, nor a transfer of one way, the opening of TLS alone, or SSH, whose segments \
           mostly want no answer, nor what itself answers a server that had begun to speak after a \
           silence, nor one of several messages that the server takes without a word. Not where the \
           capture lacks the server's last bytes, which may be the answer. Before idle_close, whose connections are idle because all is answered.",
    reference: "RFC 9110 section 9.2.2 and 15.6.5; proxy_read_timeout of nginx, timeout server of \
                HAProxy, 60 s each by default",
    next: "What did the server do in that time? A round number of seconds is a limit of the side \
           that closed.",
    examples: &[
        "> S, < S., > ., > P. 200, < ., > F. +30s, < F., > .",
        "> S, < S., > ., > P. 200, < ., < F. +60s, > F., < .",
        "> S, < S., > ., > P. 200, < P. 300, > ., > P. 90 +3s, < F., > F., < .",
        "> S, < S., > ., > P. 200, < P. 300, > ., > P. 90 +3s, < ., > F. +2s, < .",
        // An upload, and no answer to it.
        "> S, < S., > ., > P. 400, < P. 25, > P. 1400 +2s, < ., > P. 1400 +2s, < ., > P. 1400 +2s, \
             < ., > P. 1400 +2s, < ., < F. +60s, > F., < .",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 200, < ., > F. +300ms, < F., > .", "client_close"),
        // The opening of TLS 1.3, and no request.
        (
            "> S, < S., > ., > P. tls 517, < P. 2900, > P. 80, < ., < F. +40s, > F., < .",
            "server_close",
        ),
        // It tells, and waits for nothing.
        (
            "> S, < S., > ., > P. 200 +2s, < ., > P. 200 +2s, < ., > P. 200 +2s, < ., > P. 200 \
             +2s, < ., < F. +1500ms, > F., < .",
            "server_close",
        ),
        (
            "> S, < S., > ., > P. 30, < P. 4, > P. 90 +3s, < ., > P. 90 +3s, < ., > P. 90 +3s, < \
             ., > P. 90 +3s, < ., < F. +2s, > F., < .",
            "server_close",
        ),
        // A transfer.
        (
            "> S, < S., > ., > P. 28960, < ., > P. 28960, < ., > P. 28960, < ., > F. +2s, < F., > \
             .",
            "client_close",
        ),
        (
            "> S service=22, < S., > ., < P. 41, > P. 41, < P. 1100, > P. 52 +1s, < ., < F. +30s, \
             > F., < .",
            "server_close",
        ),
        (
            "> S, < S., > ., > P. tls, < P. tls, > P. 80, < P. 900, > P. 46, < ., > F. +2s, < F., \
             > .",
            "client_close",
        ),
        ("> S, < S., > ., > P. 200, < ., < F. +300ms, > F., < .", "server_close"),
        ("> S, < S., > ., > P. 200, < P. 300, > ., > P. 9 +3s, < F., > F., < .", "server_close"),
        ("> S, < S., > ., > P. 200, < ., > P. 90 +9s, < ., > F. +30s, < F., > .", "client_close"),
        ("> S, < S., > ., > P. 200, < ., > F. +30s, < P. 300, > ., < F., > .", "half_close_eof"),
        ("> S, < S., > ., > P. 200, < P. 300, > ., < F. +60s, > F., < .", "idle_close"),
        // The server spoke first: a ping of a tunnel, a BYE of SIP.
        (
            "> S, < S., > ., > P. 200, < P. 300, > ., < P. 449 +9s, > P. 598 +60ms, < ., > F. \
             +32s, < F., > .",
            "client_close",
        ),
        // A ping of HTTP/2 at the end of an answer, and its acknowledgment.
        (
            "> S, < S., > ., > P. 200, < P. 300, > ., > P. 90 +1s, < P. 900, < P. 17 +1ms, > P. 17 \
             +3ms, < ., > F. +3s, < F., > .",
            "client_close",
        ),
        // A switch tells its controller, which goes.
        (
            "> S, < S., > ., > P. 200, < P. 300, > ., > P. 76 +10ms, < ., > P. 780 +40ms, < ., < \
             F. +300ms, > F., < .",
            "server_close",
        ),
    ],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::Graceful, Ending::HalfClosed]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The closer had waited for long.
    confidence WAITED = 0.55;
    /// The server closed at once on a request of one segment.
    confidence AT_ONCE = 0.45;
    /// The wait is one of the limits.
    weight AT_LIMIT = 0.1;
    /// The last payload answers the server's: a candidate.
    confidence ANSWERS = 0.2;
    /// Limits for an answer that programs and proxies set.
    windows LIMITS = &[2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 90.0, 120.0, 300.0];
    /// A payload up to this length may be a goodbye.
    size GOODBYE: u64 = 40;
    /// And up to this length in TLS, where it may also be a frame of HTTP/2 that wants no answer.
    size CONTROL: u64 = 64;
    /// Segments of the client with which TLS opens, a long hello in two: no request yet.
    count OPENING: u32 = 2;
    /// Bytes of its last message of the handshake, which is none either.
    size FINISHED: u64 = 112;
    /// Bytes of a transfer that is done when they are acknowledged.
    size UPLOAD: u64 = 65_536;
    /// And how long its sender waits then.
    window UPLOAD_S = 10.0;
    /// Within this time a side answers what it was told, without a person.
    window PROMPT_S = 0.5;
    /// Within this time a server closes because of what came last.
    window AT_ONCE_S = 0.05;
    /// And so many round trips.
    count TRIPS = 2.0;
    /// A client that still sends this long after the opening, and is never answered, tells and does
    /// not ask.
    window ONE_WAY_S = 5.0;
}

/// The port of the protocol in which most segments want no answer.
const SSH: u16 = 22;

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if !matches!(c.ending, Ending::Graceful | Ending::HalfClosed) || c.simultaneous_close {
        return None;
    }
    let closer = c.first_fin_by?;
    let fin = case.fins(closer).next()?;
    let (request, answer) = match closer {
        Side::Client => (fin.since_own_data, fin.since_peer_data),
        Side::Server => (fin.since_peer_data, fin.since_own_data),
    };
    let waited = request.get()?;
    let open = answer.get().is_none_or(|since| since > waited);
    let client = c.side(Side::Client);
    if answer_lost(c.side(Side::Server)) {
        return None;
    }
    let goodbye = c.extra().is_some_and(|extra| extra.tls_alert[Side::Client].is_some());
    if !open || goodbye || client.unacked() > 0 || c.bytes_after_first_fin != BySide::both(0) {
        return None;
    }
    let tls = c.extra().is_some_and(|extra| extra.tls != BySide::both(false));
    let asked = c.side(Side::Server).unanswered;
    let opening = tls && client.data_packets <= OPENING && asked <= FINISHED;
    if tls && asked <= CONTROL || opening || c.ports.server == SSH {
        return None;
    }
    if answers_the_server(case, fin, waited, asked) {
        return Some(Finding::candidate(ANSWERS));
    }
    let answered = answer.get().is_some();
    let one = asked <= u64::from(client.largest);
    let asked_at = s(fin.time.saturating_sub(waited).saturating_sub(c.start));
    // For how long it had spoken without an answer: longer than it was quiet, and it tells.
    let telling = answer.get().map_or(asked_at, |since| s(since.saturating_sub(waited)));
    let tells = telling > ONE_WAY_S && telling > s(waited) && asked > u64::from(client.largest);
    let upload = !answered && closer == Side::Client && asked >= UPLOAD && s(waited) < UPLOAD_S;
    if tells || upload {
        return None;
    }
    let confidence = if s(waited) >= case.parameters.request_wait_s {
        let one_way = !answered && closer == Side::Client && asked_at > ONE_WAY_S;
        if one_way {
            return None;
        }
        WAITED
    } else if closer == Side::Server
        && answered
        && one
        && asked > GOODBYE
        && s(waited) <= AT_ONCE_S + TRIPS * s(c.min_rtt().unwrap_or(0))
    {
        AT_ONCE
    } else {
        return None;
    };
    let waited = s(waited);
    let limit = timer(LIMITS, waited);
    Some(
        Finding::new(if limit.is_some() { confidence + AT_LIMIT } else { confidence })
            .with(Evidence::number("waited_s", waited).at(fin.packet))
            .with(Evidence::count("unanswered_bytes", asked))
            .with_some(limit.map(|limit| Evidence::number("limit_s", limit))),
    )
}

/// Whether the capture lacks the last byte of the server's: what it lost may be the answer.
fn answer_lost(server: &Endpoint) -> bool {
    let end = server.fin.map_or(server.acked, |fin| fin.at);
    end > 1 && !server.saw(end - 1, end)
}

/// Whether the client's last payload itself answers the server's: prompt after payload by which the
/// server had broken a silence; or short, and right after the server's.
fn answers_the_server(case: &Case<'_>, fin: &Teardown, waited: i64, asked: u64) -> bool {
    let client = fin.sender == Side::Client;
    let heard = if client { fin.since_peer_data } else { fin.since_own_data };
    let Some(heard) = heard.get() else { return false };
    let after = s(heard.saturating_sub(waited));
    let silence = case.connection.silence;
    let spoke_first = silence.speaker == Side::Server
        && silence.spoken.get().is_some_and(|time| {
            let until = fin.time.saturating_sub(waited).saturating_sub(time);
            until >= 0 && s(until) <= PROMPT_S
        });
    spoke_first || client && asked <= GOODBYE && after <= AT_ONCE_S
}
