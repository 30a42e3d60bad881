//! Several files decoded at once, by as many threads as may be used: the rows are those of one
//! reader.
//!
//! Each file is a run of its own, read piece by piece by whoever has time (`crew`); the pieces are
//! packets in few bytes and the line of all frames (`piece`, `packed`). The caller puts the frames of
//! all files in the order in which one reader gives them and hands the packets, numbered as it numbers
//! them, to the trackers. What no file knows alone, as the fragments of a datagram, is told on the
//! way, as for runs that were read elsewhere.

mod crew;
mod lane;
mod packed;
mod piece;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crew::{Crew, Fetched};
use lane::Lane;
use piece::{End, Piece};

pub use crew::Told as Done;

use super::accounts::{Walked, Wanted, closed};
use super::line::{Mark, Part};
use super::plan::{Plan, State, Surveyed};
use super::run::{Run, settle};
use super::stitch::AllPaths;
use super::walk::{Teller, Told};
use crate::base::error::Error;
use crate::base::guard;
use crate::base::issue::Issues;
use crate::base::text::printable;
use crate::capture::{FileSummary, Interface, Progress, Reader, SourceFiles};
use crate::cause::Context;
use crate::conn::PREFETCHED;
use crate::digest::Record;
use crate::engine::session::{ENDING, strict, told_at_the_end};
use crate::engine::shards::{Coming, Shards};
use crate::engine::{Bound, Options, Output};
use crate::hosts::Hosts;
use crate::packet::{IcmpError, PathId, Segment};

/// Why reading does not go on.
pub enum Stop {
    /// It cannot.
    Error(Error),
    /// One reader has to read everything from its beginning: what it remembers, and what it
    /// forgets, depends on the order of all frames.
    Alone,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// Several files that are read at once.
pub struct Abreast {
    crew: Crew,
    started: bool,
    shards: Shards,
    options: Options,
    teller: Teller<'static>,
    paths: AllPaths,
    odd: Issues,
    files: Vec<FileSummary>,
    sources: SourceFiles,
    surveyed: Vec<Surveyed>,
    /// Those that were entered and are not over.
    lanes: Vec<Option<Box<Lane>>>,
    /// Those that have a frame at hand, by its time.
    line: BinaryHeap<Reverse<(i64, usize)>>,
    /// How many were entered.
    entered: usize,
    /// The one whose next frame is not at hand.
    pending: Option<usize>,
    /// How many interfaces there are so far.
    interfaces: u32,
    ends: Vec<Option<Ended>>,
    state: State,
    read: u64,
    /// Why it does not go on any more.
    broken: Option<String>,
}

/// A file of which everything was taken.
struct Ended {
    run: Run,
    interfaces: Vec<u32>,
    wanted: Wanted,
}

impl Abreast {
    /// Of a reader that found its files and read nothing; they are handed to so many threads, the
    /// caller's among them.
    ///
    /// # Errors
    /// [`Error::Argument`] where files cannot be read apart.
    pub fn of(reader: Reader, options: Options, threads: usize) -> Result<Self, Error> {
        Self::held(reader, options, threads, crew::HELD)
    }

    /// With so many bytes of packets that may wait.
    ///
    /// # Errors
    /// As [`Abreast::of`].
    pub fn held(
        reader: Reader,
        options: Options,
        threads: usize,
        held: usize,
    ) -> Result<Self, Error> {
        if !reader.has_parts() {
            return Err(Error::Argument("files that cannot be read apart".to_owned()));
        }
        let files = reader.files().to_vec();
        let sources = reader.sources().clone();
        let surveyed = (0..).zip(reader.lineup());
        let surveyed = surveyed.map(|(run, &(key, named))| Surveyed { run, file: 0, key, named });
        let surveyed: Vec<Surveyed> = surveyed.collect();
        let (parts, mut odd) = reader.into_parts();
        // It is told again at the end.
        odd.forget(&["files_out_of_order"]);
        let seed = options.seed();
        let relative = |bound| matches!(bound, Some(Bound::After(_)));
        let asked = relative(options.start) || relative(options.end);
        let origin = if asked { Some(origin(&parts)?) } else { None };
        let options = settle(options, origin)?;
        let mut each = Options { strict: false, hosts: Hosts::default(), ..options.clone() };
        each.reading.ahead = false;
        Ok(Self {
            crew: Crew::new(parts, each, threads.max(1), held),
            started: false,
            shards: Shards::new(&options.limits, options.threads(), seed),
            teller: Teller::new(Cow::Owned(options.clone())),
            paths: AllPaths::none(&options),
            odd,
            sources,
            lanes: files.iter().map(|_| None).collect(),
            ends: files.iter().map(|_| None).collect(),
            files,
            surveyed,
            line: BinaryHeap::new(),
            entered: 0,
            pending: None,
            interfaces: 0,
            state: State::default(),
            read: 0,
            broken: None,
            options,
        })
    }

