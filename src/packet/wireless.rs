//! IEEE 802.11 data frames, and the headers that capture programs put before them.

use super::class::Class;
use super::part::Part;
use super::walk::{Layer, Walk};
use crate::capture::LinkType;

pub(super) const IEEE802_11: LinkType = LinkType(105);

/// Opens an 802.11 frame. Management, control, encrypted, fragmented and aggregated frames hold
/// nothing to read on.
pub(super) fn data_frame<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    data(part, walk, part.array(0)?, false)
}

/// The same, where the two bytes of frame control may be in the other order, as in many a CAPWAP.
pub(super) fn swapped_frame<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let [first, second] = part.array(0)?;
    let swapped = first & 0x0f != 0x08 && second & 0x0f == 0x08;
    data(part, walk, if swapped { [second, first] } else { [first, second] }, false)
}

fn data<'a>(
    part: Part<'a>,
    walk: &mut Walk<'_>,
    [control, flags]: [u8; 2],
    padded: bool,
) -> Option<Layer<'a>> {
    let fragment = u16::from_le_bytes(part.array(22).unwrap_or_default()) & 15;
    // Version 0, type data, with a body; neither protected nor in pieces.
    if control & 0x0f != 0x08 || control & 0x40 != 0 || flags & 0x44 != 0 || fragment != 0 {
        return Some(Layer::Done(Class::NonIp));
    }
    let mut length = 24;
    walk.link_source = match flags & 3 {
        2 => part.hardware(16),
        3 => part.hardware(24),
        _ => part.hardware(10),
    };
    if flags & 3 == 3 {
        length += 6;
    }
    if control & 0x80 != 0 {
        if part.octet(length)? & 0x80 != 0 {
            return Some(Layer::Done(Class::NonIp));
        }
        length += if flags & 0x80 == 0 { 2 } else { 6 };
    }
    if padded {
        length = length.next_multiple_of(4);
    }
    Some(Layer::Llc(part.skip(length)?))
}

/// Radiotap: a bitmap of fields; of these only the flags matter (FCS at the end, padding).
pub(super) fn radiotap<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let length = usize::from(u16::from_le_bytes(part.array(2)?));
    let present = u32::from_le_bytes(part.array(4)?);
    let mut at = 8;
    let mut word = present;
    // Further bitmaps follow while bit 31 is set.
    while word & 0x8000_0000 != 0 && at < length {
        word = u32::from_le_bytes(part.array(at)?);
        at += 4;
    }
    if present & 1 != 0 {
        at = at.next_multiple_of(8) + 8;
    }
    let flags = if present & 2 != 0 && at < length { part.octet(at)? } else { 0 };
    let body = part.skip(length.max(8))?;
    let body = if flags & 0x10 != 0 { body.without_trailer(4) } else { body };
    data(body, walk, body.array(0)?, flags & 0x20 != 0)
}

/// The prism header states its own length; some drivers put an AVS header in its place.
pub(super) fn prism(part: Part<'_>) -> Option<Layer<'_>> {
    if part.u32(0)? >> 16 == 0x8021 {
        return avs(part);
    }
    let length: [u8; 4] = part.array(4)?;
    let length = u32::from_le_bytes(length).min(u32::from_be_bytes(length));
    behind(part, length)
}

/// The AVS header, in network order.
pub(super) fn avs(part: Part<'_>) -> Option<Layer<'_>> {
    behind(part, part.u32(4)?)
}

fn behind(part: Part<'_>, length: u32) -> Option<Layer<'_>> {
    let body = part.skip(usize::try_from(length).ok()?.max(8))?;
    Some(Layer::Link(IEEE802_11, body))
}
