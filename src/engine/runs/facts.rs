//! What the connections of one bucket came to, as a file: rows by the part of the capture that their
//! first packet is in, and, for each part, those whose FINs and RSTs reach into it from earlier ones.

use std::io::{self, Write};

use super::chest::{Chest, Packing, Stream, Tag};
use super::held::Held;
use super::plan::Plan;
use crate::base::error::Error;
use crate::conn::{Connection, Counts, Rows, load, store};
use crate::digest::wire::{Bad, Coder, Cursor, Out};
use crate::packet::{Path as Way, PathId, Paths};

/// Bytes of rows that are packed together.
const BLOCK: usize = 1 << 18;

const HEAD: u8 = 1;
const OWN: u8 = 2;
const VISITORS: u8 = 3;

/// What is known of the rows of a bucket together.
#[derive(Clone, Debug, Default)]
pub struct Bucketed {
    /// The same for all buckets of a job.
    pub job: u64,
    /// Which bucket it is.
    pub bucket: u32,
    /// How many connections were begun and let go.
    pub counts: Counts,
    /// See [`Paths::marks`].
    pub paths: Vec<Vec<u64>>,
    /// Rows.
    pub connections: u64,
    /// FIN and RST segments of them.
    pub teardowns: u64,
}

fn head<C: Coder>(coder: &mut C, known: &mut Bucketed) -> Result<(), Bad> {
    let Bucketed { job, bucket, counts, paths, connections, teardowns } = known;
    coder.number(job)?;
    coder.plain(bucket)?;
    let Counts { created, released, crowded } = counts;
    for count in [created, crowded, connections, teardowns].into_iter().chain(released) {
        coder.count(count)?;
    }
    coder.list(paths, |coder, mark: &mut Vec<u64>| coder.list(mark, Coder::number))
}

/// The part of a packet, by the last packet of each part.
pub(super) fn part_of(ends: &[u64], packet: u64) -> usize {
    ends.partition_point(|&end| end < packet).min(ends.len().saturating_sub(1))
}

/// Writes the rows of a bucket; how many bytes that takes.
///
/// # Errors
/// Those of the sink.
pub(super) fn write<W: Write>(
    out: W,
    plan: &Plan,
    known: &mut Bucketed,
    rows: &mut Rows,
) -> io::Result<u64> {
    let ends = plan.parts();
    let mut packing = Packing::new(out, 0, Vec::new());
    let mut groups: Vec<[Pile; 2]> = Vec::new();
    groups.resize_with(ends.len(), Default::default);
    (known.connections, known.teardowns) = (rows.len() as u64, rows.teardowns() as u64);
    let mut octets = Vec::new();
    rows.each(|row| -> io::Result<()> {
        octets.clear();
        store(row, &mut octets);
        let own = part_of(&ends, row.first_packet);
        let mut put = |part: usize, kind: u8| {
            let Some([of, visitors]) = groups.get_mut(part) else { return Ok(()) };
            let pile = if kind == OWN { of } else { visitors };
            pile.add(&octets, tag(kind, part), &mut packing, BLOCK)
        };
        put(own, OWN)?;
        let mut last = own;
        for teardown in &row.teardowns {
            let part = part_of(&ends, teardown.packet);
            if part != last && part > own {
                put(part, VISITORS)?;
            }
            last = part;
        }
        Ok(())
    })?;
    for (part, piles) in groups.iter_mut().enumerate() {
        for (pile, kind) in piles.iter_mut().zip([OWN, VISITORS]) {
            pile.add(&[], tag(kind, part), &mut packing, 0)?;
        }
    }
    let mut head_octets = Out::default();
    head(&mut head_octets, known).map_err(|bad| io::Error::other(bad.0))?;
    packing.put(tag(HEAD, 0), 1, &head_octets.0)?;
    packing.finish().map(|(_, octets)| octets)
}

fn tag(kind: u8, part: usize) -> Tag {
    Tag { kind, part: u32::try_from(part).unwrap_or(u32::MAX) }
}

/// Rows on their way into a blob.
#[derive(Default)]
struct Pile {
    octets: Vec<u8>,
    count: u64,
}

