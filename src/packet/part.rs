//! A stretch of a packet: what was captured of it and how long it was on the wire.

/// Bytes still to be read. `wire` is never below `bytes.len()`; it is above where the snap
/// length cut the packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// The captured bytes.
    pub bytes: &'a [u8],
    /// How many there were on the wire.
    pub wire: usize,
}

impl Part<'_> {
    /// What follows the first `n` bytes; `None` when the capture ends before.
    #[inline]
    pub(super) fn skip(self, n: usize) -> Option<Self> {
        let bytes = self.bytes.get(n..)?;
        Some(Self { bytes, wire: self.wire.saturating_sub(n) })
    }

    /// At most `n` bytes of it: a length field ends the stretch, what follows is padding.
    #[inline]
    #[must_use]
    pub(super) fn limit(self, n: usize) -> Self {
        Self { bytes: self.bytes.get(..n).unwrap_or(self.bytes), wire: self.wire.min(n) }
    }

    /// Without its last `n` bytes on the wire.
    #[must_use]
    pub(super) fn without_trailer(self, n: usize) -> Self {
        self.limit(self.wire.saturating_sub(n))
    }

    /// The `N` bytes at `at`.
    #[inline]
    pub(super) fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.bytes.get(at..)?.first_chunk().copied()
    }

    /// The byte at `at`.
    #[inline]
    pub(super) fn octet(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// The 16-bit number in network order at `at`.
    #[inline]
    pub(super) fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// The 32-bit number in network order at `at`.
    #[inline]
    pub(super) fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    /// A hardware address at `at` as a number; 0 when it was not captured.
    #[inline]
    pub(super) fn hardware(&self, at: usize) -> u64 {
        self.array(at).map_or(0, hardware)
    }
}

/// A hardware address as a number.
#[inline]
pub(super) fn hardware(octets: [u8; 6]) -> u64 {
    let [h0, h1, h2, h3, h4, h5] = octets;
    u64::from_be_bytes([0, 0, h0, h1, h2, h3, h4, h5])
}
