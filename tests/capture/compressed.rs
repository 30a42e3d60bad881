//! Compressed captures.

use std::io::Write;

use finrst::capture::{Compression, ReadOptions, Source, Status};

use crate::build::{MICRO, pcap, pcapng};
use crate::{Outcome, assert_same_in_pieces, read, read_sources, refusal, try_read};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut out = ::zstd::Encoder::new(Vec::new(), 3).unwrap();
    out.include_checksum(true).unwrap();
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut out = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::default()).unwrap();
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn lz4(bytes: &[u8]) -> Vec<u8> {
    // Small blocks: of a cut block nothing can be decoded.
    let info = lz4_flex::frame::FrameInfo::new().block_size(lz4_flex::frame::BlockSize::Max64KB);
    let mut out = lz4_flex::frame::FrameEncoder::with_frame_info(info, Vec::new());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

type Pack = fn(&[u8]) -> Vec<u8>;

const ALL: [(Pack, Compression); 5] = [
    (gzip, Compression::Gzip),
    (zstd, Compression::Zstd),
    (xz, Compression::Xz),
    (lz4, Compression::Lz4),
    (bzip2, Compression::Bzip2),
];

fn same(plain: &[u8], packed: &[u8], compression: Compression) -> Outcome {
    let outcome = read(packed);
    assert_eq!(outcome.frames, read(plain).frames, "{compression}");
    assert_eq!(outcome.files[0].compression, compression);
    assert_eq!(outcome.files[0].bytes_total, plain.len() as u64, "{compression}");
    assert_eq!(outcome.files[0].source_bytes, Some(packed.len() as u64));
    outcome
}

#[test]
fn compressed_captures_read_like_plain_ones() {
    for plain in [pcap(false, MICRO, 700), pcapng(true, 700)] {
        for (pack, compression) in ALL {
            let packed = pack(&plain);
            let outcome = same(&plain, &packed, compression);
            assert_eq!((outcome.status(), outcome.issues.examples().len()), (Status::Complete, 0));
            assert_same_in_pieces(compression.as_str(), &packed);
        }
    }
}

#[test]
fn several_members_are_one_stream() {
    let plain = pcap(false, MICRO, 300);
    let (a, b) = plain.split_at(1001);
    for (pack, compression) in ALL {
        let packed = [pack(a), pack(b), pack(b"")].concat();
        assert_eq!(same(&plain, &packed, compression).status(), Status::Complete);
        assert_same_in_pieces("members", &packed);
        let padded = [packed.clone(), vec![0; 512]].concat();
        assert_eq!(same(&plain, &padded, compression).status(), Status::Complete);
        let odd = [packed, b"something else".to_vec()].concat();
        let outcome = read(&odd);
        assert_eq!(outcome.frames.len(), 300, "{compression}");
        assert_eq!(outcome.issues.count("compressed_trailing"), 1, "{compression}");
    }
}

#[test]
fn a_cut_stream_keeps_what_came_before() {
    // Incompressible, so that every format has several blocks.
    let mut noise: u32 = 1;
    let mut file = crate::build::header(false, MICRO, (2, 4), 1);
    for n in 0..4000 {
        let data: Vec<u8> = (0..400)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            })
            .collect();
        file = crate::build::record(file, crate::build::EPOCH + n, 0, (400, 400), &data);
    }
    let whole = read(&file.out).frames;
    for (pack, compression) in ALL {
        let packed = pack(&file.out);
        let outcome = read(&packed[..packed.len() * 9 / 10]);
        assert_eq!(outcome.status(), Status::TruncatedTail, "{compression}");
        assert_eq!(outcome.issues.count("compressed_truncated"), 1, "{compression}");
        assert!(whole.starts_with(&outcome.frames));
        assert!(outcome.frames.len() > 1500, "{compression}: {}", outcome.frames.len());
        let mut broken = packed.clone();
        let middle = packed.len() * 3 / 4;
        broken[middle..middle + 64].fill(0xff);
        if let Ok(outcome) = try_read(&broken, 4096) {
            assert_ne!(outcome.status(), Status::Complete, "{compression}");
        }
    }
}