impl Pile {
    /// Adds a row, if there is one; what is more than so many bytes is put away.
    fn add<W: Write>(
        &mut self,
        row: &[u8],
        tag: Tag,
        packing: &mut Packing<W>,
        most: usize,
    ) -> io::Result<()> {
        self.octets.extend_from_slice(row);
        self.count += u64::from(!row.is_empty());
        if self.octets.len() > most {
            packing.put(tag, self.count, &self.octets)?;
            self.octets.clear();
            self.count = 0;
        }
        Ok(())
    }
}

/// The rows of a bucket that were written.
pub struct Facts {
    chest: Chest,
    /// What is known of them together.
    pub known: Bucketed,
}

impl Facts {
    /// Reads what is known of them.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::State`].
    pub fn open(held: Held) -> Result<Self, Error> {
        let chest = Chest::open(held)?;
        let mut cursor = Cursor::new(chest.octets(tag(HEAD, 0))?);
        let mut known = Bucketed::default();
        head(&mut cursor, &mut known).map_err(|Bad(reason)| chest.broken(reason))?;
        Ok(Self { chest, known })
    }

    /// How many connections begin in a part.
    pub fn of_part(&self, part: usize) -> u64 {
        self.chest.blobs(tag(OWN, part)).map(|blob| blob.count).sum()
    }

    /// That it cannot be used, and why.
    pub fn broken(&self, why: &str) -> Error {
        self.chest.broken(why)
    }

    /// The rows that begin in a part, or those that only reach into it, in order.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn rows(&self, part: usize, visitors: bool) -> Result<RowsOf<'_>, Error> {
        let tag = tag(if visitors { VISITORS } else { OWN }, part);
        Ok(RowsOf { facts: self, stream: self.chest.stream(tag)?, at: 0, paths: None })
    }
}

/// Rows of a bucket, one by one.
pub struct RowsOf<'f> {
    facts: &'f Facts,
    stream: Stream,
    at: usize,
    paths: Option<&'f [PathId]>,
}

impl<'f> RowsOf<'f> {
    /// With paths by other numbers.
    #[must_use]
    pub fn on(self, paths: &'f [PathId]) -> Self {
        Self { paths: Some(paths), ..self }
    }

    /// The next one.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::State`].
    pub fn next(&mut self) -> Result<Option<Box<Connection>>, Error> {
        while self.at >= self.stream.octets().len() {
            self.at = 0;
            if !self.stream.load()? {
                return Ok(None);
            }
        }
        let all = self.stream.octets();
        let mut rest = all.get(self.at..).unwrap_or_default();
        let row = load(&mut rest).map(Box::new);
        self.at = all.len() - rest.len();
        let mut row = row.ok_or_else(|| self.facts.chest.broken("a row in it is none"))?;
        if let Some(paths) = self.paths {
            for path in row.paths.iter_mut().flatten() {
                let known = paths.get(path.0 as usize).copied();
                *path = known.ok_or_else(|| self.facts.chest.broken("a path in it is none"))?;
            }
        }
        Ok(Some(row))
    }
}

/// The paths of all buckets in one numbering, and the numbers of each bucket's.
///
/// # Errors
/// [`Error::State`].
pub(super) fn all_paths(facts: &[Facts], most: u32) -> Result<(Vec<Way>, Vec<Vec<PathId>>), Error> {
    let mut paths = Paths::new(most);
    let mut of = Vec::with_capacity(facts.len());
    for bucket in facts {
        let ids = bucket.known.paths.iter().map(|mark| paths.marked(mark));
        let ids: Option<Vec<PathId>> = ids.collect();
        of.push(ids.ok_or_else(|| bucket.chest.broken("a path in it is none"))?);
    }
    Ok((paths.all(), of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::wire::put;

    #[test]
    fn counts_that_could_not_be_added_up_are_refused() {
        let mut out = Out::default();
        head(&mut out, &mut Bucketed::default()).unwrap();
        // Job, bucket, nine counts, and no paths: a byte each.
        assert_eq!(out.0, [0; 12]);
        for at in 2..11 {
            let (mut octets, mut large) = (out.0.clone(), Vec::new());
            put(&mut large, u64::MAX);
            octets.splice(at..=at, large);
            let read = head(&mut Cursor::new(octets), &mut Bucketed::default());
            assert_eq!(read, Err(Bad("a count is too large")), "{at}");
        }
    }
}
