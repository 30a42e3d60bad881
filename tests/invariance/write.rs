//! Frames written again: as pcapng, as pcap, compressed.

use std::io::Write;
use std::path::Path;

use finrst::capture::{Direction, ReadOptions, Reader, Source};

/// A frame that outlives its batch.
#[derive(Clone)]
pub struct Owned {
    pub time: Option<i64>,
    pub interface: u32,
    pub link: u16,
    pub direction: Direction,
    pub data: Vec<u8>,
    pub original: u32,
}

/// All frames of a capture, and the link types of its interfaces.
pub fn frames(path: &Path) -> (Vec<Owned>, Vec<u16>) {
    let mut reader = Reader::open(vec![Source::path(path)], ReadOptions::default()).unwrap();
    let mut frames = Vec::new();
    while let Some(batch) = reader.next_batch().unwrap() {
        frames.extend(batch.into_iter().map(|frame| Owned {
            time: frame.time,
            interface: frame.interface,
            link: frame.link.0,
            direction: frame.direction,
            data: frame.data.to_vec(),
            original: frame.original_length,
        }));
    }
    let links = reader.interfaces().iter().map(|interface| interface.link.0).collect();
    (frames, links)
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = u32::try_from(padded + 12).unwrap();
    let mut out = [kind.to_le_bytes(), length.to_le_bytes()].concat();
    out.extend(body);
    out.resize(8 + padded, 0);
    out.extend(length.to_le_bytes());
    out
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let mut out = [code.to_le_bytes(), u16::try_from(value.len()).unwrap().to_le_bytes()].concat();
    out.extend(value);
    out.resize(out.len().next_multiple_of(4), 0);
    out
}

/// As pcapng with nanoseconds, all interfaces described first.
pub fn pcapng(frames: &[Owned], links: &[u16]) -> Vec<u8> {
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend([1, 0, 0, 0]);
    section.extend((-1_i64).to_le_bytes());
    let mut out = block(0x0a0d_0d0a, &section);
    for link in links {
        let mut body = link.to_le_bytes().to_vec();
        body.extend([0; 6]);
        body.extend(option(9, &[9]));
        body.extend(option(0, &[]));
        out.extend(block(1, &body));
    }
    for frame in frames {
        let time = u64::try_from(frame.time.unwrap()).unwrap();
        let mut body = frame.interface.to_le_bytes().to_vec();
        body.extend(u32::try_from(time >> 32).unwrap().to_le_bytes());
        body.extend(u32::try_from(time & 0xffff_ffff).unwrap().to_le_bytes());
        body.extend(u32::try_from(frame.data.len()).unwrap().to_le_bytes());
        body.extend(frame.original.to_le_bytes());
        body.extend(&frame.data);
        body.resize(body.len().next_multiple_of(4), 0);
        let direction: u32 = match frame.direction {
            Direction::Unknown => 0,
            Direction::Inbound => 1,
            Direction::Outbound => 2,
        };
        if direction > 0 {
            body.extend(option(2, &direction.to_le_bytes()));
            body.extend(option(0, &[]));
        }
        out.extend(block(6, &body));
    }
    out
}

/// As pcap with nanoseconds; the bytes of every number in the order that `order` gives them.
pub fn pcap(frames: &[Owned], link: u16, big: bool) -> Vec<u8> {
    let four = |n: u32| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let two = |n: u16| if big { n.to_be_bytes() } else { n.to_le_bytes() };
    let mut out = four(0xa1b2_3c4d).to_vec();
    out.extend([two(2), two(4)].concat());
    for n in [0, 0, 262_144, u32::from(link)] {
        out.extend(four(n));
    }
    for frame in frames {
        let time = frame.time.unwrap();
        out.extend(four(u32::try_from(time / 1_000_000_000).unwrap()));
        out.extend(four(u32::try_from(time % 1_000_000_000).unwrap()));
        out.extend(four(u32::try_from(frame.data.len()).unwrap()));
        out.extend(four(frame.original));
        out.extend(&frame.data);
    }
    out
}

/// Every compression.
pub fn packed(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    xz.write_all(bytes).unwrap();
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(bytes).unwrap();
    let mut bz2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz2.write_all(bytes).unwrap();
    vec![
        ("gz", gz.finish().unwrap()),
        ("zst", zstd::encode_all(bytes, 1).unwrap()),
        ("xz", xz.finish().unwrap()),
        ("lz4", lz4.finish().unwrap()),
        ("bz2", bz2.finish().unwrap()),
    ]
}
