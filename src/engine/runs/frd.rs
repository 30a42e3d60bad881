//! A run as a file: the digest of its packets at the front, then what puts it in order and what else
//! is known of it.

use std::io::{self, Write};

use super::chest::{Blob, Chest, Front, LEVEL, Packing, Tag};
use super::held::Held;
use super::run::{Head, Place, Run, Sink};
use super::stitch::{Runs, too_many_paths};
use super::walk::Frames;
use crate::base::error::Error;
use crate::capture::{FileSummary, Interface};
use crate::conn::Clock;
use crate::digest::summary;
use crate::digest::wire::{Bad, Coder, Cursor, MOST, Out};
use crate::digest::{self, Bucket, Digest, Footer, Header, Writer};
use crate::engine::Ledger;
use crate::hosts::Hosts;
use crate::packet::{IcmpError, Segment};

const HEAD: Tag = Tag { kind: 1, part: 0 };
const REST: Tag = Tag { kind: 2, part: 0 };
const LINE: Tag = Tag { kind: 3, part: 0 };
const ASIDES: Tag = Tag { kind: 4, part: 0 };

/// A sink whose bytes are counted.
struct Counted<W> {
    out: W,
    octets: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let count = self.out.write(octets)?;
        self.octets += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a run while it is read.
pub(super) struct Digesting<W: Write> {
    writer: Writer<Counted<W>>,
    name: String,
    /// The line and the frames set aside, among the blocks of packets: they wait for nothing.
    between: Vec<Blob>,
    zstd: zstd::bulk::Compressor<'static>,
}

impl<W: Write> Digesting<W> {
    /// Begins one, into a file that messages call so.
    ///
    /// # Errors
    /// Those of the sink.
    pub(super) fn new(out: W, name: &str, header: &Header) -> Result<Self, Error> {
        let name = name.to_owned();
        let writer = Writer::new(Counted { out, octets: 0 }, header);
        let io = |source| Error::Io { file: name.clone(), source };
        let zstd = zstd::bulk::Compressor::new(LEVEL).map_err(io)?;
        Ok(Self { writer: writer.map_err(io)?, name, between: Vec::new(), zstd })
    }

    /// Writes what else is known of the run; gives the sink back, and how many bytes it took.
    ///
    /// # Errors
    /// Those of the sink.
    pub(super) fn finish(self, run: &Run) -> Result<(W, u64), Error> {
        let name = self.name;
        let io = |source| Error::Io { file: name.clone(), source };
        let [reading, _] = &run.issues;
        let footer = Footer {
            packets: run.head.frames(),
            first_time: run.files.iter().filter_map(|file| file.first_time).min(),
            last_time: Some(run.head.last_time),
            ledger: run.ledger.of_files().to_vec(),
            files: run.files.clone(),
            interfaces: run.interfaces.clone(),
            issues: reading.clone(),
            ..Footer::default()
        };
        let counted = self.writer.finish(footer).map_err(io)?;
        let mut packing = Packing::new(counted.out, counted.octets, self.between);
        let mut put = |tag, octets: &[u8]| packing.put(tag, 1, octets).map_err(io);
        let mut out = Out::default();
        let never = |Bad(reason): Bad| Error::Internal(reason.to_owned());
        head(&mut out, &mut run.head.clone()).map_err(never)?;
        put(HEAD, &out.0)?;
        let mut out = Out::default();
        rest(&mut out, &mut run.clone()).map_err(never)?;
        put(REST, &out.0)?;
        packing.finish().map_err(io)
    }

    fn between(&mut self, tag: Tag, octets: &[u8]) -> Result<(), Error> {
        let put = self.zstd.compress(octets).and_then(|packed| {
            let offset = self.writer.between(&packed)?;
            self.between.push(Blob::at(offset, (tag, 1, octets.len()), &packed));
            Ok(())
        });
        put.map_err(|source| Error::Io { file: self.name.clone(), source })
    }
}

impl<W: Write> Sink for Digesting<W> {
    fn segment(&mut self, hash: u32, now: i64, segment: &Segment<'_>) -> Result<(), Error> {
        let done = self.writer.segment(hash, now, segment);
        done.map_err(|source| Error::Io { file: self.name.clone(), source })
    }

    fn icmp(
        &mut self,
        hash: u32,
        now: i64,
        (file, position): (u32, u64),
        error: &IcmpError,
    ) -> Result<(), Error> {
        let done = self.writer.icmp(hash, digest::Place { key: now, file, position }, error);
        done.map_err(|source| Error::Io { file: self.name.clone(), source })
    }

    fn line(&mut self, octets: Vec<u8>) -> Result<(), Error> {
        self.between(LINE, &octets)
    }

