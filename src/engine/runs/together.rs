//! What all buckets say together: the numbers of connections, and what they say of each other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{Range, RangeInclusive};

use super::facts::{Facts, RowsOf, all_paths};
use super::plan::Plan;
use crate::base::error::Error;
use crate::base::guard;
use crate::cause::{Circle, Context, Heavy, Left, Only};
use crate::conn::{Connection, Counts, HELD_WHOLE, Rows};
use crate::engine::judge::Judge;
use crate::engine::{Metadata, Options};
use crate::packet::{Path, PathId};
use crate::table::Made;
use crate::table::shared::Shared;

/// Rows that are shown to the context at a time.
const SHOWN: usize = 64;
/// Times that all connections are gone through for sums, at most.
const SHARES: usize = 64;
/// Bytes of a context for each thing that it remembers, as measured.
const OF_ONE: usize = 170;

/// How much is held at a time.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    /// Bytes of what connections say of each other.
    pub context: usize,
    /// Connections that are judged together.
    pub rows: usize,
}

impl Default for Most {
    fn default() -> Self {
        Self { context: 256 << 20, rows: 1 << 18 }
    }
}

/// What all connections say together.
pub struct Together {
    /// What they say of each other, where there is room for all of it.
    context: Option<Context>,
    /// Clients that tried often, where there is not.
    heavy: Heavy,
    /// How many were begun and let go.
    pub counts: Counts,
    /// First packets of all connections, in order: a connection's number is its place among them.
    firsts: Vec<u64>,
    /// VLANs and tunnels of all of them.
    pub paths: Vec<Path>,
    /// Of each bucket.
    of_buckets: Vec<Vec<PathId>>,
    most: Most,
}

/// Connections that are judged together: some of a part, one behind the other.
struct Slice {
    part: usize,
    /// Their first packets, and the packets of FINs and RSTs beside them.
    packets: RangeInclusive<u64>,
}

/// Rows of all buckets in the order of their first packets.
struct Merged<'f> {
    rows: Vec<RowsOf<'f>>,
    next: BinaryHeap<Reverse<(u64, usize)>>,
    ready: Vec<Option<Box<Connection>>>,
}

impl<'f> Merged<'f> {
    fn of(rows: Vec<RowsOf<'f>>) -> Result<Self, Error> {
        let ready = rows.iter().map(|_| None).collect();
        let mut merged = Self { rows, next: BinaryHeap::new(), ready };
        for at in 0..merged.rows.len() {
            merged.advance(at)?;
        }
        Ok(merged)
    }

    fn advance(&mut self, at: usize) -> Result<(), Error> {
        let (Some(rows), Some(ready)) = (self.rows.get_mut(at), self.ready.get_mut(at)) else {
            return Ok(());
        };
        *ready = rows.next()?;
        self.next.extend(ready.as_ref().map(|row| Reverse((row.first_packet, at))));
        Ok(())
    }

    fn next(&mut self) -> Result<Option<Box<Connection>>, Error> {
        let Some(Reverse((_, at))) = self.next.pop() else { return Ok(None) };
        let row = self.ready.get_mut(at).and_then(Option::take);
        self.advance(at)?;
        Ok(row)
    }
}

