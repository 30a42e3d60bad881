//! The end of a digest: what is known of the captures besides their segments, and where these are.

use super::Place;
use super::summary;
use super::wire::{Bad, Coder};
use crate::base::issue::Issues;
use crate::capture::{FileSummary, Interface};
use crate::hosts::{Hosts, Origin};
use crate::packet::{Class, Path};

/// What is known of the captures besides their segments.
#[derive(Clone, Debug)]
pub struct Footer {
    /// Packets that were read, of any kind.
    pub packets: u64,
    /// Time of the first packet, or 0 where it has none: what a bound after the first packet counts
    /// from. `None` without packets.
    pub first_time: Option<i64>,
    /// Time of the latest packet that has one, which the next ones without a time take.
    pub last_time: Option<i64>,
    /// Packets by file and [`Class`].
    pub ledger: Vec<[u64; Class::ALL.len()]>,
    /// Files in order of their first packets.
    pub files: Vec<FileSummary>,
    /// Interfaces over all files.
    pub interfaces: Vec<Interface>,
    /// VLANs and tunnels by [`PathId`](crate::packet::PathId).
    pub paths: Vec<Path>,
    /// Oddities.
    pub issues: Issues,
    /// Names that DNS answers gave addresses.
    pub hosts: Hosts,
}

impl Default for Footer {
    fn default() -> Self {
        Self {
            packets: 0,
            first_time: None,
            last_time: None,
            ledger: Vec::new(),
            files: Vec::new(),
            interfaces: Vec::new(),
            paths: Vec::new(),
            issues: Issues::default(),
            hosts: Hosts::new(Origin::Dns, 0),
        }
    }
}

impl Footer {
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        coder.count(&mut self.packets)?;
        coder.option(&mut self.first_time, Coder::signed)?;
        coder.option(&mut self.last_time, Coder::signed)?;
        coder.list(&mut self.ledger, |coder, counts| {
            counts.iter_mut().try_for_each(|count| coder.count(count))
        })?;
        coder.list(&mut self.files, summary::file)?;
        coder.list(&mut self.interfaces, summary::interface)?;
        coder.list(&mut self.paths, |coder, path| {
            coder.list(&mut path.vlans, Coder::plain)?;
            coder.text(&mut path.tunnel)
        })?;
        summary::issues(coder, &mut self.issues)?;
        summary::hosts(coder, &mut self.hosts)
    }
}

/// Where a block lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BlockPlace {
    pub(super) bucket: u32,
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) packets: u32,
    pub(super) checksum: u64,
    /// Its first packet.
    pub(super) first: Place,
    /// Its last packet.
    pub(super) last: Place,
}

impl BlockPlace {
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        coder.plain(&mut self.bucket)?;
        coder.number(&mut self.offset)?;
        coder.plain(&mut self.length)?;
        coder.plain(&mut self.packets)?;
        coder.number(&mut self.checksum)?;
        for place in [&mut self.first, &mut self.last] {
            coder.signed(&mut place.key)?;
            coder.plain(&mut place.file)?;
            coder.number(&mut place.position)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::wire::{Cursor, Out, put};

    #[test]
    fn counts_that_could_not_be_added_up_are_refused() {
        let mut out = Out::default();
        let mut footer = Footer { ledger: vec![[0; _]], ..Footer::default() };
        footer.code(&mut out).unwrap();
        // The packets; no times; how many files are counted, and the packets of each class of one.
        assert_eq!(out.0.get(..5), Some(&[0, 0, 0, 1, 0][..]));
        for at in [0, 4, 5] {
            let (mut octets, mut large) = (out.0.clone(), Vec::new());
            put(&mut large, u64::MAX);
            octets.splice(at..=at, large);
            let read = Footer::default().code(&mut Cursor::new(octets));
            assert_eq!(read, Err(Bad("a count is too large")), "{at}");
        }
    }
}
