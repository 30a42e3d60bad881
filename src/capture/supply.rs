//! Where the bytes of a file come from, whether a thread of its own reads it or not.

use super::source::{Ahead, Compression, End, Stream};

/// Where a window gets its bytes.
pub(crate) enum Supply {
    /// From the stream itself.
    Here(Stream),
    /// From a thread that reads the stream.
    Ahead(Ahead),
    /// From nowhere: only while one is exchanged for the other.
    Nothing,
}

impl Supply {
    pub(crate) fn compression(&self) -> Compression {
        match self {
            Self::Here(stream) => stream.compression(),
            Self::Ahead(ahead) => ahead.compression,
            Self::Nothing => Compression::None,
        }
    }

    /// Why it is over, once everything was taken.
    pub(crate) fn end(&self) -> Option<&End> {
        match self {
            Self::Here(stream) => stream.end(),
            Self::Ahead(ahead) => ahead.over.as_ref().map(|over| &over.end),
            Self::Nothing => Some(&End::Clean),
        }
    }

    pub(crate) fn has_trailing(&self) -> bool {
        match self {
            Self::Here(stream) => stream.has_trailing(),
            Self::Ahead(ahead) => ahead.over.as_ref().is_some_and(|over| over.trailing),
            Self::Nothing => false,
        }
    }

    /// How the file changed while it was read, once everything was taken.
    pub(crate) fn change(&mut self) -> Option<String> {
        match self {
            Self::Here(stream) => stream.change(),
            Self::Ahead(ahead) => ahead.over.as_ref().and_then(|over| over.change.clone()),
            Self::Nothing => None,
        }
    }

    pub(crate) fn bytes_read(&self) -> u64 {
        match self {
            Self::Here(stream) => stream.bytes_read(),
            Self::Ahead(ahead) => ahead.read,
            Self::Nothing => 0,
        }
    }

    /// Bytes of the source, once it was read to its end, or as far as the system let it: behind
    /// damage and limits how much more was taken depends on the size of reads.
    pub(crate) fn whole(&self) -> Option<u64> {
        match self.end()? {
            End::Clean if self.has_trailing() => None,
            End::Clean | End::Truncated | End::Io(_) => Some(self.bytes_read()),
            End::Damaged(_) | End::Limit(_) => None,
        }
    }

    pub(crate) fn bytes_total(&self) -> Option<u64> {
        match self {
            Self::Here(stream) => stream.bytes_total(),
            Self::Ahead(ahead) => ahead.total,
            Self::Nothing => None,
        }
    }
}
