//! Sequences of TCP segments with adversarial numbers through the tracker. Bytes choose each
//! segment relative to what its side sent before, so that few bytes reach deep states.

use finrst::capture::Direction;
use finrst::cause::{Context, Parameters};
use finrst::conn::{Connection, Limits, Tracker};
use finrst::packet::{Address, Flags, IcmpError, PathId, Payload, Segment, Seq};

use super::hold;

/// Segments of one input at most.
const MOST: usize = 400;
/// Bytes that describe one segment.
const LENGTH: usize = 12;
const STEPS: [i64; 16] = [
    0,
    1_000,
    1_000_000,
    4_000_000,
    250_000_000,
    1_000_000_000,
    3_000_000_000,
    61_000_000_000,
    121_000_000_000,
    3_601_000_000_000,
    86_401_000_000_000,
    -1_000_000,
    -200_000_000_000,
    i64::MAX / 4,
    i64::MAX,
    i64::MIN,
];
const JUMPS: [u32; 16] = [
    0,
    0,
    0,
    0,
    1,
    u32::MAX,
    2,
    1460,
    4380,
    1 << 20,
    1 << 26,
    (1 << 26) + 1,
    i32::MAX as u32,
    1 << 31,
    (1 << 31) + 1,
    0u32.wrapping_sub(1460),
];
const LENGTHS: [u32; 8] = [0, 0, 1, 100, 1460, 65_535, 1 << 30, u32::MAX];

/// What a side of a tuple would send next.
#[derive(Clone, Copy, Default)]
struct Host {
    next: u32,
    last: Option<(u32, u32)>,
}

/// One input.
pub fn run(data: &[u8]) {
    let Some((&how, rest)) = data.split_first() else { return };
    let limits = |keep| Limits {
        keep,
        connections: (how & 1 != 0).then_some(3),
        memory: (how & 2 != 0).then_some(6000),
        teardowns: if how & 4 != 0 { 4 } else { 65_536 },
        // One of the two ways keeps connections compact, unless what is evicted depends on it.
        unpacked: if how & 18 == 16 && !keep { 0 } else { 1 << 20 },
        quiet: 0,
        ..Limits::default()
    };
    let mut kept = Tracker::new(limits(true));
    // Half of the inputs are tried in both ways; making a tracker takes longer than using it.
    let mut streamed = (how & 8 == 0).then(|| Tracker::new(limits(false)));
    let mut hosts = [[Host::default(); 2]; 8];
    let mut time: i64 = 1_700_000_000_000_000_000;
    let mut taken = 0;
    let mut rows = Vec::new();
    for (index, bytes) in rest.chunks_exact(LENGTH).take(MOST).enumerate() {
        let Ok(bytes): Result<[u8; LENGTH], _> = bytes.try_into() else { continue };
        time = time.saturating_add(STEPS[usize::from(bytes[0] & 15)]);
        let pair = &mut hosts[usize::from(bytes[1] & 7)];
        let number = index as u64 + 1;
        if bytes[2] == 0xff {
            let error = icmp(&bytes, number, time);
            let known = kept.icmp(&error).is_some();
            assert!(
                streamed.as_mut().is_none_or(|streamed| streamed.icmp(&error).is_some() == known)
            );
        } else {
            let tail = rest.get((index + 1) * LENGTH + 1..).unwrap_or_default();
            let segment = segment(&bytes, pair, number, time, tail);
            kept.take(&segment, kept.hash(&segment));
            if let Some(streamed) = &mut streamed {
                streamed.take(&segment, streamed.hash(&segment));
            }
            taken += 1;
        }
        rows.extend(streamed.as_mut().map(Tracker::drain).unwrap_or_default());
    }
    let (counts, all) = kept.finish(|_| ());
    let all: Vec<Connection> = all.iter().collect();
    assert_eq!(counts.created, all.len() as u64);
    assert_eq!(all.iter().map(hold::packets).sum::<u64>(), taken, "packets of connections");
    let mut context = Context::default();
    all.iter().for_each(|c| context.add(c));
    hold::connections(&all, &context, &Parameters::default());
    let Some(streamed) = streamed else { return };
    rows.extend(&streamed.finish(|_| ()).1);
    rows.sort_by_key(|c: &Connection| c.id);
    assert_eq!(all.len(), rows.len());
    for (one, other) in all.iter().zip(&rows) {
        assert_eq!(format!("{one:?}"), format!("{other:?}"), "kept and streamed rows");
    }
}

