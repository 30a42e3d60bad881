//! Bytes of several kinds in one file: blobs, each compressed and with a checksum, behind whatever
//! lies at the front, and a list of them at the end. Whatever is cut, damaged or foreign is
//! [`Error::State`].

use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::held::{Bytes, Held};
use crate::base::error::Error;
use crate::digest::wire::{Bad, Coder, Cursor, Out};
use crate::digest::{checksum, grows};

/// The last bytes: what the file is, and in which version.
const END: [u8; 8] = *b"\x89FRSTP\x02\n";
/// Bytes that say where the list lies: its place, its length, its checksum, [`END`].
const TAIL: usize = 32;
/// Bytes of one blob at most; the list is shorter as well.
const LONGEST: usize = 1 << 28;
/// How hard is compressed.
pub(super) const LEVEL: i32 = 1;

/// What a blob is, and of which part of the capture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tag {
    pub kind: u8,
    pub part: u32,
}

/// Where a blob lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blob {
    pub tag: Tag,
    /// How many things are in it.
    pub count: u64,
    offset: u64,
    length: u64,
    raw: u64,
    checksum: u64,
}

impl Blob {
    fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        coder.plain(&mut self.tag.kind)?;
        coder.plain(&mut self.tag.part)?;
        for number in
            [&mut self.count, &mut self.offset, &mut self.length, &mut self.raw, &mut self.checksum]
        {
            coder.number(number)?;
        }
        Ok(())
    }
}

impl Blob {
    /// One of so many things in so many bytes, which lies compressed at a place.
    pub(crate) fn at(offset: u64, (tag, count, raw): (Tag, u64, usize), packed: &[u8]) -> Self {
        let (raw, length) = (raw as u64, packed.len() as u64);
        Self { tag, count, offset, length, raw, checksum: checksum(packed) }
    }
}

/// Writes one.
pub(crate) struct Packing<W> {
    out: W,
    at: u64,
    /// Bytes in front of it.
    front: u64,
    blobs: Vec<Blob>,
    /// Once there was something to compress.
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl<W: Write> Packing<W> {
    /// Behind so many bytes that were written already, and these blobs among them.
    pub(crate) fn new(out: W, front: u64, blobs: Vec<Blob>) -> Self {
        Self { out, at: front, front, blobs, zstd: None }
    }

    /// Puts a blob in, of so many things.
    ///
    /// # Errors
    /// Those of writing.
    pub(crate) fn put(&mut self, tag: Tag, count: u64, octets: &[u8]) -> io::Result<()> {
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            none => none.insert(zstd::bulk::Compressor::new(LEVEL)?),
        };
        let packed = zstd.compress(octets)?;
        self.out.write_all(&packed)?;
        let blob = Blob::at(self.at, (tag, count, octets.len()), &packed);
        self.blobs.push(blob);
        self.at += blob.length;
        Ok(())
    }

    /// Writes the list; gives the sink back and tells how many bytes there are.
    ///
    /// # Errors
    /// Those of writing.
    pub(crate) fn finish(mut self) -> io::Result<(W, u64)> {
        let mut out = Out::default();
        let never = |bad: Bad| io::Error::other(bad.0);
        out.number(&mut self.front).map_err(never)?;
        out.list(&mut self.blobs, |out, blob| blob.code(out)).map_err(never)?;
        self.out.write_all(&out.0)?;
        for number in [self.at, out.0.len() as u64, checksum(&out.0)] {
            self.out.write_all(&number.to_le_bytes())?;
        }
        self.out.write_all(&END)?;
        self.out.flush()?;
        Ok((self.out, self.at + (out.0.len() + TAIL) as u64))
    }
}

/// Reads one.
#[derive(Clone, Debug)]
pub(crate) struct Chest {
    held: Held,
    front: u64,
    blobs: Vec<Blob>,
    /// Checksum of the list, in which those of all blobs are.
    sum: u64,
}

