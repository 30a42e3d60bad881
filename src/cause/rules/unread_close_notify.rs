use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "unread_close_notify",
    class: Class::Abort,
    summary: "All was said: only the peer's goodbye of TLS (close_notify) was left unread, so the \
           host reset.",
    wire: "The peer's last payload is one TLS alert record (in clear a close_notify; sealed, \
           sent after the handshake). It came after the other side's FIN and was answered by a \
           reset, or its receiver aborted with nothing else outstanding. Before \
           data_after_close, whose data are lost, and before abort_unread_data; a goodbye is \
           no request, so keepalive_race, which stands earlier, leaves it out.",
    reference: "RFC 8446 section 6.1, RFC 5246 section 7.2.1; RFC 2525 section 2.17",
    next: "None: nothing was lost. A side that reads to the end before it closes, or sends its \
           own close_notify and waits, ends without a reset.",
    examples: &[
        "> S, < S., > ., > P. tls, < P. 900, > P. 200, < P. 500, > F., < P. hex=15030300020100, > \
             R",
        // After an idle time it looks like a request that met the server's close.
        "> S, < S., > ., > P. tls, < P. 900, > P. 200, < P. 500, > ., < F. +5s, > P. \
             hex=15030300020100 +1ms, < R +10ms",
        // Its handshake began in clear.
        "> S, < S., > ., < P. 40, > P. 9, < P. 30, > P. 300, < P. 900, > P. 200, < P. 500, > F., < \
             P. hex=15030300020100, > R",
        // The same, sealed by TLS 1.3, before the FIN was known.
        "> S, < S., > ., < P. 40, > P. 9, < P. 30, > P. 300, < P. 900, > P. 200, < P. 500, > F., < \
             P. hex=1703030013000102030405060708090a0b0c0d0e0f101112 ack=-1, > R",
        "> S, < S., > ., > P. tls, < P. 900, > P. 200, < P. 500, < P. hex=15030300020100, < F. \
             +0s, > R. +1ms",
        "> S, < S., > ., > P. tls, < P. tls, > P. 200, < P. 500, < P. \
             hex=1703030013000102030405060708090a0b0c0d0e0f101112, < F. +0s, > R. +1ms",
        // Sealed, with nothing but the handshake before it: it acknowledges the FIN.
        "> S, < S., > ., > P. tls, < P. tls, > P. 64, < ., > F., < P. \
             hex=1703030013000102030405060708090a0b0c0d0e0f101112, > R +1ms",
    ],
    near_misses: &[
        // A byte more is none of TLS 1.3's.
        (
            "> S, < S., > ., < P. 40, > P. 9, < P. 30, > P. 300, < P. 900, > P. 200, < P. 500, > F., \
             < P. hex=1703030014000102030405060708090a0b0c0d0e0f10111213 ack=-1, > R",
            "data_after_close",
        ),
        // So short a record that did not know of the FIN may as well be data.
        (
            "> S, < S., > ., > P. tls, < P. tls, > P. 64, < ., > F., < P. \
             hex=1703030013000102030405060708090a0b0c0d0e0f101112 ack=-1, > R +1ms",
            "data_after_close",
        ),
        // It is a failure.
        (
            "> S, < S., > ., > P. tls, < P. 900, > P. 200, < P. 500, > F., < P. \
             hex=15030300020228, > R",
            "tls_failure",
        ),
        // More than the goodbye came too late.
        (
            "> S, < S., > ., > P. tls, < P. 900, > P. 200, > F., < P. 500, < P. \
             hex=15030300020100, > R",
            "data_after_close",
        ),
        // What was refused came before the goodbye.
        (
            "> S, < S., > ., > P. tls, < P. 900, > P. 200, < P. 500, < P. hex=15030300020100, > R. \
             ack=-300",
            "abort_unread_data",
        ),
        // A sealed record in the handshake may say anything.
        (
            "> S, < S., > ., > P. tls, < P. tls, > P. \
             hex=1703030013000102030405060708090a0b0c0d0e0f101112, < R. +1ms",
            "abort_unread_data",
        ),
    ],
    twins: &[
        ("abort_unread_data", "more than the goodbye may have been left unread"),
        (
            "application_abort",
            "an abort by SO_LINGER 0 after the goodbye is byte for byte the same",
        ),
    ],
    applies: Applies::Reset,
    needs: Needs::NOTHING.no_form(Form::Other),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The goodbye alone met a side that had closed.
    confidence CLOSED = 0.85;
    /// Everything was received, the goodbye last, and the socket was aborted.
    confidence ABORTED = 0.6;
    /// A record with an alert at most: a header, a nonce, the alert, a tag and padding.
    size ALERT: u64 = super::half_close_eof::LONGEST_ALERT;
    /// Segments with payload of a side by which its handshake is over, the alert among them.
    count AFTER_HANDSHAKE: u32 = 3;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let reset = case.reset.filter(|reset| reset.form != Some(Form::Other))?;
    let c = case.connection;
    let peer = c.side(reset.sender.peer());
    let alert = c.extra().and_then(|extra| extra.tls_alert[reset.sender.peer()]);
    let Some(alert) = alert.filter(|alert| alert.time <= reset.time) else {
        return Some(Finding::candidate(0.0));
    };
    let goodbye = match alert.clear {
        Some((_, description)) => description == 0,
        None if peer.data_packets >= AFTER_HANDSHAKE => true,
        // What answers a FIN fails no handshake.
        None => {
            let fin = case.fins(reset.sender).next();
            let acked = fin.and_then(|fin| fin.acked_packet.get());
            acked.is_some_and(|packet| packet <= alert.packet)
        }
    };
    if !goodbye || !matches!(c.ending, Ending::Reset | Ending::ResetAfterFin | Ending::Graceful) {
        return None;
    }
    let closed = reset.sender_fin_time.get().filter(|_| reset.sender_fin_before);
    let refused = peer.unacked();
    let confidence = match closed {
        // The goodbye alone met a side that had closed.
        Some(_) if (1..=ALERT).contains(&refused) && reset.peer_bytes_unacked <= refused => CLOSED,
        // Aborted with everything received, the goodbye last.
        _ if reset.form == Some(Form::Abort) && reset.peer_bytes_unacked <= ALERT => {
            if reset.unread_bytes == 0 {
                return None;
            }
            ABORTED
        }
        _ => return None,
    };
    let finding = Finding::new(confidence)
        .with(Evidence::of("close_notify").at(alert.packet))
        .with(Evidence::of("left_unread_by_the_reset").at(reset.packet))
        .with_some(closed.map(|fin| {
            Evidence::time("after_fin_s", reset.time.saturating_sub(fin)).at(reset.packet)
        }));
    // Who aborts once all has come may have meant to.
    Some(if confidence < CLOSED { finding.as_stated() } else { finding })
}

/// Whether nothing but a goodbye was refused.
pub(super) fn alone(case: &Case<'_>) -> bool {
    holds(case).is_some_and(|finding| !finding.candidate)
}
