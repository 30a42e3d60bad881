//! The count of every packet read.

use crate::packet::Class;

/// Packets by file and class: every packet read is in exactly one.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    files: Vec<[u64; Class::ALL.len()]>,
}

impl Ledger {
    /// What was counted before, by file.
    pub fn counted(files: Vec<[u64; Class::ALL.len()]>) -> Self {
        Self { files }
    }

    /// Packets of each file by class; files behind the last that has any are left out.
    pub fn of_files(&self) -> &[[u64; Class::ALL.len()]] {
        &self.files
    }

    #[inline]
    pub(super) fn add(&mut self, file: u32, class: Class) {
        let file = file as usize;
        if self.files.len() <= file {
            self.files.resize(file + 1, [0; Class::ALL.len()]);
        }
        if let Some(count) = self.files.get_mut(file).and_then(|f| f.get_mut(class as usize)) {
            *count += 1;
        }
    }

    /// Adds what another one counted of a file.
    pub(super) fn take(&mut self, file: u32, other: &Self, of: u32) {
        let Some(counts) = other.files.get(of as usize) else { return };
        let file = file as usize;
        if self.files.len() <= file {
            self.files.resize(file + 1, [0; Class::ALL.len()]);
        }
        for (all, more) in self.files.iter_mut().skip(file).take(1).flatten().zip(counts) {
            *all += more;
        }
    }

    /// Packets of one class in one file.
    pub fn of(&self, file: u32, class: Class) -> u64 {
        self.files
            .get(file as usize)
            .and_then(|counts| counts.get(class as usize))
            .copied()
            .unwrap_or(0)
    }

    /// Packets of one class over all files.
    pub fn total(&self, class: Class) -> u64 {
        self.files.iter().filter_map(|counts| counts.get(class as usize)).sum()
    }

    /// Packets of one file.
    pub fn packets(&self, file: u32) -> u64 {
        self.files.get(file as usize).map_or(0, |counts| counts.iter().sum())
    }
}
