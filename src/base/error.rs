//! The one error of the crate.

use std::fmt;
use std::io;

use super::text::printable;

/// Why nothing, or nothing more, could be read.
///
/// What a damaged capture still gives is never an error but an [`Issue`](crate::base::issue::Issue):
/// these are the cases in which there is no result to hand out.
#[derive(Debug)]
pub enum Error {
    /// The operating system refused: opening, reading or writing.
    Io {
        /// The file, as it was named.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// An output would replace what it must not.
    Exists {
        /// The output, as it was named.
        file: String,
        /// What it is.
        reason: String,
    },
    /// The input is not a capture.
    NotACapture {
        /// The file, as it was named.
        file: String,
        /// What it looks like instead, or what is wrong with its header.
        reason: String,
    },
    /// Strict reading met something that it would otherwise have reported as an issue.
    Damaged {
        /// The file, as it was named.
        file: String,
        /// Offset into the (decompressed) file, where known.
        offset: Option<u64>,
        /// Number of the packet over the capture, where known.
        packet: Option<u64>,
        /// What is wrong.
        reason: String,
    },
    /// Read again, the source did not give what it gave before.
    Changed(String),
    /// What finrst wrote for itself cannot be used: cut, damaged, foreign, or made by another
    /// version or with other options.
    State {
        /// The file, as it was named.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A filter expression that cannot be read.
    Filter {
        /// What is wrong.
        reason: String,
        /// Offset of the offending word in the expression, in characters.
        position: usize,
    },
    /// A parameter out of its range.
    Argument(String),
    /// The system has no more memory to give, or may give no more.
    Memory,
    /// The caller asked to stop.
    Cancelled,
    /// A broken promise of this crate.
    Internal(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { file, source } => write!(f, "{}: {source}", printable(file)),
            Self::Exists { file, reason }
            | Self::NotACapture { file, reason }
            | Self::State { file, reason } => {
                write!(f, "{}: {}", printable(file), printable(reason))
            }
            Self::Damaged { file, offset, packet, reason } => {
                write!(f, "{}: {}", printable(file), printable(reason))?;
                if let Some(packet) = packet {
                    write!(f, ", packet {packet}")?;
                }
                if let Some(offset) = offset {
                    write!(f, ", byte offset {offset}")?;
                }
                Ok(())
            }
            Self::Filter { reason, position } => {
                write!(f, "filter, at character {}: {}", position + 1, printable(reason))
            }
            Self::Argument(reason) | Self::Changed(reason) => f.write_str(reason),
            Self::Memory => {
                f.write_str("out of memory: read with `memory_limit` or `scan`, or filter more")
            }
            Self::Cancelled => f.write_str("cancelled"),
            Self::Internal(reason) => write!(f, "internal error: {reason}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
