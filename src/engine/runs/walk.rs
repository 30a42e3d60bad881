//! Going through runs that share time, or are odd otherwise, frame by frame in the order of one
//! reader: what number, what time, and what is told of frames that were set aside.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io::Read;

use super::aside::{Aside, Asides};
use super::broken;
use super::line::{Line, Mark, Part};
use super::plan::{Plan, State};
use crate::base::error::Error;
use crate::capture::Frame;
use crate::engine::intake::is_inside;
use crate::engine::{Ledger, Options};
use crate::hosts::{Hosts, Origin};
use crate::packet::{Class, Decoded, Decoder, IcmpError, Reassembled};

/// Where a run's line and its frames set aside are read.
pub trait Frames {
    /// The line.
    ///
    /// # Errors
    /// Where it cannot be opened.
    fn line(&self) -> Result<Box<dyn Read + '_>, Error>;

    /// The frames that were set aside.
    ///
    /// # Errors
    /// Where they cannot be opened.
    fn asides(&self) -> Result<Box<dyn Read + '_>, Error>;
}

/// A frame in the order of all.
pub(super) struct Met {
    /// Its run and what is known of it there.
    pub run: usize,
    pub mark: Mark,
    /// Its number in the whole capture, from 1.
    pub number: u64,
    /// Its time, or that of the frame before it.
    pub time: i64,
    /// The capture's time at it, where it takes part.
    pub now: Option<i64>,
    /// What it is, where it had been set aside and takes part.
    pub told: Option<Told>,
}

/// What was made of a frame that had been set aside.
pub(super) enum Told {
    Segment(Box<Reassembled>),
    Icmp(IcmpError),
}

/// What tells of frames set aside: it sees those of all runs, in order.
pub(super) struct Teller<'o> {
    options: Cow<'o, Options>,
    decoder: Decoder,
    /// Names in DNS answers, by file of the capture; packets are numbered over the capture.
    names: BTreeMap<u32, Hosts>,
    file: u32,
    pub ledger: Ledger,
}

impl<'o> Teller<'o> {
    pub(super) fn new(options: Cow<'o, Options>) -> Self {
        let mut decoder = Decoder::new(options.decoding);
        decoder.exchange_hosts(Hosts::of_a_part(Origin::Dns));
        Self { options, decoder, names: BTreeMap::new(), file: 0, ledger: Ledger::default() }
    }

    /// What it knows in the end: names by file, and a decoder with paths and oddities.
    pub(super) fn finish(mut self) -> (BTreeMap<u32, Hosts>, Decoder, Ledger) {
        let names = self.decoder.exchange_hosts(Hosts::default());
        self.names.insert(self.file, names);
        (self.names, self.decoder, self.ledger)
    }

    /// The paths that it met.
    pub(super) fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// What a frame is that had been set aside, where it takes part.
    pub(super) fn tell(&mut self, frame: &Frame<'_>, time: i64) -> Option<Told> {
        if frame.file != self.file {
            let known = self.names.remove(&frame.file);
            let known = known.unwrap_or_else(|| Hosts::of_a_part(Origin::Dns));
            self.names.insert(self.file, self.decoder.exchange_hosts(known));
            self.file = frame.file;
        }
        let decoded = self.decoder.decode(frame, time);
        let class = decoded.class();
        let kept = is_inside(&self.options, time, time)
            && self.options.keeps(&decoded, self.decoder.paths());
        let left_out = class == Class::Tcp && !kept;
        self.ledger.add(frame.file, if left_out { Class::Filtered } else { class });
        match decoded {
            _ if !kept => None,
            Decoded::Tcp(segment) => Some(Told::Segment(Reassembled::new(segment))),
            Decoded::Reassembled(whole) => Some(Told::Segment(whole)),
            Decoded::IcmpError(error) => Some(Told::Icmp(error)),
            Decoded::Other(_) => None,
        }
    }
}

/// A run on its way.
struct Way<'a> {
    run: usize,
    line: Line<Box<dyn Read + 'a>>,
    asides: Asides<Box<dyn Read + 'a>>,
    /// By which time each file stands in line.
    keys: Vec<i64>,
    next: Option<Mark>,
}

impl Way<'_> {
    fn advance(&mut self) -> Result<(), Error> {
        self.next = self.line.next()?;
        if let Some(Mark { file, time: Some(time), .. }) = self.next
            && let Some(key) = self.keys.get_mut(file as usize)
        {
            *key = time.max(*key);
        }
        Ok(())
    }
}

/// Goes through a group of runs; the state after it.
///
/// # Errors
/// Those of reading the runs, and of `each`.
pub(super) fn walk<F: Frames + ?Sized>(
    plan: &Plan,
    group: &[usize],
    frames: &[&F],
    mut state: State,
    teller: &mut Teller<'_>,
    mut each: impl FnMut(&Teller<'_>, Met) -> Result<(), Error>,
) -> Result<State, Error> {
    let mut ways = Vec::with_capacity(group.len());
    let mut heap = BinaryHeap::new();
    let place = |way: &Way<'_>, at: usize| {
        let mark = way.next?;
        let standing = plan.standings.get(way.run)?.get(mark.file as usize)?;
        Some(Reverse((*way.keys.get(mark.file as usize)?, standing.file, at)))
    };
    for (at, &run) in group.iter().enumerate() {
        let (Some(frames), Some(standings)) = (frames.get(run), plan.standings.get(run)) else {
            return Err(broken("a plan"));
        };
        let mut way = Way {
            run,
            line: Line::new(frames.line()?, standings.len()),
            asides: Asides::new(frames.asides()?),
            keys: standings.iter().map(|standing| standing.key).collect(),
            next: None,
        };
        way.advance()?;
        heap.extend(place(&way, at));
        ways.push(way);
    }
    while let Some(Reverse((_, file, at))) = heap.pop() {
        let Some(way) = ways.get_mut(at) else { break };
        let Some(mark) = way.next else { break };
        state.number += 1;
        state.time = mark.time.unwrap_or(state.time);
        let (number, time) = (state.number, state.time);
        let mut told = None;
        if mark.part == Part::Aside {
            let aside = way.asides.next()?.ok_or_else(|| broken("frames set aside"))?;
            let base = plan.interfaces.get(way.run).copied().unwrap_or(0);
            told = teller.tell(&aside.frame(&mark, number, file, base), time);
        }
        let kept = mark.part == Part::Kept || told.is_some();
        let now = kept.then(|| state.clock.advance(time));
        each(teller, Met { run: way.run, mark, number, time, now, told })?;
        way.advance()?;
        heap.extend(place(way, at));
    }
    Ok(state)
}

impl Aside {
    /// The frame that it was, in the whole capture.
    pub(super) fn frame(&self, mark: &Mark, number: u64, file: u32, interfaces: u32) -> Frame<'_> {
        let known = self.interface != crate::capture::NO_INTERFACE;
        Frame {
            number,
            file,
            number_in_file: mark.position,
            time: mark.time,
            interface: if known {
                self.interface.saturating_add(interfaces)
            } else {
                self.interface
            },
            link: self.link,
            direction: self.direction,
            data: &self.data,
            original_length: self.original_length,
        }
    }
}