    /// Reads on for about `budget` bytes; true while there is more. Where nothing is at hand yet it
    /// comes back after a little while, so that the caller can stop.
    ///
    /// # Errors
    /// As [`Session::step`](crate::engine::Session::step); [`Stop::Alone`] where that has to begin
    /// anew.
    pub fn step(&mut self, budget: u64) -> Result<bool, Stop> {
        if let Some(reason) = &self.broken {
            return Err(Error::Internal(reason.clone()).into());
        }
        if !std::mem::replace(&mut self.started, true) {
            self.crew.start();
        }
        let done =
            guard::catch(|| Ok(self.go_on(budget))).unwrap_or_else(|error| Err(error.into()));
        match done {
            Err(Stop::Error(error)) => {
                let error = match error {
                    Error::Internal(reason) if !reason.contains(", in ") => {
                        Error::Internal(format!("{reason}, {}", self.place()))
                    }
                    other => other,
                };
                self.broken = Some(error.to_string());
                Err(error.into())
            }
            other => other,
        }
    }

    /// Where in the capture its order stands.
    fn place(&self) -> String {
        let file = self.pending.or_else(|| self.line.peek().map(|Reverse((_, at))| *at));
        let name = file.and_then(|at| self.files.get(at)).map_or("", |file| &file.name);
        format!("in {}, near packet {} of the capture", printable(name), self.state.number + 1)
    }

    fn go_on(&mut self, budget: u64) -> Result<bool, Stop> {
        let until = self.read.saturating_add(budget);
        loop {
            if let Some(at) = self.pending {
                match self.crew.fetch(at)? {
                    Fetched::NotYet => return Ok(true),
                    Fetched::Piece(piece) => self.feed(at, *piece)?,
                    Fetched::Over(end) => self.close(at, *end)?,
                }
                continue;
            }
            if self.read >= until {
                return Ok(true);
            }
            let head = self.line.peek().map(|Reverse(head)| *head);
            match (head, self.coming()) {
                (None, None) => {
                    self.shards.settle()?;
                    let rows = self.shards.counts().created.saturating_mul(ENDING);
                    guard::room(usize::try_from(rows).unwrap_or(usize::MAX))?;
                    if self.options.strict {
                        for end in self.ends.iter().flatten() {
                            strict(&end.run.files)?;
                        }
                    }
                    return Ok(false);
                }
                (head, Some((key, at))) if head.is_none_or(|head| (key, at) < head) => {
                    if let Some(slot) = self.lanes.get_mut(at) {
                        *slot = Some(Box::new(Lane::new(key)));
                    }
                    self.entered += 1;
                    self.crew.enter(self.entered);
                    self.pending = Some(at);
                }
                _ => self.run()?,
            }
        }
    }

    /// The next file that is to be entered: by which time it stands in line, and its number.
    fn coming(&self) -> Option<(i64, usize)> {
        self.surveyed.get(self.entered).map(|file| (file.key, self.entered))
    }

