//! The published passive tampering signatures: what a server sees of a connection that something
//! on the way broke off, by how far it had come.
//!
//! Only the client's half is looked at, as at a content network's edge, and only its first ten
//! segments. A signature is a shape, not a verdict: about one connection in five has one.
//! After Sundara Raman and others, "Global, Passive Detection of Connection Tampering"
//! (SIGCOMM 2023), and the stages of Cloudflare Radar.

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

/// How far a client's half came, and what became of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Half {
    /// SYNs it sent.
    pub syns: u32,
    /// Its packets.
    pub packets: u64,
    /// Those with payload.
    pub data_packets: u32,
    /// Whether the handshake was completed.
    pub handshake: bool,
    /// Whether it has a FIN.
    pub fin: bool,
    /// Whether it has a reset.
    pub reset: bool,
    /// Whether the capture went on long enough to tell its silence from the capture's own end.
    pub silence_counts: bool,
}

impl Half {
    /// Its signature.
    pub(crate) fn signature(self) -> Tampering {
        let in_view = self.packets <= SEGMENTS;
        let silent = self.silence_counts && in_view;
        if self.syns == 0 || self.fin || !(self.reset || silent) {
            return Tampering::None;
        }
        match (self.data_packets, self.handshake, self.reset) {
            (0, false, true) => Tampering::PostSynReset,
            (0, false, false) if self.syns == 1 => Tampering::PostSynSilence,
            (0, true, true) => Tampering::PostAckReset,
            (0, true, false) => Tampering::PostAckSilence,
            (1, _, true) => Tampering::PostPshReset,
            (1, _, false) => Tampering::PostPshSilence,
            (_, _, true) if in_view => Tampering::LaterReset,
            _ => Tampering::None,
        }
    }
}
