//! Conversations of the causes mixed packet by packet on a few ports, VLANs and tunnels, with a
//! clock that jumps.
//!
//! The crate's own tests and those outside it include this file; what it works with comes from
//! whoever does.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::{IcmpError, Packet, PathId, RULES, Segment, Tracker, parse};

pub const SECOND: i64 = 1_000_000_000;

/// A packet of a script, at another place and time.
#[derive(Clone, Debug)]
pub struct Event {
    pub packet: Packet,
    pub number: u64,
    pub time: i64,
    pub port: u16,
    pub path: PathId,
}

pub enum Moved<'a> {
    Tcp(Segment<'a>),
    Icmp(IcmpError),
}

impl Event {
    /// The server's port stays; the client gets this one, whichever it had.
    pub fn moved(&self) -> Moved<'_> {
        let Self { number: packet, time, port, path, .. } = *self;
        let ports = |source: u16, to: u16| if source == 443 { (source, port) } else { (port, to) };
        match &self.packet {
            Packet::Tcp(owned) => {
                let segment = owned.segment();
                let (source_port, destination_port) =
                    ports(segment.source_port, segment.destination_port);
                Moved::Tcp(Segment { packet, time, path, source_port, destination_port, ..segment })
            }
            Packet::Icmp(error) => {
                let (source_port, destination_port) =
                    ports(error.source_port, error.destination_port);
                let moved = IcmpError { packet, time, path, ..*error };
                Moved::Icmp(IcmpError { source_port, destination_port, ..moved })
            }
        }
    }
}

/// Has a tracker take all of them.
pub fn follow(events: &[Event], tracker: &mut Tracker) {
    for event in events {
        match event.moved() {
            Moved::Tcp(segment) => {
                let hash = tracker.hash(&segment);
                tracker.take(&segment, hash);
            }
            Moved::Icmp(error) => {
                tracker.icmp(&error);
            }
        }
    }
}

/// What is mixed.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    pub conversations: usize,
    pub turns: usize,
    pub ports: u16,
    pub paths: u32,
    /// Conversations that go on in turns.
    pub at_once: usize,
    /// Seconds from one packet to the next, one of these.
    pub steps: &'static [i64],
    /// Whether a packet now and then takes another way.
    pub strays: bool,
}

impl Mix {
    pub fn events(self) -> impl Strategy<Value = Vec<Event>> {
        let scripts: Vec<&str> =
            RULES.iter().flat_map(|rule| rule.examples.iter().copied()).collect();
        let one = (select(scripts), 0..self.ports, 0..self.paths);
        let turn = (any::<Index>(), select(self.steps), 0_u32..12);
        let all = (
            prop::collection::vec(one, self.conversations),
            prop::collection::vec(turn, self.turns),
        );
        all.prop_map(move |(conversations, turns)| {
            let mut waiting: Vec<_> = conversations
                .into_iter()
                .map(|(script, port, path)| (parse(script).unwrap().into_iter(), port, path))
                .collect();
            let mut time = 1_700_000_000 * SECOND;
            let mut events = Vec::new();
            for (turn, step, stray) in turns {
                let index = turn.index(waiting.len().min(self.at_once));
                let (script, port, path) = &mut waiting[index];
                let Some(packet) = script.next() else {
                    waiting.remove(index);
                    if waiting.is_empty() {
                        break;
                    }
                    continue;
                };
                time += step * SECOND + 1_234_567;
                let strays = self.strays && stray == 0;
                let path = PathId(if strays { (*path + 1) % self.paths } else { *path });
                let (number, port) = (events.len() as u64 + 1, 50_000 + *port);
                events.push(Event { packet, number, time, port, path });
            }
            events
        })
    }
}
