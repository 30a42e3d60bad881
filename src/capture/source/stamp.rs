//! Whether a file changed while it was read.

use std::fs::Metadata;
use std::time::SystemTime;

/// What a change of a regular file is known by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(super) size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(meta: &Metadata) -> Self {
        Self { size: meta.len(), modified: meta.modified().ok() }
    }

    /// What is different later on.
    pub(super) fn change(self, now: Self) -> Option<String> {
        let (before, after) = (self.size, now.size);
        match (before == after, self == now) {
            (true, true) => None,
            (true, false) => Some("it was written to while it was read; its size stayed".into()),
            (false, _) => {
                Some(format!("it had {before} bytes when it was opened and {after} at the end"))
            }
        }
    }
}
