//! The latest segments of a connection, to find what a reset answers and which packet is a copy.

use crate::conn::primitives::bits::high;
use crate::conn::primitives::slab::Slab;
use crate::conn::primitives::words::Side;
use crate::packet::{Flags, Segment, Seq};

/// Segments remembered.
pub(crate) const LENGTH: usize = 16;
/// Segments in one block.
const BLOCK: usize = 4;

/// One remembered segment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry {
    pub packet: u64,
    pub time: i64,
    pub sequence: Seq,
    pub acknowledgment: Seq,
    pub ip_id: Option<u16>,
    pub payload: u32,
    pub flags: Flags,
    pub sender: Side,
    pub probe: bool,
    pub duplicate: bool,
}

impl Entry {
    /// The first sequence number after it.
    pub(crate) fn end(&self) -> Seq {
        let payload = if self.flags.rst() { 0 } else { self.payload };
        let control = u32::from(self.flags.syn()) + u32::from(self.flags.fin());
        self.sequence.plus(payload.saturating_add(control))
    }
}

/// An [`Entry`] as it is kept, in 32 bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Packed {
    time: i64,
    /// The packet's number, which stays below 2^48, and above it the higher half of the signature.
    packet: u64,
    sequence: Seq,
    acknowledgment: Seq,
    payload: u32,
    ip_id: u16,
    /// Control bits and, above them, what is named below.
    bits: u16,
}

/// The bits of [`Packed::packet`] that hold the number, and how many they are.
const NUMBER: u64 = (1 << NUMBER_BITS) - 1;
const NUMBER_BITS: u32 = 48;
const CONTROL: u16 = 0x1ff;
const HAS_ID: u16 = 1 << 12;
const SERVER: u16 = 1 << 13;
const PROBE: u16 = 1 << 14;
const DUPLICATE: u16 = 1 << 15;

impl Packed {
    #[inline]
    fn of(entry: &Entry, signature: u32) -> Self {
        let bit = |set: bool, bit: u16| u16::from(set) * bit;
        Self {
            time: entry.time,
            packet: entry.packet & NUMBER | u64::from(signature >> 16) << NUMBER_BITS,
            sequence: entry.sequence,
            acknowledgment: entry.acknowledgment,
            payload: entry.payload,
            ip_id: entry.ip_id.unwrap_or(0),
            bits: entry.flags.0 & CONTROL
                | bit(entry.ip_id.is_some(), HAS_ID)
                | bit(entry.sender == Side::Server, SERVER)
                | bit(entry.probe, PROBE)
                | bit(entry.duplicate, DUPLICATE),
        }
    }

    /// The signature that goes with the lower half of one.
    fn signature(&self, mark: u16) -> u32 {
        high(self.packet) & 0xffff_0000 | u32::from(mark)
    }

    fn open(&self) -> Entry {
        let has = |bit: u16| self.bits & bit != 0;
        Entry {
            packet: self.packet & NUMBER,
            time: self.time,
            sequence: self.sequence,
            acknowledgment: self.acknowledgment,
            ip_id: has(HAS_ID).then_some(self.ip_id),
            payload: self.payload,
            flags: Flags(self.bits & CONTROL),
            sender: if has(SERVER) { Side::Server } else { Side::Client },
            probe: has(PROBE),
            duplicate: has(DUPLICATE),
        }
    }
}

/// A few segments of one connection.
type Block = [Packed; BLOCK];

/// A ring of the latest segments of both sides: which blocks of the [`Pool`] hold them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Recent {
    /// Half of each signature: most segments that come differ from all of them, and no block must
    /// be read to know it.
    marks: [u16; LENGTH],
    blocks: [u32; LENGTH / BLOCK],
    length: u8,
    next: u8,
}

/// The blocks of all connections that are followed.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    blocks: Slab<Block>,
}

impl Pool {
    /// Remembers one more segment, forgetting the oldest when there are enough.
    #[inline]
    pub(crate) fn push(&mut self, recent: &mut Recent, signature: u32, entry: &Entry) {
        let at = usize::from(recent.next);
        let (Some(mark), Some(number)) =
            (recent.marks.get_mut(at), recent.blocks.get_mut(at / BLOCK))
        else {
            return;
        };
        if usize::from(recent.length) < LENGTH {
            if at % BLOCK == 0 {
                let Some(free) = self.take() else { return };
                *number = free;
            }
            recent.length += 1;
        }
        recent.next = if at + 1 == LENGTH { 0 } else { recent.next + 1 };
        *mark = mark_of(signature);
        if let Some(place) = self.blocks.get_mut(*number).and_then(|b| b.get_mut(at % BLOCK)) {
            *place = Packed::of(entry, signature);
        }
    }

    /// A free block; `None` when all are taken.
    // Kept out of `push`, which each segment goes through and is to be inlined.
    #[inline(never)]
    fn take(&mut self) -> Option<u32> {
        self.blocks.vacant().or_else(|| self.blocks.add(Block::default()))
    }

