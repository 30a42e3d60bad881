//! The beginning of a digest: what it was made of, and how.

use super::wire::{Bad, Coder};

/// What a digest was made of, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Version of finrst, which is filled in by the [`Writer`](super::Writer).
    pub version: String,
    /// A number that is the same where everything is that changes rows: filter, bounds, limits.
    pub options: u64,
    /// Key of the hash of addresses and ports.
    pub seed: u64,
    /// How many buckets there are.
    pub buckets: u32,
    /// The files, in order of their first packets.
    pub files: Vec<Stamp>,
}

/// What a file is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// As it was named.
    pub name: String,
    /// Bytes, where known.
    pub size: Option<u64>,
    /// When it was changed last, in nanoseconds since the epoch, where known.
    pub modified: Option<i64>,
    /// What an object store calls this state of it.
    pub tag: Option<String>,
}

impl Header {
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        coder.text(&mut self.version)?;
        coder.number(&mut self.options)?;
        coder.number(&mut self.seed)?;
        coder.plain(&mut self.buckets)?;
        coder.list(&mut self.files, |coder, stamp| {
            coder.text(&mut stamp.name)?;
            coder.option(&mut stamp.size, Coder::number)?;
            coder.option(&mut stamp.modified, Coder::signed)?;
            coder.option(&mut stamp.tag, Coder::text)
        })
    }
}
