//! A slab: values in numbered places. They never move, and a place that is free is used again.

/// Things that are allocated at a time: large enough for the allocator to give their memory back to
/// the system at once, small enough for a small capture.
pub(crate) const CHUNK: usize = 1024;
/// Places at most.
const MOST: u32 = 1 << 31;

#[derive(Debug)]
pub(crate) struct Slab<T> {
    chunks: Vec<Vec<T>>,
    length: u32,
    vacant: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), length: 0, vacant: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// What is in a place.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        let number = number as usize;
        self.chunks.get(number / CHUNK)?.get(number % CHUNK)
    }

    /// The same, to change.
    #[inline]
    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let number = number as usize;
        self.chunks.get_mut(number / CHUNK)?.get_mut(number % CHUNK)
    }

    /// A place that is free, with what was left there.
    #[inline]
    pub(crate) fn vacant(&mut self) -> Option<u32> {
        self.vacant.pop()
    }

    /// Puts something in a place that was never used. `None` when all are taken.
    pub(crate) fn add(&mut self, value: T) -> Option<u32> {
        self.add_made(|| value)
    }

    /// The same for something large, which is made in its place.
    #[inline]
    pub(crate) fn add_made(&mut self, make: impl FnOnce() -> T) -> Option<u32> {
        let number = self.length;
        self.length = number.checked_add(1).filter(|&length| length < MOST)?;
        if (number as usize).is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        self.chunks.last_mut()?.push(make());
        Some(number)
    }

    /// Puts something in a free place, instead of what was left there, or in a new one.
    pub(crate) fn put(&mut self, value: T) -> Option<u32> {
        match self.vacant() {
            Some(number) => {
                *self.get_mut(number)? = value;
                Some(number)
            }
            None => self.add(value),
        }
    }

    /// Makes a place free.
    pub(crate) fn free(&mut self, number: u32) {
        self.vacant.push(number);
    }

    /// The same for several.
    pub(crate) fn free_all<'n>(&mut self, numbers: impl IntoIterator<Item = &'n u32>) {
        self.vacant.extend(numbers);
    }

    /// Places that were used, free ones too.
    pub(crate) fn len(&self) -> u32 {
        self.length
    }

    /// Places in use.
    pub(crate) fn used(&self) -> usize {
        self.length as usize - self.vacant.len()
    }

    /// Everything in order, what was left in free places too.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }

    /// Takes the chunk out that begins with this place, if it has so many places.
    pub(crate) fn take_chunk(&mut self, first: u32, length: usize) -> Option<Vec<T>> {
        let first = first as usize;
        let chunk = self.chunks.get_mut(first / CHUNK)?;
        let whole = first.is_multiple_of(CHUNK) && chunk.len() == length;
        whole.then(|| std::mem::take(chunk))
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Slab};

    #[test]
    fn places_are_used_again() {
        let mut places = Slab::default();
        let numbers: Vec<_> = (0..2 * CHUNK + 5).map(|n| places.add(n).unwrap()).collect();
        assert!(numbers.iter().all(|&n| places.get(n) == Some(&(n as usize))));
        places.free_all(&numbers[7..9]);
        assert_eq!((places.len() as usize, places.used()), (2 * CHUNK + 5, 2 * CHUNK + 3));
        assert_eq!((places.put(70), places.put(80)), (Some(8), Some(7)));
        assert_eq!((places.get(8), places.get(7)), (Some(&70), Some(&80)));
        assert_eq!(places.take_chunk(1, CHUNK), None);
        assert_eq!(places.take_chunk(0, 5), None);
        assert_eq!(places.take_chunk(0, CHUNK).unwrap()[8], 70);
        assert_eq!(places.take_chunk(u32::try_from(2 * CHUNK).unwrap(), 5).unwrap().len(), 5);
    }
}