    /// Takes the next piece of a file.
    fn feed(&mut self, at: usize, piece: Piece) -> Result<(), Stop> {
        let lane = self.lanes.get_mut(at).and_then(Option::as_mut).ok_or_else(lost)?;
        self.read += piece.read;
        self.paths.add(at, &piece.paths)?;
        if piece.crowded || self.paths.paths.overflow().is_some() {
            return Err(Stop::Alone);
        }
        let known = u32::try_from(lane.interfaces.len()).unwrap_or(u32::MAX);
        for _ in known..piece.interfaces {
            lane.interfaces.push(self.interfaces);
            self.interfaces = self.interfaces.saturating_add(1);
        }
        lane.feed(piece)?;
        if lane.next.is_some() {
            self.line.push(Reverse((lane.key, at)));
            self.pending = None;
        }
        // The index of connections doubles at once.
        Ok(guard::room(32 * self.shards.followed() as usize)?)
    }

    /// Notes what is known of a file at its end.
    fn close(&mut self, at: usize, end: End) -> Result<(), Stop> {
        let End { run, sources } = end;
        if run.names.iter().any(Hosts::is_cut) {
            return Err(Stop::Alone);
        }
        let lane = self.lanes.get_mut(at).and_then(Option::take).ok_or_else(lost)?;
        let Lane { interfaces, wanted, .. } = *lane;
        if let Some(slot) = self.ends.get_mut(at) {
            *slot = Some(Ended { run, interfaces, wanted });
        }
        self.sources.join(&sources);
        self.pending = None;
        Ok(())
    }

    /// Takes the frames of the file that is next, until it is another one's turn or the next piece
    /// is needed.
    fn run(&mut self) -> Result<(), Stop> {
        let Some(Reverse((_, at))) = self.line.pop() else { return Ok(()) };
        let mut limit = self.line.peek().map(|Reverse(head)| *head);
        if let Some(coming) = self.coming() {
            limit = Some(limit.map_or(coming, |limit| limit.min(coming)));
        }
        let mut lane = self.lanes.get_mut(at).and_then(Option::take).ok_or_else(lost)?;
        // Out of it, so that packets can be held while it goes on.
        let packets = std::mem::take(&mut lane.piece.packets);
        let mut stand = lane.stand;
        let mut ahead = Vec::with_capacity(PREFETCHED);
        let mut first = true;
        while let Some(mark) = lane.next
            && (first || limit.is_none_or(|limit| (lane.key, at) < limit))
        {
            first = false;
            self.state.number += 1;
            self.state.time = mark.time.unwrap_or(self.state.time);
            lane.met(&mark, self.state.number, self.state.time);
            match mark.part {
                Part::Other => {}
                Part::Kept => {
                    let item = packets.next(&mut stand).ok_or_else(lost)?;
                    self.take(at, &lane, &mark, item, &mut ahead)?;
                }
                Part::Aside => {
                    self.shards.flush(&mut ahead);
                    self.tell(at, &mut lane, &mark)?;
                }
            }
            lane.advance()?;
        }
        self.shards.flush(&mut ahead);
        drop(ahead);
        lane.stand = stand;
        lane.piece.packets = packets;
        if lane.next.is_some() {
            self.line.push(Reverse((lane.key, at)));
        } else {
            self.pending = Some(at);
        }
        if let Some(slot) = self.lanes.get_mut(at) {
            *slot = Some(lane);
        }
        Ok(self.shards.go_on()?)
    }

    /// Hands on a packet of a file.
    fn take<'p>(
        &mut self,
        at: usize,
        lane: &Lane,
        mark: &Mark,
        item: Record<'p>,
        ahead: &mut Vec<Coming<'p>>,
    ) -> Result<(), Error> {
        let (packet, time) = (self.state.number, self.state.time);
        match item {
            Record::Tcp(segment) => {
                let segment = Segment {
                    packet,
                    packet_in_file: mark.position,
                    file: number(at),
                    interface: lane.interface(segment.interface)?,
                    path: self.path(at, segment.path)?,
                    time,
                    ..segment
                };
                self.shards.take(&segment, ahead);
            }
            Record::Icmp(error) => {
                self.shards.flush(ahead);
                let path = self.path(at, error.path)?;
                self.shards.icmp(&IcmpError { packet, time, path, ..error });
            }
        }
        Ok(())
    }

