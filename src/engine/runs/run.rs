//! One run: some files of a capture, read once. Its packets go to a sink; what else there is to know
//! of it stays in a [`Run`].

use std::collections::BTreeMap;

use super::aside;
use super::line::{LineWriter, Part};
use crate::base::error::Error;
use crate::base::guard;
use crate::base::issue::Issues;
use crate::capture::{FileSummary, Frame, Interface, Progress, Reader, Source, SourceFiles};
use crate::conn::{Clock, Seed};
use crate::engine::intake::is_inside;
use crate::engine::session::strict;
use crate::engine::{Bound, Ledger, Options, room_to_go_on};
use crate::hosts::{Hosts, Origin};
use crate::packet::{Class, Decoded, Decoder, IcmpError, Segment};

/// Bytes of a line or of frames set aside that are handed on at a time.
const PIECE: usize = 1 << 16;
/// Bytes read between two looks at whether there is memory.
const ASKED: u64 = 1 << 20;

/// What takes the packets of a run. Numbers in them are those of the run: of its files, interfaces,
/// paths and packets.
pub trait Sink {
    /// Takes a segment, with the hash of its tuple and the time that the run's own packets tell.
    ///
    /// # Errors
    /// Where it cannot.
    fn segment(&mut self, hash: u32, now: i64, segment: &Segment<'_>) -> Result<(), Error>;

    /// Takes an ICMP error in this packet of a file.
    ///
    /// # Errors
    /// Where it cannot.
    fn icmp(&mut self, hash: u32, now: i64, at: (u32, u64), error: &IcmpError)
    -> Result<(), Error>;

    /// Takes some of the line of all frames.
    ///
    /// # Errors
    /// Where it cannot.
    fn line(&mut self, octets: Vec<u8>) -> Result<(), Error>;

    /// Takes some of the frames that were set aside.
    ///
    /// # Errors
    /// Where it cannot.
    fn asides(&mut self, octets: Vec<u8>) -> Result<(), Error>;
}

/// What is known of a run beside its packets.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// What puts it in its place.
    pub head: Head,
    /// In the order in which the run read them, with the names that their blocks bring.
    pub files: Vec<FileSummary>,
    /// See `files`.
    pub interfaces: Vec<Interface>,
    /// What was odd about the files, and in decoding.
    pub issues: [Issues; 2],
    /// Names in DNS answers, by file.
    pub names: Vec<Hosts>,
    /// What was not set aside.
    pub ledger: Ledger,
    /// See [`crate::packet::Paths::marks`].
    pub paths: Vec<Vec<u64>>,
    /// Whether there were more paths than are told apart.
    pub crowded: bool,
}

/// What puts a run in its place among others.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Its files, in the order in which they were read.
    pub files: Vec<Place>,
    /// How many files the whole capture has.
    pub of: u64,
    /// How many interfaces they have.
    pub interfaces: u32,
    /// The clock of its packets at its end.
    pub clock: Clock,
    /// It was in doubt about the time once.
    pub doubted: bool,
    /// Time of the first packet that takes part.
    pub first_kept: Option<i64>,
    /// Time of its last frame, or of the one before it that has one.
    pub last_time: i64,
    /// Its first frames have no time.
    pub begins_untimed: bool,
    /// Something was set aside.
    pub has_asides: bool,
    /// Its files were read one behind the other.
    pub in_sequence: bool,
}

/// A file in line.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// As it was named.
    pub name: String,
    /// How many frames it has.
    pub frames: u64,
    /// Where it was named among those of its run, if it was named itself.
    pub named: Option<u32>,
    /// Time of the first frame that has one.
    pub begins: Option<i64>,
    /// The latest time.
    pub latest: Option<i64>,
}

impl Head {
    /// Frames of all files.
    pub fn frames(&self) -> u64 {
        self.files.iter().map(|file| file.frames).sum()
    }
}

/// The time bounds as moments: `origin` is the time of the capture's first frame, 0 where it has none.
///
/// # Errors
/// [`Error::Argument`] for a bound after the first frame where its time is not told.
pub fn settle(mut options: Options, origin: Option<i64>) -> Result<Options, Error> {
    for bound in [&mut options.start, &mut options.end] {
        if let Some(Bound::After(offset)) = *bound {
            let origin = origin.ok_or_else(|| {
                let text = "a time after the first packet needs to be told when that was (origin)";
                Error::Argument(text.to_owned())
            })?;
            *bound = Some(Bound::At(origin.saturating_add(offset)));
        }
    }
    Ok(options.settled())
}

