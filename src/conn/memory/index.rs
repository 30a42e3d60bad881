//! Where the connections of a tuple are, by its hash.

use crate::conn::primitives::bits::{high, low};

/// A table with open addressing. An entry holds a hash in its upper half and a place plus one in
/// the lower; 0 is empty.
#[derive(Debug, Default)]
pub(crate) struct Index {
    entries: Vec<u64>,
    used: usize,
}

impl Index {
    /// Reads the entry where looking for a hash begins, ahead of its use.
    #[inline]
    pub(crate) fn touch(&self, hash: u32) -> u64 {
        self.entries.get(self.begin(hash)).copied().unwrap_or(0)
    }

    /// The first place with this hash.
    #[inline]
    pub(crate) fn first(&self, hash: u32) -> Option<u32> {
        self.next(hash, &mut self.begin(hash))
    }

    /// Where to look for a hash first.
    #[inline]
    pub(crate) fn begin(&self, hash: u32) -> usize {
        hash as usize & self.entries.len().wrapping_sub(1)
    }

    /// The next place with this hash, from `at` on, which is moved behind it.
    #[inline]
    pub(crate) fn next(&self, hash: u32, at: &mut usize) -> Option<u32> {
        let mask = self.entries.len().wrapping_sub(1);
        loop {
            let entry = *self.entries.get(*at)?;
            if entry == 0 {
                return None;
            }
            *at = (*at + 1) & mask;
            if high(entry) == hash {
                return Some(low(entry).wrapping_sub(1));
            }
        }
    }

    /// Makes `number` the first place of its tuple, instead of `old` when there is one.
    pub(crate) fn point(&mut self, hash: u32, old: Option<u32>, number: u32) {
        if let Some(old) = old {
            let at = self.position(hash, old);
            if let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) {
                *entry = pack(hash, number);
            }
            return;
        }
        if (self.used + 1) * 4 > self.entries.len() * 3 {
            self.grow();
        }
        self.enter(pack(hash, number));
        self.used += 1;
    }

    /// Takes a tuple's entry out.
    #[expect(clippy::indexing_slicing, reason = "every place is masked by the length of the table")]
    pub(crate) fn forget(&mut self, hash: u32, number: u32) {
        let Some(mut gap) = self.position(hash, number) else { return };
        let mask = self.entries.len() - 1;
        let mut at = gap;
        loop {
            at = (at + 1) & mask;
            let entry = self.entries[at];
            if entry == 0 {
                break;
            }
            let home = (entry >> 32) as usize & mask;
            if (at.wrapping_sub(home) & mask) >= (at.wrapping_sub(gap) & mask) {
                self.entries[gap] = entry;
                gap = at;
            }
        }
        self.entries[gap] = 0;
        self.used -= 1;
    }

    fn position(&self, hash: u32, number: u32) -> Option<usize> {
        let mask = self.entries.len().checked_sub(1)?;
        let wanted = pack(hash, number);
        let mut at = hash as usize & mask;
        loop {
            match *self.entries.get(at)? {
                0 => return None,
                entry if entry == wanted => return Some(at),
                _ => at = (at + 1) & mask,
            }
        }
    }

    fn grow(&mut self) {
        let size = (self.entries.len() * 2).max(1024);
        let old = std::mem::replace(&mut self.entries, vec![0; size]);
        for entry in old.into_iter().filter(|&entry| entry != 0) {
            self.enter(entry);
        }
    }

    /// Puts an entry where there is room for it.
    #[expect(clippy::indexing_slicing, reason = "every place is masked by the length of the table")]
    fn enter(&mut self, entry: u64) {
        let mask = self.entries.len() - 1;
        let mut at = self.begin(high(entry));
        while self.entries[at] != 0 {
            at = (at + 1) & mask;
        }
        self.entries[at] = entry;
    }
}

fn pack(hash: u32, number: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(number + 1)
}
