//! Link types: from a captured frame to the first layer that names what it carries.

use super::class::Class;
use super::part::Part;
use super::walk::{Layer, Walk};
use super::{ethernet, wireless};
use crate::capture::{Direction, LinkType};

/// Opens a frame of a link type. A link type without a decoder is `UnsupportedLinkType`.
#[inline]
pub(super) fn open<'a>(link: LinkType, part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    if link.0 == 1 {
        return Layer::Ethernet(part);
    }
    other(link, part, walk).unwrap_or(Layer::Done(Class::LinkTruncated))
}

/// `None` is a frame that ends inside its link header.
fn other<'a>(link: LinkType, part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    Some(match link.0 {
        0 | 108 => return null(part),
        6 => return token_ring(part, walk),
        7 => return arcnet(part, 2),
        129 => return arcnet(part, 4),
        10 => return fddi(part, walk),
        12 | 14 | 101 | 228 | 229 => Layer::Ip(part),
        9 | 50 => return ppp_or_cisco(part),
        51 => Layer::EtherType(ethernet::PPPOE_SESSION, part),
        100 => Layer::Llc(part),
        104 => Layer::EtherType(part.u16(2)?, part.skip(4)?),
        105 => return wireless::data_frame(part, walk),
        107 => return frame_relay(part),
        113 => return cooked(part, walk),
        117 => return pflog(part, walk),
        119 => return wireless::prism(part),
        127 => return wireless::radiotap(part, walk),
        163 => return wireless::avs(part),
        166 => return ppp_with_direction(part, walk),
        178 => return juniper_ethernet(part, walk),
        192 => return ppi(part),
        219 => Layer::EtherType(ethernet::MPLS, part),
        226 => Layer::Ip(part.skip(24)?),
        239 => return nflog(part, walk),
        240 | 282 => Layer::Ethernet(part.skip(4)?),
        242 => Layer::EtherType(part.u16(40)?, part.skip(44)?),
        276 => return cooked_v2(part, walk),
        281 | 283 => return switch_tag(part, 16, walk),
        284 => return switch_tag(part, 20, walk),
        _ => Layer::Done(Class::UnsupportedLinkType),
    })
}

/// BSD loopback: an address family, in the byte order of the machine that captured.
fn null(part: Part<'_>) -> Option<Layer<'_>> {
    let family = part.u32(0)?;
    let body = part.skip(4)?;
    if family >> 16 == 0xff03 {
        return Some(Layer::Ppp(part));
    }
    let family = if family > 0xffff { family.swap_bytes() } else { family };
    Some(if is_ip_family(family) { Layer::Ip(body) } else { Layer::Done(Class::NonIp) })
}

/// `AF_INET`, and `AF_INET6` of Linux, Windows, `NetBSD`, `FreeBSD` and Darwin.
fn is_ip_family(family: u32) -> bool {
    matches!(family, 2 | 10 | 23 | 24 | 28 | 30)
}

/// Linux cooked capture: packet type, hardware type, address length, address, protocol.
fn cooked<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let protocol = part.u16(14)?;
    packet_type(part.u16(0)?, walk);
    if part.u16(4)? == 6 {
        walk.link_source = part.hardware(6);
    }
    cooked_protocol(part.u16(2)?, protocol, part.skip(16)?, walk)
}

/// The second version: protocol, reserved, interface, hardware type, packet type, address.
fn cooked_v2<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let body = part.skip(20)?;
    packet_type(u16::from(part.octet(10)?), walk);
    if part.octet(11)? == 6 {
        walk.link_source = part.hardware(12);
    }
    cooked_protocol(part.u16(8)?, part.u16(0)?, body, walk)
}

fn cooked_protocol<'a>(
    hardware: u16,
    protocol: u16,
    body: Part<'a>,
    walk: &mut Walk<'_>,
) -> Option<Layer<'a>> {
    Some(match (hardware, protocol) {
        (803, _) => return wireless::radiotap(body, walk),
        (_, 4) => Layer::Llc(body),
        (_, 0..=1535) => Layer::Done(Class::NonIp),
        _ => Layer::EtherType(protocol, body),
    })
}

/// 0 is to us, 4 is from us; broadcast, multicast and what is for others say nothing certain.
fn packet_type(kind: u16, walk: &mut Walk<'_>) {
    if walk.direction == Direction::Unknown {
        walk.direction = match kind {
            0 => Direction::Inbound,
            4 => Direction::Outbound,
            _ => Direction::Unknown,
        };
    }
}

/// Cisco HDLC has the address 0x0f or 0x8f where PPP has 0xff.
fn ppp_or_cisco(part: Part<'_>) -> Option<Layer<'_>> {
    Some(match part.octet(0)? {
        0x0f | 0x8f => Layer::EtherType(part.u16(2)?, part.skip(4)?),
        _ => Layer::Ppp(part),
    })
}

fn ppp_with_direction<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let sent = part.octet(0)? != 0;
    walk.direction = if sent { Direction::Outbound } else { Direction::Inbound };
    Some(Layer::Ppp(part.skip(1)?))
}

