//! Ethernet, its tags, LLC, PPP and MPLS: layers that name the next one.

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::class::Class;
use super::link::nlpid;
use super::part::{Part, hardware};
use super::paths::Hop;
use super::walk::{Layer, Walk};

pub(super) const IPV4: u16 = 0x0800;
pub(super) const IPV6: u16 = 0x86dd;
pub(super) const MPLS: u16 = 0x8847;
pub(super) const PPPOE_SESSION: u16 = 0x8864;
const LENGTH: usize = 14;

/// A header that the capture or the packet ends in.
const CUT: Layer<'static> = Layer::Done(Class::LinkTruncated);
const NON_IP: Layer<'static> = Layer::Done(Class::NonIp);
const TOO_MANY: Layer<'static> = Layer::Done(Class::TooManyLayers);

/// Opens an Ethernet header.
#[inline]
pub(super) fn header<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    let Ok(header) = Ethernet2HeaderSlice::from_slice(part.bytes) else { return CUT };
    let Some(body) = part.skip(LENGTH) else { return CUT };
    walk.link_source = hardware(header.source());
    let kind = header.ether_type().0;
    if kind >= 0x600 {
        return Layer::EtherType(kind, body);
    }
    // Cisco ISL: a frame within a frame, its VLAN in the header.
    if let [1 | 3, 0, 0x0c, 0, 0, _] = header.destination() {
        let vlan = part.u16(20).unwrap_or_default() >> 1 & 0xfff;
        return match part.skip(26) {
            Some(inner) if walk.route.vlan(vlan) => Layer::Ethernet(inner),
            Some(_) => TOO_MANY,
            None => CUT,
        };
    }
    Layer::Llc(body.limit(usize::from(kind)))
}

/// Opens what an `EtherType` announces.
#[inline]
pub(super) fn ether_type<'a>(kind: u16, part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    match kind {
        IPV4 | IPV6 => Layer::Ip(part),
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => {
            let Ok(tag) = SingleVlanHeaderSlice::from_slice(part.bytes) else { return CUT };
            let Some(body) = part.skip(4) else { return CUT };
            if !walk.route.vlan(tag.vlan_identifier().value()) {
                return TOO_MANY;
            }
            length_or_type(tag.ether_type().0, body)
        }
        _ => rare(kind, part, walk),
    }
}

fn length_or_type(kind: u16, body: Part<'_>) -> Layer<'_> {
    if kind >= 0x600 {
        Layer::EtherType(kind, body)
    } else {
        Layer::Llc(body.limit(usize::from(kind)))
    }
}

fn rare<'a>(kind: u16, part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    match kind {
        MPLS | 0x8848 => mpls(part, walk),
        PPPOE_SESSION => pppoe(part, walk),
        // PPP without an address.
        0x880b => Layer::Ppp(part),
        // 802.1BR E-TAG, Cisco VN-Tag, Cisco metadata, HSR, and a nested switch tag (EDSA).
        0x893f | 0x8909 | 0xdada => shim(part, 6, walk),
        0x8926 | 0x892f => shim(part, 4, walk),
        // FabricPath: a tag, then a whole frame.
        0x8903 => inner_frame(part, 2, walk),
        // Provider backbone bridging: the service identifier, then a whole frame.
        0x88e7 => {
            let id = part.u32(0).unwrap_or_default() & 0x00ff_ffff;
            if !walk.route.tunnel(Hop::Pbb, id) {
                return TOO_MANY;
            }
            part.skip(4).map_or(CUT, Layer::Ethernet)
        }
        0x22f3 => {
            let options = part.u16(0).map_or(0, |flags| usize::from(flags >> 6 & 31) * 4);
            if !walk.route.tunnel(Hop::Trill, 0) {
                return TOO_MANY;
            }
            part.skip(6 + options).map_or(CUT, Layer::Ethernet)
        }
        0x6558 => Layer::Ethernet(part),
        0x88e5 => macsec(part, walk),
        _ => NON_IP,
    }
}

/// A tag whose last two bytes are the next `EtherType`.
fn shim<'a>(part: Part<'a>, length: usize, walk: &mut Walk<'_>) -> Layer<'a> {
    if !walk.route.tag() {
        return TOO_MANY;
    }
    match (part.u16(length), part.skip(length + 2)) {
        (Some(kind), Some(body)) => length_or_type(kind, body),
        _ => CUT,
    }
}

