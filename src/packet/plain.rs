//! The frames of which most captures are full, opened in one go: Ethernet, at most one VLAN tag,
//! IP without options, extension headers or fragments, TCP. What is opened here, the walk through
//! the layers opens alike; what is not, it opens.

use super::ethernet::{IPV4, IPV6};
use super::part::{Part, hardware};
use super::segment::Address;
use super::walk::{Ip, Walk};

const VLAN: u16 = 0x8100;
const TCP: u8 = 6;

/// The TCP segment in an Ethernet frame. `None` leaves the walk as it was, so far as another way
/// through the layers would not set it anew.
#[inline]
pub(super) fn open<'a>(frame: Part<'a>, walk: &mut Walk<'_>) -> Option<Part<'a>> {
    let &[.., s0, s1, s2, s3, s4, s5, k0, k1] = frame.bytes.first_chunk::<14>()?;
    let kind = u16::from_be_bytes([k0, k1]);
    let (kind, tag, body) = if kind == VLAN {
        let [t0, t1, k0, k1] = frame.array(14)?;
        let id = u16::from_be_bytes([t0 & 15, t1]);
        (u16::from_be_bytes([k0, k1]), Some(id), frame.skip(18)?)
    } else {
        (kind, None, frame.skip(14)?)
    };
    let inner = match kind {
        IPV4 => v4(body, &mut walk.ip)?,
        IPV6 => v6(body, &mut walk.ip)?,
        _ => return None,
    };
    if let Some(id) = tag
        && !walk.route.vlan(id)
    {
        return None;
    }
    walk.link_source = hardware([s0, s1, s2, s3, s4, s5]);
    Some(inner)
}

#[inline]
fn v4<'a>(part: Part<'a>, ip: &mut Ip) -> Option<Part<'a>> {
    let &[first, traffic_class, l0, l1, i0, i1, f0, f1, ttl, protocol, _, _, ref addresses @ ..] =
        part.bytes.first_chunk::<20>()?;
    let &[s0, s1, s2, s3, d0, d1, d2, d3] = addresses;
    let fragment = u16::from_be_bytes([f0, f1]);
    if first != 0x45 || fragment & 0x3fff != 0 || protocol != TCP {
        return None;
    }
    let part = match usize::from(u16::from_be_bytes([l0, l1])) {
        // Segmentation offload.
        0 => part,
        total if total < 20 => return None,
        total => part.limit(total),
    };
    let inner = part.skip(20)?;
    *ip = Ip {
        version: 4,
        source: Address::v4([s0, s1, s2, s3]),
        destination: Address::v4([d0, d1, d2, d3]),
        ttl,
        id: Some(u16::from_be_bytes([i0, i1])),
        dont_fragment: fragment & 0x4000 != 0,
        traffic_class,
        flow_label: 0,
    };
    Some(inner)
}

#[inline]
fn v6<'a>(part: Part<'a>, ip: &mut Ip) -> Option<Part<'a>> {
    let &[first, second, f0, f1, l0, l1, next, ttl] = part.bytes.first_chunk::<8>()?;
    if first >> 4 != 6 || next != TCP {
        return None;
    }
    let (source, destination) = (part.array(8)?, part.array(24)?);
    let payload = part.skip(40)?;
    let payload = match usize::from(u16::from_be_bytes([l0, l1])) {
        // A jumbogram or segmentation offload.
        0 => payload,
        length => payload.limit(length),
    };
    *ip = Ip {
        version: 6,
        source: Address::v6(source),
        destination: Address::v6(destination),
        ttl,
        id: None,
        dont_fragment: false,
        traffic_class: first << 4 | second >> 4,
        flow_label: u32::from_be_bytes([0, second & 15, f0, f1]),
    };
    Some(payload)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;

    use super::super::Limits;
    use super::super::memory::{End, Memory};
    use super::super::part::Part;
    use super::super::paths::Route;
    use super::super::walk::{Layer, Walk};
    use crate::capture::{Direction, Frame, LinkType};

    /// What a walk found, whichever way it went.
    fn told(bytes: &[u8], wire: usize, plain: bool) -> Option<String> {
        let mut memory = Memory::new(Limits::default());
        let mut route = Route::default();
        let part = Part { bytes, wire };
        let mut walk = Walk::new(&mut route, Direction::Unknown);
        let found = if plain {
            super::open(part, &mut walk)?
        } else {
            let frame = Frame {
                number: 1,
                file: 0,
                number_in_file: 1,
                time: None,
                interface: 0,
                link: LinkType(1),
                direction: Direction::Unknown,
                data: bytes,
                original_length: 0,
            };
            match memory.walk(Layer::Link(LinkType(1), part), &frame, 0, &mut walk) {
                End::Tcp(part) => part,
                _ => return None,
            }
        };
        let path = memory.paths.id(walk.route);
        let path = memory.paths.get(path);
        Some(format!("{:?} {} {path:?} {walk:?}", found.bytes.as_ptr_range(), found.wire))
    }

    fn stack() -> impl Strategy<Value = Vec<u8>> {
        let tags = prop::collection::vec(prop_oneof![Just(0x8100_u16), Just(0x88a8)], 0..3);
        (any::<[u8; 12]>(), tags, any::<bool>(), any::<[u8; 80]>(), 0..200_u16).prop_map(
            |(addresses, tags, v6, random, length)| {
                let mut frame = addresses.to_vec();
                for (tag, id) in tags.iter().zip(random.chunks(2)) {
                    frame.extend([tag.to_be_bytes(), [id[0], id[1]]].as_flattened());
                }
                frame.extend(if v6 { [0x86, 0xdd] } else { [8, 0] });
                let at = frame.len();
                frame.extend(random);
                frame.extend([0; 60]);
                let length = length.to_be_bytes();
                if v6 {
                    frame[at] = 0x60 | random[0] & 15;
                    frame[at + 4..at + 6].copy_from_slice(&length);
                    frame[at + 6] = 6;
                } else {
                    frame[at] = 0x45;
                    frame[at + 2..at + 4].copy_from_slice(&length);
                    frame[at + 6..at + 8].copy_from_slice(&[random[6] & 0xc0, 0]);
                    frame[at + 9] = 6;
                }
                frame
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn opens_what_the_walk_opens(
            mut frame in stack(),
            change in proptest::option::of((12..60_usize, any::<u8>())),
            cut in proptest::option::of(0..160_usize),
            more in 0..3_usize,
        ) {
            if let Some((at, octet)) = change {
                frame[at] = octet;
            }
            frame.truncate(cut.unwrap_or(frame.len()));
            let wire = frame.len() + more * 7;
            if let Some(plain) = told(&frame, wire, true) {
                prop_assert_eq!(Some(plain), told(&frame, wire, false));
            }
        }
    }

    #[test]
    fn opens_most_segments() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let frames = (0..1000).map(|_| stack().new_tree(&mut runner).unwrap().current());
        let opened = frames.filter(|frame| told(frame, frame.len(), true).is_some());
        assert!(opened.count() > 300);
    }
}
