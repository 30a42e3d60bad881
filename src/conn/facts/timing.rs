//! Waits and round trips, from the times of a connection.

use crate::base::numbers::numbers;
use crate::conn::facts::connection::Connection;
use crate::conn::primitives::words::BySide;

numbers! {
    /// A reply comes within this time of what it answers, or within three round trips.
    window REPLY_TIME: i64 = 250_000_000;
}

impl<S> Connection<S> {
    /// From the first SYN to the client's first acknowledgment or reset: how long it waited,
    /// nearly the same wherever the capture was made.
    pub fn client_wait(&self) -> Option<i64> {
        Some(self.client_answer_time.get()?.saturating_sub(self.syn_time.get()?).max(0))
    }

    /// From the first SYN to the latest before the SYN-ACK: the part of the client's wait that went
    /// by before anybody answered.
    pub fn syn_retry(&self) -> Option<i64> {
        self.good_syn_ack_time.get()?;
        Some(self.last_syn_time.get()?.saturating_sub(self.syn_time.get()?))
    }

    /// From the SYN that it acknowledges (the latest before it) to the SYN-ACK.
    pub fn syn_ack_delay(&self) -> Option<i64> {
        Some(self.good_syn_ack_time.get()?.saturating_sub(self.last_syn_time.get()?).max(0))
    }

    /// From the SYN-ACK to the client's acknowledgment.
    pub fn ack_delay(&self) -> Option<i64> {
        Some(self.handshake_time.get()?.saturating_sub(self.good_syn_ack_time.get()?).max(0))
    }

    /// The round trip of the handshake as far as it was seen.
    pub fn handshake_rtt(&self) -> i64 {
        self.syn_ack_delay().unwrap_or(0).saturating_add(self.ack_delay().unwrap_or(0))
    }

    /// How long after a segment its answer still comes.
    pub fn reply_time(&self) -> i64 {
        let BySide { client, server } = &self.endpoints;
        let round_trip = client.max_rtt.max(server.max_rtt).max(self.handshake_rtt());
        REPLY_TIME.max(round_trip.saturating_mul(3))
    }

    /// The smallest round trip known: handshake parts and data with its acknowledgment, both
    /// halves of the path added. `None` when there is no sample.
    pub fn min_rtt(&self) -> Option<i64> {
        let data = match (self.endpoints.client.min_rtt.get(), self.endpoints.server.min_rtt.get())
        {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (one, other) => one.or(other),
        };
        let handshake = match (self.syn_ack_delay(), self.ack_delay()) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            _ => None,
        };
        match (data, handshake) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }
}

/// Seconds as nanoseconds.
#[allow(clippy::cast_possible_truncation)] // saturates
pub fn nanoseconds(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}

/// Nanoseconds as seconds.
#[allow(clippy::cast_precision_loss)] // exact to a nanosecond below 50 days
pub fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}