impl Chest {
    /// Reads the list.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::State`].
    pub(crate) fn open(held: Held) -> Result<Self, Error> {
        let mut file = opened(&held)?;
        let io = |error| failed(&held, error);
        let state = |why: &str| state(&held, why);
        let length = file.seek(SeekFrom::End(0)).map_err(io)?;
        let at = length.checked_sub(TAIL as u64).ok_or_else(|| state("it is cut"))?;
        file.seek(SeekFrom::Start(at)).map_err(io)?;
        let mut tail = [0; TAIL];
        file.read_exact(&mut tail).map_err(io)?;
        let mut cursor = Cursor::new(tail);
        let mut number = || cursor.array().map(u64::from_le_bytes);
        let [Ok(list), Ok(size), Ok(sum), Ok(end)] = [number(), number(), number(), number()]
        else {
            return Err(state("it is cut"));
        };
        let fits = list.checked_add(size) == Some(at) && size <= LONGEST as u64;
        if end.to_le_bytes() != END || !fits {
            return Err(state("it is cut, or no file of a step of this version"));
        }
        file.seek(SeekFrom::Start(list)).map_err(io)?;
        let mut octets = Vec::new();
        file.take(size).read_to_end(&mut octets).map_err(io)?;
        if checksum(&octets) != sum {
            return Err(state("its list is damaged"));
        }
        let mut cursor = Cursor::new(octets);
        let (mut front, mut blobs) = (0, Vec::new());
        let read = Coder::number(&mut cursor, &mut front)
            .and_then(|()| cursor.list(&mut blobs, |cursor, blob: &mut Blob| blob.code(cursor)));
        read.map_err(|Bad(reason)| state(reason))?;
        let within = |blob: &Blob| {
            // Each of the things in it takes a byte at least.
            blob.count <= blob.raw.max(1)
                && blob.raw <= LONGEST as u64
                && grows(blob.length) >= blob.raw
                && blob.offset.checked_add(blob.length).is_some_and(|end| end <= list)
        };
        // No byte is in two of them.
        let all = blobs.iter().try_fold(0, |sum: u64, blob| sum.checked_add(blob.length));
        if !blobs.iter().all(within) || front > list || all.is_none_or(|all| all > list) {
            return Err(state("its places are none"));
        }
        Ok(Self { held, front, blobs, sum })
    }

    /// What tells it from others.
    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    /// What lies at the front, as a file of its own.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn front(&self) -> Result<Front, Error> {
        Ok(Front { file: opened(&self.held)?, at: 0, length: self.front })
    }

    /// The blobs of a kind and part.
    pub(crate) fn blobs(&self, tag: Tag) -> impl Iterator<Item = &Blob> {
        self.blobs.iter().filter(move |blob| blob.tag == tag)
    }

    /// All of them, one behind the other.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn stream(&self, tag: Tag) -> Result<Stream, Error> {
        let blobs: Vec<Blob> = self.blobs(tag).copied().collect();
        let file = if blobs.is_empty() { None } else { Some(opened(&self.held)?) };
        Ok(Stream {
            held: self.held.clone(),
            file,
            blobs: blobs.into_iter(),
            octets: Vec::new(),
            at: 0,
        })
    }

    /// All bytes of a kind and part.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::State`].
    pub(crate) fn octets(&self, tag: Tag) -> Result<Vec<u8>, Error> {
        let (mut octets, mut raw, mut stored) = (Vec::new(), 0_u64, 0);
        for blob in self.blobs(tag) {
            (raw, stored) = (raw.saturating_add(blob.raw), stored + blob.length);
        }
        if raw > grows(stored) {
            return Err(self.broken("it would be larger than such a file can become"));
        }
        let mut stream = self.stream(tag)?;
        while stream.load()? {
            octets.extend_from_slice(&stream.octets);
        }
        Ok(octets)
    }

    /// That something in it makes no sense.
    pub(crate) fn broken(&self, what: &str) -> Error {
        state(&self.held, what)
    }
}

/// Writes a state or a file of a step anew, each blob as `edit` leaves it (which is told its kind),
/// with all checksums right: for tests and fuzzing.
///
/// # Errors
/// [`Error::Io`], [`Error::State`].
#[doc(hidden)]
pub fn forged(from: &Path, to: &Path, mut edit: impl FnMut(u8, &mut Vec<u8>)) -> Result<(), Error> {
    let held = Held::File(from.to_owned());
    let io = |error| failed(&held, error);
    let (chest, mut front) = (Chest::open(held.clone())?, Vec::new());
    chest.front()?.read_to_end(&mut front).map_err(io)?;
    let mut packing = Packing::new(Vec::new(), front.len() as u64, Vec::new());
    packing.out.write_all(&front).map_err(io)?;
    for blob in &chest.blobs {
        let file = Some(opened(&chest.held)?);
        let blobs = vec![*blob].into_iter();
        let mut one = Stream { held: held.clone(), file, blobs, octets: Vec::new(), at: 0 };
        one.load()?;
        edit(blob.tag.kind, &mut one.octets);
        packing.put(blob.tag, blob.count, &one.octets).map_err(io)?;
    }
    let (octets, _) = packing.finish().map_err(io)?;
    std::fs::write(to, octets).map_err(io)
}

