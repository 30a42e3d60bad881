//! The bodies of blocks that describe, read by pcap-parser.
//!
//! Its readers collect all options of a block, which may hold millions, and take what follows their
//! end for more of them. So they get the block without its options, and [`Options`] has these read
//! one at a time.

use pcap_parser::{
    parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le,
    parse_interfacestatisticsblock_be, parse_interfacestatisticsblock_le, parse_sectionheaderblock,
};

use super::super::bytes::Order;
use super::frame_check::MIN_SECTION;
use super::options::Options;

/// Lengths of the blocks without their options.
const INTERFACE: usize = 20;
const STATISTICS: usize = 24;

/// The options of a section header of version 1; `Err` says what it is instead.
pub(super) fn section(block: &[u8], order: Order) -> Result<Options<'_>, String> {
    let too_short = || "pcapng section header unreadable".to_owned();
    let (bare, options) = bare::<MIN_SECTION>(block, order).ok_or_else(too_short)?;
    let (_, body) = parse_sectionheaderblock(&bare).map_err(|_| too_short())?;
    if body.major_version != 1 {
        let (major, minor) = (body.major_version, body.minor_version);
        return Err(format!("pcapng version {major}.{minor} is not supported"));
    }
    Ok(options)
}

/// Link type, snap length and options of an interface description; `None` where it is too short.
pub(super) fn interface(block: &[u8], order: Order) -> Option<(u16, u32, Options<'_>)> {
    let (bare, options) = bare::<INTERFACE>(block, order)?;
    let parse = match order {
        Order::Little => parse_interfacedescriptionblock_le,
        Order::Big => parse_interfacedescriptionblock_be,
    };
    let (_, body) = parse(&bare).ok()?;
    Some((u16::try_from(body.linktype.0).ok()?, body.snaplen, options))
}

/// The interface that a statistics block is about, and its options; `None` where it is too short.
pub(super) fn statistics(block: &[u8], order: Order) -> Option<(u32, Options<'_>)> {
    let (bare, options) = bare::<STATISTICS>(block, order)?;
    let parse = match order {
        Order::Little => parse_interfacestatisticsblock_le,
        Order::Big => parse_interfacestatisticsblock_be,
    };
    let (_, body) = parse(&bare).ok()?;
    Some((body.if_id, options))
}

/// A block as if it had no options, and these.
fn bare<const N: usize>(block: &[u8], order: Order) -> Option<([u8; N], Options<'_>)> {
    let length = u32::try_from(N).ok()?;
    let length = match order {
        Order::Little => length.to_le_bytes(),
        Order::Big => length.to_be_bytes(),
    };
    let body = block.get(..block.len().checked_sub(4)?)?;
    let mut bare = [0; N];
    let (fixed, end) = bare.split_at_mut(N - 4);
    let (head, options) = body.split_at_checked(fixed.len())?;
    fixed.copy_from_slice(head);
    fixed.get_mut(4..8)?.copy_from_slice(&length);
    end.copy_from_slice(&length);
    Some((bare, Options::new(options, order)))
}
