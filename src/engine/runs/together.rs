//! What all buckets say together: the numbers of connections, and what they say of each other.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::facts::{Facts, RowsOf, all_paths};
use super::plan::Plan;
use crate::base::error::Error;
use crate::base::guard;
use crate::cause::Context;
use crate::conn::{Connection, Counts, Rows};
use crate::engine::judge::Judge;
use crate::engine::{Metadata, Options};
use crate::packet::{Path, PathId};
use crate::table::Made;
use crate::table::shared::Shared;

/// Rows that are shown to the context at a time.
const SHOWN: usize = 64;

/// What all connections say together.
pub struct Together {
    /// What they say of each other.
    pub context: Context,
    /// How many were begun and let go.
    pub counts: Counts,
    /// First packets of all connections, in order: a connection's number is its place among them.
    firsts: Vec<u64>,
    /// VLANs and tunnels of all of them.
    pub paths: Vec<Path>,
    /// Of each bucket.
    of_buckets: Vec<Vec<PathId>>,
}

/// Rows of all buckets in the order of their first packets.
struct Merged<'f> {
    rows: Vec<RowsOf<'f>>,
    next: BinaryHeap<Reverse<(u64, usize)>>,
    ready: Vec<Option<Connection>>,
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

    fn next(&mut self) -> Result<Option<Connection>, Error> {
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
        proceed: &dyn Fn() -> bool,
    ) -> Result<Self, Error> {
        let (paths, of_buckets) = all_paths(facts, options.decoding.paths)?;
        let mut counts = Counts::default();
        for bucket in facts {
            counts.add(bucket.known.counts);
        }
        let (mut context, mut firsts) = (Context::default(), Vec::new());
        for part in 0..plan.heads.len() {
            let own: u64 = facts.iter().map(|bucket| bucket.of_part(part)).sum();
            guard::room(usize::try_from(own.saturating_mul(640)).unwrap_or(usize::MAX))?;
            let mut merged = Merged::of(rows(facts, &of_buckets, part, false)?)?;
            let mut shown: Vec<Connection> = Vec::with_capacity(SHOWN);
            loop {
                let row = merged.next()?;
                let over = row.is_none();
                if let Some(mut row) = row {
                    row.id = firsts.len() as u64;
                    firsts.push(row.first_packet);
                    shown.push(row);
                }
                if over || shown.len() == SHOWN {
                    context.add_all(&shown.iter().collect::<Vec<_>>());
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
        Ok(Self { context, counts, firsts, paths, of_buckets })
    }

    /// The tables of a part: its connections, and the FINs and RSTs in it.
    ///
    /// # Errors
    /// As [`Together::of`].
    pub fn judge(
        &self,
        plan: &Plan,
        facts: &[Facts],
        part: usize,
        (shared, options, metadata): (&Shared, &Options, &Metadata),
        proceed: &dyn Fn() -> bool,
    ) -> Result<[Made; 2], Error> {
        let ends = plan.parts();
        let end = ends.get(part).copied().unwrap_or(0);
        let before = part.checked_sub(1).and_then(|at| ends.get(at)).copied().unwrap_or(0);
        let numbered = |mut row: Connection| {
            let at = self.firsts.binary_search(&row.first_packet);
            row.id = at.map_or(u64::MAX, |at| at as u64);
            row
        };
        let (mut own, mut all) = (Rows::default(), Rows::default());
        let mut visitors = Merged::of(rows(facts, &self.of_buckets, part, true)?)?;
        while let Some(row) = visitors.next()? {
            all.push(&mut numbered(row));
        }
        let mut merged = Merged::of(rows(facts, &self.of_buckets, part, false)?)?;
        while let Some(row) = merged.next()? {
            let mut row = numbered(row);
            all.push(&mut row.clone());
            own.push(&mut row);
        }
        let judge = Judge {
            context: &self.context,
            parameters: &options.parameters,
            columns: &options.columns,
            threads: options.threads(),
        };
        let within = before + 1..=end;
        let teardowns = judge.teardowns_in(&all, within, shared, metadata, proceed)?;
        drop(all);
        Ok([judge.connections(own, shared, metadata, proceed)?, teardowns])
    }
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