/// Refuses options with which what becomes of a connection depends on all others.
///
/// # Errors
/// [`Error::Argument`] with the option's name.
pub fn refuse(options: &Options) -> Result<(), Error> {
    let what = if options.memory_limit.is_some() || options.limits.memory.is_some() {
        "memory_limit"
    } else if options.limits.connections.is_some() {
        "a limit of connections"
    } else {
        return Ok(());
    };
    Err(Error::Argument(format!(
        "{what} cannot be used here: which connections are let go for it depends on all others"
    )))
}

/// A run on its way: its files are read piece by piece.
pub struct RunReader<S> {
    reader: Reader,
    digester: Digester<S>,
    /// Names in DNS answers of the files that are not read just now.
    names: BTreeMap<u32, Hosts>,
    current: u32,
    /// Bytes read when memory is asked for next.
    asked_at: u64,
    of: Option<usize>,
}

struct Digester<S> {
    decoder: Decoder,
    sink: S,
    seed: Seed,
    options: Options,
    ledger: Ledger,
    line: LineWriter,
    asides: Vec<u8>,
    head: Head,
    timed: bool,
    /// Whether only some of the time takes part.
    bounded: bool,
}

fn part() -> Hosts {
    Hosts::of_a_part(Origin::Dns)
}

impl<S: Sink> RunReader<S> {
    /// Opens the files of a run, of a capture of so many, and then the sink. Bounds must be moments
    /// (see [`settle`]).
    ///
    /// # Errors
    /// As [`Reader::open`], those of the sink, and [`Error::Argument`] for an option that cannot be used here.
    pub fn open(
        sources: Vec<Source>,
        options: Options,
        of: Option<usize>,
        sink: impl FnOnce(&SourceFiles) -> Result<S, Error>,
    ) -> Result<Self, Error> {
        refuse(&options)?;
        guard::room_for(0)?;
        let mut reading = options.reading.clone();
        reading.of = of;
        let reader = Reader::open(sources, reading)?;
        let sink = sink(reader.sources())?;
        Ok(Self::of(reader, options, of, sink))
    }

    /// Of files that were looked for already.
    pub(super) fn of(reader: Reader, options: Options, of: Option<usize>, sink: S) -> Self {
        let mut decoder = Decoder::new(options.decoding);
        decoder.set_fragments_aside();
        decoder.exchange_hosts(part());
        let files = vec![Place::default(); reader.files().len()];
        let digester = Digester {
            decoder,
            sink,
            seed: options.seed(),
            ledger: Ledger::default(),
            line: LineWriter::default(),
            asides: Vec::new(),
            head: Head { files, in_sequence: true, ..Head::default() },
            timed: false,
            bounded: options.start.is_some() || options.end.is_some(),
            options,
        };
        Self { reader, digester, names: BTreeMap::new(), current: 0, asked_at: 0, of }
    }

    /// Reads on for about `budget` bytes; true while there is more.
    ///
    /// # Errors
    /// Those of reading and of the sink; with `strict` [`Error::Damaged`].
    pub fn step(&mut self, budget: u64) -> Result<bool, Error> {
        let until = self.reader.progress().bytes_read.saturating_add(budget);
        while self.reader.progress().bytes_read < until {
            if !self.batch()? {
                return Ok(false);
            }
            self.digester.hand_on(PIECE)?;
        }
        Ok(true)
    }

    /// Reads the next few frames, of which there may be none; false at the end.
    pub(super) fn batch(&mut self) -> Result<bool, Error> {
        let progress = self.reader.progress();
        if progress.bytes_read >= self.asked_at {
            self.asked_at = progress.bytes_read.saturating_add(ASKED);
            room_to_go_on(progress)?;
        }
        let Some(batch) = self.reader.next_batch()? else {
            self.digester.hand_on(1)?;
            if self.digester.options.strict {
                strict(self.reader.files())?;
            }
            return Ok(false);
        };
        if !batch.is_empty() && batch.file != self.current {
            let known = self.names.remove(&batch.file).unwrap_or_else(part);
            let known = self.digester.decoder.exchange_hosts(known);
            self.names.insert(self.current, known);
            self.digester.enter(batch.file);
            self.current = batch.file;
        }
        for frame in &batch {
            self.digester.take(&frame)?;
        }
        Ok(true)
    }

    /// Hands all on that waits to be enough; the sink.
    pub(super) fn hand_on(&mut self) -> Result<&mut S, Error> {
        self.digester.hand_on(1)?;
        Ok(&mut self.digester.sink)
    }

