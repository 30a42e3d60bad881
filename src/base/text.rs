//! Text from outside, and how it is shown.

use std::fmt::Write as _;
use std::path::Path;

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
/// byte that is not as `\xff` (what Python calls `backslashreplace`).
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
