//! Room for packed connections while their connections are followed.

use super::SLACK;

/// Bytes of a block.
const BLOCK: usize = UNIT * UNITS as usize;
/// Places begin at multiples of this; what is free is kept by its length in these.
const UNIT: usize = 16;
const UNITS: u32 = 1 << 16;
/// Bytes of the longest packed form that is kept.
const LONGEST: usize = 8192;
/// Bytes before a packed form that tell its length.
const HEAD: usize = 2;

/// Packed connections, each in a place that does not move until it is taken back.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    blocks: Vec<Vec<u8>>,
    /// Packed connections in each block.
    used: Vec<u32>,
    /// Places that were taken back, by their length.
    free: Vec<Vec<u32>>,
    /// The first place that was never used.
    next: u32,
    /// Bytes in use.
    octets: usize,
}

impl Arena {
    /// Keeps a packed form; its place. `None` where it is too long or everything is full.
    pub(crate) fn keep(&mut self, form: &[u8]) -> Option<u32> {
        let length = form.len() + HEAD;
        if length > LONGEST {
            return None;
        }
        let place = self.find(length.div_ceil(UNIT))?;
        let (block, at) = split(place);
        let taken = self.blocks.get_mut(block)?.get_mut(at..at + length)?;
        let (head, rest) = taken.split_at_mut(HEAD);
        head.copy_from_slice(&u16::try_from(length).ok()?.to_le_bytes());
        rest.copy_from_slice(form);
        *self.used.get_mut(block)? += 1;
        self.octets += length.next_multiple_of(UNIT);
        Some(place)
    }

    fn find(&mut self, units: usize) -> Option<u32> {
        if let Some(place) = self.free.get_mut(units).and_then(Vec::pop) {
            return Some(place);
        }
        let units = u32::try_from(units).ok()?;
        if self.next % UNITS + units > UNITS {
            self.next = self.next.next_multiple_of(UNITS);
        }
        let place = self.next;
        if split(place).0 == self.blocks.len() {
            // Places are told from those of unpacked connections by their highest bit.
            if place > u32::MAX >> 1 {
                return None;
            }
            self.blocks.push(vec![0; BLOCK + SLACK]);
            self.used.push(0);
        }
        self.next = place + units;
        Some(place)
    }

    /// The packed form in a place, with what lies behind it.
    #[inline]
    pub(crate) fn packed(&self, place: u32) -> Option<&[u8]> {
        let (block, at) = split(place);
        self.blocks.get(block)?.get(at + HEAD..)
    }

    /// The packed form in a place alone.
    pub(crate) fn whole(&self, place: u32) -> Option<&[u8]> {
        let form = self.packed(place)?;
        form.get(..self.length(place)? - HEAD)
    }

    fn length(&self, place: u32) -> Option<usize> {
        let (block, at) = split(place);
        let head = self.blocks.get(block)?.get(at..)?.first_chunk()?;
        Some(usize::from(u16::from_le_bytes(*head)))
    }

    /// Takes a place back.
    pub(crate) fn free(&mut self, place: u32) {
        let Some(length) = self.length(place) else { return };
        let units = length.div_ceil(UNIT);
        if self.free.len() <= units {
            self.free.resize_with(units + 1, Vec::new);
        }
        let (block, _) = split(place);
        if let (Some(free), Some(used)) = (self.free.get_mut(units), self.used.get_mut(block)) {
            free.push(place);
            *used -= 1;
        }
        self.octets -= units * UNIT;
    }

    /// Takes a place back for good: nothing is kept any more, and a block that is empty is given
    /// back to the system.
    pub(crate) fn give_back(&mut self, place: u32) {
        let (block, _) = split(place);
        if let (Some(used), Some(block)) = (self.used.get_mut(block), self.blocks.get_mut(block)) {
            *used -= 1;
            if *used == 0 {
                *block = Vec::new();
            }
        }
    }

    /// Bytes that packed connections take.
    pub(crate) fn used(&self) -> usize {
        self.octets
    }

    /// Bytes of all blocks.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK
    }
}

/// The block of a place, and where it begins in it.
fn split(place: u32) -> (usize, usize) {
    ((place / UNITS) as usize, (place % UNITS) as usize * UNIT)
}

#[cfg(test)]
mod tests {
    use super::{Arena, BLOCK, LONGEST};

    #[test]
    fn keeps_forms_and_uses_places_again() {
        let mut arena = Arena::default();
        let form = |n: usize| vec![u8::try_from(n % 251).unwrap(); 20 + n % 900];
        let places: Vec<_> = (0..5000).map(|n| arena.keep(&form(n)).unwrap()).collect();
        let blocks = arena.bytes();
        assert!(blocks > BLOCK);
        for (n, &place) in places.iter().enumerate() {
            assert!(arena.packed(place).unwrap().starts_with(&form(n)));
        }
        for &place in &places {
            arena.free(place);
        }
        let again: Vec<_> = (0..5000).rev().map(|n| (n, arena.keep(&form(n)).unwrap())).collect();
        assert_eq!(arena.bytes(), blocks);
        for (n, place) in again {
            assert!(arena.packed(place).unwrap().starts_with(&form(n)));
            arena.give_back(place);
        }
        assert!(arena.blocks.iter().all(Vec::is_empty));
        assert_eq!(arena.keep(&vec![0; LONGEST]), None);
    }
}
