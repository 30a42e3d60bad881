//! Where pcapng blocks begin and end, in sound files and in damaged ones.

use super::super::bytes::Order;

pub(super) const SECTION: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE: u32 = 1;
pub(super) const OLD_PACKET: u32 = 2;
pub(super) const SIMPLE_PACKET: u32 = 3;
pub(super) const NAMES: u32 = 4;
pub(super) const STATISTICS: u32 = 5;
pub(super) const PACKET: u32 = 6;
pub(super) const JOURNAL: u32 = 9;
pub(super) const SECRETS: u32 = 10;
pub(super) const CUSTOM: u32 = 0xbad;
pub(super) const CUSTOM_PRIVATE: u32 = 0x4000_0bad;

/// Type, length and length again: the least a block can be.
pub(super) const MIN_BLOCK: usize = 12;
/// The least a section header can be.
pub(super) const MIN_SECTION: usize = 28;
/// The most that is taken for a block and not for damage.
pub(super) const MAX_BLOCK: u32 = 16 << 20;

/// What the first 12 bytes of a block say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u32,
    pub(super) length: usize,
    /// Its own for a section header, else the section's.
    pub(super) order: Order,
}

/// The byte order that a section header declares.
pub(super) fn section_order(bytes: &[u8]) -> Option<Order> {
    match bytes.get(8..12)? {
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(Order::Big),
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(Order::Little),
        _ => None,
    }
}

/// Reads a block's header; `None` if it cannot be one, or is not all there (12 bytes).
#[inline]
pub(super) fn header(bytes: &[u8], section: Order) -> Option<Header> {
    let start = bytes.get(..MIN_BLOCK)?;
    // The type of a section header reads the same in both byte orders.
    let kind = section.u32(start, 0);
    let (order, least) =
        if kind == SECTION { (section_order(start)?, MIN_SECTION) } else { (section, MIN_BLOCK) };
    let length = order.u32(start, 4);
    if length > MAX_BLOCK || (length as usize) < least || length % 4 != 0 {
        return None;
    }
    Some(Header { kind, length: length as usize, order })
}

/// Whether a whole block repeats its length at its end.
#[inline]
pub(super) fn trailer_agrees(block: &[u8], order: Order) -> bool {
    let Some(at) = block.len().checked_sub(4) else { return false };
    order.u32(block, at) as usize == block.len()
}

fn is_known(kind: u32) -> bool {
    matches!(kind, SECTION | INTERFACE..=PACKET | JOURNAL | SECRETS | CUSTOM | CUSTOM_PRIVATE)
}

/// What a search for the next sound block came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Search {
    Found(usize),
    /// The candidate at this position needs so many bytes from there to be judged.
    NeedMore(usize, usize),
    /// Nothing before this position.
    None(usize),
}

/// Looks from `from` on, in steps of four bytes, for a block of a known type whose two lengths
/// agree and behind which another block begins or the file ends.
pub(super) fn search(bytes: &[u8], from: usize, section: Order, at_end: bool) -> Search {
    let mut at = from;
    while let Some(rest) = bytes.get(at..).filter(|rest| rest.len() >= MIN_BLOCK) {
        match candidate(rest, section, at_end) {
            Candidate::Sound => return Search::Found(at),
            Candidate::NeedMore(want) => return Search::NeedMore(at, want),
            Candidate::No => at += 4,
        }
    }
    Search::None(at)
}

enum Candidate {
    Sound,
    NeedMore(usize),
    No,
}

fn candidate(rest: &[u8], section: Order, at_end: bool) -> Candidate {
    let Some(found) = header(rest, section).filter(|h| is_known(h.kind)) else {
        return Candidate::No;
    };
    let Some(block) = rest.get(..found.length) else {
        return if at_end { Candidate::No } else { Candidate::NeedMore(found.length) };
    };
    if !trailer_agrees(block, found.order) {
        return Candidate::No;
    }
    let next = rest.get(found.length..).unwrap_or_default();
    if next.len() < MIN_BLOCK && !at_end {
        return Candidate::NeedMore(found.length + MIN_BLOCK);
    }
    // At the end of the file a cut block may follow.
    if next.len() < MIN_BLOCK || header(next, found.order).is_some() {
        Candidate::Sound
    } else {
        Candidate::No
    }
}
