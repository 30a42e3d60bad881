//! Attempts that may be two sides of one race between address families, whose client has another
//! address in each.

use super::saved::moment;
use super::{Map, the_only};
use crate::base::few::Few;
use crate::base::numbers::numbers;
use crate::conn::{Connection, Ending, Moment, Side, seconds};
use crate::digest::wire::{Bad, Coder};
use crate::packet::Address;

numbers! {
    /// One cell of time: the longest that a client waits before it tries the other family (RFC 8305
    /// section 8).
    window CELL: i64 = 2_000_000_000;
    /// Cells looked at before and after that of a time, at most.
    bound MAX_CELLS: i64 = 4;
    /// Attempts remembered of each port in a cell: among more of them nobody knows which belong
    /// together.
    bound MAX_TOGETHER: usize = 16;
    /// How long clients wait before they try the other family: what RFC 8305 recommends, and what
    /// Chrome and Go do.
    windows DELAYS = &[0.25, 0.3];
    /// A timer is never early, and late by so much at most.
    window LATE_S = 0.01;
}

/// Cells before and after that of a connection in which all that it may have raced with lie.
pub(super) const CELLS: i64 = MAX_CELLS + 1;

/// One attempt that may have been in a race.
#[derive(Clone, Copy, Debug, Default)]
pub struct Racer {
    /// Connection.
    pub id: u64,
    /// Time of the SYN.
    pub start: i64,
    /// When it was won; `None` when it was dropped.
    pub completed: Moment,
    /// The client's address, folded.
    client: u64,
    /// Hardware address of the client's segments, 0 where there is none.
    link: u64,
    port: u16,
    version: u8,
}

/// What says that two attempts are one client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// They have one hardware address.
    Hardware,
    /// There is no other such pair.
    Only,
    /// No other one began as long after it as clients wait.
    Delay,
}

/// Attempts by port of the service and time. Until both IP versions were seen none can have raced,
/// and they only wait to be sorted in.
#[derive(Clone, Debug, Default)]
pub(super) struct Families {
    waiting: Vec<Racer>,
    seen: [bool; 2],
    cells: Map<(u16, i64), Few<Racer>>,
}

impl Families {
    /// Remembers an attempt that was won or dropped.
    pub(super) fn add(&mut self, c: &Connection) {
        if c.handshake_time.is_some() || c.ending == Ending::HandshakeAbandoned {
            self.put(Racer::of(c));
        }
    }

    fn put(&mut self, racer: Racer) {
        let [four, six] = &mut self.seen;
        *if racer.version == 6 { six } else { four } = true;
        if self.seen != [true; 2] {
            self.waiting.push(racer);
            return;
        }
        for waiting in std::mem::take(&mut self.waiting) {
            self.sort_in(waiting);
        }
        self.sort_in(racer);
    }

    fn sort_in(&mut self, racer: Racer) {
        let cell = self.cells.entry((racer.port, cell(racer.start))).or_default();
        if cell.len() <= MAX_TOGETHER {
            cell.push(racer);
        }
    }