    #[inline]
    fn path(&self, at: usize, path: PathId) -> Result<PathId, Error> {
        if path == PathId::default() { Ok(path) } else { self.paths.of_run(at, path) }
    }

    /// Tells what a frame is that had been set aside, and hands it on.
    fn tell(&mut self, at: usize, lane: &mut Lane, mark: &Mark) -> Result<(), Stop> {
        let aside = lane.aside()?;
        let State { number: packet, time, .. } = self.state;
        let told = self.teller.tell(&aside.frame(mark, packet, number(at), 0), time);
        if self.teller.decoder().paths().overflow().is_some() {
            return Err(Stop::Alone);
        }
        match told {
            Some(Told::Segment(whole)) => {
                let segment = whole.segment();
                let path = self.paths.told(&self.teller, segment.path)?;
                let mut alone = Vec::with_capacity(1);
                self.shards.take(&Segment { path, ..segment }, &mut alone);
                self.shards.flush(&mut alone);
            }
            Some(Told::Icmp(error)) => {
                let path = self.paths.told(&self.teller, error.path)?;
                self.shards.icmp(&IcmpError { path, ..error });
            }
            None => {}
        }
        if self.paths.paths.overflow().is_some() { Err(Stop::Alone) } else { Ok(()) }
    }

    /// How far the order of the capture has come.
    pub fn progress(&self) -> Progress {
        Progress {
            bytes_read: self.read,
            bytes_total: self.files.iter().map(|file| file.source_bytes).sum(),
            packets: self.state.number,
        }
    }

    /// The files that the capture lies in.
    pub fn sources(&self) -> &SourceFiles {
        &self.sources
    }

    /// The files, in order: what was known of them before they were read.
    pub fn files(&self) -> &[FileSummary] {
        &self.files
    }

    /// How it was done.
    pub fn done(&self) -> Done {
        self.crew.told()
    }

    /// Lets go of everything and hands out what was found, once everything was read.
    ///
    /// # Errors
    /// [`Error::Argument`] before that.
    pub fn finish(self) -> Result<Output, Error> {
        let early = || Error::Argument("not everything was read".to_owned());
        let ends: Vec<Ended> = self.ends.into_iter().collect::<Option<_>>().ok_or_else(early)?;
        let heads = ends.iter().map(|end| end.run.head.clone()).collect();
        let plan = Plan::of(heads, Some(&self.surveyed))?;
        let (mut runs, mut wanted, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for end in ends {
            runs.push(end.run);
            wanted.push(end.wanted);
            places.extend(end.interfaces);
        }
        let walked = Walked { wanted, told: self.teller.finish(), end: self.state };
        let all: Vec<&Run> = runs.iter().collect();
        let accounts = closed(&plan, &all, &self.odd, walked)?;
        let mut interfaces = vec![Interface::default(); accounts.interfaces.len()];
        for (place, interface) in places.into_iter().zip(accounts.interfaces) {
            *interfaces.get_mut(place as usize).ok_or_else(lost)? = interface;
        }
        let judged = self.options.columns.are_judged();
        let mut context = if judged { Context::default() } else { Context::idle() };
        let (counts, connections, _) = self.shards.finish(|some| context.add_all(some));
        let mut issues = accounts.issues;
        told_at_the_end(&mut issues, counts, context.left());
        Ok(Output {
            connections,
            context,
            threads: self.options.threads(),
            parameters: self.options.parameters,
            columns: self.options.columns,
            ledger: accounts.ledger,
            files: accounts.files,
            interfaces,
            issues,
            paths: self.paths.all(),
            hosts: [self.options.hosts, accounts.hosts],
            counts,
            before: Default::default(),
            carried: Default::default(),
        })
    }
}

/// The time of the capture's first frame, 0 where it has none.
fn origin(parts: &[Reader]) -> Result<i64, Error> {
    for part in parts {
        let Some(mut part) = part.again() else { continue };
        while let Some(batch) = part.next_batch()? {
            if let Some(frame) = batch.iter().next() {
                return Ok(frame.time.unwrap_or(0));
            }
        }
    }
    Ok(0)
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn lost() -> Error {
    Error::Internal("a file that is read beside others is lost".to_owned())
}
