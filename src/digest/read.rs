//! A digest in, packets out.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use super::decode::Decoder;
use super::footer::BlockPlace;
use super::wire::{Bad, Coder, Cursor};
use super::{END, Footer, Header, MAGIC, OCTETS, Place, VERSION, checksum, grows};
use crate::base::error::Error;
use crate::packet::{IcmpError, Segment};

/// Bytes of a header or a footer at most.
const LONGEST: u64 = 1 << 28;
/// Buckets of a digest at most.
pub(crate) const MOST_BUCKETS: u32 = 1 << 16;
/// Bytes behind the footer: its place, its length, its checksum, the mark of the end.
const TAIL: u64 = 32;

/// A digest that was opened: all but its packets.
#[derive(Clone, Debug)]
pub struct Digest {
    name: String,
    header: Header,
    footer: Footer,
    blocks: Vec<BlockPlace>,
}

/// A packet of a digest.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// Where it stands among those of all files.
    pub place: Place,
    /// What it is.
    pub record: Record<'a>,
}

/// What a packet of a digest is.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant, reason = "a segment is the common case")]
pub enum Record<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// An ICMP error that quotes one.
    Icmp(IcmpError),
}

impl Digest {
    /// Reads the beginning and the end of a digest, which messages call `name`.
    ///
    /// # Errors
    /// [`Error::State`] for what is no digest of this version, or not a whole one; [`Error::Io`]
    /// where reading fails.
    pub fn open<S: Read + Seek>(name: &str, source: &mut S) -> Result<Self, Error> {
        let io = |error: std::io::Error| failed(name, error);
        let bad = |Bad(reason)| state(name, reason);
        let length = source.seek(SeekFrom::End(0)).map_err(io)?;
        source.rewind().map_err(io)?;
        let head: [u8; 28] = exactly(source).map_err(io)?;
        let mut cursor = Cursor::new(head);
        if cursor.array().map_err(bad)? != MAGIC {
            return Err(state(name, "no digest of finrst"));
        }
        let version = u32::from_le_bytes(cursor.array().map_err(bad)?);
        if version != VERSION {
            let reason = format!("a digest in version {version} of the format, not {VERSION}");
            return Err(state(name, &reason));
        }
        let size = u64::from_le_bytes(cursor.array().map_err(bad)?);
        let sum = u64::from_le_bytes(cursor.array().map_err(bad)?);
        let octets = part(source, size, length).map_err(io)?;
        if checksum(&octets) != sum {
            return Err(state(name, "its header is damaged"));
        }
        let mut cursor = Cursor::new(octets);
        let mut header = Header::default();
        header.code(&mut cursor).map_err(bad)?;
        if header.buckets > MOST_BUCKETS {
            return Err(state(name, "it has more buckets than there can be"));
        }
        let version = env!("CARGO_PKG_VERSION");
        if header.version != version {
            let reason = format!("a digest of finrst {}, not {version}", header.version);
            return Err(state(name, &reason));
        }
        let tail = length.checked_sub(TAIL).ok_or_else(|| state(name, "it is cut"))?;
        source.seek(SeekFrom::Start(tail)).map_err(io)?;
        let mut cursor = Cursor::new(exactly::<32>(source).map_err(io)?);
        let [offset, raw, sum] = [(); 3].map(|()| cursor.array().map(u64::from_le_bytes));
        let (offset, raw, sum) = (offset.map_err(bad)?, raw.map_err(bad)?, sum.map_err(bad)?);
        let fits = |size: &u64| raw <= LONGEST.min(grows(*size));
        let size = tail.checked_sub(offset).filter(|size| *size <= LONGEST && fits(size));
        let (Some(size), Ok(raw), true) =
            (size, usize::try_from(raw), cursor.array().map_err(bad)? == END)
        else {
            return Err(state(name, "it is cut"));
        };
        source.seek(SeekFrom::Start(offset)).map_err(io)?;
        let octets = part(source, size, length).map_err(io)?;
        if checksum(&octets) != sum {
            return Err(state(name, "its end is damaged"));
        }
        let octets = unpacked(&octets, raw).map_err(bad)?;
        let (mut footer, mut blocks) = (Footer::default(), Vec::new());
        let mut cursor = Cursor::new(octets);
        footer.code(&mut cursor).map_err(bad)?;
        cursor
            .list(&mut blocks, |cursor, place: &mut BlockPlace| place.code(cursor))
            .map_err(bad)?;
        let fits = |place: &BlockPlace| {
            place.bucket < header.buckets
                && place.offset.checked_add(place.length.into()).is_some_and(|end| end <= offset)
        };
        if !blocks.iter().all(fits) || !cursor.is_over() {
            return Err(state(name, "its places are none"));
        }
        Ok(Self { name: name.to_owned(), header, footer, blocks })
    }

    /// What it was made of, and how.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What is known of the captures besides their segments.
    pub fn footer(&self) -> &Footer {
        &self.footer
    }

    /// The packets of a bucket, read from the source that was opened, or the same again.
    pub fn bucket<S: Read + Seek>(&self, source: S, bucket: u32) -> Bucket<S> {
        let own = self.blocks.iter().filter(|place| place.bucket == bucket);
        Bucket {
            name: self.name.clone(),
            source,
            blocks: own.copied().collect(),
            next: 0,
            block: None,
            ready: false,
        }
    }
}

