use finrst::capture::Frame;
use finrst::packet::Decoder;
use proptest::prelude::*;

use super::build::{ethernet, frame, join, packet, tcp, udp, v4, v6};

/// Packets that reach deep, to be damaged.
fn deep(which: usize) -> Vec<u8> {
    let ip = packet();
    let inner = ethernet(0x800, &ip);
    match which {
        0 => v4(47, &join(&[&[0xb0, 0, 0x65, 0x58], &[0; 12], &inner])),
        1 => v4(47, &join(&[&[0x10, 0, 0x22, 0xeb], &[0; 16], &inner])),
        2 => v4(47, &join(&[&[0x40, 0, 8, 0], &[0; 8], &ip])),
        3 => udp(4789, &join(&[&[8, 0, 0, 0, 0, 0, 42, 0], &inner])),
        4 => udp(6081, &join(&[&[1, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 2, 3, 4], &inner])),
        5 => {
            let header = [0x34, 0xff, 0, 53, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0];
            udp(2152, &join(&[&header, &ip]))
        }
        6 => {
            let headers = [60, 0, 0, 0, 0, 0, 0, 0, 51, 0, 0, 0, 0, 0, 0, 0, 6, 2];
            v6(0, &join(&[&headers, &[0; 14], &tcp()]))
        }
        7 => v6(44, &join(&[&[6, 0, 0, 1, 0, 0, 0, 1], &tcp()])),
        8 => udp(3544, &join(&[&[0, 1, 0, 0], &[0; 11], &[1; 6], &v6(6, &tcp())])),
        9 => udp(1701, &join(&[&[0x42, 2, 0, 0, 0, 1, 0, 7, 0, 0, 0, 0x21], &ip])),
        _ => v4(1, &join(&[&[3, 4, 0, 0, 0, 0, 5, 0], &ip])),
    }
}

fn decode(decoder: &mut Decoder, frame: &Frame<'_>) -> Result<(), TestCaseError> {
    let outcome = decoder.decode(frame, 0);
    if let Some(segment) = outcome.segment() {
        prop_assert!(segment.payload.captured() <= segment.payload_length);
        prop_assert!(segment.options.len() + 20 <= usize::from(segment.header_length));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_octets(data in prop::collection::vec(any::<u8>(), 0..200), longer in 0_u32..100) {
        let mut decoder = Decoder::default();
        for link in 0..300 {
            let mut frame = frame(link, &data);
            frame.original_length += longer;
            decode(&mut decoder, &frame)?;
        }
    }

    #[test]
    fn damaged_packets(
        which in 0_usize..11,
        damage in prop::collection::vec((0_usize..120, any::<u8>()), 0..6),
        cut in 0_usize..160,
    ) {
        let mut data = deep(which);
        for (at, octet) in damage {
            if let Some(place) = data.get_mut(at) {
                *place = octet;
            }
        }
        let original_length = u32::try_from(data.len()).unwrap();
        data.truncate(cut);
        let mut decoder = Decoder::default();
        for _ in 0..2 {
            decode(&mut decoder, &Frame { original_length, ..frame(101, &data) })?;
        }
    }
}
