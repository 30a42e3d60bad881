//! What connections are made of, as a file: every segment and ICMP error of some captures that takes
//! part, without its payload.
//!
//! A [`Writer`] takes them in the order in which they are read, each with the hash of its addresses
//! and ports, which says its bucket, and [`Digest::bucket`] gives back those of one bucket in the same order. Of a payload
//! there is what [`Facts`](crate::packet::Facts) say, and nothing else: whoever follows connections
//! cannot tell the difference. So captures can be read where they lie, and connections followed where
//! there is room, all of one bucket's in one place.
//!
//! The file begins with a [`Header`] (what it was made of, and how), then come blocks, each the
//! columns of at most [`BLOCK`] packets of one bucket as differences to what the same side sent
//! before in it, and a [`Footer`] with everything else that is
//! known of the captures and the place of every block. Everything has a checksum; a file that is
//! cut, damaged, foreign or of another version is [`Error::State`](crate::base::error::Error::State).

mod codes;
mod columns;
mod decode;
mod encode;
mod facts;
mod footer;
mod forms;
mod header;
mod model;
mod read;
pub(crate) mod summary;
mod talks;
pub(crate) mod wire;
mod write;

pub use footer::Footer;
pub use header::{Header, Stamp};
pub(crate) use read::MOST_BUCKETS;
pub use read::{Bucket, Digest, Item, Record};
#[doc(hidden)]
pub use read::{block, footer};
pub use write::Writer;

/// Packets in one block at most.
pub const BLOCK: usize = 65_536;
/// Bytes of a block's columns at most, before they are compressed.
const OCTETS: usize = 16 << 20;
/// Version of the format: another one is refused.
const VERSION: u32 = 3;
/// The first octets: no text, so that a file that was changed on its way as a text is not taken.
const MAGIC: [u8; 8] = *b"\x89FRD\r\n\x1a\n";
/// The last ones.
const END: [u8; 8] = *b"\x89FRDEND\n";

/// Where a packet stands among those of several files: in the order in which one reader would give
/// them, which is that of this type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The latest time in its file up to it, nanoseconds since the epoch.
    pub key: i64,
    /// Index of its file.
    pub file: u32,
    /// Number of its packet within the file, from 1.
    pub position: u64,
}

/// The bucket of the hash of a packet's addresses and ports, of so many.
pub fn bucket_of(hash: u32, buckets: u32) -> u32 {
    let at = (u64::from(hash) * u64::from(buckets)) >> 32;
    u32::try_from(at).unwrap_or(0)
}

/// What may come of compressed bytes: so many each, and some beside for what is nearly all the same.
/// Nothing that is written here comes near it.
const GAIN: u64 = 1 << 10;
const BESIDE: u64 = 1 << 20;

/// How many bytes may come of so many that are compressed.
pub(crate) fn grows(stored: u64) -> u64 {
    stored.saturating_mul(GAIN).saturating_add(BESIDE)
}

/// The checksum of bytes.
pub(crate) fn checksum(octets: &[u8]) -> u64 {
    twox_hash::XxHash64::oneshot(0, octets)
}
