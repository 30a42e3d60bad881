use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "request_unanswered",
    class: Class::Timeout,
    summary: "One side closed although the client's last request had no answer.",
    wire: "The client's payload was acknowledged and is the last there is, then the first FIN: of \
           a side that waited, or of a server that had answered before. A goodbye of TLS is no \
           request, nor is what a client sends long after the opening to a server that never says \
           anything. Before idle_close, whose connections are idle because all is answered.",
    reference: "RFC 9110 section 9.2.2 and 15.6.5; proxy_read_timeout of nginx, timeout server of \
                HAProxy, 60 s each by default",
    next: "What did the server do in that time? A round number of seconds is a limit of the side \
           that closed.",
    examples: &[
        "> S, < S., > ., > P. 200, < ., > F. +30s, < F., > .",
        "> S, < S., > ., > P. 200, < ., < F. +60s, > F., < .",
        "> S, < S., > ., > P. 200, < P. 300, > ., > P. 90 +3s, < F., > F., < .",
        "> S, < S., > ., > P. 200, < P. 300, > ., > P. 90 +3s, < ., > F. +2s, < .",
    ],
    near_misses: &[
        ("> S, < S., > ., > P. 200, < ., > F. +300ms, < F., > .", "client_close"),
        (
            "> S, < S., > ., > P. tls, < P. tls, > P. 80, < P. 900, > P. 46, < ., > F. +2s, < F., > .",
            "client_close",
        ),
        ("> S, < S., > ., > P. 200, < ., < F. +300ms, > F., < .", "server_close"),
        ("> S, < S., > ., > P. 200, < P. 300, > ., > P. 9 +3s, < F., > F., < .", "server_close"),
        ("> S, < S., > ., > P. 200, < ., > P. 90 +9s, < ., > F. +30s, < F., > .", "client_close"),
        ("> S, < S., > ., > P. 200, < ., > F. +30s, < P. 300, > ., < F., > .", "half_close_eof"),
        ("> S, < S., > ., > P. 200, < P. 300, > ., < F. +60s, > F., < .", "idle_close"),
    ],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::Graceful, Ending::HalfClosed]),
    holds,
};

/// Limits for an answer that programs and proxies set, in seconds.
const LIMITS: [f64; 11] = [2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 90.0, 120.0, 300.0];
/// A payload up to this length may be a goodbye.
const GOODBYE: u64 = 40;
/// And up to this length in TLS, where it may also be a frame of HTTP/2 that wants no answer.
const CONTROL: u64 = 64;
/// A client that still sends this long after the opening, and is never answered, tells and does not
/// ask.
const ONE_WAY_S: f64 = 5.0;

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
    let goodbye = c.extra().is_some_and(|extra| extra.tls_alert[Side::Client].is_some());
    if !open || goodbye || client.unacked() > 0 || c.bytes_after_first_fin != BySide::both(0) {
        return None;
    }
    let tls = c.extra().is_some_and(|extra| extra.tls != BySide::both(false));
    let asked = c.side(Side::Server).unanswered;
    if tls && asked <= CONTROL {
        return None;
    }
    let answered = answer.get().is_some();
    let asked_at = s(fin.time.saturating_sub(waited).saturating_sub(c.start));
    let confidence = if s(waited) >= case.parameters.request_wait_s {
        let one_way = !answered && closer == Side::Client && asked_at > ONE_WAY_S;
        if one_way {
            return None;
        }
        0.55
    } else if closer == Side::Server && answered && asked > GOODBYE {
        0.45
    } else {
        return None;
    };
    let waited = s(waited);
    let limit = LIMITS.into_iter().find(|limit| (waited - limit).abs() <= (limit * 0.02).max(0.15));
    Some(
        Finding::new(if limit.is_some() { confidence + 0.1 } else { confidence })
            .with(Evidence::number("waited_s", waited).at(fin.packet))
            .with(Evidence::count("unanswered_bytes", asked))
            .with_some(limit.map(|limit| Evidence::number("limit_s", limit))),
    )
}