impl Together {
    /// Reads the rows of all buckets once.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::State`], [`Error::Memory`], [`Error::Cancelled`].
    pub fn of(
        plan: &Plan,
        facts: &[Facts],
        options: &Options,
        most: Most,
        proceed: &dyn Fn() -> bool,
    ) -> Result<Self, Error> {
        let (paths, of_buckets) = all_paths(facts, options.decoding.paths)?;
        let mut counts = Counts::default();
        for bucket in facts {
            counts.add(bucket.known.counts);
        }
        let parts = 0..plan.heads.len();
        let all: u64 = parts.flat_map(|part| facts.iter().map(move |one| one.of_part(part))).sum();
        guard::room(usize::try_from(all.saturating_mul(8)).unwrap_or(usize::MAX))?;
        let (context, heavy) = (Some(Context::default()), Heavy::of(all));
        let firsts = Vec::new();
        let mut made = Self { context, heavy, counts, firsts, paths, of_buckets, most };
        let (mut firsts, mut context, mut heavy) =
            (Vec::new(), made.context.take(), std::mem::take(&mut made.heavy));
        made.each(plan, facts, proceed, |shown| {
            firsts.extend(shown.iter().map(|row| row.first_packet));
            for row in shown {
                heavy.add(row);
            }
            if let Some(known) = &mut context {
                known.add_all(&shown.iter().collect::<Vec<_>>());
                guard::room_for(0)?;
                if known.size().saturating_mul(OF_ONE) > most.context {
                    context = None;
                }
            }
            Ok(())
        })?;
        (made.firsts, made.context, made.heavy) = (firsts, context, heavy);
        Ok(made)
    }

