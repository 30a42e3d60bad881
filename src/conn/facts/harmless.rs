//! Whether anything was lost when a connection ended.

use crate::conn::facts::connection::Connection;
use crate::conn::facts::endpoint::Endpoint;
use crate::conn::facts::teardown::Kind;
use crate::conn::primitives::words::{Ending, Side};

/// Octets of an encrypted TLS alert at most: a header, a nonce, the alert and a tag.
const ALERT: u64 = 31;

impl Connection {
    /// It is over, and everything that was sent came: every octet acknowledged, none missing from
    /// the capture, the client served. A reset changes nothing about it, and a TLS alert that
    /// nobody read (`close_notify`) does not count.
    pub fn harmless(&self) -> bool {
        let over = matches!(self.ending, Ending::Graceful | Ending::Reset | Ending::ResetAfterFin);
        let complete = |e: &Endpoint| e.spoke() && e.unseen_acked == 0 && e.ranges.is_none();
        over && self.endpoints.iter().all(complete)
            && self.outstanding(Side::Client) == 0
            && self.outstanding(Side::Server) == 0
            && self.served()
    }

    /// Octets of a side that were not acknowledged, a last TLS alert left out.
    fn outstanding(&self, side: Side) -> u64 {
        let unacked = self.side(side).unacked();
        if unacked <= ALERT && self.alerted(side) { 0 } else { unacked }
    }

    /// The client closed it, or the server did when it had answered what the client sent. A client
    /// that resets without an answer gave up.
    fn served(&self) -> bool {
        let server = self.side(Side::Server);
        let unanswered =
            server.unanswered > ALERT || server.unanswered > 0 && !self.alerted(Side::Client);
        let silent = self.endpoints.iter().all(|e| e.unique_bytes == 0);
        let reset = self.deciding().filter(|row| row.kind == Kind::Rst);
        match (reset.map(|row| row.sender).or(self.first_fin_by), reset) {
            (Some(Side::Client), None) => true,
            (Some(Side::Client), Some(_)) => !unanswered,
            _ => !unanswered && !silent,
        }
    }

    fn alerted(&self, side: Side) -> bool {
        self.extra().is_some_and(|extra| extra.tls_alert[side.index()].is_some())
    }
}

#[cfg(test)]
mod tests {
    use crate::conn::play;

    fn harmless(script: &str) -> bool {
        play(script).unwrap()[0].harmless()
    }

    #[test]
    fn nothing_is_lost_when_everything_came_and_was_acknowledged() {
        for script in [
            "> S, < S., > ., > P. 80, < P. 300, > ., > F., < F., > .",
            "> S, < S., > ., > P. 80, < P. 300, > ., < R. +1s",
            "> S, < S., > ., > P. 80, < P. 300, > ., > R.",
            "> S, < S., > ., > P. 80, < P. 300, > ., < F., > ., > R.",
            // A client that only looks whether somebody is there.
            "> S, < S., > ., > R.",
            // The last word is the client's, and it closes.
            "> S, < S., > ., > P. 80, < ., > F., < F., > .",
            // A close_notify that nobody read.
            "> S, < S., > ., > P. tls, < P. 900, > ., < F., > P. hex=15030300020100, > R.",
        ] {
            assert!(harmless(script), "{script}");
        }
    }

    #[test]
    fn what_is_lost_missing_or_unanswered_is_no_small_matter() {
        for script in [
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
