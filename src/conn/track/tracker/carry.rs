//! From one reading to the next: connections that are still followed at the end of one go on in
//! another.

use super::{MAX_SIBLINGS, Tracker};
use crate::conn::facts::connection::Connection;
use crate::conn::facts::tuple::tuple_of;
use crate::conn::follow::ending;
use crate::conn::memory::limits::{Due, Last};
use crate::conn::memory::store::NONE;
use crate::conn::memory::stored::Followed;
use crate::conn::primitives::bits::low;
use crate::conn::track::seed::Seed;
use crate::packet::PathId;

/// Connections that were still followed at the end, in order, as bytes.
#[derive(Clone, Debug, Default)]
pub struct Remaining {
    octets: Vec<u8>,
    /// Number and first packet of each, and where it begins.
    heads: Vec<(u64, u64, usize)>,
}

impl Remaining {
    /// How many.
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    /// Number and first packet of each.
    pub(in crate::conn) fn heads(&self) -> impl Iterator<Item = (u64, u64)> + use<'_> {
        self.heads.iter().map(|&(id, first, _)| (id, first))
    }

    /// Adds one as it lies in another, with the number that it has over all.
    pub(in crate::conn) fn add(&mut self, id: u64, other: &Self, at: usize) {
        let Some(&(_, first, _)) = other.heads.get(at) else { return };
        self.heads.push((id, first, self.octets.len()));
        self.octets.extend_from_slice(other.form(at));
    }

    fn form(&self, at: usize) -> &[u8] {
        let start = self.heads.get(at).map_or(self.octets.len(), |head| head.2);
        let end = self.heads.get(at + 1).map_or(self.octets.len(), |head| head.2);
        self.octets.get(start..end).unwrap_or_default()
    }

    /// The number of each and its bytes, for [`load_followed`](crate::conn::load_followed).
    pub fn all(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.heads.iter().enumerate().map(|(at, &(id, ..))| (id, self.form(at)))
    }
}

impl Followed {
    /// The same with its number, where it could have come about among so many packets, connections
    /// and paths.
    pub fn numbered(mut self, id: u64, [packets, connections, paths]: [u64; 3]) -> Option<Self> {
        let c = &mut self.connection;
        c.id = id;
        let known = |path: &Option<PathId>| path.is_none_or(|path| u64::from(path.0) < paths);
        let sound = id < connections
            && (1..=packets).contains(&c.first_packet)
            && (c.first_packet..=packets).contains(&c.last_packet)
            && c.paths.iter().all(known);
        sound.then_some(self)
    }

    /// What it would be, were the capture to end now.
    pub fn so_far(mut self, id: u64, now: i64) -> Connection {
        self.connection.id = id;
        ending::decide_so_far(&mut self.connection, now);
        self.connection
    }

    /// The hash of its tuple.
    pub fn hash(&self, seed: Seed) -> u32 {
        seed.hash_of(&tuple_of(&self.connection))
    }
}

impl Tracker {
    /// Leaves what is still followed at the end to another reading, instead of letting it go.
    pub fn leave_followed(&mut self) {
        self.left = Some(Remaining::default());
    }

    /// What was left, once it was closed.
    pub(in crate::conn) fn take_left(&mut self) -> Remaining {
        self.left.take().unwrap_or_default()
    }

    /// The capture goes on at this time, when so many connections have begun before.
    pub fn go_on(&mut self, now: i64, connections: u64) {
        (self.now, self.first_id) = (now, connections);
    }

    /// Goes on with a connection, which is younger than those before; false where there are too many
    /// of its addresses and ports.
    pub fn carry_on(&mut self, followed: Followed) -> bool {
        let (c, last) = (&followed.connection, followed.heard);
        let hash = followed.hash(self.seed);
        let (tuple, id, packet, due) = (tuple_of(c), c.id, c.last_packet, Due::of(c));
        let head = self.store.find(&tuple, hash);
        if head.is_some_and(|head| self.siblings(head) >= MAX_SIBLINGS) {
            return false;
        }
        self.store.tidy(self.now, packet, &self.limits);
        let (scales, next) = (self.store.scales(), head.unwrap_or(NONE));
        let Some(number) = self.store.carry_in(followed, hash, next) else { return false };
        let weight = self.store.connection(number).map_or(0, |c| scales.weigh(c));
        self.store.weigh(0, weight);
        self.store.index_mut().point(hash, head, number);
        self.followed += 1;
        let deadline = self.limits.deadline(Last { at: last, due });
        self.wheel.add((number, low(id)), deadline, self.now);
        if self.limits.is_bounded() {
            self.candidates.enter(number, id);
        }
        true
    }

    /// Leaves what is still followed, if it is to be left. What is over by now is let go: no packet
    /// could change it, whatever comes.
    pub(super) fn leave(&mut self, now: i64) {
        let Some(mut left) = self.left.take() else { return };
        for number in self.store.places() {
            let Some(last) = self.store.last(number) else { continue };
            if now > self.limits.deadline(last) {
                self.let_go(number, last.due.release(), now);
                continue;
            }
            let start = left.octets.len();
            let Some(id) = self.store.slot(number).map(|slot| slot.id) else { continue };
            if let Some(first) = self.store.carry_out(number, &mut left.octets) {
                left.heads.push((id, first, start));
                self.followed -= 1;
            }
        }
        self.left = Some(left);
    }
}