    /// As bytes.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let mut all: Vec<Racer> = self.waiting.clone();
        let mut cells: Vec<_> = self.cells.iter().collect();
        cells.sort_unstable_by_key(|&(key, _)| key);
        all.extend(cells.into_iter().flat_map(|(_, cell)| cell.iter()));
        coder.list(&mut all, |coder, racer| racer.code(coder))?;
        let mut seen = self.seen;
        seen.iter_mut().try_for_each(|one| coder.flag(one))?;
        if C::READS {
            *self = Self { seen, ..Self::default() };
            for racer in all {
                self.put(racer);
            }
        }
        Ok(())
    }

    /// Adds those of another one.
    pub(super) fn merge(&mut self, other: Self) {
        // One that found no room was seen all the same.
        for (seen, more) in self.seen.iter_mut().zip(other.seen) {
            *seen |= more;
        }
        let sorted = other.cells.values().flat_map(|cell| cell.iter().copied());
        other.waiting.into_iter().chain(sorted).for_each(|racer| self.put(racer));
    }

    /// Whether attempts that began when one did, or as much later as clients wait, found no room.
    fn left_out(&self, own: &Racer) -> bool {
        let here = cell(own.start);
        let full =
            |cell| self.cells.get(&(own.port, cell)).is_some_and(|all| all.len() > MAX_TOGETHER);
        full(here) || full(here.saturating_add(1))
    }

    /// Attempts at the same port that began so much before or after one at most.
    fn near(&self, own: &Racer, upto: i64) -> impl Iterator<Item = &Racer> {
        let (port, start) = (own.port, own.start);
        let here = cell(start);
        let cells = cell(upto).clamp(0, MAX_CELLS) + 1;
        (here.saturating_sub(cells)..=here.saturating_add(cells))
            .filter_map(move |cell| self.cells.get(&(port, cell)))
            .flat_map(|cell| cell.iter())
            .filter(move |other| other.start.abs_diff(start) <= upto.unsigned_abs())
    }

    /// Whether an attempt over the other family, of hardware that may be the client's, was won
    /// before `dropped`: of many clients behind one device nobody knows whose.
    pub(super) fn won_beside(&self, c: &Connection, from: i64, upto: i64, dropped: i64) -> bool {
        let own = Racer::of(c);
        self.near(&own, upto).any(|other| {
            own.may_have_lost_to(other, from)
                && other.link == own.link
                && other.completed.get().is_some_and(|time| time <= dropped)
        })
    }

    /// The attempt of the other family that belongs to a dropped one, and what says so: of the same
    /// hardware where that has one address of each family, else the only one there is, when this is
    /// the only one that was dropped, else the only one that began as long after it as clients wait.
    pub(super) fn sibling(&self, c: &Connection, from: i64, upto: i64) -> Option<(Racer, Tie)> {
        let own = Racer::of(c);
        let near: Vec<&Racer> = self.near(&own, upto).collect();
        let same_link = |other: &&&Racer| own.link != 0 && other.link == own.link;
        let one_host = near
            .iter()
            .filter(same_link)
            .all(|other| other.version != own.version || other.client == own.client);
        let winners = || near.iter().filter(|other| own.may_have_lost_to(other, from));
        let mut linked = winners().filter(same_link);
        if let Some(first) = linked.next().filter(|_| one_host)
            && linked.all(|other| other.client == first.client)
        {
            return Some((**first, Tie::Hardware));
        }
        let apart = |other: &&&Racer| own.link != 0 && other.link != 0 && other.link != own.link;
        let crowded = near.len() > MAX_TOGETHER;
        let dropped = near.iter().any(|other| {
            other.id != own.id && other.version == own.version && other.client != own.client
        });
        let possible = || winners().filter(|other| !apart(other));
        if let Some(only) = the_only(possible()).filter(|_| !crowded && !dropped) {
            return Some((**only, Tie::Only));
        }
        let timed = the_only(possible().filter(|other| own.waited_for(other)));
        Some((**timed.filter(|_| !self.left_out(&own))?, Tie::Delay))
    }
}

impl Racer {
    fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let Self { id, start, completed, client, link, port, version } = self;
        for number in [id, client, link] {
            coder.number(number)?;
        }
        coder.signed(start)?;
        moment(coder, completed)?;
        coder.plain(port)?;
        coder.plain(version)
    }

    /// Whether another one over the other family was won, begun so long before or after at least.
    fn may_have_lost_to(&self, other: &Self, from: i64) -> bool {
        other.version != self.version
            && other.completed.is_some()
            && other.start.abs_diff(self.start) >= from.unsigned_abs()
    }

    /// Whether another one began as long after it as clients wait for the first.
    fn waited_for(&self, other: &Self) -> bool {
        let waited = seconds(other.start.saturating_sub(self.start));
        DELAYS.iter().any(|delay| (0.0..=LATE_S).contains(&(waited - delay)))
    }

    fn of(c: &Connection) -> Self {
        Self {
            id: c.id,
            start: c.start,
            completed: c.handshake_time,
            client: folded(c.addresses.client),
            link: c.side(Side::Client).link_source,
            port: c.ports.server,
            version: c.ip_version,
        }
    }
}

/// The cell of a time.
pub(super) fn cell(time: i64) -> i64 {
    time.div_euclid(CELL)
}

/// Both halves of an address in one.
pub(super) fn folded(address: Address) -> u64 {
    let half = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or(0);
    half(address.0) ^ half(address.0 >> 64).rotate_left(32)
}
