//! The published passive tampering signatures: what a server sees of a connection that something
//! on the way broke off, by how far it had come.
//!
//! Only the client's half is looked at, as at a content network's edge, and only its first ten
//! segments. A signature is a shape, not a verdict: about one connection in five has one.
//! After Sundara Raman and others, "Global, Passive Detection of Connection Tampering"
//! (SIGCOMM 2023), and the stages of Cloudflare Radar.

use crate::conn::facts::connection::Connection;
use crate::conn::facts::teardown::{Kind, Teardown};
use crate::conn::primitives::words::{Ending, Side};

/// Stage and pattern of a client-to-server half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tampering {
    /// Nothing of the kind.
    None,
    /// One SYN, then nothing.
    PostSynSilence,
    /// One SYN, then resets.
    PostSynReset,
    /// Handshake, then nothing.
    PostAckSilence,
    /// Handshake, then resets.
    PostAckReset,
    /// One data segment, then nothing.
    PostPshSilence,
    /// One data segment, then resets.
    PostPshReset,
    /// Several data segments, then resets.
    LaterReset,
}

/// Segments of the client looked at.
const SEGMENTS: u64 = 10;

impl Connection {
    /// The tampering signature of the client's half. Silence counts only where the capture went on
    /// long enough to tell it from its own end.
    pub fn tampering(&self) -> Tampering {
        let client = self.side(Side::Client);
        let own = |row: &&Teardown| row.sender == Side::Client && !row.duplicate;
        let reset = self.teardowns.iter().filter(own).find(|row| row.kind == Kind::Rst);
        let fin = self.teardowns.iter().filter(own).any(|row| row.kind == Kind::Fin);
        let in_view = client.packets <= SEGMENTS;
        let silent = !self.censored && in_view && !matches!(self.ending, Ending::Superseded);
        if client.syns == 0 || fin || (reset.is_none() && !silent) {
            return Tampering::None;
        }
        let data = client.data_packets;
        match (data, self.handshake_time.is_some(), reset.is_some()) {
            (0, false, true) => Tampering::PostSynReset,
            (0, false, false) if client.syns == 1 => Tampering::PostSynSilence,
            (0, true, true) => Tampering::PostAckReset,
            (0, true, false) => Tampering::PostAckSilence,
            (1, _, true) => Tampering::PostPshReset,
            (1, _, false) => Tampering::PostPshSilence,
            (_, _, true) if in_view => Tampering::LaterReset,
            _ => Tampering::None,
        }
    }
}