/// Blobs one behind the other.
pub(crate) struct Stream {
    held: Held,
    file: Option<Box<dyn Bytes>>,
    blobs: std::vec::IntoIter<Blob>,
    octets: Vec<u8>,
    at: usize,
}

impl Stream {
    /// Takes the next blob; false at the end.
    pub(crate) fn load(&mut self) -> Result<bool, Error> {
        let (Some(blob), Some(file)) = (self.blobs.next(), &mut self.file) else {
            (self.octets, self.at) = (Vec::new(), 0);
            return Ok(false);
        };
        let io = |error| failed(&self.held, error);
        file.seek(SeekFrom::Start(blob.offset)).map_err(io)?;
        let mut packed = Vec::new();
        file.take(blob.length).read_to_end(&mut packed).map_err(io)?;
        if checksum(&packed) != blob.checksum {
            return Err(state(&self.held, "a part of it is damaged"));
        }
        let raw = usize::try_from(blob.raw).unwrap_or(usize::MAX);
        let octets = zstd::bulk::decompress(&packed, raw).ok().filter(|all| all.len() == raw);
        self.octets = octets.ok_or_else(|| state(&self.held, "a part of it is damaged"))?;
        self.at = 0;
        Ok(true)
    }

    /// The bytes of the blob that was taken last.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }
}

impl Read for Stream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.octets.len() {
            if !self.load().map_err(io::Error::other)? {
                return Ok(0);
            }
        }
        let rest = self.octets.get(self.at..).unwrap_or_default();
        let count = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}

/// The first bytes of a file.
pub struct Front {
    file: Box<dyn Bytes>,
    at: u64,
    length: u64,
}

impl Read for Front {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let room = out.len().min(left);
        let count = self.file.read(out.get_mut(..room).unwrap_or_default())?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Front {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        let at = at.filter(|&at| at <= self.length).ok_or(ErrorKind::UnexpectedEof)?;
        self.at = self.file.seek(SeekFrom::Start(at))?;
        Ok(self.at)
    }
}

fn opened(held: &Held) -> Result<Box<dyn Bytes>, Error> {
    held.open().map_err(|error| failed(held, error))
}

fn state(held: &Held, reason: &str) -> Error {
    Error::State { file: held.name(), reason: reason.to_owned() }
}

fn failed(held: &Held, source: io::Error) -> Error {
    if source.kind() == ErrorKind::UnexpectedEof {
        return state(held, "it is cut");
    }
    Error::Io { file: held.name(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: Tag = Tag { kind: 1, part: 0 };

    /// A file of these blobs, opened.
    fn opened(name: &str, put: impl FnOnce(&mut Packing<Vec<u8>>)) -> Result<Chest, Error> {
        let mut packing = Packing::new(Vec::new(), 0, Vec::new());
        put(&mut packing);
        let (octets, _) = packing.finish().unwrap();
        let path = std::env::temp_dir().join(format!("finrst-chest-{}-{name}", std::process::id()));
        std::fs::write(&path, octets).unwrap();
        let found = Chest::open(Held::File(path.clone()));
        std::fs::remove_file(path).unwrap();
        found
    }

    #[test]
    fn what_would_become_larger_than_such_a_file_can_is_refused() {
        let zeros = |count: usize| vec![0; count];
        let refused = |name: &str, put: &dyn Fn(&mut Packing<Vec<u8>>)| {
            let error = opened(name, put).map(drop).unwrap_err();
            assert!(matches!(&error, Error::State { reason, .. } if reason.contains("places")));
        };
        let most = usize::try_from(grows(0)).unwrap();
        assert!(opened("most", |packing| packing.put(TAG, 1, &zeros(most)).unwrap()).is_ok());
        refused("large", &|packing| packing.put(TAG, 1, &zeros(32 * most)).unwrap());
        refused("counts", &|packing| packing.put(TAG, 10, &[1; 9]).unwrap());
        refused("twice", &|packing| {
            packing.put(TAG, 1, &zeros(99)).unwrap();
            let again = packing.blobs[0];
            packing.blobs.extend([again; 40]);
        });
    }

    #[test]
    fn many_blobs_that_become_large_together_are_not_joined() {
        let chest = opened("many", |packing| {
            (0..99).for_each(|_| packing.put(TAG, 1, &vec![0; 1 << 20]).unwrap());
        });
        let error = chest.unwrap().octets(TAG).unwrap_err();
        assert!(error.to_string().ends_with("it would be larger than such a file can become"));
    }
}
