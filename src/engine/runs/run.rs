//! One run: some files of a capture, read once. Its packets go to a sink; what else there is to know
//! of it stays in a [`Run`].

use std::collections::BTreeMap;

use super::aside;
use super::line::{LineWriter, Part};
use crate::base::error::Error;
use crate::base::guard;
use crate::base::issue::Issues;
use crate::capture::{FileSummary, Frame, Interface, Reader, Source, Status};
use crate::conn::{Clock, Seed};
use crate::engine::intake::is_inside;
use crate::engine::session::damaged;
use crate::engine::{Bound, Ledger, Options, room_to_go_on};
use crate::hosts::{Hosts, Origin};
use crate::packet::{Class, Decoded, Decoder, IcmpError, Segment};

/// Octets of a line or of frames set aside that are handed on at a time.
const PIECE: usize = 1 << 16;
/// Bytes read between two questions whether to carry on.
const SLICE: u64 = 1 << 20;

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
    fn icmp(
        &mut self,
        hash: u32,
        now: i64,
        at: (u32, u64),
        error: &IcmpError,
    ) -> Result<(), Error>;

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
    pub head: Head,
    /// In the order in which the run read them, with the names that their blocks bring.
    pub files: Vec<FileSummary>,
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
    pub files: Vec<Place>,
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
    pub name: String,
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

/// The time bounds as moments: `origin` is the time of the capture's first frame.
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

struct Digester<'s> {
    decoder: Decoder,
    sink: &'s mut dyn Sink,
    seed: Seed,
    options: &'s Options,
    ledger: Ledger,
    line: LineWriter,
    asides: Vec<u8>,
    head: Head,
    timed: bool,
    /// Whether only some of the time takes part.
    bounded: bool,
}

/// Reads the files of a run to their ends. Bounds must be moments (see [`settle`]).
///
/// # Errors
/// As [`Reader::open`] and those of the sink; [`Error::Cancelled`]; with `strict`
/// [`Error::Damaged`].
pub fn digest(
    sources: Vec<Source>,
    options: &Options,
    of: Option<usize>,
    sink: &mut dyn Sink,
    proceed: &dyn Fn() -> bool,
) -> Result<Run, Error> {
    refuse(options)?;
    guard::room_for(0)?;
    let mut reading = options.reading.clone();
    reading.of = of;
    let mut reader = Reader::open(sources, reading)?;
    let mut decoder = Decoder::new(options.decoding);
    decoder.set_fragments_aside();
    let part = || Hosts::of_a_part(Origin::Dns);
    decoder.exchange_hosts(part());
    let files = reader.files().len();
    let mut digester = Digester {
        decoder,
        sink,
        seed: options.seed(),
        options,
        ledger: Ledger::default(),
        line: LineWriter::default(),
        asides: Vec::new(),
        head: Head { files: vec![Place::default(); files], in_sequence: true, ..Head::default() },
        timed: false,
        bounded: options.start.is_some() || options.end.is_some(),
    };
    let mut names: BTreeMap<u32, Hosts> = BTreeMap::new();
    let (mut current, mut asked) = (0, 0);
    loop {
        let progress = reader.progress();
        if progress.bytes_read >= asked {
            asked = progress.bytes_read.saturating_add(SLICE);
            if !proceed() {
                return Err(Error::Cancelled);
            }
            room_to_go_on(progress)?;
        }
        let Some(batch) = reader.next_batch()? else { break };
        if batch.is_empty() {
            continue;
        }
        if batch.file != current {
            let known = names.remove(&batch.file).unwrap_or_else(part);
            names.insert(current, digester.decoder.exchange_hosts(known));
            digester.enter(batch.file);
            current = batch.file;
        }
        for frame in &batch {
            digester.take(&frame)?;
        }
        digester.hand_on(PIECE)?;
    }
    names.insert(current, digester.decoder.exchange_hosts(part()));
    digester.hand_on(1)?;
    if options.strict {
        strict(reader.files())?;
    }
    let mut head = digester.head;
    let files_of = reader.files().iter().zip(reader.lineup());
    for (place, (file, (_, named))) in head.files.iter_mut().zip(files_of) {
        place.name.clone_from(&file.name);
        place.named = named.and_then(|named| u32::try_from(named).ok());
    }
    head.interfaces = u32::try_from(reader.interfaces().len()).unwrap_or(u32::MAX);
    let mut odd = reader.take_issues();
    odd.forget(&["files_overlap", "files_out_of_order"]);
    Ok(Run {
        head,
        files: reader.files().to_vec(),
        interfaces: reader.interfaces().to_vec(),
        issues: [odd, digester.decoder.take_issues()],
        names: (0..files)
            .map(|file| {
                let file = u32::try_from(file).unwrap_or(u32::MAX);
                names.remove(&file).unwrap_or_else(part)
            })
            .collect(),
        ledger: digester.ledger,
        paths: digester.decoder.paths().marks(),
        crowded: digester.decoder.paths().overflow().is_some(),
    })
}

fn strict(files: &[FileSummary]) -> Result<(), Error> {
    let bad = |file: &&FileSummary| !matches!(file.status, Status::Complete | Status::Empty);
    files.iter().find(bad).map_or(Ok(()), |file| Err(damaged(file)))
}

impl Digester<'_> {
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
        let kept = is_inside(self.options, time, time)
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

    /// Hands on what there is of so many octets or more.
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