/// The packets of one bucket, in the order in which they were written. One block of them is in
/// memory at a time.
pub struct Bucket<S> {
    name: String,
    source: S,
    blocks: Vec<BlockPlace>,
    /// The block that is read next.
    next: usize,
    block: Option<Decoder>,
    /// Whether the block stands at a packet that was not taken.
    ready: bool,
}

impl<S> std::fmt::Debug for Bucket<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bucket").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<S: Read + Seek> Bucket<S> {
    /// How many packets there are in all.
    pub fn packets(&self) -> u64 {
        self.blocks.iter().map(|place| u64::from(place.packets)).sum()
    }

    /// Where the next packet stands; nothing is read for that where a block begins. `None` at the
    /// end.
    ///
    /// # Errors
    /// [`Error::State`] for a block that is damaged, [`Error::Io`] where reading fails.
    pub fn place(&mut self) -> Result<Option<Place>, Error> {
        let untouched = self.block.is_none();
        if untouched && let Some(place) = self.blocks.get(self.next) {
            return Ok(Some(place.first));
        }
        if !self.advance()? {
            return Ok(None);
        }
        Ok(self.block.as_ref().map(Decoder::place))
    }

    /// The next packet; `None` at the end.
    ///
    /// # Errors
    /// As [`Bucket::place`].
    #[allow(clippy::should_implement_trait, reason = "a packet is borrowed from its block")]
    #[inline]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, Error> {
        if !self.advance()? {
            return Ok(None);
        }
        self.ready = false;
        let item = self.block.as_ref().map(Decoder::item).transpose();
        item.map_err(|Bad(reason)| state(&self.name, reason))
    }

    /// Makes a packet ready; false at the end.
    fn advance(&mut self) -> Result<bool, Error> {
        while !self.ready {
            if self.block.is_none() && !self.load()? {
                return Ok(false);
            }
            let advanced = self.block.as_mut().map_or(Ok(false), Decoder::advance);
            self.ready = advanced.map_err(|Bad(reason)| state(&self.name, reason))?;
            if !self.ready {
                self.block = None;
            }
        }
        Ok(true)
    }

    /// Reads the next block; false where there is none.
    fn load(&mut self) -> Result<bool, Error> {
        let Some(place) = self.blocks.get(self.next) else { return Ok(false) };
        self.next += 1;
        let io = |error| failed(&self.name, error);
        let bad = |Bad(reason)| state(&self.name, reason);
        if place.length as usize > 2 * OCTETS {
            return Err(state(&self.name, "a block is too long"));
        }
        self.source.seek(SeekFrom::Start(place.offset)).map_err(io)?;
        let octets = part(&mut self.source, place.length.into(), u64::MAX).map_err(io)?;
        if checksum(&octets) != place.checksum {
            return Err(state(&self.name, "a block is damaged"));
        }
        self.block = Some(Decoder::new(&octets).map_err(bad)?);
        Ok(true)
    }
}

/// Reads the packets of one block, of which no checksum is asked: for tests and fuzzing.
///
/// # Errors
/// [`Error::State`] where it is none.
#[doc(hidden)]
pub fn block(octets: &[u8], mut each: impl FnMut(&Item<'_>)) -> Result<(), Error> {
    let bad = |Bad(reason)| state("a block", reason);
    let mut decoder = Decoder::new(octets).map_err(bad)?;
    while decoder.advance().map_err(bad)? {
        each(&decoder.item().map_err(bad)?);
    }
    Ok(())
}

/// Reads what a footer holds, uncompressed: for tests and fuzzing.
///
/// # Errors
/// [`Error::State`] where it is none.
#[doc(hidden)]
pub fn footer(octets: &[u8]) -> Result<Footer, Error> {
    let mut footer = Footer::default();
    let read = footer.code(&mut Cursor::new(octets));
    read.map_err(|Bad(reason)| state("a footer", reason)).map(|()| footer)
}

fn state(name: &str, reason: &str) -> Error {
    Error::State { file: name.to_owned(), reason: reason.to_owned() }
}

fn failed(name: &str, source: std::io::Error) -> Error {
    if source.kind() == ErrorKind::UnexpectedEof {
        return state(name, "it is cut");
    }
    Error::Io { file: name.to_owned(), source }
}

fn exactly<const N: usize>(source: &mut impl Read) -> std::io::Result<[u8; N]> {
    let mut octets = [0; N];
    source.read_exact(&mut octets)?;
    Ok(octets)
}

/// So many bytes of a source that has no more than `length`: memory is asked for as they come.
fn part(source: &mut impl Read, size: u64, length: u64) -> std::io::Result<Vec<u8>> {
    if size > length.min(LONGEST) {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    let mut octets = Vec::new();
    source.take(size).read_to_end(&mut octets)?;
    if octets.len() as u64 == size { Ok(octets) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

/// Decompresses the footer, which says how long it is.
fn unpacked(octets: &[u8], length: usize) -> Result<Vec<u8>, Bad> {
    const BAD: Bad = Bad("its end cannot be decompressed");
    let mut out = Vec::new();
    let decoder = zstd::stream::read::Decoder::with_buffer(octets).map_err(|_| BAD)?;
    decoder.take(length as u64 + 1).read_to_end(&mut out).map_err(|_| BAD)?;
    if out.len() == length { Ok(out) } else { Err(BAD) }
}
