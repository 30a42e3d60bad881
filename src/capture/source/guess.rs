//! What an input that is no capture looks like instead.

/// Magic numbers of what people hand over by mistake.
const MAGICS: &[(&[u8], &str)] = &[
    (b"\x7fELF", "an ELF program"),
    (b"MZ", "a Windows program"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive (or an Office document): unpack it first"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"snoop\0\0\0", "a snoop capture (RFC 1761): convert it with `editcap -F pcapng`"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"SQLite format 3", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"XCP\0", "a NetXRay/Sniffer capture: convert it with `editcap -F pcapng`"),
    (b"TRSNIFF data", "a Sniffer capture: convert it with `editcap -F pcapng`"),
    (b"GMBU", "a Network Monitor capture: convert it with `editcap -F pcapng`"),
    (b"RTSS", "a Network Monitor capture: convert it with `editcap -F pcapng`"),
    (b"\x5d\0\0", "an old .lzma file: recompress it with xz"),
    (b"\x1f\x9d", "a compress (.Z) file: uncompress it first"),
    (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself with `git lfs pull`"),
];

/// A short description of the first bytes of an input.
pub(crate) fn guess(head: &[u8]) -> String {
    if head.is_empty() {
        return "empty file, no capture header".into();
    }
    for (magic, what) in MAGICS {
        if head.starts_with(magic) {
            return format!("not a capture, it looks like {what}");
        }
    }
    if head.get(257..262) == Some(b"ustar") {
        return "not a capture, it looks like a tar archive: unpack it first".into();
    }
    if head.iter().all(|&b| b == 0) {
        return "not a capture, it begins with zeros".into();
    }
    let what = text(head).map_or_else(|| hex(head), |what| format!("it looks like {what}"));
    format!("not a capture, {what}")
}

fn hex(head: &[u8]) -> String {
    let digits: Vec<String> = head.iter().take(8).map(|b| format!("{b:02x}")).collect();
    format!("it begins with the bytes {}", digits.join(" "))
}

fn text(head: &[u8]) -> Option<&'static str> {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        // Cut in the middle of a character.
        Err(e) if e.error_len().is_none() => {
            std::str::from_utf8(head.get(..e.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if valid.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return None;
    }
    let start = valid.trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    Some(if start.starts_with("<!doctype html") || start.starts_with("<html") {
        "an HTML page (a failed download?)"
    } else if start.starts_with("<?xml") {
        "XML"
    } else if start.starts_with('{') || start.starts_with('[') {
        "JSON"
    } else if start.starts_with("> ") || start.starts_with("< ") {
        "a script of a conversation; finrst.conversation plays it"
    } else if start.lines().next().is_some_and(|line| line.contains(" flags [")) {
        "what tcpdump prints; finrst.conversation plays it"
    } else {
        "text"
    })
}
