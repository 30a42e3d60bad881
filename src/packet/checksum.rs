//! The checksum of a TCP segment (RFC 9293 section 3.1).

use super::segment::Segment;

/// Whether the checksum of a segment is right; `None` where it cannot be told: bytes were not
/// captured, or the sum is that of the addresses alone, which a system leaves there when the
/// hardware is to go on.
pub fn sound(segment: &Segment<'_>) -> Option<bool> {
    if segment.payload.captured() != segment.payload_length || segment.options_cut() {
        return None;
    }
    let addresses = addresses(segment);
    if segment.checksum == addresses.folded() {
        return None;
    }
    Some(all(segment, addresses).folded() == 0xffff)
}

/// The checksum that is right for a segment, whatever it has.
pub fn right(segment: &Segment<'_>) -> u16 {
    let segment = Segment { checksum: 0, ..*segment };
    !all(&segment, addresses(&segment)).folded()
}

/// The addresses, the protocol and the length.
fn addresses(segment: &Segment<'_>) -> Sum {
    let octets = |address: u128| address.to_be_bytes();
    let mut addresses = Sum(0);
    let from = if segment.ip_version == 4 { 12 } else { 0 };
    for address in [segment.source.0, segment.destination.0] {
        addresses.add(octets(address).get(from..).unwrap_or_default());
    }
    let length = u32::from(segment.header_length).saturating_add(segment.payload_length);
    addresses.add(&length.to_be_bytes());
    addresses.add(&[0, 6]);
    addresses
}

fn all(segment: &Segment<'_>, addresses: Sum) -> Sum {
    let mut all = addresses;
    all.add(&segment.source_port.to_be_bytes());
    all.add(&segment.destination_port.to_be_bytes());
    all.add(&segment.sequence.0.to_be_bytes());
    all.add(&segment.acknowledgment.0.to_be_bytes());
    let control = u16::from(segment.header_length) << 10 | segment.flags.0 & 0x1ff;
    all.add(&control.to_be_bytes());
    all.add(&segment.window.to_be_bytes());
    all.add(&segment.checksum.to_be_bytes());
    all.add(segment.options);
    all.add(&segment.payload.sum().to_be_bytes());
    all
}

/// A sum of 16-bit words in ones' complement (RFC 1071).
#[derive(Clone, Copy, Default)]
pub struct Sum(u64);

impl Sum {
    /// Adds bytes; only the last may be an odd number of them.
    pub fn add(&mut self, octets: &[u8]) {
        // Two words at a time: what they carry is folded in the end.
        let (pairs, rest) = octets.as_chunks::<4>();
        self.0 += pairs.iter().map(|pair| u64::from(u32::from_be_bytes(*pair))).sum::<u64>();
        for pair in rest.chunks(2) {
            let high = pair.first().copied().unwrap_or(0);
            let low = pair.get(1).copied().unwrap_or(0);
            self.0 += u64::from(u16::from_be_bytes([high, low]));
        }
    }

    /// The sum itself, in 16 bits.
    pub fn folded(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        u16::try_from(sum).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Direction;
    use crate::packet::{Address, Flags, PathId, Payload, Seq};

    /// A SYN of a capture: 192.0.2.10:50900 to 198.51.100.20:8080, with its checksum.
    fn captured() -> Segment<'static> {
        const OPTIONS: [u8; 20] = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 3, 232, 0, 0, 0, 0, 1, 3, 3, 7];
        Segment {
            packet: 1,
            packet_in_file: 1,
            file: 0,
            interface: 0,
            time: 0,
            path: PathId(0),
            direction: Direction::Unknown,
            link_source: 0,
            ip_version: 4,
            source: Address::v4([192, 0, 2, 10]),
            destination: Address::v4([198, 51, 100, 20]),
            ttl: 64,
            ip_id: Some(101),
            dont_fragment: true,
            traffic_class: 0,
            flow_label: 0,
            source_port: 50_900,
            destination_port: 8080,
            sequence: Seq(1_000_000),
            acknowledgment: Seq(0),
            flags: Flags::SYN,
            window: 64_240,
            checksum: 0x3421,
            header_length: 40,
            options: &OPTIONS,
            payload_length: 0,
            payload: Payload::default(),
        }
    }

    #[test]
    fn a_checksum_is_right_wrong_or_left_to_the_hardware() {
        let right = captured();
        assert_eq!(sound(&right), Some(true));
        assert_eq!(super::right(&Segment { checksum: 7, ..right }), 0x3421);
        assert_eq!(sound(&Segment { checksum: 0x3422, ..right }), Some(false));
        assert_eq!(sound(&Segment { window: 1, ..right }), Some(false));
        // The sum of the addresses, protocol and length, not complemented.
        let words = [0xc000, 0x020a, 0xc633, 0x6414, 6, 40_u32];
        let sum = words.iter().sum::<u32>();
        let partial = u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
        assert_eq!(sound(&Segment { checksum: partial, ..right }), None);
        // The snap length cut the options, or the payload.
        assert_eq!(sound(&Segment { options: &right.options[..8], ..right }), None);
        assert_eq!(sound(&Segment { payload_length: 3, ..right }), None);
    }
}
