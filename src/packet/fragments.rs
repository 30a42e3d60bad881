//! IP fragments put together again (RFC 791, RFC 8200), within bounds.
//!
//! The parsing crate's pool is not used: it grows without limit and shows memory that was never
//! written. Here the number of open datagrams and the size of each are capped, and a fragment
//! that the snap length cut still counts with its length on the wire.

use std::collections::{BTreeSet, HashMap};

use super::segment::{Address, PathId};
use super::walk::{Fragment, Ip};

/// An IP payload cannot be longer.
const MAX_LENGTH: usize = 65_535;
/// Holes that one datagram may have at a time; more is an attack.
const MAX_RANGES: usize = 64;
/// Packets of one datagram that are noted: more, of eight bytes each, it cannot have without overlap.
const MAX_NOTED: usize = MAX_LENGTH / 8 + 1;
/// Nanoseconds of capture time for which a datagram waits for its other fragments.
const TIMEOUT: i64 = 30_000_000_000;

/// What makes fragments parts of one datagram. Not the interface: a rotated capture has the same
/// one again in its next file, and of copies seen at two the second stays a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    id: u32,
    source: Address,
    destination: Address,
    protocol: u8,
    path: PathId,
}

/// An IP datagram of which fragments are missing, on its way to another decoder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Identification field.
    pub id: u32,
    /// Source address.
    pub source: Address,
    /// Destination address.
    pub destination: Address,
    /// What its IP header says comes next, 0 in IPv6.
    pub protocol: u8,
    /// VLANs and tunnels around it.
    pub path: PathId,
    /// Nanoseconds since the epoch.
    pub first_seen: i64,
    /// Its bytes as far as they are there.
    pub octets: Vec<u8>,
    /// Which bytes of the wire were seen, and which of them were captured.
    pub ranges: [Vec<(usize, usize)>; 2],
    /// Its length, where that is known.
    pub end: Option<usize>,
}

impl Unfinished {
    /// Whether it could have come about.
    fn is_sound(&self) -> bool {
        let apart = |ranges: &[(usize, usize)]| {
            let ordered = ranges.iter().all(|&(start, end)| start < end && end <= MAX_LENGTH);
            ordered && ranges.windows(2).all(|pair| matches!(pair, [a, b] if a.1 < b.0))
        };
        let [seen, held] = &self.ranges;
        let few = seen.len().max(held.len()) <= MAX_RANGES;
        let reach = seen.last().map_or(0, |&(_, end)| end);
        let held_reach = held.last().map_or(0, |&(_, end)| end);
        few && apart(seen)
            && apart(held)
            && self.octets.len() == held_reach
            && held_reach <= reach
            && self.end.is_none_or(|end| (reach..=MAX_LENGTH).contains(&end))
    }
}

#[derive(Debug)]
struct Datagram {
    first_seen: i64,
    octets: Vec<u8>,
    /// Bytes of the wire that have been seen, sorted and apart.
    seen: Vec<(usize, usize)>,
    /// The same for what was captured of them.
    held: Vec<(usize, usize)>,
    end: Option<usize>,
    /// Packets that its fragments were in, where they are noted.
    packets: Vec<u64>,
}

/// A datagram put together.
#[derive(Debug)]
pub(super) struct Whole {
    /// What its IP header says comes next.
    pub protocol: u8,
    /// Its bytes, as far as they were captured without a hole.
    pub octets: Vec<u8>,
    /// Its length on the wire.
    pub wire: usize,
}

/// What came of adding a fragment.
#[derive(Debug)]
pub(super) enum Added {
    /// Others are still to come.
    Waiting,
    /// It was the last one missing.
    Complete(Whole),
    /// It contradicts the others, or reaches beyond the longest datagram.
    Bad,
}

/// Datagrams of which a part is still missing.
#[derive(Debug)]
pub(super) struct Fragments {
    open: HashMap<Key, Datagram, foldhash::fast::RandomState>,
    /// The same by when they were first seen: of lone fragments each comes to this. Of those that
    /// came at once the key decides, so that the choice does not hang on the table's order.
    ages: BTreeSet<(i64, Key)>,
    limit: usize,
    /// Datagrams given up to make room for newer ones, since last asked.
    pub evicted: u64,
    /// Datagrams given up because their time was over, since last asked.
    pub expired: u64,
    /// Earlier packets that the latest frame completed something of, where they are noted.
    noted: Option<Vec<u64>>,
}

