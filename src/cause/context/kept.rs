//! What is remembered up to a number, and put in order when it is asked for.

use std::sync::OnceLock;

use crate::digest::wire::{Bad, Coder};

/// The first `MOST` values that came.
#[derive(Clone, Debug)]
pub(super) struct Kept<T, const MOST: usize> {
    all: Vec<T>,
    /// The same, lowest first, until another one comes.
    sorted: OnceLock<Vec<T>>,
}

impl<T, const MOST: usize> Default for Kept<T, MOST> {
    fn default() -> Self {
        Self { all: Vec::new(), sorted: OnceLock::new() }
    }
}

impl<T: Copy + Ord, const MOST: usize> Kept<T, MOST> {
    /// Remembers one; false when there are enough.
    pub(super) fn add(&mut self, value: T) -> bool {
        let room = self.all.len() < MOST;
        if room {
            self.all.push(value);
            self.sorted.take();
        }
        room
    }

    /// Adds those of another one, as far as there is room here and for so many; how many.
    pub(super) fn merge(&mut self, other: &Self, room: usize) -> usize {
        let room = room.min(MOST.saturating_sub(self.all.len()));
        self.all.extend(other.all.iter().take(room));
        self.sorted.take();
        room.min(other.all.len())
    }

    /// All of them, as they came, as bytes.
    pub(super) fn code<C: Coder>(
        &mut self,
        coder: &mut C,
        each: impl FnMut(&mut C, &mut T) -> Result<(), Bad>,
    ) -> Result<(), Bad>
    where
        T: Default,
    {
        coder.list(&mut self.all, each)?;
        self.sorted.take();
        self.all.truncate(MOST);
        Ok(())
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// All of them, lowest first.
    pub(super) fn sorted(&self) -> &[T] {
        self.sorted.get_or_init(|| {
            let mut all = self.all.clone();
            all.sort_unstable();
            all
        })
    }
}
