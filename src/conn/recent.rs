//! The latest segments of a connection, to find what a reset answers and which packet is a copy.

use super::connection::Side;
use crate::packet::{Flags, Segment, Seq};

/// Segments remembered.
const LENGTH: usize = 16;

/// One remembered segment.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub packet: u64,
    pub time: i64,
    pub sequence: Seq,
    pub acknowledgment: Seq,
    pub end: Seq,
    pub signature: u32,
    pub ip_id: Option<u16>,
    pub payload: u32,
    pub flags: Flags,
    pub sender: Side,
    pub probe: bool,
    pub duplicate: bool,
}

/// A ring of the latest segments of both sides.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    entries: Vec<Entry>,
    next: usize,
}

impl Recent {
    /// Remembers one more, forgetting the oldest when full.
    pub fn push(&mut self, entry: Entry) {
        if self.entries.len() < LENGTH {
            if self.entries.is_empty() {
                self.entries.reserve_exact(4);
            }
            self.entries.push(entry);
        } else if let Some(slot) = self.entries.get_mut(self.next) {
            *slot = entry;
            self.next = (self.next + 1) % LENGTH;
        }
    }

    /// Whether a test holds for any of them.
    #[inline]
    pub fn any(&self, test: impl Fn(&Entry) -> bool) -> bool {
        self.entries.iter().any(test)
    }

    /// Bytes that hang on it.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    /// From the latest to the oldest, capture copies left out.
    pub fn backwards(&self) -> impl Iterator<Item = &Entry> + '_ {
        let (newer, older) = if self.entries.len() < LENGTH {
            (self.entries.as_slice(), &[][..])
        } else {
            let (a, b) = self.entries.split_at(self.next);
            (a, b)
        };
        newer.iter().rev().chain(older.iter().rev()).filter(|entry| !entry.duplicate)
    }
}

/// A fingerprint of everything by which a mirrored copy equals its original.
pub fn signature(segment: &Segment<'_>) -> u32 {
    let mut mixed = u64::from(segment.sequence.0) << 32 | u64::from(segment.acknowledgment.0);
    for part in [
        u64::from(segment.payload_length) << 16 | u64::from(segment.window),
        u64::from(segment.flags.0) << 16 | u64::from(segment.checksum),
        u64::from(segment.ip_id.unwrap_or(0)),
    ] {
        mixed = (mixed ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^= mixed >> 29;
    }
    u32::try_from(mixed >> 32).unwrap_or(0)
}
