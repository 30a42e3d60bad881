//! IP version 4 (RFC 791) and 6 (RFC 8200) with its extension headers.

use etherparse::{
    IpAuthHeaderSlice, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice,
};

use super::class::Class;
use super::part::Part;
use super::segment::Address;
use super::walk::{Fragment, Ip, Layer, Walk};

/// Extension headers that are followed in one IPv6 packet.
const MAX_EXTENSIONS: usize = 16;

const IPV4_MIN: usize = 20;
const IPV6_LEN: usize = 40;

/// Opens an IP header of either version.
#[inline]
pub(super) fn ip<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    match part.bytes.first().map(|first| first >> 4) {
        Some(4) => v4(part, walk),
        Some(6) => v6(part, walk),
        Some(_) => Layer::Done(Class::IpMalformed),
        None => Layer::Done(cut(part, 1)),
    }
}

/// The capture or the packet itself is shorter than the header.
fn cut(part: Part<'_>, needed: usize) -> Class {
    let whole = part.bytes.len() == part.wire;
    if whole || part.wire < needed { Class::IpMalformed } else { Class::IpTruncated }
}

#[inline]
fn v4<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    let Ok(header) = Ipv4HeaderSlice::from_slice(part.bytes) else {
        let length = part.octet(0).map_or(0, |first| usize::from(first & 15) * 4);
        return Layer::Done(if part.bytes.len() < IPV4_MIN {
            cut(part, IPV4_MIN)
        } else if length < IPV4_MIN {
            Class::IpMalformed
        } else {
            cut(part, length)
        });
    };
    let header_length = header.slice().len();
    let part = match usize::from(header.total_len()) {
        // Segmentation offload leaves the field empty: the packet is as long as the frame.
        0 => part,
        total if total < header_length => return Layer::Done(Class::IpMalformed),
        total => part.limit(total),
    };
    let Some(payload) = part.skip(header_length) else {
        return Layer::Done(Class::IpTruncated);
    };
    let last = header.slice().get(IPV4_MIN..).and_then(final_destination);
    walk.ip = Ip {
        version: 4,
        source: Address::v4(header.source()),
        destination: Address::v4(last.unwrap_or(header.destination())),
        ttl: header.ttl(),
        id: Some(header.identification()),
        dont_fragment: header.dont_fragment(),
        traffic_class: part.octet(1).unwrap_or_default(),
        flow_label: 0,
    };
    let protocol = header.protocol().0;
    let offset = header.fragments_offset().value();
    if offset != 0 || header.more_fragments() {
        return Layer::Fragment(Fragment {
            id: u32::from(header.identification()),
            offset: u32::from(offset) * 8,
            more: header.more_fragments(),
            protocol,
            part: payload,
        });
    }
    Layer::Transport(protocol, payload)
}

/// Where a source route leads (RFC 791 section 3.1), unless its end is reached: the last of its
/// addresses, while the header's is the next hop.
fn final_destination(options: &[u8]) -> Option<[u8; 4]> {
    let mut rest = options;
    while let [kind, tail @ ..] = rest {
        match (kind, tail) {
            (0, _) => return None,
            (1, _) => rest = tail,
            (_, [length, ..]) => {
                let option = rest.get(..usize::from(*length)).filter(|option| option.len() >= 2)?;
                if let (131 | 137, [_, _, pointer, route @ ..]) = (kind, option) {
                    let last = route.last_chunk::<4>().filter(|_| pointer <= length);
                    return last.copied();
                }
                rest = rest.get(option.len()..)?;
            }
            _ => return None,
        }
    }
    None
}

#[inline]
fn v6<'a>(part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    let Ok(header) = Ipv6HeaderSlice::from_slice(part.bytes) else {
        return Layer::Done(cut(part, IPV6_LEN));
    };
    let Some(payload) = part.skip(IPV6_LEN) else { return Layer::Done(Class::IpTruncated) };
    // 0 is a jumbogram or segmentation offload.
    let payload = match usize::from(header.payload_length()) {
        0 => payload,
        length => payload.limit(length),
    };
    walk.ip = Ip {
        version: 6,
        source: Address::v6(header.source()),
        destination: Address::v6(header.destination()),
        ttl: header.hop_limit(),
        id: None,
        dont_fragment: false,
        traffic_class: header.traffic_class(),
        flow_label: header.flow_label().value(),
    };
    extensions(header.next_header().0, payload)
}

/// Follows extension headers, from the one that `next` names, up to the transport.
#[inline]
pub(super) fn extensions(mut next: u8, mut part: Part<'_>) -> Layer<'_> {
    for _ in 0..MAX_EXTENSIONS {
        match next {
            // Hop-by-hop, routing, destination, mobility, host identity, shim6.
            0 | 43 | 60 | 135 | 139 | 140 => {
                let Ok(header) = Ipv6RawExtHeaderSlice::from_slice(part.bytes) else {
                    let length = part.octet(1).map_or(8, |units| (usize::from(units) + 1) * 8);
                    return Layer::Done(cut(part, length));
                };
                next = header.next_header().0;
                part = match part.skip(header.slice().len()) {
                    Some(rest) => rest,
                    None => return Layer::Done(Class::IpTruncated),
                };
            }
            44 => {
                let Ok(header) = Ipv6FragmentHeaderSlice::from_slice(part.bytes) else {
                    return Layer::Done(cut(part, 8));
                };
                let Some(rest) = part.skip(8) else { return Layer::Done(Class::IpTruncated) };
                next = header.next_header().0;
                part = rest;
                if header.is_fragmenting_payload() {
                    return Layer::Fragment(Fragment {
                        id: header.identification(),
                        offset: u32::from(header.fragment_offset().value()) * 8,
                        more: header.more_fragments(),
                        protocol: next,
                        part,
                    });
                }
            }
            // The authentication header (RFC 4302) leaves its payload readable.
            51 => {
                let Ok(header) = IpAuthHeaderSlice::from_slice(part.bytes) else {
                    let length = part.octet(1).map_or(12, |units| (usize::from(units) + 2) * 4);
                    return Layer::Done(cut(part, length.max(12)));
                };
                next = header.next_header().0;
                part = match part.skip(header.slice().len()) {
                    Some(rest) => rest,
                    None => return Layer::Done(Class::IpTruncated),
                };
            }
            _ => return Layer::Transport(next, part),
        }
    }
    match next {
        0 | 43 | 44 | 51 | 60 | 135 | 139 | 140 => Layer::Done(Class::TooManyLayers),
        _ => Layer::Transport(next, part),
    }
}