fn tuple(byte: u8) -> ([Address; 2], [u16; 2]) {
    let ports = [[40_000, 443], [40_001, 443], [443, 443], [1, 65_535]][usize::from(byte & 3)];
    let server = if byte & 3 == 2 { 1 } else { 2 };
    ([Address::v4([10, 0, 0, 1]), Address::v4([10, 0, 0, server])], ports)
}

fn segment<'a>(
    bytes: &[u8; LENGTH],
    pair: &mut [Host; 2],
    number: u64,
    time: i64,
    tail: &'a [u8],
) -> Segment<'a> {
    let side = usize::from(bytes[1] >> 3 & 1);
    let path = PathId(u32::from(bytes[1] >> 4 & 3) * u32::from(bytes[1] >> 6 & 1));
    let flags = Flags(u16::from(bytes[2]) & 0x1ff);
    let again = bytes[3] & 0x80 != 0;
    let mut sequence = pair[side].next.wrapping_add(JUMPS[usize::from(bytes[3] & 15)]);
    let mut acknowledgment = pair[1 - side].next.wrapping_add(JUMPS[usize::from(bytes[4] & 15)]);
    if again && let Some((seq, ack)) = pair[side].last {
        (sequence, acknowledgment) = (seq, ack);
    }
    if bytes[3] & 0x70 == 0x70 {
        sequence = u32::from_be_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
    }
    let payload_length = LENGTHS[usize::from(bytes[5] & 7)];
    let held = usize::try_from(payload_length).unwrap_or(usize::MAX);
    let payload = tail.get(..tail.len().min(held)).unwrap_or_default();
    let options = match bytes[5] >> 3 & 3 {
        0 => &[][..],
        1 => &[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 1],
        2 => &[2, 4, 5, 180, 3, 3, 14, 1, 8, 10, 255, 255, 255, 255, 128, 0, 0, 0, 1, 1],
        _ => tail.get(..tail.len().min(40)).unwrap_or_default(),
    };
    let (addresses, ports) = tuple(bytes[1]);
    let segment = Segment {
        packet: number,
        packet_in_file: number,
        file: 0,
        interface: 0,
        time,
        path,
        direction: [
            Direction::Unknown,
            Direction::Inbound,
            Direction::Outbound,
            Direction::Unknown,
        ][usize::from(bytes[5] >> 5 & 3)],
        link_source: u64::from(bytes[6] & 3),
        ip_version: 4,
        source: addresses[side],
        destination: addresses[1 - side],
        ttl: bytes[6],
        ip_id: (bytes[7] & 1 != 0).then_some(u16::from(bytes[7])),
        dont_fragment: false,
        traffic_class: 0,
        flow_label: 0,
        source_port: ports[side],
        destination_port: ports[1 - side],
        sequence: Seq(sequence),
        acknowledgment: Seq(acknowledgment),
        flags,
        window: u16::from_be_bytes([bytes[8], bytes[9]]),
        checksum: u16::from(bytes[7] >> 6),
        header_length: 20 + u8::try_from(options.len()).unwrap_or(0).next_multiple_of(4),
        options,
        payload_length,
        payload: Payload::Octets(payload),
    };
    pair[side].last = Some((sequence, acknowledgment));
    if bytes[3] & 0x20 == 0 {
        pair[side].next = segment.end().0;
    }
    segment
}

fn icmp(bytes: &[u8; LENGTH], number: u64, time: i64) -> IcmpError {
    let (addresses, ports) = tuple(bytes[1]);
    let side = usize::from(bytes[1] >> 3 & 1);
    IcmpError {
        packet: number,
        time,
        path: PathId(0),
        reporter: addresses[usize::from(bytes[3] & 1)],
        ip_version: 4,
        kind: bytes[4],
        code: bytes[5],
        source: addresses[side],
        destination: addresses[1 - side],
        source_port: ports[side],
        destination_port: ports[1 - side],
        sequence: Seq(u32::from(bytes[6])),
        ttl: bytes[7],
        mtu: u32::from(bytes[7]),
    }
}
