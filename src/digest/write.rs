//! Packets in, a digest out.

use std::io::{self, Write};

use super::codes::Codes;
use super::encode::Encoder;
use super::footer::BlockPlace;
use super::wire::{Bad, Coder, Out};
use super::{BLOCK, END, Footer, Header, MAGIC, Place, VERSION, bucket_of, checksum};
use crate::packet::{IcmpError, Segment};

/// Packets that may wait for their blocks, over all buckets.
const WAITING: usize = 16 * BLOCK;
/// How hard the footer is compressed.
const LEVEL: i32 = 1;

/// Writes a digest.
pub struct Writer<W> {
    sink: W,
    /// Bytes written.
    at: u64,
    buckets: Vec<Encoder>,
    /// Packets in them.
    waiting: usize,
    blocks: Vec<BlockPlace>,
    codes: Codes,
    buffer: Vec<u8>,
}

impl<W> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("at", &self.at).finish_non_exhaustive()
    }
}

impl<W: Write> Writer<W> {
    /// Begins a digest. Its version is this one's, whatever the header says.
    ///
    /// # Errors
    /// Those of the sink, as everywhere here.
    pub fn new(sink: W, header: &Header) -> io::Result<Self> {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let mut header = Header { version, buckets: header.buckets.max(1), ..header.clone() };
        let buckets = (0..header.buckets).map(|_| Encoder::new()).collect();
        let mut writer = Self {
            sink,
            at: 0,
            buckets,
            waiting: 0,
            blocks: Vec::new(),
            codes: Codes::new()?,
            buffer: Vec::new(),
        };
        let mut out = Out::default();
        header.code(&mut out).map_err(never)?;
        writer.put(&MAGIC)?;
        writer.put(&VERSION.to_le_bytes())?;
        writer.put(&(out.0.len() as u64).to_le_bytes())?;
        writer.put(&checksum(&out.0).to_le_bytes())?;
        writer.put(&out.0)?;
        Ok(writer)
    }

    fn put(&mut self, octets: &[u8]) -> io::Result<()> {
        self.sink.write_all(octets)?;
        self.at += octets.len() as u64;
        Ok(())
    }

    /// Puts bytes that are none of its own behind what was written; where they lie.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn between(&mut self, octets: &[u8]) -> io::Result<u64> {
        let at = self.at;
        self.put(octets)?;
        Ok(at)
    }

    /// Takes the next segment, with the hash of its addresses and ports, which is that of the other
    /// direction, too, and says its bucket; and the latest time in its file up to it.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn segment(&mut self, hash: u32, key: i64, segment: &Segment<'_>) -> io::Result<()> {
        let place = Place { key, file: segment.file, position: segment.packet_in_file };
        self.take(hash, |encoder| encoder.segment(hash, place, segment))
    }

    /// Takes the next ICMP error, with the hash of the addresses and ports that it quotes.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn icmp(&mut self, hash: u32, place: Place, error: &IcmpError) -> io::Result<()> {
        self.take(hash, |encoder| encoder.icmp(place, error))
    }

    #[inline]
    fn take(&mut self, hash: u32, put: impl FnOnce(&mut Encoder)) -> io::Result<()> {
        let bucket = bucket_of(hash, u32::try_from(self.buckets.len()).unwrap_or(1)) as usize;
        let Some(encoder) = self.buckets.get_mut(bucket) else { return Ok(()) };
        put(encoder);
        self.waiting += 1;
        if encoder.is_full() {
            self.flush(bucket)?;
        } else if self.waiting >= WAITING {
            let buckets = self.buckets.iter().enumerate();
            let fullest = buckets.max_by_key(|(_, encoder)| encoder.packets);
            self.flush(fullest.map_or(0, |(at, _)| at))?;
        }
        Ok(())
    }

    /// Writes the block of a bucket.
    fn flush(&mut self, bucket: usize) -> io::Result<()> {
        let Some(encoder) = self.buckets.get_mut(bucket) else { return Ok(()) };
        let (packets, first, last) = (encoder.packets, encoder.first, encoder.last);
        if packets == 0 {
            return Ok(());
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        encoder.flush(&mut self.codes, &mut buffer)?;
        self.waiting -= packets;
        self.blocks.push(BlockPlace {
            bucket: u32::try_from(bucket).unwrap_or(u32::MAX),
            offset: self.at,
            length: u32::try_from(buffer.len()).unwrap_or(u32::MAX),
            packets: u32::try_from(packets).unwrap_or(u32::MAX),
            checksum: checksum(&buffer),
            first,
            last,
        });
        self.put(&buffer)?;
        self.buffer = buffer;
        Ok(())
    }

    /// Writes what is left, and the end; gives the sink back.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(mut self, mut footer: Footer) -> io::Result<W> {
        for bucket in 0..self.buckets.len() {
            self.flush(bucket)?;
        }
        let mut out = Out::default();
        footer.code(&mut out).map_err(never)?;
        out.list(&mut std::mem::take(&mut self.blocks), |out, place| place.code(out))
            .map_err(never)?;
        let packed = zstd::bulk::compress(&out.0, LEVEL)?;
        let offset = self.at;
        self.put(&packed)?;
        self.put(&offset.to_le_bytes())?;
        self.put(&(out.0.len() as u64).to_le_bytes())?;
        self.put(&checksum(&packed).to_le_bytes())?;
        self.put(&END)?;
        self.sink.flush()?;
        Ok(self.sink)
    }
}

/// Writing into memory cannot fail.
fn never(bad: Bad) -> io::Error {
    io::Error::other(bad.0)
}
