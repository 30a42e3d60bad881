//! A reader taken apart: one for each file, for who reads several at once.

use super::{Reader, Slot, Waiting};
use crate::base::issue::Issues;
use crate::capture::options::ReadOptions;

impl Reader {
    /// Whether [`Reader::into_parts`] gives its files: there are several, and each can be opened
    /// when it is its turn, from here (not so a pipe, a stream, an object in a store).
    pub(crate) fn has_parts(&self) -> bool {
        let closed = |slot: &Slot| match &slot.waiting {
            Some(Waiting::Closed(source, _)) => source.object().is_none(),
            _ => false,
        };
        self.slots.len() > 1 && self.slots.iter().all(closed)
    }

    /// A reader for each file, in order, which reads it as this one would have; nothing may have
    /// been read. What is odd about the files together stays here.
    pub(crate) fn into_parts(mut self) -> (Vec<Self>, Issues) {
        let all = Some(self.slots.len());
        let options = ReadOptions { of: self.options.of.or(all), before: 0, ..self.options };
        let files = std::mem::take(&mut self.slots).into_iter().zip(self.summaries);
        let parts = files.zip(self.lineup).map(|((slot, summary), lineup)| Self {
            slots: vec![slot],
            summaries: vec![summary],
            lineup: vec![lineup],
            share: self.share,
            share_of_names: self.share_of_names,
            alone: self.alone,
            ..Self::bare(options.clone())
        });
        (parts.collect(), self.issues)
    }

    /// How many files the whole capture has, if these are a part of it.
    pub(crate) fn of(&self) -> Option<usize> {
        self.options.of
    }

    /// The same file, read from its beginning once more; only of a part that was not begun.
    pub(crate) fn again(&self) -> Option<Self> {
        let [Slot { waiting: Some(Waiting::Closed(source, stamp)), key, .. }] = &self.slots[..]
        else {
            return None;
        };
        let waiting = Waiting::Closed(source.copy()?, *stamp);
        let slot = Slot::new(waiting, *key);
        Some(Self {
            slots: vec![slot],
            summaries: self.summaries.clone(),
            lineup: self.lineup.clone(),
            share: self.share,
            share_of_names: self.share_of_names,
            alone: self.alone,
            ..Self::bare(self.options.clone())
        })
    }
}
