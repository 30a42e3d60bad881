//! Whether nothing was lost when a connection ended, whatever ended it.

use super::Verdict;
use super::mechanism::Mechanism;
use super::parameters::Parameters;
use crate::base::numbers::numbers;
use crate::conn::{Connection, Ending, Endpoint, Form, Kind, Side, Teardown, seconds};

numbers! {
    /// Bytes of a record that holds an encrypted TLS alert: header, nonce, alert and tag.
    size ALERT: u64 = 31;
}

/// Causes that say that nothing but a goodbye was left unread.
const GOODBYES: [&str; 1] = ["unread_close_notify"];

/// A connection is over, and everything that was sent came: every byte acknowledged, none missing
/// from the capture, the client served, no fresh data left unread. A reset changes nothing about
/// it, and a TLS alert that nobody took (`close_notify`) does not count.
pub(super) fn harmless(c: &Connection, verdict: &Verdict, parameters: &Parameters) -> bool {
    let over = matches!(c.ending, Ending::Graceful | Ending::Reset | Ending::ResetAfterFin);
    let complete = |e: &Endpoint| e.spoke() && e.unseen_acked == 0 && e.ranges.is_none();
    if !over || verdict.mechanism == Mechanism::ThirdPartyData || !c.endpoints.iter().all(complete)
    {
        return false;
    }
    let came = |side: Side| small(c, side, c.side(side).unacked());
    match c.deciding().filter(|row| row.kind == Kind::Rst) {
        // What its peer sent before the goodbye may be acknowledged by the reset alone.
        Some(reset) if GOODBYES.contains(&verdict.cause.name()) => came(reset.sender),
        reset => {
            came(Side::Client)
                && came(Side::Server)
                && served(c, reset)
                && reset.is_none_or(|reset| !unread(c, reset, parameters))
        }
    }
}

/// The client closed it, or the server did when it had answered what the client sent. A client
/// that resets without an answer gave up.
fn served(c: &Connection, reset: Option<&Teardown>) -> bool {
    let answered = small(c, Side::Client, c.side(Side::Server).unanswered);
    let silent = c.endpoints.iter().all(|e| e.unique_bytes == 0);
    match (reset.map(|row| row.sender).or(c.first_fin_by), reset) {
        (Some(Side::Client), None) => true,
        (Some(Side::Client), Some(_)) => answered,
        _ => answered && !silent,
    }
}

/// A socket was aborted right after data of the peer had come, which its application may not have
/// read.
fn unread(c: &Connection, reset: &Teardown, parameters: &Parameters) -> bool {
    let fresh = reset.since_peer_data.get().is_some_and(|t| seconds(t) <= parameters.unread_s);
    // What came before a FIN that was acknowledged had been read to its end.
    let fin = c.side(reset.sender.peer()).fin.and_then(|fin| fin.acked_at.get());
    let open = fin.is_none_or(|acked| acked >= reset.time);
    reset.form == Some(Form::Abort)
        && fresh
        && open
        && !small(c, reset.sender.peer(), reset.unread_bytes)
}

/// Bytes of a side that matter to nobody: none, or a TLS alert.
fn small(c: &Connection, side: Side, octets: u64) -> bool {
    let alerts =
        || c.extra().is_some_and(|extra| extra.tls[side] || extra.tls_alert[side].is_some());
    octets == 0 || octets <= ALERT && alerts()
}

#[cfg(test)]
mod tests {
    use crate::cause::{Context, Parameters, judge};
    use crate::conn::play;

    fn harmless(script: &str) -> bool {
        let connection = play(script).unwrap().remove(0);
        judge(&connection, &Context::default(), &Parameters::default()).harmless
    }

    #[test]
    fn nothing_is_lost_when_everything_came_and_was_acknowledged() {
        for script in [
            "> S, < S., > ., > P. 80, < P. 300, > ., > F., < F., > .",
            "> S, < S., > ., > P. 80, < P. 300, > ., < R. +1s",
            "> S, < S., > ., > P. 80, < P. 300, > ., > R. +2s",
            "> S, < S., > ., > P. 80, < P. 300, > ., < F., > ., > R.",
            // A client that only looks whether somebody is there.
            "> S, < S., > ., > R.",
            // The last word is the client's, and it closes.
            "> S, < S., > ., > P. 80, < ., > F., < F., > .",
            "> S, < S., > ., > P. tls, < P. 900 tls, > ., > P. 24, > R.",
            "> S, < S., > ., > P. 80, < P. 300, > ., < F., > ., > R.",
            // A close_notify that nobody read.
            "> S, < S., > ., > P. tls, < P. 900 tls, > P. 60, < P. 24, > ., > R.",
            "> S, < S., > ., > P. tls, < P. 900, > ., < F., > P. hex=15030300020100, > R.",
        ] {
            assert!(harmless(script), "{script}");
        }
    }

    #[test]
    fn what_is_lost_missing_or_unanswered_is_no_small_matter() {
        for script in [
            // It may have gone before it read them.
            "> S, < S., > ., > P. 80, < P. 300, < F., > R.",
            "> S, < S., > ., > P. 80, < P. 300, > ., > R.",
            "> S, < R.",
            "> S, < S., > R",
            "> S, < S., > ., > P. 80, < .",
            "> S, < S., > ., > P. 80, < ., < R.",
            "> S, < S., > ., > P. 80, < ., < F. +60s, > ., > F., < .",
            "> S, < S., > ., > P. 80, < ., > R. +30s",
            "> S, < S., > ., > P. 80, < P. 300, > R.",
            "> S, < S., > ., < R",
            "> S, < S., > ., < F., > ., > F., < .",
            "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80 +3s, < R",
            "> P. 80, > P. 80, > P. 80, > P. 80, > F.",
        ] {
            assert!(!harmless(script), "{script}");
        }
    }
}
