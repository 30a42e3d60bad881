//! Frames of any link type through one decoder, so that fragments and paths meet.

use finrst::capture::{Direction, Frame, LinkType};
use finrst::packet::{Decoded, Decoder, Limits};

/// Link types that are opened; any other number is tried as well.
const LINKS: [u16; 16] = [1, 101, 113, 276, 0, 9, 105, 127, 12, 50, 228, 229, 239, 253, 10, 219];

/// One input: frames, each a link type, a length, its bytes.
pub fn run(data: &[u8]) {
    let mut decoder = Decoder::new(Limits { paths: 8, datagrams: 4 });
    let mut rest = data;
    let mut number = 0;
    while let [link, extra, low, high, tail @ ..] = rest {
        let length = usize::from(u16::from_le_bytes([*low, *high]) & 0x7ff).min(tail.len());
        let (octets, behind) = tail.split_at(length);
        rest = behind;
        number += 1;
        let link = match LINKS.get(usize::from(*link)) {
            Some(&link) => link,
            None => u16::from(*link) << 1 | u16::from(*extra & 1),
        };
        let missing = [0, 1, 40, 1460, 65_535, 1 << 20, u32::MAX >> 1, u32::MAX];
        let captured = u32::try_from(octets.len()).unwrap_or(u32::MAX);
        let frame = Frame {
            number,
            file: 0,
            number_in_file: number,
            time: Some(i64::try_from(number).unwrap_or(0) * 1_000_000_000),
            interface: 0,
            link: LinkType(link),
            direction: Direction::Unknown,
            data: octets,
            original_length: captured.saturating_add(missing[usize::from(extra >> 5)]),
        };
        let decoded = decoder.decode(&frame, frame.time.unwrap_or(0));
        held(&decoded);
    }
    drop(decoder.take_issues());
}

fn held(decoded: &Decoded<'_>) {
    let Some(segment) = decoded.segment() else { return };
    assert!((20..=60).contains(&segment.header_length));
    assert!(segment.options.len() <= 40);
    assert!(segment.payload.captured() <= segment.payload_length);
    assert!(matches!(segment.ip_version, 4 | 6));
    assert!(!format!("{segment:?}").is_empty());
}