/// Multi-protocol encapsulation over frame relay (RFC 2427).
fn frame_relay(part: Part<'_>) -> Option<Layer<'_>> {
    let end = part.bytes.iter().take(4).position(|octet| octet & 1 == 1)? + 1;
    let mut at = end;
    if part.octet(at)? != 3 {
        // Cisco's form: an EtherType follows the address.
        return Some(Layer::EtherType(part.u16(at)?, part.skip(at + 2)?));
    }
    at += 1;
    if part.octet(at)? == 0 {
        at += 1;
    }
    Some(nlpid(part.octet(at)?, part.skip(at + 1)?))
}

/// A network layer protocol identifier (ISO/IEC TR 9577) and what it announces.
pub(super) fn nlpid(id: u8, body: Part<'_>) -> Layer<'_> {
    match id {
        0xcc | 0x8e => Layer::Ip(body),
        0xcf => Layer::Ppp(body),
        0x80 => match (body.array(0), body.u16(3), body.skip(5)) {
            (Some([0, 0, 0]), Some(kind), Some(rest)) => Layer::EtherType(kind, rest),
            _ => Layer::Done(Class::NonIp),
        },
        _ => Layer::Done(Class::NonIp),
    }
}

fn fddi<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let control = part.octet(0)?;
    let body = part.skip(13)?;
    walk.link_source = part.hardware(7);
    Some(if control & 0xf0 == 0x50 { Layer::Llc(body) } else { Layer::Done(Class::NonIp) })
}

fn token_ring<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let control = part.octet(1)?;
    let routed = part.octet(8)? & 0x80 != 0;
    let route = if routed { usize::from(part.octet(14)? & 31) } else { 0 };
    walk.link_source = part.hardware(8) & 0x7fff_ffff_ffff;
    let body = part.skip(14 + route)?;
    Some(if control & 0xc0 == 0x40 { Layer::Llc(body) } else { Layer::Done(Class::NonIp) })
}

/// ARCNET: the protocol follows two addresses (and an offset, as Linux captures it).
fn arcnet(part: Part<'_>, at: usize) -> Option<Layer<'_>> {
    Some(match part.octet(at)? {
        // RFC 1051 has no fragmentation header.
        240 => Layer::Ip(part.skip(at + 1)?),
        // RFC 1201: a split flag and a sequence number; 0xff announces a longer header.
        212 | 196 => {
            let long = at == 2 && part.octet(at + 1)? == 0xff;
            Layer::Ip(part.skip(at + if long { 8 } else { 4 })?)
        }
        _ => Layer::Done(Class::NonIp),
    })
}

/// A packet filter's log record: length, address family, ..., direction.
fn pflog<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let length = usize::from(part.octet(0)?);
    let family = u32::from(part.octet(1)?);
    if length > 60 && walk.direction == Direction::Unknown {
        walk.direction = match part.octet(60)? {
            1 => Direction::Inbound,
            2 => Direction::Outbound,
            _ => Direction::Unknown,
        };
    }
    let body = part.skip(length.next_multiple_of(4))?;
    Some(if is_ip_family(family) { Layer::Ip(body) } else { Layer::Done(Class::NonIp) })
}

/// Netfilter's log: attributes in the byte order of the machine that captured.
fn nflog<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let family = u32::from(part.octet(0)?);
    let mut rest = part.skip(4)?;
    loop {
        let length: [u8; 2] = rest.array(0)?;
        let kind: [u8; 2] = rest.array(2)?;
        let little = usize::from(u16::from_le_bytes(length));
        let big = usize::from(u16::from_be_bytes(length));
        // The kind is below 256, so its other byte tells the byte order.
        let (length, kind) = if kind[0] != 0 && matches!(kind[1], 0 | 0x80) {
            (little, kind[0])
        } else {
            (big, kind[1])
        };
        if length < 4 {
            return Some(Layer::Done(Class::NonIp));
        }
        let value = rest.limit(length).skip(4)?;
        match kind {
            1 if walk.direction == Direction::Unknown => {
                walk.direction = match value.octet(2)? {
                    0 | 1 => Direction::Inbound,
                    3 | 4 => Direction::Outbound,
                    _ => Direction::Unknown,
                };
            }
            8 if value.octet(1) == Some(6) || value.octet(0) == Some(6) => {
                walk.link_source = value.hardware(4);
            }
            9 if is_ip_family(family) => return Some(Layer::Ip(value)),
            9 => return Some(Layer::Done(Class::NonIp)),
            _ => {}
        }
        rest = rest.skip(length.next_multiple_of(4))?;
    }
}

/// Per-packet information: a header that names the link type of what follows it.
fn ppi(part: Part<'_>) -> Option<Layer<'_>> {
    let length = usize::from(u16::from_le_bytes(part.array(2)?));
    let link = u32::from_le_bytes(part.array(4)?);
    let body = part.skip(length.max(8))?;
    Some(match u16::try_from(link) {
        // Not within itself: a header may not lead in a circle.
        Ok(link) if link != 192 => Layer::Link(LinkType(link), body),
        _ => Layer::Done(Class::UnsupportedLinkType),
    })
}

/// Ethernet behind the cookie `MGC`, flags and, where a flag says so, extensions.
fn juniper_ethernet<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    if part.array(0)? != *b"MGC" {
        return Some(Layer::Done(Class::NonIp));
    }
    let flags = part.octet(3)?;
    walk.direction = if flags & 1 != 0 { Direction::Inbound } else { Direction::Outbound };
    let at = if flags & 0x80 != 0 { 6 + usize::from(part.u16(4)?) } else { 4 };
    // Without a link header the address family stands there instead.
    let body =
        if flags & 2 == 0 { part.skip(at)? } else { return Some(Layer::Ip(part.skip(at + 4)?)) };
    Some(Layer::Ethernet(body))
}

/// Ethernet with a switch's tag between the addresses and the `EtherType`.
fn switch_tag<'a>(part: Part<'a>, at: usize, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    walk.link_source = part.hardware(6);
    Some(Layer::EtherType(part.u16(at)?, part.skip(at + 2)?))
}
