//! Segments that went past an address translator: they look like a connection of their own, which
//! the host that they came to resets, and their numbers are those of another one of its.

use super::merge::in_order;
use super::saved::{address, map, service};
use super::{Context, MAX_REMEMBERED, Map};
use crate::conn::{Connection, Form, Kind, Opening, Side};
use crate::digest::wire::{Bad, Coder};
use crate::packet::{Address, Seq};

/// The address and port of a host that has a connection or answers a stray segment.
type End = (Address, u16);

/// What is known of a connection whose beginning the capture does not show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loose {
    /// Connection.
    pub id: u64,
    /// Its other end.
    pub peer: Address,
    /// Its first packet.
    pub start: i64,
    /// The number before the first byte of this end.
    first: Seq,
    /// How many numbers of this end are known.
    span: u64,
}

impl Loose {
    fn of(c: &Connection, side: Side) -> Self {
        let own = c.side(side);
        Self {
            id: c.id,
            peer: c.addresses[side.peer()],
            start: c.start,
            first: own.base,
            span: own.max_end.max(own.acked),
        }
    }

    fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let Self { id, peer, start, first, span } = self;
        coder.number(id)?;
        address(coder, peer)?;
        coder.signed(start)?;
        coder.plain(&mut first.0)?;
        coder.number(span)
    }

    /// Whether a number lies among those of this end.
    fn has(&self, number: Seq) -> bool {
        u64::try_from(number.since(self.first)).is_ok_and(|ahead| ahead <= self.span)
    }
}

/// Connections that the capture does not show to begin: the first of each end.
#[derive(Clone, Debug, Default)]
pub(super) struct Bypasses {
    running: Map<End, Loose>,
    strays: Map<End, Loose>,
    /// How many of the strays came from one host to another, by both.
    probes: Map<(Address, Address), u32>,
}

impl Bypasses {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.running.len() + self.strays.len()
    }

    /// Adds one; false when there are enough.
    pub(super) fn add(&mut self, c: &Connection) -> bool {
        if c.opening != Opening::MidStream {
            return true;
        }
        let (map, side) = match resetter(c) {
            Some(side) => (&mut self.strays, side),
            None if c.two_sided() => (&mut self.running, Side::Client),
            None => return true,
        };
        let (known, end, loose) = (map.len(), end(c, side), Loose::of(c, side));
        let kept = put(map, end, loose);
        if map.len() > known && resetter(c).is_some() {
            self.count(end, loose);
        }
        kept
    }

    fn count(&mut self, end: End, loose: Loose) {
        *self.probes.entry((loose.peer, end.0)).or_default() += 1;
    }

    /// As bytes.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let Self { running, strays, probes: _ } = self;
        for all in [running, strays] {
            map(coder, all, service, |coder, loose| loose.code(coder))?;
            if all.len() > MAX_REMEMBERED {
                return Err(Bad("more is remembered than there is room for"));
            }
        }
        if C::READS {
            let all: Vec<_> = self.strays.iter().map(|(&end, &loose)| (end, loose)).collect();
            for (end, loose) in all {
                self.count(end, loose);
            }
        }
        Ok(())
    }

    /// Adds those of another, which come later; how many there was no room for.
    pub(super) fn merge(&mut self, other: Self) -> u64 {
        let Self { running, strays, probes: _ } = other;
        let mut forgotten = 0;
        for (end, loose) in in_order(running) {
            forgotten += u64::from(!put(&mut self.running, end, loose));
        }
        for (end, loose) in in_order(strays) {
            let known = self.strays.len();
            forgotten += u64::from(!put(&mut self.strays, end, loose));
            if self.strays.len() > known {
                self.count(end, loose);
            }
        }
        forgotten
    }
}

fn put(map: &mut Map<End, Loose>, end: End, loose: Loose) -> bool {
    let room = map.len() < MAX_REMEMBERED || map.contains_key(&end);
    if room {
        map.entry(end).or_insert(loose);
    }
    room
}

fn end(c: &Connection, side: Side) -> End {
    (c.addresses[side], c.ports[side])
}

/// The side that did nothing but reset what came to it.
pub(super) fn resetter(c: &Connection) -> Option<Side> {
    let reset =
        c.deciding().filter(|row| row.kind == Kind::Rst && row.form == Some(Form::Reply))?;
    let alone = c.opening == Opening::MidStream && c.side(reset.sender).alive == 0;
    alone.then_some(reset.sender)
}

impl Context {
    /// How many ports of a host reset what this side sent to them out of any connection.
    pub fn probes(&self, c: &Connection, by: Side) -> u32 {
        let pair = (c.addresses[by], c.addresses[by.peer()]);
        self.bypasses.probes.get(&pair).copied().unwrap_or_default()
    }

    /// The connection, with another address, to whose numbers those of a stray segment belong that
    /// its receiver reset.
    pub fn bypassed(&self, c: &Connection) -> Option<u64> {
        let side = resetter(c)?;
        let number = c.side(side).base;
        let peer = c.addresses[side.peer()];
        let key = end(c, side);
        let running = self.bypasses.running.get(&key);
        let running = running.filter(|other| other.peer != peer && other.has(number));
        running.map(|other| other.id).or_else(|| {
            let other = self.clients.get(&key.0)?.latest_before(key.1, number.0)?;
            let ahead = u64::from(number.since(Seq(other.isn)).unsigned_abs());
            (other.service.0 != peer && ahead <= other.bytes + 1).then_some(other.id)
        })
    }

    /// The stray segment that belonged to a connection, came from another address, and was reset
    /// before the connection ended.
    pub fn bypass_of(&self, c: &Connection) -> Option<&Loose> {
        if self.bypasses.strays.is_empty() {
            return None;
        }
        let stray = self.bypasses.strays.get(&end(c, Side::Client))?;
        let other = stray.peer != c.addresses.server && stray.id != c.id;
        let own = Loose::of(c, Side::Client).has(stray.first);
        (other && own && (c.start..=c.end).contains(&stray.start)).then_some(stray)
    }
}
