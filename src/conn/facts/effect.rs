//! What one segment did: the steps of [`step`](super::step) tell it to those that follow them.

/// What a segment did to the numbers of its side and of its peer.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::conn) struct Effect {
    /// New payload bytes.
    pub fresh: u64,
    /// It acknowledged bytes not acknowledged before.
    pub ack_advanced: bool,
    /// It acknowledged bytes that were never seen.
    pub reveals_gap: bool,
    /// Keep-alive or zero window probe.
    pub probe: bool,
    /// Nothing new in it although it takes sequence space.
    pub retransmission: bool,
    /// Its claimed sender may not have sent it.
    pub foreign: bool,
}
