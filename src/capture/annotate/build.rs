//! Blocks that no source has.

use std::io;

use super::super::bytes::Order;
use super::comments::{OPTION_END, Split, split, with_comments};
use super::{INTERFACE, INTERFACE_OPTIONS, SECTION};

/// What is taken for a block by those who read them.
const MAX_BLOCK: usize = 16 << 20;
/// Nobody's link type: of packets whose interface is not described.
const USER: u16 = 147;
const NAME: u16 = 2;
const RESOLUTION: u16 = 9;
const FCS_LENGTH: u16 = 13;
const OFFSET: u16 = 14;

/// Ends a block, of which all is there but its lengths.
pub(crate) fn enclose(block: &mut Vec<u8>, order: Order) -> io::Result<()> {
    let length = u32::try_from(block.len() + 4).map_err(|_| too_long())?;
    let length = order.octets32(length);
    block.extend(length);
    if let Some(at) = block.get_mut(4..8) {
        at.copy_from_slice(&length);
    }
    Ok(())
}

/// Ends a block, of which all is there but its options: the comments, if there is room for them, and
/// those that it had; false where there is no room.
pub(super) fn complete(
    block: &mut Vec<u8>,
    order: Order,
    comments: &[&[u8]],
    old: &[u8],
) -> io::Result<bool> {
    let bare = block.len();
    with_comments(block, order, comments, old);
    let fits = comments.is_empty() || block.len() + 4 <= MAX_BLOCK;
    if !fits {
        block.truncate(bare);
        with_comments(block, order, &[], old);
    }
    enclose(block, order)?;
    Ok(fits)
}

pub(super) fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "a packet that is too long for pcapng")
}

/// A section header as far as its options.
pub(super) fn bare_section(order: Order) -> Vec<u8> {
    let mut block = Vec::with_capacity(64);
    block.extend(order.octets32(SECTION));
    block.extend([0; 4]);
    block.extend(order.octets32(0x1a2b_3c4d));
    block.extend(order.octets16(1));
    block.extend(order.octets16(0));
    block.extend([u8::MAX; 8]);
    block
}

fn interface(order: Order, link: u16, snap_length: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut block = Vec::with_capacity(64);
    block.extend(order.octets32(INTERFACE));
    block.extend([0; 4]);
    block.extend(order.octets16(link));
    block.extend([0; 2]);
    block.extend(order.octets32(snap_length));
    for (code, value) in options {
        block.extend(order.octets16(*code));
        block.extend(order.octets16(u16::try_from(value.len()).unwrap_or(u16::MAX)));
        block.extend(*value);
        block.resize(block.len().next_multiple_of(4), 0);
    }
    block.extend(OPTION_END);
    let length = order.octets32(u32::try_from(block.len() + 4).unwrap_or(u32::MAX));
    block.extend(length);
    if let Some(at) = block.get_mut(4..8) {
        at.copy_from_slice(&length);
    }
    block
}

/// The same interface, without what it takes no packet to read.
pub(super) fn reduced(description: &[u8], order: Order) -> Vec<u8> {
    let (link, snap_length) = (order.u16(description, 8), order.u32(description, 12));
    let options = description.get(INTERFACE_OPTIONS..description.len().saturating_sub(4));
    let mut rest = options.unwrap_or_default();
    let mut kept: Vec<(u16, &[u8])> = Vec::new();
    while let Some(Split { code, value, behind, .. }) = split(rest, order) {
        if matches!((code, value.len()), (RESOLUTION | FCS_LENGTH, 1) | (OFFSET, 8)) {
            // As where it is read: of one that comes again, the last stands.
            kept.retain(|(known, _)| *known != code);
            kept.push((code, value));
        }
        rest = behind;
    }
    interface(order, link, snap_length, &kept)
}

/// Stands for an interface that is not described.
pub(super) fn bare_interface(order: Order) -> Vec<u8> {
    interface(order, USER, 0, &[(NAME, b"not described")])
}

/// What the header of a classic file says of its packets.
pub(super) fn classic_interface(
    order: Order,
    link: u16,
    snap_length: u32,
    fcs_length: Option<u8>,
    nanoseconds: bool,
) -> Vec<u8> {
    let resolution = [if nanoseconds { 9 } else { 6 }];
    let fcs = fcs_length.map(|length| [length]);
    let mut options: Vec<(u16, &[u8])> = vec![(RESOLUTION, &resolution)];
    options.extend(fcs.as_ref().map(|length| (FCS_LENGTH, length.as_slice())));
    interface(order, link, snap_length, &options)
}
