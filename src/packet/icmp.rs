//! ICMP (RFC 792) and ICMPv6 (RFC 4443) errors that quote a TCP segment.

use super::network;
use super::part::Part;
use super::paths::Route;
use super::segment::{IcmpError, PathId};
use super::seq::Seq;
use super::walk::{Ip, Layer, Walk};
use crate::capture::Frame;

const TCP: u8 = 6;
const HEADER: usize = 8;

/// The error that `part` holds, when it quotes enough of a TCP segment: its ports and its
/// sequence number.
pub(super) fn error(
    frame: &Frame<'_>,
    time: i64,
    path: PathId,
    outer: &Ip,
    part: Part<'_>,
) -> Option<IcmpError> {
    let [kind, code] = part.array(0)?;
    let is_error = match outer.version {
        4 => matches!(kind, 3 | 4 | 5 | 11 | 12),
        _ => matches!(kind, 1..=4),
    };
    if !is_error {
        return None;
    }
    let quoted = part.skip(HEADER)?;
    // The quotation is cut on purpose: how long the packet was is not for this layer to check.
    let quoted = Part { bytes: quoted.bytes, wire: usize::MAX };
    let mut route = Route::default();
    let mut walk = Walk::new(&mut route, frame.direction);
    let segment = match network::ip(quoted, &mut walk) {
        Layer::Transport(TCP, segment) => segment,
        Layer::Fragment(first) if first.offset == 0 && first.protocol == TCP => first.part,
        _ => return None,
    };
    Some(IcmpError {
        packet: frame.number,
        time,
        path,
        reporter: outer.source,
        ip_version: outer.version,
        kind,
        code,
        source: walk.ip.source,
        destination: walk.ip.destination,
        source_port: segment.u16(0)?,
        destination_port: segment.u16(2)?,
        sequence: Seq(segment.u32(4)?),
        ttl: outer.ttl,
        mtu: match (outer.version, kind, code) {
            (4, 3, 4) => u32::from(part.u16(6)?),
            (6, 2, _) => part.u32(4)?,
            _ => 0,
        },
    })
}
