//! Compressed inputs, known by their first bytes and never by their names.

use std::fmt;
use std::io::{self, BufRead, Read};
use std::sync::Arc;

use super::ahead::Over;
use super::decode::Decoder;
use super::input::Input;
use super::origin::SourceFile;
use super::remote::Remote;
use super::stamp::Stamp;

/// How a file was compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip (RFC 1952), one or several members.
    Gzip,
    /// Zstandard (RFC 8878), one or several frames.
    Zstd,
    /// xz, one or several streams.
    Xz,
    /// LZ4 frame format, one or several frames.
    Lz4,
    /// bzip2, one or several streams.
    Bzip2,
}

impl Compression {
    /// What the first bytes of an input say.
    pub fn of(magic: &[u8]) -> Self {
        match magic {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x04, 0x22, 0x4d, 0x18, ..] | [0x02, 0x21, 0x4c, 0x18, ..] => Self::Lz4,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    /// The word for it in tables: `none`, `gzip`, `zstd`, `xz`, `lz4`, `bzip2`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Lz4 => "lz4",
            Self::Bzip2 => "bzip2",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a stream gives no more bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It is over.
    Clean,
    /// Compressed data stop in the middle.
    Truncated,
    /// Compressed data cannot be decoded.
    Damaged(String),
    /// `max_uncompressed_bytes`, or the memory that decoding would need.
    Limit(String),
    /// The system failed to read.
    Io(String),
}

/// The uncompressed bytes of one input.
pub(crate) struct Stream {
    /// Absent only while one member's decoder is exchanged for the next one's.
    decoder: Option<Decoder>,
    compression: Compression,
    /// Bytes that may still come out.
    left: u64,
    end: Option<End>,
    trailing: bool,
}

impl Stream {
    /// Recognises the compression; `limit` bounds what comes out of a compressed input.
    pub(crate) fn new(mut input: Input, limit: Option<u64>) -> io::Result<Self> {
        let compression = Compression::of(input.peek(8)?);
        let left = match compression {
            Compression::None => u64::MAX,
            _ => limit.unwrap_or(u64::MAX),
        };
        let decoder = Some(Decoder::new(compression, input)?);
        Ok(Self { decoder, compression, left, end: None, trailing: false })
    }

    pub(crate) fn compression(&self) -> Compression {
        self.compression
    }

    /// Why it is over, once it is.
    pub(crate) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Whether something that is not of this compression followed the compressed data.
    pub(crate) fn has_trailing(&self) -> bool {
        self.trailing
    }

    /// How the file changed while it was read.
    pub(crate) fn change(&mut self) -> Option<String> {
        let input = self.decoder.as_mut().map(Decoder::input_mut)?;
        input.change().map(str::to_owned)
    }

    /// Everything that is told at its end, once it is over.
    pub(crate) fn over(&mut self) -> Option<Over> {
        let end = self.end.clone()?;
        Some(Over { end, trailing: self.trailing, change: self.change() })
    }

    /// The file as it was before it was read.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        self.decoder.as_ref().and_then(|d| d.input().stamp())
    }

    /// Which file it is, if it is one.
    pub(crate) fn file(&self) -> Option<&SourceFile> {
        self.decoder.as_ref().and_then(|d| d.input().file())
    }

    /// Takes an earlier look at the same file for the state before it was read.
    pub(crate) fn date_back(&mut self, stamp: Stamp) {
        if let Some(decoder) = &mut self.decoder {
            decoder.input_mut().date_back(stamp);
        }
    }

    /// Where it lies, if it is an object in a store.
    pub(crate) fn remote(&self) -> Option<Arc<dyn Remote>> {
        self.decoder.as_ref().and_then(|d| d.input().remote())
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        self.decoder.as_ref().map_or(0, |d| d.input().bytes_read())
    }

    pub(crate) fn bytes_total(&self) -> Option<u64> {
        self.decoder.as_ref().and_then(|d| d.input().bytes_total())
    }

    /// Whether reading it ahead is worth a thread and changes nothing for anybody: compressed files,
    /// objects and bytes in memory, if there is work in them. A plain file is best read where its
    /// bytes are used: handed from one core to another they take longer than to be copied where they
    /// are needed. A pipe is read as its bytes come.
    pub(crate) fn is_worth_reading_ahead(&self) -> bool {
        const WORTH: u64 = 1 << 14;
        let input = self.decoder.as_ref().map(Decoder::input);
        let lasting = input
            .is_some_and(|input| input.is_file() || input.is_bytes() || input.remote().is_some());
        let compressed = self.compression != Compression::None;
        lasting && compressed && self.bytes_total() > Some(WORTH)
    }

    pub(crate) fn park(&mut self) {
        if let Some(decoder) = &mut self.decoder {
            decoder.input_mut().park();
        }
    }

    /// Some of the next bytes; 0 when there are none, and then [`Stream::end`] says why.
    pub(crate) fn read(&mut self, out: &mut [u8]) -> usize {
        if out.is_empty() {
            return 0;
        }
        let mut beyond = [0];
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(out.len());
        while self.end.is_none() {
            let Some(decoder) = &mut self.decoder else {
                self.end = Some(End::Damaged("decoder lost".into()));
                break;
            };
            // At the limit one more byte is asked for, to tell the end from the limit.
            let target =
                if room == 0 { &mut beyond[..] } else { out.get_mut(..room).unwrap_or_default() };
            match decoder.read(target) {
                Ok(0) => self.next_member(),
                Ok(_) if room == 0 => {
                    self.end = Some(End::Limit("more uncompressed bytes than allowed".into()));
                }
                Ok(n) => {
                    let n = n.min(room);
                    self.left -= n as u64;
                    return n;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => self.end = Some(self.explain(&e)),
            }
        }
        0
    }

    fn explain(&self, error: &io::Error) -> End {
        if let Some(failure) = self.decoder.as_ref().and_then(|d| d.input().failure()) {
            return End::Io(failure.to_owned());
        }
        let text = error.to_string();
        match error.kind() {
            io::ErrorKind::UnexpectedEof => End::Truncated,
            io::ErrorKind::OutOfMemory => End::Limit("decoding needs more than 128 MiB".into()),
            _ if text.contains("too much memory") => {
                End::Limit("decoding needs a window of more than 128 MiB".into())
            }
            _ => End::Damaged(text),
        }
    }

    /// One member is over: the next one of the same kind goes on, zero padding is passed over.
    fn next_member(&mut self) {
        let Some(decoder) = self.decoder.take() else { return };
        if self.compression == Compression::None {
            self.decoder = Some(decoder);
            self.end = Some(End::Clean);
            return;
        }
        let mut input = decoder.into_input();
        let next = skip_zeros(&mut input).and_then(|()| Ok(Compression::of(input.peek(8)?)));
        let empty = input.peek(1).is_ok_and(<[u8]>::is_empty);
        let failure = input.failure().map(str::to_owned);
        let compression = match next {
            Ok(next) if next == self.compression => next,
            _ => Compression::None,
        };
        match Decoder::new(compression, input) {
            Ok(decoder) => self.decoder = Some(decoder),
            Err(e) => self.end = Some(End::Damaged(e.to_string())),
        }
        if let Some(failure) = failure {
            self.end = Some(End::Io(failure));
        } else if compression == Compression::None {
            self.trailing = !empty;
            self.end = Some(End::Clean);
        }
    }
}

fn skip_zeros(input: &mut Input) -> io::Result<()> {
    loop {
        let held = input.fill_buf()?;
        let zeros = held.iter().take_while(|&&b| b == 0).count();
        if zeros == 0 {
            return Ok(());
        }
        input.consume(zeros);
    }
}