    fn asides(&mut self, octets: Vec<u8>) -> Result<(), Error> {
        self.between(ASIDES, &octets)
    }
}

const FRAMES: Bad = Bad("there are more packets than there can be");

fn head<C: Coder>(coder: &mut C, head: &mut Head) -> Result<(), Bad> {
    let Head {
        files,
        of,
        interfaces,
        clock,
        doubted,
        first_kept,
        last_time,
        begins_untimed,
        has_asides,
        in_sequence,
    } = head;
    let mut all = 0_u64;
    coder.list(files, |coder, Place { name, frames, named, begins, latest }| {
        coder.text(name)?;
        coder.number(frames)?;
        all = all.checked_add(*frames).filter(|&all| all < MOST).ok_or(FRAMES)?;
        coder.option(named, Coder::plain)?;
        coder.option(begins, Coder::signed)?;
        coder.option(latest, Coder::signed)
    })?;
    coder.number(of)?;
    coder.plain(interfaces)?;
    let (mut now, mut leap) = (clock.now(), clock.in_doubt());
    coder.signed(&mut now)?;
    coder.option(&mut leap, Coder::signed)?;
    *clock = Clock::standing(now, leap);
    coder.option(first_kept, Coder::signed)?;
    coder.signed(last_time)?;
    for switch in [doubted, begins_untimed, has_asides, in_sequence] {
        coder.flag(switch)?;
    }
    Ok(())
}

fn rest<C: Coder>(coder: &mut C, run: &mut Run) -> Result<(), Bad> {
    let Run { issues: [_, decoding], names, paths, crowded, .. } = run;
    summary::issues(coder, decoding)?;
    coder.list(names, |coder, names: &mut Hosts| summary::hosts(coder, names))?;
    coder.list(paths, |coder, mark: &mut Vec<u64>| coder.list(mark, Coder::number))?;
    coder.flag(crowded)
}

/// A run that was written.
pub(super) struct Digested {
    chest: Chest,
    digest: Digest,
    pub head: Head,
    paths: Vec<Vec<u64>>,
}

impl Digested {
    /// Reads what puts it in order.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::State`] for what is none, or not a whole one.
    pub(super) fn open(held: Held) -> Result<Self, Error> {
        let name = held.name();
        let chest = Chest::open(held)?;
        let digest = Digest::open(&name, &mut chest.front()?)?;
        let mut known = Head::default();
        let mut cursor = Cursor::new(chest.octets(HEAD)?);
        head(&mut cursor, &mut known).map_err(|Bad(reason)| chest.broken(reason))?;
        let files = digest.footer().files.len();
        if known.files.len() != files || digest.footer().ledger.len() > files {
            return Err(chest.broken("its files are others"));
        }
        let mut opened = Self { chest, digest, head: known, paths: Vec::new() };
        let run = opened.run()?;
        if run.crowded {
            return Err(too_many_paths(u32::try_from(run.paths.len()).unwrap_or(u32::MAX)));
        }
        opened.paths = run.paths;
        Ok(opened)
    }

    /// What it was made of, and how.
    pub(super) fn header(&self) -> &Header {
        self.digest.header()
    }

    /// The files and interfaces of the run.
    pub(super) fn files(&self) -> &[FileSummary] {
        &self.digest.footer().files
    }

    /// See [`Digested::files`].
    pub(super) fn interfaces(&self) -> &[Interface] {
        &self.digest.footer().interfaces
    }

    /// See [`crate::packet::Paths::marks`].
    pub(super) fn marks(&self) -> &[Vec<u64>] {
        &self.paths
    }

    /// What tells this file from others.
    pub(super) fn sum(&self) -> u64 {
        self.chest.sum()
    }

    /// That it cannot be used, and why.
    pub(super) fn broken(&self, why: &str) -> Error {
        self.chest.broken(why)
    }

    /// Everything but its packets.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::State`].
    pub(super) fn run(&self) -> Result<Run, Error> {
        let footer = self.digest.footer();
        let mut run = Run {
            head: self.head.clone(),
            files: footer.files.clone(),
            interfaces: footer.interfaces.clone(),
            ledger: Ledger::counted(footer.ledger.clone()),
            ..Run::default()
        };
        let mut cursor = Cursor::new(self.chest.octets(REST)?);
        rest(&mut cursor, &mut run).map_err(|Bad(reason)| self.chest.broken(reason))?;
        let [reading, _] = &mut run.issues;
        *reading = footer.issues.clone();
        Ok(run)
    }
}

impl Frames for Digested {
    fn line(&self) -> Result<Box<dyn io::Read + '_>, Error> {
        Ok(Box::new(self.chest.stream(LINE)?))
    }

    fn asides(&self) -> Result<Box<dyn io::Read + '_>, Error> {
        Ok(Box::new(self.chest.stream(ASIDES)?))
    }
}

impl Runs for Digested {
    fn bucket(&self, bucket: u32) -> Result<Bucket<Front>, Error> {
        Ok(self.digest.bucket(self.chest.front()?, bucket))
    }

    fn paths(&self) -> &[Vec<u64>] {
        &self.paths
    }
}
