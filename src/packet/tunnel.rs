//! Tunnels over IP and UDP: what carries another packet is opened, and named in the path.

use super::class::Class;
use super::ethernet::looks_like_ethernet;
use super::part::Part;
use super::paths::Hop;
use super::walk::{Layer, Walk};
use super::wireless;

const TOO_MANY: Layer<'static> = Layer::Done(Class::TooManyLayers);
const UDP: Layer<'static> = Layer::Done(Class::Udp);
const OTHER: Layer<'static> = Layer::Done(Class::OtherIp);

/// Enters a tunnel.
fn enter<'a>(walk: &mut Walk<'_>, hop: Hop, id: u32, inner: Layer<'a>) -> Layer<'a> {
    if walk.route.tunnel(hop, id) { inner } else { TOO_MANY }
}

/// Opens IP in IP (RFC 2003, RFC 4213, RFC 2473).
pub(super) fn ip_in_ip<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    let hop = match (walk.ip.version, part.octet(0).map(|first| first >> 4)) {
        (4, Some(4)) => Hop::Ipip,
        (4, Some(6)) => Hop::SixInFour,
        (_, Some(4)) => Hop::FourInSix,
        (_, Some(6)) => Hop::SixInSix,
        _ => return OTHER,
    };
    enter(walk, hop, 0, Layer::Ip(part))
}

/// Opens Ethernet within IP (RFC 3378).
pub(super) fn ether_ip<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    match part.skip(2) {
        Some(body) if part.octet(0) == Some(0x30) => {
            enter(walk, Hop::EtherIp, 0, Layer::Ethernet(body))
        }
        _ => OTHER,
    }
}

/// Opens Ethernet right behind an IPv6 segment routing header (RFC 8986).
pub(super) fn segment_routing<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    enter(walk, Hop::Srv6, 0, Layer::Ethernet(part))
}

/// Opens GRE (RFC 2784, RFC 2890, RFC 1701), its second version (RFC 2637) and ERSPAN.
pub(super) fn gre<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    gre_header(part, walk).unwrap_or(OTHER)
}

fn gre_header<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let flags = part.u16(0)?;
    let kind = part.u16(2)?;
    let mut at = 4;
    let has = |bit: u16| flags & bit != 0;
    if flags & 7 == 1 {
        // Key (payload length, call), then sequence and acknowledgment where flagged.
        at += 4 + usize::from(has(0x1000)) * 4 + usize::from(has(0x80)) * 4;
        return Some(enter(walk, Hop::Pptp, 0, Layer::Ppp(part.skip(at)?)));
    }
    if flags & 7 != 0 {
        return None;
    }
    at += usize::from(has(0x8000) || has(0x4000)) * 4;
    let key = if has(0x2000) { Some(part.u32(at)?) } else { None };
    at += usize::from(has(0x2000)) * 4 + usize::from(has(0x1000)) * 4;
    if has(0x4000) {
        // Source route entries, up to an empty one.
        loop {
            let (family, length) = (part.u16(at)?, usize::from(part.octet(at + 3)?));
            at += 4 + length;
            if family == 0 && length == 0 {
                break;
            }
        }
    }
    let body = part.skip(at)?;
    let hop = if key.is_some() { Hop::KeyedGre } else { Hop::Gre };
    let id = key.unwrap_or_default();
    Some(match kind {
        // ERSPAN I has no header of its own, II and III have one with the session's number.
        0x88be if !has(0x1000) => enter(walk, Hop::Erspan, 0, Layer::Ethernet(body)),
        0x88be => {
            let session = u32::from(body.u16(2)? & 0x3ff);
            enter(walk, Hop::Erspan, session, Layer::Ethernet(body.skip(8)?))
        }
        0x22eb => {
            let session = u32::from(body.u16(2)? & 0x3ff);
            let subheader = body.u16(10)?;
            let inner = body.skip(if subheader & 1 == 0 { 12 } else { 20 })?;
            let layer = match subheader >> 10 & 31 {
                0 => Layer::Ethernet(inner),
                2 => Layer::Ip(inner),
                _ => Layer::Done(Class::NonIp),
            };
            enter(walk, Hop::Erspan, session, layer)
        }
        // WCCP: IPv4, behind a redirect header in its second version.
        0x883e => {
            let direct = body.octet(0)? >> 4 == 4;
            enter(walk, hop, id, Layer::Ip(if direct { body } else { body.skip(4)? }))
        }
        // Aruba's access points: 802.11, by radio and kind of traffic.
        0x8200..=0x8370 if kind.trailing_zeros() >= 4 => {
            enter(walk, hop, id, Layer::Link(wireless::IEEE802_11, body))
        }
        _ => enter(walk, hop, id, Layer::EtherType(kind, body)),
    })
}