/// Every byte that a decoder gives when it is asked for one at a time.
fn one_by_one(mut decoder: impl std::io::Read) -> Vec<u8> {
    let (mut given, mut octet) = (Vec::new(), [0]);
    while let Ok(1) = decoder.read(&mut octet) {
        given.extend(octet);
    }
    given
}

#[test]
fn everything_before_damage_is_read() {
    let (plain, mut compared) = (pcap(false, MICRO, 700), 0);
    for (pack, compression) in ALL {
        let packed = pack(&plain);
        for place in (20..packed.len()).step_by(packed.len() / 30) {
            let mut broken = packed.clone();
            broken[place] ^= 0x5a;
            let few = std::io::BufReader::with_capacity(1, &broken[..]);
            let given = match compression {
                Compression::Gzip => one_by_one(flate2::bufread::GzDecoder::new(few)),
                Compression::Zstd => one_by_one(::zstd::Decoder::with_buffer(few).unwrap()),
                Compression::Lz4 => one_by_one(lz4_flex::frame::FrameDecoder::new(few)),
                Compression::Bzip2 => one_by_one(::bzip2::bufread::BzDecoder::new(few)),
                _ => one_by_one(lzma_rust2::XzReader::new(few, false)),
            };
            if given.get(..24) != plain.get(..24) {
                continue;
            }
            let read = try_read(&broken, 1 << 20).unwrap().files[0].bytes_total;
            let lost = given.len() as u64 - read;
            // Of xz whole pieces are read.
            let most = if compression == Compression::Xz { 255 } else { 0 };
            assert!(lost <= most, "{compression} at {place}: {lost} of {} lost", given.len());
            compared += 1;
        }
    }
    assert!(compared > 70, "{compared}");
}

#[test]
fn lz4_data_that_end_between_blocks_are_cut() {
    let packed = lz4(&pcap(false, MICRO, 3));
    // The legacy format has no mark of its end.
    let block = lz4_flex::block::compress(&pcap(false, MICRO, 3));
    let length = u32::try_from(block.len()).unwrap();
    let legacy = [&[0x02, 0x21, 0x4c, 0x18][..], &length.to_le_bytes(), &block].concat();
    assert_eq!((read(&legacy).status(), read(&legacy).frames.len()), (Status::Complete, 3));
    for cut in 1..=4 {
        let outcome = read(&packed[..packed.len() - cut]);
        assert_eq!(outcome.status(), Status::TruncatedTail, "{cut}");
        assert_eq!((outcome.frames.len(), outcome.issues.count("compressed_truncated")), (3, 1));
    }
}

#[test]
fn nested_compression_and_other_contents_are_refused() {
    let plain = pcap(false, MICRO, 3);
    for (pack, compression) in ALL {
        let text = refusal(&pack(&gzip(&plain)));
        assert!(text.contains(&format!("gzip inside {compression}")), "{text}");
        assert!(refusal(&pack(b"<html>")).contains("HTML"));
        assert!(refusal(&pack(b"")).contains("empty"), "{}", refusal(&pack(b"")));
    }
}

#[test]
fn unpacking_can_be_limited() {
    let plain = pcap(false, MICRO, 300);
    for (pack, compression) in ALL {
        let read = |limit| {
            let options =
                ReadOptions { max_uncompressed_bytes: Some(limit), ..ReadOptions::default() };
            read_sources(vec![Source::bytes("packed", pack(&plain))], options).unwrap()
        };
        let outcome = read(5000);
        assert_eq!(outcome.status(), Status::Limit, "{compression}");
        assert_eq!((outcome.files[0].bytes_total, outcome.issues.count("limit")), (5000, 1));
        assert_eq!(read(plain.len() as u64).status(), Status::Complete, "{compression}");
    }
}

#[test]
fn a_zstd_window_of_2_gib_is_refused() {
    // Magic, frame header descriptor without content size, window exponent 31.
    let bomb = [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, (31 - 10) << 3][..], &[1, 0, 0]].concat();
    let text = refusal(&bomb);
    assert!(text.contains("128 MiB"), "{text}");
}