impl Fragments {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            open: HashMap::default(),
            ages: BTreeSet::new(),
            limit: limit.max(1),
            evicted: 0,
            expired: 0,
            noted: None,
        }
    }

    /// Notes from now on which packets a datagram came in.
    pub(super) fn note(&mut self) {
        self.noted = Some(Vec::new());
    }

    /// Packets of what the latest frame completed, its own left out.
    pub(super) fn take_noted(&mut self) -> Vec<u64> {
        self.noted.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Those that wait, the oldest first.
    pub(super) fn unfinished(&self) -> Vec<Unfinished> {
        let known = self.ages.iter().filter_map(|(_, key)| Some((key, self.open.get(key)?)));
        let unfinished = known.map(|(key, datagram)| {
            let Key { id, source, destination, protocol, path } = *key;
            let Datagram { first_seen, octets, seen, held, end, packets: _ } = datagram;
            let (octets, ranges) = (octets.clone(), [seen.clone(), held.clone()]);
            let (first_seen, end) = (*first_seen, *end);
            Unfinished { id, source, destination, protocol, path, first_seen, octets, ranges, end }
        });
        unfinished.collect()
    }

    /// Goes on with those that waited elsewhere; false where these are none.
    pub(super) fn go_on(&mut self, waiting: Vec<Unfinished>) -> bool {
        for one in waiting {
            if !one.is_sound() || self.open.len() >= self.limit {
                return false;
            }
            let Unfinished { id, source, destination, protocol, path, .. } = one;
            let key = Key { id, source, destination, protocol, path };
            let Unfinished { first_seen, octets, ranges: [seen, held], end, .. } = one;
            let datagram = Datagram { first_seen, octets, seen, held, end, packets: Vec::new() };
            self.ages.insert((first_seen, key));
            if self.open.insert(key, datagram).is_some() {
                return false;
            }
        }
        true
    }

    /// Adds a fragment.
    pub(super) fn add(
        &mut self,
        ip: &Ip,
        path: PathId,
        (packet, time): (u64, i64),
        fragment: &Fragment<'_>,
    ) -> Added {
        let key = Key {
            source: ip.source,
            destination: ip.destination,
            id: fragment.id,
            // In IPv6 only the first fragment's next header counts (RFC 8200 section 4.5).
            protocol: if ip.version == 4 { fragment.protocol } else { 0 },
            path,
        };
        let old = |datagram: &Datagram| time.saturating_sub(datagram.first_seen) > TIMEOUT;
        if self.open.get(&key).is_some_and(old) {
            self.forget(&key);
            self.expired += 1;
        }
        if !self.open.contains_key(&key) {
            if self.open.len() >= self.limit {
                self.make_room(time);
            }
            self.ages.insert((time, key));
        }
        let datagram = self.open.entry(key).or_insert_with(|| Datagram::new(time));
        if !datagram.add(fragment) {
            return Added::Bad;
        }
        let complete = datagram.is_complete();
        if let Some(noted) = &mut self.noted {
            // What is noted already carried this fragment: it was in fragments itself.
            datagram.packets.append(noted);
            if complete {
                noted.append(&mut datagram.packets);
            } else {
                datagram.packets.push(packet);
                datagram.packets.truncate(MAX_NOTED);
            }
        }
        if !complete {
            return Added::Waiting;
        }
        match self.forget(&key) {
            Some(datagram) => Added::Complete(datagram.take(fragment.protocol)),
            None => Added::Bad,
        }
    }

    /// Takes a datagram out.
    fn forget(&mut self, key: &Key) -> Option<Datagram> {
        let datagram = self.open.remove(key)?;
        self.ages.remove(&(datagram.first_seen, *key));
        Some(datagram)
    }

    /// Drops what waited too long, or else the datagram that waited longest.
    fn make_room(&mut self, time: i64) {
        let old = |first_seen: i64| time.saturating_sub(first_seen) > TIMEOUT;
        let before = self.expired;
        while let Some(&(first_seen, key)) = self.ages.first() {
            let is_old = old(first_seen);
            if !is_old && self.expired > before {
                return;
            }
            self.forget(&key);
            if !is_old {
                self.evicted += 1;
                return;
            }
            self.expired += 1;
        }
    }
}

impl Datagram {
    fn new(first_seen: i64) -> Self {
        let (octets, seen, held, packets) = Default::default();
        Self { first_seen, octets, seen, held, end: None, packets }
    }

    fn add(&mut self, fragment: &Fragment<'_>) -> bool {
        let start = usize::try_from(fragment.offset).unwrap_or(usize::MAX);
        let (Some(end), Some(held)) =
            (start.checked_add(fragment.part.wire), start.checked_add(fragment.part.bytes.len()))
        else {
            return false;
        };
        let aligned = !fragment.more || fragment.part.wire.is_multiple_of(8);
        let reach = self.seen.last().map_or(0, |&(_, end)| end);
        let fits = match self.end {
            Some(known) => end <= known && (fragment.more || end == known),
            None => fragment.more || end >= reach,
        };
        if end > MAX_LENGTH || !aligned || !fits || start == end {
            return false;
        }
        if !insert(&mut self.seen, (start, end)) || !insert(&mut self.held, (start, held)) {
            return false;
        }
        if self.octets.len() < held {
            self.octets.resize(held, 0);
        }
        if let Some(place) = self.octets.get_mut(start..held) {
            place.copy_from_slice(fragment.part.bytes);
        }
        if !fragment.more {
            self.end = Some(end);
        }
        true
    }

    fn is_complete(&self) -> bool {
        self.end.is_some_and(|end| *self.seen == [(0, end)])
    }

    fn take(mut self, protocol: u8) -> Whole {
        let held = match self.held.first() {
            Some(&(0, end)) => end,
            _ => 0,
        };
        self.octets.truncate(held);
        Whole { protocol, octets: self.octets, wire: self.end.unwrap_or(held) }
    }
}

/// Adds a range to sorted ranges and melts what touches; `false` when there are too many.
fn insert(ranges: &mut Vec<(usize, usize)>, (start, end): (usize, usize)) -> bool {
    if start == end {
        return true;
    }
    let from = ranges.partition_point(|&(_, e)| e < start);
    let to = ranges.partition_point(|&(s, _)| s <= end);
    let melted = ranges
        .get(from..to)
        .unwrap_or_default()
        .iter()
        .fold((start, end), |(a, b), &(s, e)| (a.min(s), b.max(e)));
    if from == to && ranges.len() >= MAX_RANGES {
        return false;
    }
    ranges.splice(from..to, [melted]);
    true
}
