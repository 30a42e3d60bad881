//! The connections of one service, and what they say together.

use std::sync::OnceLock;

use super::client::order;
use super::life::Life;
use crate::base::few::Few;
use crate::base::numbers::numbers;
use crate::conn::{Side, seconds};
use crate::digest::wire::{Bad, Coder};

numbers! {
    /// Connections remembered of each service that stood.
    pub(super) bound MAX_STOOD: usize = 16_384;
    /// And shorter ones.
    pub(super) bound MAX_SHORT: usize = 4_096;
    /// Silent for so long, a connection was idle when it was ended.
    window IDLE_S = 1.0;
}

/// The first connections of one service.
#[derive(Clone, Debug, Default)]
pub struct Lives {
    all: Few<Life>,
    short: usize,
    /// Until another one comes.
    worked_out: OnceLock<Box<WorkedOut>>,
}

/// What the connections of a service say together, each worked out when it is asked for.
#[derive(Clone, Debug, Default)]
struct WorkedOut {
    by_id: OnceLock<Vec<u32>>,
    by_start: OnceLock<Vec<u32>>,
    spans: OnceLock<[Vec<i64>; 2]>,
    sources: OnceLock<[Vec<(u32, i64)>; 2]>,
    closes: OnceLock<Closes>,
    limits: OnceLock<Limits>,
    served: OnceLock<Served>,
}

impl Lives {
    /// Remembers one; false when there are enough.
    pub fn add(&mut self, life: Life) -> bool {
        let stood = self.all.len() - self.short;
        let full = if life.stood() { stood >= MAX_STOOD } else { self.short >= MAX_SHORT };
        if full {
            return false;
        }
        self.short += usize::from(!life.stood());
        self.all.push(life);
        self.worked_out.take();
        true
    }

    /// As bytes.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let mut all = self.all.to_vec();
        coder.list(&mut all, |coder, life: &mut Life| life.code(coder))?;
        if C::READS {
            *self = Self::default();
            for life in all {
                self.add(life);
            }
        }
        Ok(())
    }

    /// All, as they were added.
    pub fn all(&self) -> &[Life] {
        &self.all
    }

    fn worked_out(&self) -> &WorkedOut {
        self.worked_out.get_or_init(Box::default)
    }

    fn at(&self, place: u32) -> Option<&Life> {
        self.all.get(place as usize)
    }

    /// The one of this connection.
    pub fn of(&self, id: u64) -> Option<&Life> {
        let all = self.worked_out().by_id.get_or_init(|| order(&self.all, |life| life.id));
        let key = |&place: &u32| self.at(place).map(|life| life.id);
        let at = all.partition_point(|place| key(place) < Some(id));
        self.at(*all.get(at)?).filter(|life| life.id == id)
    }

    /// Those that began between two times, both included, the latest first.
    pub fn between(&self, from: i64, to: i64) -> impl Iterator<Item = &Life> + use<'_> {
        let all = self
            .worked_out()
            .by_start
            .get_or_init(|| order(&self.all, |life| (life.start, life.id)));
        let key = |&place: &u32| self.at(place).map(|life| life.start);
        let first = all.partition_point(|place| key(place) < Some(from));
        let last = all.partition_point(|place| key(place) <= Some(to));
        let all = all.get(first..last).unwrap_or_default();
        all.iter().rev().filter_map(|&place| self.at(place))
    }

    /// How many were open at a time.
    pub fn open_at(&self, time: i64) -> usize {
        let [starts, ends] = self.worked_out().spans.get_or_init(|| {
            [|life: &Life| life.start, Life::open_until].map(|of: fn(&Life) -> i64| {
                let mut times: Vec<_> = self.all.iter().map(of).collect();
                times.sort_unstable();
                times
            })
        });
        let begun = starts.partition_point(|&start| start < time);
        begun.saturating_sub(ends.partition_point(|&end| end < time))
    }

    /// How many of one source were open at a time.
    pub fn open_of(&self, source: u32, time: i64) -> usize {
        let [starts, ends] = self.worked_out().sources.get_or_init(|| {
            [|life: &Life| life.start, Life::open_until].map(|of: fn(&Life) -> i64| {
                let mut times: Vec<_> =
                    self.all.iter().map(|life| (life.source, of(life))).collect();
                times.sort_unstable();
                times
            })
        });
        let before = |times: &[(u32, i64)]| {
            let from = times.partition_point(|&(other, _)| other < source);
            times.partition_point(|&key| key < (source, time)) - from
        };
        before(starts).saturating_sub(before(ends))
    }

    /// The standing ones that the server ended within so many seconds of a time.
    pub fn ended_around(&self, time: i64, within_s: f64) -> Ended {
        self.worked_out().closes.get_or_init(|| Closes::of(&self.all)).around(time, within_s)
    }

    /// What the server's orderly closes say of a limit of age or requests.
    pub fn limits(&self) -> &Limits {
        self.worked_out().limits.get_or_init(|| Limits::of(&self.all))
    }

    /// How many were served, and when the first and the last of them began.
    pub fn served(&self) -> &Served {
        self.worked_out().served.get_or_init(|| {
            let served = || self.all.iter().filter(|life| life.bytes.server > 0);
            let turned_away = || self.all.iter().filter(|life| life.turned_away());
            let mut began: Vec<_> = served().map(|life| self.open_at(life.start)).collect();
            began.sort_unstable();
            Served {
                began,
                first: served().map(|life| life.start).min().unwrap_or(i64::MAX),
                last: served().map(|life| life.start).max().unwrap_or(i64::MIN),
                turned_away: turned_away().count(),
                turned_away_at: turned_away()
                    .map(|life| self.open_at(life.start))
                    .min()
                    .unwrap_or(0),
                turned_away_first: turned_away().map(|life| life.start).min().unwrap_or(i64::MAX),
            }
        })
    }
}

