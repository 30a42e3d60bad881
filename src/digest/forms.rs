//! What of a packet has few values, as one number: most packets have one of some hundred forms, so
//! that a byte tells who sends, which bits are set, and what is as expected.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Who sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Who {
    /// Nobody that a talk is kept of: it is an ICMP error.
    #[default]
    Icmp,
    /// Whoever sent the segment before.
    Same,
    /// Its peer.
    Peer,
    /// Another one, told in a column.
    Other,
    /// Somebody new.
    New,
}

impl Who {
    fn of(octet: u8) -> Option<Self> {
        [Self::Icmp, Self::Same, Self::Peer, Self::Other, Self::New]
            .get(usize::from(octet))
            .copied()
    }
}

/// The form of a packet; of an ICMP error all is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    pub who: Who,
    /// The two control bytes, see [`super::model`].
    pub one: u8,
    pub two: u8,
    /// The lower eight control bits.
    pub flags: u8,
    /// What is known of the payload, see [`super::facts`].
    pub facts: u8,
}

/// Octets of a form.
pub(super) const WIDTH: usize = 5;

impl Form {
    pub(super) fn octets(self) -> [u8; WIDTH] {
        [self.who as u8, self.one, self.two, self.flags, self.facts]
    }

    /// The form of these octets.
    pub(super) fn read([who, one, two, flags, facts]: [u8; WIDTH]) -> Option<Self> {
        Some(Self { who: Who::of(who)?, one, two, flags, facts })
    }
}

/// The forms of a block, by the order in which they came.
#[derive(Debug)]
pub(super) struct Forms {
    known: HashMap<u64, u32, RandomState>,
    /// Those that came last, with their numbers, each in the place that its octets say.
    recent: Vec<(u64, u32)>,
}

/// Places for those that came last: a power of two.
const RECENT: usize = 1 << 10;
/// No form: they have five octets.
const NONE: u64 = u64::MAX;

impl Default for Forms {
    fn default() -> Self {
        Self { known: HashMap::default(), recent: vec![(NONE, 0); RECENT] }
    }
}

impl Forms {
    /// The number of a form; one that is new is appended.
    #[inline]
    pub(super) fn find(&mut self, new: &mut Vec<u8>, form: Form) -> u32 {
        let [who, one, two, flags, facts] = form.octets();
        let word = u64::from_le_bytes([one, two, flags, facts, who, 0, 0, 0]);
        let hash = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - RECENT.ilog2());
        match self.recent.get_mut(usize::try_from(hash).unwrap_or(0)) {
            Some(&mut (known, number)) if known == word => number,
            Some(place) => {
                let next = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
                let number = *self.known.entry(word).or_insert(next);
                if number == next {
                    new.extend_from_slice(&form.octets());
                }
                *place = (word, number);
                number
            }
            None => 0,
        }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.recent.fill((NONE, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told_once_and_numbered_in_their_order() {
        let (mut forms, mut new) = (Forms::default(), Vec::new());
        let all = (0..=255).flat_map(|one| {
            [0, 77].map(|facts| Form { who: Who::New, one, two: !one, flags: 2, facts })
        });
        let all: Vec<Form> = all.collect();
        for _ in 0..2 {
            for (at, form) in (0..).zip(&all) {
                assert_eq!(forms.find(&mut new, *form), at);
            }
        }
        let (told, rest) = new.as_chunks::<WIDTH>();
        assert!(rest.is_empty());
        assert_eq!(
            told.iter().map(|octets| Form::read(*octets)).collect::<Vec<_>>(),
            all.iter().map(|form| Some(*form)).collect::<Vec<_>>()
        );
        assert_eq!(Form::read([5, 0, 0, 0, 0]), None);
        forms.clear();
        assert_eq!(forms.find(&mut new, all[9]), 0);
    }
}
