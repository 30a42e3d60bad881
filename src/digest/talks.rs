//! Who talks with whom, found by addresses and ports.

use super::forms::Who;
use super::model::{Ends, Talk};

/// All pairs of ends of a block, in the order in which they came, and where each is.
#[derive(Debug)]
pub(super) struct Talks {
    list: Vec<Talk>,
    /// Places in the list by hash, each with its hash: a power of two of them, at most half of them
    /// taken.
    table: Vec<(u32, u32)>,
    /// Where that of the segment before is, and whether its ends were turned round.
    last: (usize, bool),
}

/// Nothing is there.
const FREE: u32 = u32::MAX;
/// How many places there are at first.
const LEAST: usize = 256;

impl Talks {
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), table: vec![(FREE, 0); LEAST], last: (0, false) }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// One of them.
    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Talk> {
        self.list.get_mut(at)
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.table.clear();
        self.table.resize(LEAST, (FREE, 0));
    }

    /// Where the talk of these ends is, whether they are turned round in it, and how that is told.
    /// The hash is the same for both directions.
    #[inline]
    pub(super) fn find(&mut self, hash: u32, ends: &Ends) -> (usize, bool, Who) {
        let (last, turned) = self.last;
        if let Some(talk) = self.list.get(last) {
            if talk.ends == *ends {
                self.last.1 = false;
                return (last, false, if turned { Who::Peer } else { Who::Same });
            }
            if talk.ends.is_turned(ends) {
                self.last.1 = true;
                return (last, true, if turned { Who::Same } else { Who::Peer });
            }
        }
        let mask = self.table.len() - 1;
        let mut place = hash as usize & mask;
        while let Some(&(at, known)) = self.table.get(place)
            && at != FREE
        {
            if known == hash
                && let Some(talk) = self.list.get(at as usize)
            {
                let is_turned = talk.ends.is_turned(ends);
                if is_turned || talk.ends == *ends {
                    // Of a segment to itself both are so.
                    self.last = (at as usize, is_turned && talk.ends != *ends);
                    return (at as usize, self.last.1, Who::Other);
                }
            }
            place = (place + 1) & mask;
        }
        let at = self.list.len();
        self.list.push(Talk { ends: *ends, ..Talk::default() });
        if let Some(free) = self.table.get_mut(place) {
            *free = (u32::try_from(at).unwrap_or(FREE), hash);
        }
        if 2 * self.list.len() > self.table.len() {
            self.grow();
        }
        self.last = (at, false);
        (at, false, Who::New)
    }

    #[cold]
    fn grow(&mut self) {
        let size = 2 * self.table.len();
        let known = std::mem::replace(&mut self.table, vec![(FREE, 0); size]);
        for (at, hash) in known.into_iter().filter(|&(at, _)| at != FREE) {
            let mut place = hash as usize & (size - 1);
            while self.table.get(place).is_some_and(|&(at, _)| at != FREE) {
                place = (place + 1) & (size - 1);
            }
            if let Some(free) = self.table.get_mut(place) {
                *free = (at, hash);
            }
        }
    }
}
