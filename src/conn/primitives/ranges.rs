//! Which bytes of one side's sequence space were seen, as ranges and never as payload.

/// Ranges kept above the first gap of one side; further ones are folded into their neighbour.
pub(crate) const MAX_RANGES: usize = 256;

/// Bytes seen beyond the first gap: sorted, disjoint, not touching.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ranges {
    list: Vec<(u64, u64)>,
    /// How often two ranges were folded into one because [`MAX_RANGES`] was reached; the bytes
    /// between them then count as seen.
    pub folded: u64,
}

/// What one stretch of bytes turned out to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Bytes not seen before.
    pub fresh: u64,
    /// The first gap now starts here: everything before it was seen.
    pub contiguous: u64,
}

impl Ranges {
    /// Adds `[start, end)` where everything below `contiguous` is known to be seen.
    pub fn add(&mut self, contiguous: u64, start: u64, end: u64) -> Added {
        let start = start.max(contiguous);
        if end <= start {
            return Added { fresh: 0, contiguous };
        }
        if start == contiguous && self.list.is_empty() {
            return Added { fresh: end - start, contiguous: end };
        }
        let first = self.list.partition_point(|&(_, e)| e < start);
        let (mut last, mut known, mut merged) = (first, 0, (start, end));
        for &(s, e) in self.list.iter().skip(first).take_while(|(s, _)| *s <= end) {
            last += 1;
            known += e.min(end).saturating_sub(s.max(start));
            merged = (merged.0.min(s), merged.1.max(e));
        }
        self.list.splice(first..last, [merged]);
        let mut contiguous = contiguous;
        if let Some(&(s, e)) = self.list.first()
            && s <= contiguous
        {
            contiguous = e;
            self.list.remove(0);
        }
        self.fold();
        Added { fresh: (end - start) - known, contiguous }
    }

    /// The ranges, to read and write them.
    pub fn list_mut(&mut self) -> &mut Vec<(u64, u64)> {
        &mut self.list
    }

    /// Whether they are as [`Ranges::add`] leaves them, and no position or count is larger.
    pub fn is_sound(&self, largest: u64) -> bool {
        let mut before = None;
        self.folded <= largest
            && self.list.len() <= MAX_RANGES
            && self.list.iter().all(|&(start, end)| {
                let apart = before.replace(end).is_none_or(|before| before < start);
                apart && start < end && end <= largest
            })
    }

    /// How many gaps are open, given that there is data above the first.
    pub fn gaps(&self) -> usize {
        self.list.len()
    }

    /// Whether one range has all bytes from one position to another.
    pub fn hold(&self, from: u64, to: u64) -> bool {
        let at = self.list.partition_point(|&(_, e)| e <= from);
        self.list.get(at).is_some_and(|&(s, e)| s <= from && to <= e)
    }

    /// Bytes seen beyond the first gap.
    pub fn octets(&self) -> u64 {
        self.octets_below(u64::MAX)
    }

    /// The same below a position.
    pub fn octets_below(&self, position: u64) -> u64 {
        let within = |&(s, e): &(u64, u64)| e.min(position).saturating_sub(s);
        self.list.iter().map(within).sum()
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.list.capacity() * size_of::<(u64, u64)>()
    }

    /// Folds the two closest ranges once there are too many.
    fn fold(&mut self) {
        if self.list.len() <= MAX_RANGES {
            return;
        }
        let pairs = self.list.iter().zip(self.list.iter().skip(1)).enumerate();
        let closest = pairs.min_by_key(|(_, (before, after))| after.0 - before.1);
        if let Some(index) = closest.map(|(index, _)| index) {
            let (_, end) = self.list.remove(index + 1);
            if let Some(range) = self.list.get_mut(index) {
                range.1 = end;
            }
            self.folded += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_RANGES, Ranges};
    use proptest::prelude::*;

    #[test]
    fn the_two_closest_ranges_are_folded_when_there_are_too_many() {
        let mut ranges = Ranges::default();
        // All ten bytes apart, but for one pair.
        for n in 0..=256 {
            let start = 100 + 20 * n - if n == 7 { 5 } else { 0 };
            ranges.add(1, start, start + 10);
        }
        assert_eq!((ranges.gaps(), ranges.folded), (256, 1));
        assert_eq!(ranges.list[5..8], [(200, 210), (220, 245), (260, 270)]);
        let one = Ranges::default().bytes();
        assert!(ranges.bytes() >= one + MAX_RANGES * 16);
    }

    #[test]
    fn in_order_data_keeps_no_range() {
        let mut ranges = Ranges::default();
        let added = ranges.add(1, 1, 101);
        assert_eq!((added.fresh, added.contiguous), (100, 101));
        assert_eq!(ranges.gaps(), 0);
    }

    #[test]
    fn a_filled_gap_joins_what_lies_above() {
        let mut ranges = Ranges::default();
        assert_eq!(ranges.add(1, 11, 21).contiguous, 1);
        assert_eq!(ranges.gaps(), 1);
        let added = ranges.add(1, 1, 11);
        assert_eq!((added.fresh, added.contiguous), (10, 21));
        assert_eq!(ranges.gaps(), 0);
    }

    #[test]
    fn the_number_of_ranges_is_bounded() {
        let mut ranges = Ranges::default();
        for n in (1..2000_u64).rev() {
            ranges.add(0, n * 10, n * 10 + 1);
        }
        assert_eq!(ranges.gaps(), MAX_RANGES);
        assert_eq!(ranges.folded, 1999 - MAX_RANGES as u64);
    }

    proptest! {
        #[test]
        fn agrees_with_a_set_of_octets(pieces in prop::collection::vec((0_u64..200, 1_u64..30), 1..60)) {
            let mut ranges = Ranges::default();
            let mut contiguous = 0;
            let mut seen = std::collections::BTreeSet::new();
            for (start, length) in pieces {
                let before = seen.len();
                seen.extend(start..start + length);
                let added = ranges.add(contiguous, start, start + length);
                contiguous = added.contiguous;
                prop_assert_eq!(added.fresh, (seen.len() - before) as u64);
                let expected = (0..300).find(|n| !seen.contains(n)).unwrap_or(0);
                prop_assert_eq!(contiguous, expected);
                prop_assert!(ranges.is_sound(230));
            }
        }
    }
}
