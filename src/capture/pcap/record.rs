//! One record of a classic file: pcap-parser's readers where one fits, our own where none does.

use pcap_parser::LegacyPcapBlock;

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
#[derive(Clone, Copy)]
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
    /// Length of a record's header.
    #[inline]
    pub(super) fn header(self) -> usize {
        if self.modified { 24 } else { 16 }
    }

    /// Reads a header by hand; `None` where it is not all there.
    pub(super) fn fields(self, bytes: &[u8]) -> Option<Fields> {
        let header = bytes.get(..self.header())?;
        let [seconds, fraction, a, b] = [0, 4, 8, 12].map(|at| self.order.u32(header, at));
        let swap = match self.lengths {
            Lengths::Captured => false,
            Lengths::Original => true,
            Lengths::Smaller => a > b,
        };
        let (captured, original) = if swap { (b, a) } else { (a, b) };
        Some(Fields { seconds, fraction, captured, original })
    }

    /// Reads a whole record by hand: pcap-parser takes lengths of old versions as they stand, and
    /// has no modified records in big-endian order.
    pub(super) fn record(self, bytes: &[u8]) -> Option<Fields> {
        let fields = self.fields(bytes)?;
        let room = bytes.len().checked_sub(self.header())?;
        (fields.captured as usize <= room).then_some(fields)
    }
}

/// What one of pcap-parser's readers found; `None` where the record is not all there.
#[inline]
pub(super) fn found<E>(parsed: Result<(&[u8], LegacyPcapBlock<'_>), E>) -> Option<Fields> {
    let (_, block) = parsed.ok()?;
    Some(Fields {
        seconds: block.ts_sec,
        fraction: block.ts_usec,
        captured: block.caplen,
        original: block.origlen,
    })
}