/// Opens UDP. What does not hold up as the tunnel of its port is plain UDP.
pub(super) fn udp<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    let (Some(source), Some(destination), Some(length), Some(body)) =
        (part.u16(0), part.u16(2), part.u16(4), part.skip(8))
    else {
        return UDP;
    };
    let body = body.limit(usize::from(length).checked_sub(8).unwrap_or(body.wire));
    match destination {
        // GRE in UDP (RFC 8086), which the source port says nothing of.
        4754 => return gre_header(body, walk).unwrap_or(UDP),
        5247 => return capwap(body, walk).unwrap_or(UDP),
        _ if source == 5247 => return capwap(body, walk).unwrap_or(UDP),
        _ => {}
    }
    for port in [destination, source] {
        if let Some((hop, id, inner)) = by_port(port, body) {
            return enter(walk, hop, id, inner);
        }
    }
    UDP
}

fn by_port(port: u16, body: Part<'_>) -> Option<(Hop, u32, Layer<'_>)> {
    match port {
        4789 => vxlan(body),
        // Linux's first port for VXLAN is another protocol's too.
        8472 => vxlan(body).filter(|_| body.skip(8).is_some_and(looks_like_ethernet)),
        4790 => vxlan_gpe(body),
        6081 => geneve(body),
        2152 => gtp(body),
        3544 => teredo(body),
        1701 => l2tp(body),
        4341 => lisp(body),
        5072 => ayiya(body),
        _ => None,
    }
}

/// CAPWAP's data channel (RFC 5415), neither protected nor in pieces: 802.3 or 802.11.
fn capwap<'a>(body: Part<'a>, walk: &mut Walk<'_>) -> Option<Layer<'a>> {
    let bits = body.u32(0)?;
    let (kind, length) = (bits >> 24 & 15, (bits >> 19 & 31) * 4);
    let (binding, native) = (bits >> 9 & 31, bits & 0x100 != 0);
    let pieces_or_keep_alive = bits & 0x88 != 0;
    if kind != 0 || length < 8 || pieces_or_keep_alive {
        return None;
    }
    let inner = body.skip(usize::try_from(length).ok()?)?;
    let layer = match (native, binding) {
        (false, _) => Layer::Ethernet(inner),
        (true, 1) => wireless::swapped_frame(inner, walk)?,
        _ => return None,
    };
    Some(enter(walk, Hop::Capwap, 0, layer))
}