fn inner_frame<'a>(part: Part<'a>, length: usize, walk: &mut Walk<'_>) -> Layer<'a> {
    if !walk.route.tag() {
        return TOO_MANY;
    }
    part.skip(length).map_or(CUT, Layer::Ethernet)
}

/// A `MACsec` frame that is only signed can be read on; an encrypted one cannot.
fn macsec<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    let Some(control) = part.octet(0) else { return CUT };
    if control & 0x0c != 0 {
        return NON_IP;
    }
    let tag = if control & 0x20 == 0 { 6 } else { 14 };
    shim(part.without_trailer(16), tag, walk)
}

/// Opens a label stack (RFC 3032); the bottom label tells one virtual network from another.
pub(super) fn mpls<'a>(mut part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    loop {
        let (Some(entry), Some(rest)) = (part.u32(0), part.skip(4)) else { return CUT };
        part = rest;
        if !walk.route.tag() {
            return TOO_MANY;
        }
        if entry & 0x100 != 0 {
            if !walk.route.tunnel(Hop::Mpls, entry >> 12) {
                return TOO_MANY;
            }
            break;
        }
    }
    match part.octet(0).map(|first| first >> 4) {
        Some(4 | 6) => Layer::Ip(part),
        Some(first) => {
            // A pseudowire: Ethernet, mostly behind a control word whose first bits are zero.
            match part.skip(4) {
                Some(inner) if first == 0 && looks_like_ethernet(inner) => Layer::Ethernet(inner),
                _ if looks_like_ethernet(part) => Layer::Ethernet(part),
                _ => NON_IP,
            }
        }
        None => CUT,
    }
}

/// Whether an `EtherType` of something that can lead to IP stands where one would.
pub(super) fn looks_like_ethernet(part: Part<'_>) -> bool {
    matches!(part.u16(12), Some(IPV4 | IPV6 | MPLS | PPPOE_SESSION | 0x0806 | 0x8100 | 0x88a8))
}

/// Opens a `PPPoE` session header (RFC 2516).
fn pppoe<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    let (Some(session), Some(length), Some(body)) = (part.u16(2), part.u16(4), part.skip(6)) else {
        return CUT;
    };
    if part.u16(0) != Some(0x1100) {
        return NON_IP;
    }
    if !walk.route.tunnel(Hop::Pppoe, u32::from(session)) {
        return TOO_MANY;
    }
    Layer::Ppp(body.limit(usize::from(length)))
}

/// Opens a PPP frame (RFC 1661): the protocol field may be one byte, address and control absent.
pub(super) fn ppp<'a>(part: Part<'a>) -> Layer<'a> {
    let part = if part.u16(0) == Some(0xff03) { part.skip(2).unwrap_or(part) } else { part };
    let (protocol, body): (u16, Option<Part<'a>>) = match (part.octet(0), part.u16(0)) {
        (Some(first), _) if first & 1 == 1 => (u16::from(first), part.skip(1)),
        (_, Some(protocol)) => (protocol, part.skip(2)),
        _ => return CUT,
    };
    let Some(body) = body else { return CUT };
    match protocol {
        0x21 | 0x57 => Layer::Ip(body),
        0x281 | 0x283 => Layer::EtherType(MPLS, body),
        _ => NON_IP,
    }
}

/// Opens an LLC header (IEEE 802.2), with SNAP where it is announced.
pub(super) fn llc(part: Part<'_>) -> Layer<'_> {
    let Some(header) = part.array::<3>(0) else { return CUT };
    match header {
        [0xaa, 0xaa, 3] => match (part.array(3), part.u16(6), part.skip(8)) {
            (Some([0, 0, 0 | 0xf8]), Some(kind), Some(body)) => Layer::EtherType(kind, body),
            // Bridged Ethernet (RFC 2684), with and without its FCS.
            (Some([0, 0x80, 0xc2]), Some(1 | 7), Some(body)) => {
                body.skip(2).map_or(CUT, Layer::Ethernet)
            }
            (Some(_), Some(_), Some(_)) => NON_IP,
            _ => CUT,
        },
        [0xfe, 0xfe, 3] => match (part.octet(3), part.skip(4)) {
            (Some(id), Some(body)) => nlpid(id, body),
            _ => CUT,
        },
        [6, 6, 3] => part.skip(3).map_or(CUT, Layer::Ip),
        _ => NON_IP,
    }
}
