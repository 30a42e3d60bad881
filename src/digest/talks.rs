//! Who talks with whom, found by addresses and ports.

use super::columns::halves;
use super::model::{Ends, Talk};

/// All pairs of ends of a block, in the order in which they came, and where each is.
#[derive(Debug)]
pub(super) struct Talks {
    list: Vec<Talk>,
    /// Places in the list by hash, each with the upper half of its hash: a power of two of them,
    /// at most half of them taken.
    table: Vec<(u32, u32)>,
    seed: u64,
}

/// Nothing is there.
const FREE: u32 = u32::MAX;
/// How many places there are at first.
const LEAST: usize = 256;

impl Talks {
    pub(super) fn new(seed: u64) -> Self {
        Self { list: Vec::new(), table: vec![(FREE, 0); LEAST], seed }
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

    /// Where the talk of these ends is, whether they are turned round in it, and whether it is new.
    #[inline]
    pub(super) fn find(&mut self, ends: &Ends) -> (usize, bool, bool) {
        let turned = ends.turned();
        let hash = self.hash(ends, &turned);
        let mask = self.table.len() - 1;
        let tag = u32::try_from(hash >> 32).unwrap_or(0);
        let mut place = usize::try_from(hash & 0xffff_ffff).unwrap_or(0) & mask;
        while let Some(&(at, known)) = self.table.get(place)
            && at != FREE
        {
            if known == tag
                && let Some(talk) = self.list.get(at as usize)
            {
                if talk.ends == *ends {
                    return (at as usize, false, false);
                }
                if talk.ends == turned {
                    return (at as usize, true, false);
                }
            }
            place = (place + 1) & mask;
        }
        let at = self.list.len();
        self.list.push(Talk { ends: *ends, ..Talk::default() });
        if let Some(free) = self.table.get_mut(place) {
            *free = (u32::try_from(at).unwrap_or(FREE), tag);
        }
        if 2 * self.list.len() > self.table.len() {
            self.grow();
        }
        (at, false, true)
    }

    #[cold]
    fn grow(&mut self) {
        let size = 2 * self.table.len();
        self.table.clear();
        self.table.resize(size, (FREE, 0));
        for (at, talk) in self.list.iter().enumerate() {
            let hash = self.hash(&talk.ends, &talk.ends.turned());
            let mut place = usize::try_from(hash & 0xffff_ffff).unwrap_or(0) & (size - 1);
            while self.table.get(place).is_some_and(|&(at, _)| at != FREE) {
                place = (place + 1) & (size - 1);
            }
            if let Some(free) = self.table.get_mut(place) {
                *free = (u32::try_from(at).unwrap_or(FREE), u32::try_from(hash >> 32).unwrap_or(0));
            }
        }
    }

    /// The hash of ends, the same for both directions.
    #[inline]
    fn hash(&self, ends: &Ends, turned: &Ends) -> u64 {
        let key = |ends: &Ends| (ends.addresses[0].0, ends.ports[0]);
        let low = if key(ends) <= key(turned) { ends } else { turned };
        let mut hash = self.seed;
        for (address, port) in low.addresses.iter().zip(low.ports) {
            let [high, low] = halves(*address);
            hash = fold(hash ^ low, high ^ 0xa076_1d64_78bd_642f ^ u64::from(port) << 48);
        }
        fold(hash ^ u64::from(low.version), 0xe703_7ed1_a0b4_28db)
    }
}

/// Both halves of a product.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    u64::try_from((product >> 64) ^ (product & u128::from(u64::MAX))).unwrap_or(0)
}