    /// What takes the packets.
    pub(super) fn sink(&self) -> &S {
        &self.digester.sink
    }

    /// What reads the frames.
    pub(super) fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }

    /// What makes packets of them.
    pub(super) fn decoder(&self) -> &Decoder {
        &self.digester.decoder
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        self.reader.progress()
    }

    /// The files that the run lies in.
    pub fn sources(&self) -> &SourceFiles {
        self.reader.sources()
    }

    /// What is known of the run once it was read, and its sink.
    pub fn finish(mut self) -> (Run, S) {
        let Digester { mut decoder, sink, ledger, mut head, .. } = self.digester;
        self.names.insert(self.current, decoder.exchange_hosts(part()));
        let reader = &mut self.reader;
        let files_of = reader.files().iter().zip(reader.lineup());
        for (place, (file, (_, named))) in head.files.iter_mut().zip(files_of) {
            place.name.clone_from(&file.name);
            place.named = named.and_then(|named| u32::try_from(named).ok());
        }
        head.of = self.of.unwrap_or(head.files.len()) as u64;
        head.interfaces = u32::try_from(reader.interfaces().len()).unwrap_or(u32::MAX);
        let mut odd = reader.take_issues();
        odd.forget(&["files_overlap", "files_out_of_order"]);
        let files = reader.files().to_vec();
        let names = (0..).zip(&files).map(|(at, _)| self.names.remove(&at).unwrap_or_else(part));
        let run = Run {
            head,
            names: names.collect(),
            files,
            interfaces: reader.interfaces().to_vec(),
            issues: [odd, decoder.take_issues()],
            ledger,
            paths: decoder.paths().marks(),
            crowded: decoder.paths().overflow().is_some(),
        };
        (run, sink)
    }
}

impl<S: Sink> Digester<S> {
    fn enter(&mut self, file: u32) {
        // Not so where one is come back to.
        let rest = self.head.files.get(file as usize..).unwrap_or_default();
        self.head.in_sequence &= rest.iter().all(|file| file.frames == 0);
        self.line.file(file);
    }

    fn take(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        let time = frame.time.unwrap_or(self.head.last_time);
        self.head.last_time = time;
        self.head.begins_untimed |= frame.time.is_none() && !self.timed;
        self.timed |= frame.time.is_some();
        if let Some(place) = self.head.files.get_mut(frame.file as usize) {
            place.frames += 1;
            place.begins = place.begins.or(frame.time);
            place.latest = place.latest.max(frame.time);
        }
        if self.bounded && frame.time.is_none() {
            return self.set_aside(frame);
        }
        let decoded = self.decoder.decode(frame, time);
        if self.decoder.take_aside() {
            return self.set_aside(frame);
        }
        let class = decoded.class();
        let kept = is_inside(&self.options, time, time)
            && self.options.keeps(&decoded, self.decoder.paths());
        let left_out = class == Class::Tcp && !kept;
        self.ledger.add(frame.file, if left_out { Class::Filtered } else { class });
        let part = match &decoded {
            Decoded::Tcp(segment) if kept => {
                let now = advance(&mut self.head, time);
                self.sink.segment(self.seed.hash(segment), now, segment)?;
                Part::Kept
            }
            Decoded::IcmpError(error) if kept => {
                let now = advance(&mut self.head, time);
                let at = (frame.file, frame.number_in_file);
                self.sink.icmp(self.seed.hash_quoted(error), now, at, error)?;
                Part::Kept
            }
            _ => Part::Other,
        };
        self.line.add(frame.time, part);
        Ok(())
    }

    fn set_aside(&mut self, frame: &Frame<'_>) -> Result<(), Error> {
        self.head.has_asides = true;
        aside::add(&mut self.asides, frame);
        self.line.add(frame.time, Part::Aside);
        self.hand_on(PIECE)
    }

    /// Hands on what there is of so many bytes or more.
    fn hand_on(&mut self, least: usize) -> Result<(), Error> {
        if self.line.len() >= least {
            self.sink.line(self.line.take())?;
        }
        if self.asides.len() >= least {
            self.sink.asides(std::mem::take(&mut self.asides))?;
        }
        Ok(())
    }
}

fn advance(head: &mut Head, time: i64) -> i64 {
    head.first_kept.get_or_insert(time);
    let now = head.clock.advance(time);
    head.doubted |= head.clock.in_doubt().is_some();
    now
}