/// Connections that the server ended about the same time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ended {
    /// How many.
    pub count: usize,
    /// Of these, how many had been without payload for a second or more.
    pub idle: usize,
    /// Of these, how many were reset with a request unanswered.
    pub cut: usize,
    /// Mean of the seconds that they had been without payload.
    pub mean_idle_s: f64,
    /// Standard deviation of these.
    pub deviation_s: f64,
}

/// Standing connections that the server ended, by time, with sums over all before each.
#[derive(Clone, Debug, Default)]
struct Closes {
    ends: Vec<i64>,
    /// Idle ones and cut ones, seconds of silence of all, the squares of these.
    sums: Vec<([usize; 2], f64, f64)>,
}

impl Closes {
    fn of(all: &[Life]) -> Self {
        let mut closes: Vec<_> = all
            .iter()
            .filter(|life| life.stood() && life.ended_by() == Some(Side::Server))
            .map(|life| (life.end, life.idle_ms, life.cut()))
            .collect();
        closes.sort_unstable();
        let mut sum = ([0, 0], 0.0, 0.0);
        let sums = closes.iter().map(|&(_, idle_ms, cut)| {
            let idle = f64::from(idle_ms) / 1e3;
            let [idle_ones, cut_ones] = sum.0;
            let counts = [idle_ones + usize::from(idle >= IDLE_S), cut_ones + usize::from(cut)];
            sum = (counts, sum.1 + idle, sum.2 + idle * idle);
            sum
        });
        let sums = std::iter::once(([0, 0], 0.0, 0.0)).chain(sums.collect::<Vec<_>>()).collect();
        Self { ends: closes.into_iter().map(|(end, ..)| end).collect(), sums }
    }

    #[allow(clippy::cast_precision_loss)] // at most some ten thousand
    fn around(&self, time: i64, within_s: f64) -> Ended {
        let after = |end: i64| seconds(end.saturating_sub(time));
        let from = self.ends.partition_point(|&end| after(end) < -within_s);
        let to = self.ends.partition_point(|&end| after(end) <= within_s);
        let (Some(before), Some(upto), true) = (self.sums.get(from), self.sums.get(to), from < to)
        else {
            return Ended::default();
        };
        let count = (to - from) as f64;
        let mean = (upto.1 - before.1) / count;
        let variance = (upto.2 - before.2) / count - mean * mean;
        Ended {
            count: to - from,
            idle: upto.0[0] - before.0[0],
            cut: upto.0[1] - before.0[1],
            mean_idle_s: mean,
            deviation_s: variance.max(0.0).sqrt(),
        }
    }
}

/// What a server's orderly closes of connections that were not idle have in common.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Their ages, shortest first.
    pub ages: Vec<i64>,
    /// Their numbers of requests, smallest first.
    pub requests: Vec<u16>,
    /// The oldest that any connection of the service became.
    pub oldest: i64,
    /// The most requests that any had.
    pub most: u16,
}

impl Limits {
    fn of(all: &[Life]) -> Self {
        let opened = || all.iter().filter(|life| life.opened());
        let closed: Vec<_> = opened()
            .filter(|life| life.ended_by() == Some(Side::Server) && life.by_fin())
            .filter(|life| life.in_use())
            .collect();
        let mut limits = Self {
            ages: closed.iter().map(|life| life.age()).collect(),
            requests: closed.iter().map(|life| life.requests).collect(),
            oldest: opened().map(Life::age).max().unwrap_or(0),
            most: opened().map(|life| life.requests).max().unwrap_or(0),
        };
        limits.ages.sort_unstable();
        limits.requests.sort_unstable();
        limits
    }
}

/// Connections to which the server sent payload.
#[derive(Clone, Debug, Default)]
pub struct Served {
    /// How many others were open when each of them began, fewest first.
    pub began: Vec<usize>,
    /// When the first of them began.
    pub first: i64,
    /// And the last.
    pub last: i64,
    /// How many others were turned away.
    pub turned_away: usize,
    /// How many were open when these began, at the fewest.
    pub turned_away_at: usize,
    /// When the first of these began.
    pub turned_away_first: i64,
}

#[cfg(test)]
mod tests;
