//! Name resolution blocks: names that the writer of a file knew for addresses.

use std::net::IpAddr;

use super::super::batch::Notes;
use super::super::bytes::Order;
use crate::hosts::{LIMIT, Seen, is_host_name};

/// Bytes of a block before its records: type and length.
const HEAD: usize = 8;
const END: u16 = 0;
const IPV4: u16 = 1;
const IPV6: u16 = 2;

/// Takes the names of a block. What is no host name is passed over; a record that runs out of the
/// block ends it.
pub(super) fn take(block: &[u8], order: Order, offset: u64, notes: &mut Notes<'_>) {
    let mut rest = block.get(HEAD..block.len().saturating_sub(4)).unwrap_or_default();
    let mut left_out = 0;
    while rest.len() >= 4 {
        let (kind, length) = (order.u16(rest, 0), usize::from(order.u16(rest, 2)));
        if kind == END {
            break;
        }
        let Some(value) = rest.get(4..4 + length) else {
            notes.issue("name_record_damaged", offset, || {
                format!("a record of {length} bytes runs out of its name resolution block")
            });
            break;
        };
        if let Some((address, names)) = record(kind, value) {
            for name in names.split(|&b| b == 0).filter(|name| is_host_name(name)) {
                let name = std::str::from_utf8(name).unwrap_or_default();
                left_out += u64::from(!notes.summary.hosts.add(address, name, Seen::default()));
            }
        }
        rest = rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
    }
    notes.issues.add_many(notes.file, LIMIT, left_out, || {
        "names of name resolution blocks beyond those that are kept".to_owned()
    });
}

/// The address and the names of a record; `None` for other kinds, and for one that is too short.
fn record(kind: u16, value: &[u8]) -> Option<(IpAddr, &[u8])> {
    match kind {
        IPV4 => value.split_first_chunk::<4>().map(|(ip, names)| ((*ip).into(), names)),
        IPV6 => value.split_first_chunk::<16>().map(|(ip, names)| ((*ip).into(), names)),
        _ => None,
    }
}
