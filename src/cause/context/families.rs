//! Attempts that may be two sides of one race between address families, whose client has another
//! address in each.

use super::Map;
use crate::conn::{Connection, Ending, Side};
use crate::packet::Address;

/// Nanoseconds of one cell of time: the longest that a client waits before it tries the other
/// family (RFC 8305 section 8).
const CELL: i64 = 2_000_000_000;
/// Cells looked at before and after that of a time, at most.
const MAX_CELLS: i64 = 4;
/// Attempts remembered of each port in a cell: among more of them nobody knows which belong together.
const MAX_TOGETHER: usize = 16;

/// One attempt that may have been in a race.
#[derive(Clone, Copy, Debug)]
pub struct Racer {
    /// Connection.
    pub id: u64,
    /// Time of the SYN.
    pub start: i64,
    /// When it was won; `None` when it was dropped.
    pub completed: Option<i64>,
    client: Address,
    /// Hardware address of the client's segments, 0 where there is none.
    link: u64,
    version: u8,
}

/// Attempts by port of the service and time.
#[derive(Clone, Debug, Default)]
pub struct Families {
    cells: Map<(u16, i64), Vec<Racer>>,
}

impl Families {
    /// Remembers an attempt that was won or dropped.
    pub fn add(&mut self, c: &Connection) {
        let completed = c.handshake_time.get();
        if completed.is_none() && c.ending != Ending::HandshakeAbandoned {
            return;
        }
        self.put((c.ports[1], c.start.div_euclid(CELL)), Racer::of(c));
    }

    fn put(&mut self, cell: (u16, i64), racer: Racer) {
        let cell = self.cells.entry(cell).or_default();
        if cell.len() <= MAX_TOGETHER {
            cell.push(racer);
        }
    }

    /// Adds those of another one.
    pub fn merge(&mut self, other: Self) {
        for (cell, racers) in other.cells {
            racers.into_iter().for_each(|racer| self.put(cell, racer));
        }
    }

    /// The attempt of the other family that belongs to a dropped one, and whether the hardware
    /// address says so: of the same hardware where that has one address of each family, else the
    /// only one there is, when this is the only one that was dropped.
    pub fn sibling(&self, c: &Connection, from: i64, upto: i64) -> Option<(Racer, bool)> {
        let own = Racer::of(c);
        let here = c.start.div_euclid(CELL);
        let cells = upto.div_euclid(CELL).clamp(0, MAX_CELLS) + 1;
        let near: Vec<&Racer> = (here - cells..=here + cells)
            .filter_map(|cell| self.cells.get(&(c.ports[1], cell)))
            .flatten()
            .filter(|other| other.start.abs_diff(own.start) <= upto.unsigned_abs())
            .collect();
        let same_link = |other: &&&Racer| own.link != 0 && other.link == own.link;
        let one_host = near
            .iter()
            .filter(same_link)
            .all(|other| other.version != own.version || other.client == own.client);
        let winners = || {
            near.iter().filter(|other| {
                other.version != own.version
                    && other.completed.is_some()
                    && other.start.abs_diff(own.start) >= from.unsigned_abs()
            })
        };
        let mut linked = winners().filter(same_link);
        if let Some(first) = linked.next().filter(|_| one_host) {
            let same = linked.all(|other| other.client == first.client);
            return same.then_some((**first, true));
        }
        let apart = |other: &&&Racer| own.link != 0 && other.link != 0 && other.link != own.link;
        let crowded = near.len() > MAX_TOGETHER;
        let dropped = near.iter().any(|other| {
            other.id != own.id && other.version == own.version && other.client != own.client
        });
        let mut winners = winners().filter(|other| !apart(other));
        let only = winners.next().filter(|_| winners.next().is_none() && !crowded && !dropped)?;
        Some((**only, false))
    }
}

impl Racer {
    fn of(c: &Connection) -> Self {
        Self {
            id: c.id,
            start: c.start,
            completed: c.handshake_time.get(),
            client: c.addresses[0],
            link: c.side(Side::Client).link_source,
            version: c.ip_version,
        }
    }
}
