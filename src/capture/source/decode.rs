//! One decoder for each compression. What comes out before damage is the same however the bytes
//! came in and are asked for: everything that can be decoded.

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;
use lzma_rust2::XzReader;

use super::compress::Compression;
use super::input::Input;
use super::steps::{Bzip2, Gzip, Steps, Zstd};

/// Memory that an xz dictionary may claim.
const XZ_MEMORY_KIB: u32 = 128 * 1024 + 1024;
/// Bytes asked of the xz decoder at a time. Of a call that fails nothing is known, so that it is
/// always asked for the same and little.
const XZ_PIECE: usize = 256;
/// What frames of the legacy format begin with.
const LZ4_LEGACY: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];

/// The decoder of one member of a compressed input.
pub(super) enum Decoder {
    Plain(Input),
    Gzip(Box<Steps<Gzip>>),
    Zstd(Box<Steps<Zstd>>),
    Xz(Box<Xz>),
    Lz4(Box<Lz4>),
    Bzip2(Box<Steps<Bzip2>>),
}

impl Decoder {
    pub(super) fn new(compression: Compression, mut input: Input) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::Plain(input),
            Compression::Gzip => Self::Gzip(Box::new(Steps::new(input, Gzip::new()))),
            Compression::Zstd => Self::Zstd(Box::new(Steps::new(input, Zstd::new()?))),
            Compression::Xz => Self::Xz(Box::new(Xz::new(input))),
            Compression::Lz4 => {
                let marked = !input.peek(4)?.starts_with(&LZ4_LEGACY);
                Self::Lz4(Box::new(Lz4 { reader: FrameDecoder::new(input), marked }))
            }
            Compression::Bzip2 => Self::Bzip2(Box::new(Steps::new(input, Bzip2::new()))),
        })
    }

    pub(super) fn input(&self) -> &Input {
        match self {
            Self::Plain(input) => input,
            Self::Gzip(d) => &d.input,
            Self::Zstd(d) => &d.input,
            Self::Xz(d) => d.reader.inner(),
            Self::Lz4(d) => d.reader.get_ref(),
            Self::Bzip2(d) => &d.input,
        }
    }

    pub(super) fn input_mut(&mut self) -> &mut Input {
        match self {
            Self::Plain(input) => input,
            Self::Gzip(d) => &mut d.input,
            Self::Zstd(d) => &mut d.input,
            Self::Xz(d) => d.reader.inner_mut(),
            Self::Lz4(d) => d.reader.get_mut(),
            Self::Bzip2(d) => &mut d.input,
        }
    }

    pub(super) fn into_input(self) -> Input {
        match self {
            Self::Plain(input) => input,
            Self::Gzip(d) => d.input,
            Self::Zstd(d) => d.input,
            Self::Xz(d) => d.reader.into_inner(),
            Self::Lz4(d) => d.reader.into_inner(),
            Self::Bzip2(d) => d.input,
        }
    }
}

impl Read for Decoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(out),
            Self::Gzip(d) => d.read(out),
            Self::Zstd(d) => d.read(out),
            Self::Xz(d) => d.read(out),
            Self::Lz4(d) => d.read(out),
            Self::Bzip2(d) => d.read(out),
        }
    }
}

/// An LZ4 frame, whose blocks come out whole or not at all.
pub(super) struct Lz4 {
    reader: FrameDecoder<Input>,
    /// Whether a mark says where it ends: the legacy format has none.
    marked: bool,
}

impl Read for Lz4 {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(out)? {
            // Behind the mark it would not have asked for more.
            0 if self.marked && self.reader.get_ref().is_over() => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            got => Ok(got),
        }
    }
}

/// An xz stream, decoded in pieces of one size.
pub(super) struct Xz {
    reader: XzReader<Input>,
    piece: [u8; XZ_PIECE],
    start: usize,
    end: usize,
}

impl Xz {
    fn new(input: Input) -> Self {
        let reader = XzReader::new_mem_limit(input, false, XZ_MEMORY_KIB);
        Self { reader, piece: [0; XZ_PIECE], start: 0, end: 0 }
    }
}

impl Read for Xz {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.end = self.reader.read(&mut self.piece)?;
        }
        let mut held = self.piece.get(self.start..self.end).unwrap_or_default();
        let got = held.read(out)?;
        self.start += got;
        Ok(got)
    }
}
