//! Where the capture was made, by what it shows.

use crate::conn::facts::connection::Connection;
use crate::conn::facts::timing::seconds;
use crate::conn::primitives::words::Side;

/// Next to which host a connection was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vantage {
    /// At the client.
    Client,
    /// At the server.
    Server,
    /// In between.
    Middle,
    /// It cannot be told.
    Unknown,
}

/// What the answer rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VantageBasis {
    /// The interface's own direction marks.
    Direction,
    /// How the handshake's round trip splits at the SYN-ACK.
    Handshake,
    /// Segments larger than the link's, before the interface split them.
    Offload,
    /// One side's TTL is a system's initial one and the other's is not.
    Ttl,
    /// Nothing.
    None,
}

impl<S> Connection<S> {
    /// Where it was captured, and what says so (in this order: direction marks, the split of the
    /// handshake, offloaded segments, TTL).
    pub fn vantage(&self) -> (Vantage, VantageBasis) {
        let direction =
            |side: Side| self.counts.outbound[side] > 0 && self.counts.inbound[side] == 0;
        match (direction(Side::Client), direction(Side::Server)) {
            (true, false) => return (Vantage::Client, VantageBasis::Direction),
            (false, true) => return (Vantage::Server, VantageBasis::Direction),
            _ => {}
        }
        if let Some(split) = self.handshake_split() {
            let vantage = if split > 0.95 {
                Vantage::Client
            } else if split < 0.05 {
                Vantage::Server
            } else {
                Vantage::Middle
            };
            return (vantage, VantageBasis::Handshake);
        }
        match (self.counts.oversized.client > 0, self.counts.oversized.server > 0) {
            (true, false) => return (Vantage::Client, VantageBasis::Offload),
            (false, true) => return (Vantage::Server, VantageBasis::Offload),
            _ => {}
        }
        let initial = |side: Side| {
            let ttl = self.side(side).ttl;
            let seen = if ttl.syn != 0 { ttl.syn } else { ttl.first };
            (seen != 0).then_some(matches!(seen, 64 | 128 | 255))
        };
        match (initial(Side::Client), initial(Side::Server)) {
            (Some(true), Some(false)) => (Vantage::Client, VantageBasis::Ttl),
            (Some(false), Some(true)) => (Vantage::Server, VantageBasis::Ttl),
            (Some(false), Some(false)) => (Vantage::Middle, VantageBasis::Ttl),
            _ => (Vantage::Unknown, VantageBasis::None),
        }
    }

    /// The share of SYN to acknowledgment that lies before the SYN-ACK; `None` below 1 ms, where
    /// it says nothing.
    fn handshake_split(&self) -> Option<f64> {
        let whole = self.handshake_time.get()?.saturating_sub(self.last_syn_time.get()?);
        let part = self.syn_ack_delay()?;
        if whole < 1_000_000 || self.side(Side::Client).syns != 1 {
            return None;
        }
        Some(seconds(part) / seconds(whole))
    }

    /// The SYN-ACK, if one was seen, acknowledges the SYN.
    pub fn syn_ack_fits(&self) -> bool {
        self.syn_ack.is_none_or(|syn_ack| syn_ack.ack_offset == 0)
    }
}
