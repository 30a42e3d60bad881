//! The one error of the crate.

use std::fmt::{self, Write as _};
use std::io;
use std::path::Path;

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
            Self::Exists { file, reason } | Self::NotACapture { file, reason } => {
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

/// Whether a terminal or a page obeys a character or does not show it: control, format
/// (bidirectional, zero-width, tags), line and paragraph separators, private use.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{890}'..='\u{891}'
                | '\u{8e2}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{e000}'..='\u{f8ff}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{110bd}'
                | '\u{110cd}'
                | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
                | '\u{f0000}'..
        )
}

/// What a file is called in tables and messages: its name as it is where that is UTF-8, with every
/// octet that is not as `\xff` (what Python calls `backslashreplace`).
pub fn file_name(path: &Path) -> String {
    let mut out = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        out.push_str(chunk.valid());
        for octet in chunk.invalid() {
            // Writing into a String cannot fail.
            let _ = write!(out, "\\x{octet:02x}");
        }
    }
    out
}

/// Text from outside, safe to print: characters that [are hidden](is_hidden) are shown as escapes,
/// and what would be longer than 300 characters is cut.
pub fn printable(text: &str) -> String {
    const LIMIT: usize = 300;
    let mut out = String::new();
    let mut length = 0;
    for c in text.chars() {
        let hidden = is_hidden(c);
        let escaped = c.escape_default();
        length += if hidden { escaped.len() } else { 1 };
        if length > LIMIT {
            out.push('…');
            break;
        }
        if hidden {
            out.extend(escaped);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use super::file_name;

    #[test]
    fn only_octets_that_are_not_utf_8_are_escaped_in_a_name() {
        let shown = |octets: &[u8]| file_name(Path::new(OsStr::from_bytes(octets)));
        assert_eq!(shown(b"na\xff.pcap"), r"na\xff.pcap");
        assert_eq!(shown("é\u{202e}\\x".as_bytes()), "é\u{202e}\\x");
        // The first half of a character, and a character of its own behind it.
        assert_eq!(shown(b"\xc3/\xc3\xa9"), r"\xc3/é");
    }
}
