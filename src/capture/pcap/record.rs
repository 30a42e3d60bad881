//! One record of a classic file. It is read by hand: pcap-parser takes lengths of old versions as
//! they stand, has no modified records in big-endian order, and takes five times the instructions.

use crate::capture::bytes::Order;

/// Which of a record's two lengths comes first, by the version that wrote it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lengths {
    Captured,
    Original,
    /// Version 2.3 was written both ways: the smaller one is the captured length.
    Smaller,
}

/// How a file's records are laid out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) order: Order,
    /// Eight bytes more in each header.
    pub(super) modified: bool,
    pub(super) lengths: Lengths,
}

/// What a record's header says.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) seconds: u32,
    pub(super) fraction: u32,
    pub(super) captured: u32,
    pub(super) original: u32,
}

impl Layout {
    /// That of most files.
    pub(super) const USUAL: Self =
        Self { order: Order::Little, modified: false, lengths: Lengths::Captured };

    /// Length of a record's header.
    #[inline]
    pub(super) fn header(self) -> usize {
        if self.modified { 24 } else { 16 }
    }

    /// What a header says; `None` where it is not all there.
    #[inline]
    pub(super) fn fields(self, bytes: &[u8]) -> Option<Fields> {
        let header = bytes.first_chunk::<16>()?;
        if bytes.len() < self.header() {
            return None;
        }
        let field = |at| self.order.u32(header, at);
        let (seconds, fraction, a, b) = (field(0), field(4), field(8), field(12));
        let swap = match self.lengths {
            Lengths::Captured => false,
            Lengths::Original => true,
            Lengths::Smaller => a > b,
        };
        let (captured, original) = if swap { (b, a) } else { (a, b) };
        Some(Fields { seconds, fraction, captured, original })
    }

    /// The same of a record that is all there.
    #[inline]
    pub(super) fn record(self, bytes: &[u8]) -> Option<Fields> {
        let fields = self.fields(bytes)?;
        let room = bytes.len().checked_sub(self.header())?;
        (fields.captured as usize <= room).then_some(fields)
    }
}