/// IP of the version that the first byte names.
fn ip(part: Part<'_>) -> Option<Layer<'_>> {
    matches!(part.octet(0)? >> 4, 4 | 6).then_some(Layer::Ip(part))
}

/// VXLAN (RFC 7348).
fn vxlan(body: Part<'_>) -> Option<(Hop, u32, Layer<'_>)> {
    let inner = body.skip(8)?;
    (body.octet(0)? & 0x08 != 0).then_some((Hop::Vxlan, body.u32(4)? >> 8, Layer::Ethernet(inner)))
}

/// VXLAN with a next-protocol field.
fn vxlan_gpe(body: Part<'_>) -> Option<(Hop, u32, Layer<'_>)> {
    let inner = body.skip(8)?;
    let flags = body.octet(0)?;
    if flags & 0x08 == 0 {
        return None;
    }
    let inner = match (flags & 0x04, body.octet(3)?) {
        (0, _) | (_, 3) => Layer::Ethernet(inner),
        (_, 1 | 2) => ip(inner)?,
        _ => return None,
    };
    Some((Hop::Vxlan, body.u32(4)? >> 8, inner))
}

/// Geneve (RFC 8926).
fn geneve(body: Part<'_>) -> Option<(Hop, u32, Layer<'_>)> {
    let first = body.octet(0)?;
    if first >> 6 != 0 {
        return None;
    }
    let inner = body.skip(8 + usize::from(first & 63) * 4)?;
    Some((Hop::Geneve, body.u32(4)? >> 8, Layer::EtherType(body.u16(2)?, inner)))
}

/// GTP-U (3GPP TS 29.281): user packets only.
fn gtp(body: Part<'_>) -> Option<(Hop, u32, Layer<'_>)> {
    let [flags, kind] = body.array(0)?;
    if flags & 0xf0 != 0x30 || kind != 0xff {
        return None;
    }
    let tunnel = body.u32(4)?;
    let body = body.limit(8 + usize::from(body.u16(2)?));
    let mut at = 8;
    if flags & 7 != 0 {
        at = 12;
        let mut next = if flags & 4 != 0 { body.octet(11)? } else { 0 };
        while next != 0 {
            let length = usize::from(body.octet(at)?) * 4;
            next = body.octet(at + length.checked_sub(1)?)?;
            at += length;
        }
    }
    Some((Hop::Gtp, tunnel, ip(body.skip(at)?)?))
}

/// Teredo (RFC 4380): IPv6, behind authentication and origin where they are present.
fn teredo(body: Part<'_>) -> Option<(Hop, u32, Layer<'_>)> {
    let mut body = body;
    if body.u16(0)? == 1 {
        let length = 13 + usize::from(body.octet(2)?) + usize::from(body.octet(3)?);
        body = body.skip(length)?;
    }
    if body.u16(0)? == 0 {
        body = body.skip(8)?;
    }
    (body.octet(0)? >> 4 == 6).then_some((Hop::Teredo, 0, Layer::Ip(body)))
}

/// L2TP's data messages (RFC 2661): PPP.
fn l2tp(body: Part<'_>) -> Option<(Hop, u32, Layer<'_>)> {
    let flags = body.u16(0)?;
    // Data, second version.
    if flags & 0x800f != 2 {
        return None;
    }
    let has = |bit: u16| usize::from(flags & bit != 0);
    let mut at = 2 + has(0x4000) * 2;
    let session = u32::from(body.u16(at + 2)?);
    at += 4 + has(0x0800) * 4;
    if flags & 0x0200 != 0 {
        at += 2 + usize::from(body.u16(at)?);
    }
    Some((Hop::L2tp, session, Layer::Ppp(body.skip(at)?)))
}

/// LISP's data plane (RFC 9300).
fn lisp(body: Part<'_>) -> Option<(Hop, u32, Layer<'_>)> {
    let instance = if body.octet(0)? & 0x08 != 0 { body.u32(4)? >> 8 } else { 0 };
    Some((Hop::Lisp, instance, ip(body.skip(8)?)?))
}

/// AYIYA: an identity, a signature and a time before IPv6.
fn ayiya(body: Part<'_>) -> Option<(Hop, u32, Layer<'_>)> {
    let [first, second, _, next] = body.array(0)?;
    let identity = 1_usize << (first >> 4);
    let signature = usize::from(second >> 4) * 4;
    let inner = body.skip(8 + identity + signature)?;
    (next == 41).then_some((Hop::Ayiya, 0, ip(inner)?))
}