    /// Goes through all connections in order, some at a time, with their numbers.
    fn each(
        &self,
        plan: &Plan,
        facts: &[Facts],
        proceed: &dyn Fn() -> bool,
        mut take: impl FnMut(&[Connection]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut number = 0;
        let mut shown: Vec<Connection> = Vec::with_capacity(SHOWN);
        for part in 0..plan.heads.len() {
            let mut merged = Merged::of(rows(facts, &self.of_buckets, part, false)?)?;
            loop {
                let row = merged.next()?;
                let over = row.is_none();
                shown.extend(row.map(|mut row| {
                    row.id = number;
                    *row
                }));
                number += u64::from(!over);
                if over || shown.len() == SHOWN {
                    take(&shown)?;
                    shown.clear();
                    if !proceed() {
                        return Err(Error::Cancelled);
                    }
                }
                if over {
                    break;
                }
            }
        }
        Ok(())
    }

    /// What some connections may ask of all others.
    fn circle(
        &self,
        plan: &Plan,
        facts: &[Facts],
        mut circle: Circle,
        proceed: &dyn Fn() -> bool,
    ) -> Result<Context, Error> {
        loop {
            let mut context = self.only(plan, facts, Only::Circle(Box::new(circle)), proceed)?;
            let again = match context.take_only() {
                Some(Only::Circle(mut circle)) => circle.again(),
                _ => None,
            };
            match again {
                Some(more) => circle = more,
                None => return Ok(context),
            }
        }
    }

    fn only(
        &self,
        plan: &Plan,
        facts: &[Facts],
        only: Only,
        proceed: &dyn Fn() -> bool,
    ) -> Result<Context, Error> {
        let mut context = Context::only(only);
        self.each(plan, facts, proceed, |shown| {
            guard::room_for(0)?;
            for row in shown {
                context.add(row);
            }
            Ok(())
        })?;
        Ok(context)
    }

    /// What could not be remembered of all connections.
    ///
    /// # Errors
    /// As [`Together::of`].
    pub fn left(
        &self,
        plan: &Plan,
        facts: &[Facts],
        proceed: &dyn Fn() -> bool,
    ) -> Result<Left, Error> {
        if let Some(context) = &self.context {
            return Ok(context.left());
        }
        // Of every connection some four things are remembered.
        let whole = self.firsts.len().saturating_mul(4 * OF_ONE);
        let of = whole.div_ceil(self.most.context.max(1)).clamp(1, SHARES) as u64;
        let mut left = Left::default();
        for at in 0..of {
            left.add(self.only(plan, facts, Only::Share { at, of }, proceed)?.left());
        }
        Ok(left)
    }

    /// How many slices of a bounded number of connections a part has: one at least.
    pub fn slices(&self, plan: &Plan, part: usize) -> usize {
        self.of_part(plan, part).len().div_ceil(self.most.rows.max(1)).max(1)
    }

    /// The numbers of a part's connections.
    fn of_part(&self, plan: &Plan, part: usize) -> Range<usize> {
        let packets = packets(plan, part);
        let from = self.firsts.partition_point(|first| first < packets.start());
        let upto = self.firsts.partition_point(|first| first <= packets.end());
        from..upto
    }

    fn slice(&self, plan: &Plan, part: usize, number: usize) -> Slice {
        let (all, packets) = (self.of_part(plan, part), packets(plan, part));
        // The last connection before a slice, and the last in it, where the part goes on.
        let before = |slice: usize| {
            let at = all.start + slice.saturating_mul(self.most.rows);
            let inside = slice > 0 && at < all.end;
            self.firsts.get(at.wrapping_sub(1)).copied().filter(|_| inside)
        };
        let from = before(number).map_or(*packets.start(), |first| first + 1);
        let upto = before(number + 1).unwrap_or(*packets.end());
        Slice { part, packets: from..=upto }
    }

    /// The tables of a slice of a part: its connections, and the FINs and RSTs beside them. Those of
    /// all slices, one behind the other, are those of the part.
    ///
    /// # Errors
    /// As [`Together::of`].
    pub fn judge(
        &self,
        plan: &Plan,
        facts: &[Facts],
        (part, slice): (usize, usize),
        (shared, options, metadata): (&Shared, &Options, &Metadata),
        proceed: &dyn Fn() -> bool,
    ) -> Result<[Made; 2], Error> {
        let Slice { part, packets } = self.slice(plan, part, slice);
        let numbered = |mut row: Box<Connection>| {
            let at = self.firsts.binary_search(&row.first_packet);
            row.id = at.map_or(u64::MAX, |at| at as u64);
            row
        };
        let few = self.of_part(plan, part).len().min(self.most.rows) <= HELD_WHOLE;
        let add = |rows: &mut Rows, mut row: Box<Connection>| {
            if few { rows.push_whole(*row) } else { rows.push(&mut row) }
        };
        let (mut own, mut visiting) = (Rows::default(), Rows::default());
        let mut circle = Circle::new(&self.heavy);
        for visitors in [true, false] {
            let mut merged = Merged::of(rows(facts, &self.of_buckets, part, visitors)?)?;
            while let Some(row) = merged.next()? {
                if row.first_packet > *packets.end() {
                    break;
                }
                let mine = !visitors && packets.contains(&row.first_packet);
                let ends = row.teardowns.iter().any(|one| packets.contains(&one.packet));
                if !mine && !ends {
                    continue;
                }
                let row = numbered(row);
                if self.context.is_none() {
                    circle.add(&row);
                }
                add(if mine { &mut own } else { &mut visiting }, row);
            }
        }
        let own_context;
        let context = if let Some(context) = &self.context {
            context
        } else {
            own_context = self.circle(plan, facts, circle, proceed)?;
            &own_context
        };
        let judge = Judge {
            context,
            parameters: &options.parameters,
            columns: &options.columns,
            threads: options.threads(),
        };
        let ending = own.beside(&visiting);
        let teardowns = judge.teardowns_in(&ending, packets, shared, metadata, proceed)?;
        drop((ending, visiting));
        Ok([judge.connections(own, shared, metadata, proceed)?, teardowns])
    }
}

/// The packets of a part.
fn packets(plan: &Plan, part: usize) -> RangeInclusive<u64> {
    let ends = plan.parts();
    let before = part.checked_sub(1).and_then(|at| ends.get(at)).copied().unwrap_or(0);
    before + 1..=ends.get(part).copied().unwrap_or(0)
}

fn rows<'f>(
    facts: &'f [Facts],
    paths: &'f [Vec<PathId>],
    part: usize,
    visitors: bool,
) -> Result<Vec<RowsOf<'f>>, Error> {
    let all = facts.iter().zip(paths);
    all.map(|(bucket, paths)| Ok(bucket.rows(part, visitors)?.on(paths))).collect()
}
