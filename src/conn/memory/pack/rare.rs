//! What most connections do not have, kept as it is.

use crate::conn::compat::zeek::history::More;
use crate::conn::facts::connection::Connection;
use crate::conn::facts::reset::Reason;
use crate::conn::facts::teardown::Teardown;
use crate::conn::primitives::ranges::Ranges;
use crate::conn::primitives::words::BySide;

/// Facts that hang on a connection on the heap, its rows of FINs and RSTs left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rare {
    ranges: BySide<Option<Box<Ranges>>>,
    below: BySide<Option<Box<Ranges>>>,
    letters: Option<Box<More>>,
    /// By row of the FINs and RSTs.
    reasons: Vec<(usize, Box<Reason>)>,
}

impl Rare {
    /// Takes them out of a connection; `None` where there are none.
    pub(crate) fn take(c: &mut Connection) -> Option<Self> {
        let letters = c.zeek.take_letters();
        let ranges = BySide::of(|side| c.endpoints[side].ranges.take());
        let below = BySide::of(|side| c.endpoints[side].below.take());
        let mut reasons = Vec::new();
        for (row, teardown) in c.teardowns.iter_mut().enumerate() {
            let reason = teardown.reset_mut().and_then(|reset| reset.reason.take());
            reasons.extend(reason.map(|reason| (row, reason)));
        }
        let no_ranges = ranges.iter().chain(&below).all(Option::is_none);
        let none = letters.is_none() && no_ranges && reasons.is_empty();
        (!none).then_some(Self { ranges, below, letters, reasons })
    }

    /// Puts them back, in place of others.
    pub(crate) fn put(self, c: &mut Connection) {
        let both = self.ranges.into_iter().zip(self.below);
        for (endpoint, (ranges, below)) in c.endpoints.iter_mut().zip(both) {
            (endpoint.ranges, endpoint.below) = (ranges, below);
        }
        c.zeek.put_letters(self.letters);
        for (row, reason) in self.reasons {
            if let Some(reset) = c.teardowns.get_mut(row).and_then(Teardown::reset_mut) {
                reset.reason = Some(reason);
            }
        }
    }

    /// Bytes that they take.
    pub(crate) fn bytes(&self) -> usize {
        let all = self.ranges.iter().chain(&self.below).flatten();
        let ranges = all.map(|ranges| ranges.bytes()).sum::<usize>();
        size_of::<Self>()
            + ranges
            + self.letters.as_deref().map_or(0, size_of_val)
            + self.reasons.capacity() * (size_of::<(usize, Box<Reason>)>() + size_of::<Reason>())
    }
}