    /// Bytes in use.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.used() * size_of::<Block>()
    }

    /// Forgets the segments of a connection.
    pub(crate) fn free(&mut self, recent: Recent) {
        let used = usize::from(recent.length).div_ceil(BLOCK);
        self.blocks.free_all(recent.blocks.iter().take(used));
    }

    /// Reads the block that the next segment is written to, ahead of its use.
    #[inline]
    pub(crate) fn touch(&self, recent: &Recent) -> u64 {
        let at = usize::from(recent.next);
        let block = recent.blocks.get(at / BLOCK).and_then(|&number| self.blocks.get(number));
        block.and_then(|block| block.get(at % BLOCK)).map_or(0, |segment| segment.packet)
    }

    /// The segments of one connection.
    #[inline]
    pub(crate) fn of<'p>(&'p self, recent: &'p Recent) -> Seen<'p> {
        Seen { pool: self, recent }
    }
}

/// The latest segments of one connection, to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'p> {
    pool: &'p Pool,
    recent: &'p Recent,
}

impl<'p> Seen<'p> {
    /// Whether a test holds for any segment with this signature.
    #[inline]
    pub(crate) fn any(self, signature: u32, test: impl Fn(&Entry) -> bool) -> bool {
        let mark = mark_of(signature);
        // All of them at once, without a way out on the way.
        let same = self.recent.marks.iter().fold(0, |same, &other| same | u16::from(other == mark));
        same != 0 && self.search(signature, test)
    }

    #[cold]
    fn search(self, signature: u32, test: impl Fn(&Entry) -> bool) -> bool {
        let mut same = (0..usize::from(self.recent.length))
            .filter_map(|at| self.at(at))
            .filter(|&(other, _)| other == signature);
        same.any(|(_, entry)| test(&entry))
    }

    /// The segment in a place, with its signature.
    fn at(self, at: usize) -> Option<(u32, Entry)> {
        let Recent { marks, blocks, .. } = self.recent;
        let packed = self.pool.blocks.get(*blocks.get(at / BLOCK)?)?.get(at % BLOCK)?;
        Some((packed.signature(*marks.get(at)?), packed.open()))
    }

    /// How many there are.
    pub(crate) fn len(self) -> u64 {
        u64::from(self.recent.length)
    }

    /// From the oldest to the latest with their signatures, capture copies too.
    pub(crate) fn all(self) -> impl Iterator<Item = (u32, Entry)> + 'p {
        let length = usize::from(self.recent.length);
        let first = usize::from(self.recent.next) + LENGTH - length;
        (first..first + length).filter_map(move |at| self.at(at % LENGTH))
    }

    /// From the latest to the oldest, capture copies left out.
    pub(crate) fn backwards(self) -> impl Iterator<Item = Entry> + 'p {
        let next = usize::from(self.recent.next);
        (1..=usize::from(self.recent.length)).filter_map(move |back| {
            let (_, entry) = self.at((next + LENGTH - back) % LENGTH)?;
            (!entry.duplicate).then_some(entry)
        })
    }
}

/// Half of a signature.
#[allow(clippy::cast_possible_truncation)] // half is enough
fn mark_of(signature: u32) -> u16 {
    signature as u16
}

/// A fingerprint of everything by which a mirrored copy equals its original.
#[inline]
pub(crate) fn signature(segment: &Segment<'_>) -> u32 {
    let mut mixed = u64::from(segment.sequence.0) << 32 | u64::from(segment.acknowledgment.0);
    for part in [
        u64::from(segment.payload_length) << 16 | u64::from(segment.window),
        u64::from(segment.flags.0) << 16 | u64::from(segment.checksum),
        u64::from(segment.ip_id.unwrap_or(0)),
    ] {
        mixed = (mixed ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed ^= mixed >> 29;
    }
    high(mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(packet: u64) -> Entry {
        let low = u16::try_from(packet).unwrap();
        Entry {
            packet,
            time: -3,
            sequence: Seq(7),
            acknowledgment: Seq(9),
            ip_id: packet.is_multiple_of(2).then_some(low),
            payload: 11,
            flags: Flags(0x1ff),
            sender: if packet.is_multiple_of(3) { Side::Server } else { Side::Client },
            probe: packet.is_multiple_of(5),
            duplicate: packet == 38,
        }
    }

    #[test]
    fn remembers_the_latest_and_gives_blocks_back() {
        let (mut pool, mut one, mut other) =
            (Pool::default(), Recent::default(), Recent::default());
        for packet in 1..=40 {
            pool.push(&mut one, u32::try_from(packet).unwrap(), &entry(packet));
            if packet <= 5 {
                pool.push(&mut other, 0, &entry(packet));
            }
        }
        let packets: Vec<_> = pool.of(&one).backwards().map(|e| e.packet).collect();
        assert_eq!(packets, [40, 39, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25]);
        assert_eq!(
            pool.of(&other).backwards().map(|e| e.packet).collect::<Vec<_>>(),
            [5, 4, 3, 2, 1]
        );
        for seen in pool.of(&one).backwards() {
            assert_eq!(format!("{seen:?}"), format!("{:?}", entry(seen.packet)));
        }
        assert!(pool.of(&one).any(30, |e| e.packet == 30) && !pool.of(&one).any(24, |_| true));
        assert!(
            pool.of(&other).any(0, |e| e.packet == 5) && !pool.of(&other).any(0, |e| e.packet == 6)
        );
        let taken = pool.blocks.len();
        pool.free(one);
        let mut third = Recent::default();
        (0..16).for_each(|packet| pool.push(&mut third, 1, &entry(packet)));
        assert_eq!(pool.blocks.len(), taken);
        assert_eq!(pool.of(&other).backwards().count(), 5);
    }
}
