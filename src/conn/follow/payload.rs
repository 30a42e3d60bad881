//! The few things a payload says about how a connection ends: a server name, a TLS alert, the
//! reason in a reset.

use crate::conn::facts::connection::TlsAlert;
use crate::conn::facts::teardown::Reason;

/// Longest server name kept, in bytes (RFC 1035 section 2.3.4 allows 255).
const MAX_NAME: usize = 255;
/// Longest reset text kept, in characters.
const MAX_TEXT: usize = 120;

/// Whether anything below can find something in a payload (`reset` in one of a RST); else only its
/// length counts, and zeros tell as much.
pub fn is_told(payload: &[u8], reset: bool) -> bool {
    match payload {
        [22, ..] | [_, 3, 0..=4, _, _, ..] => true,
        [first, ..] => reset || first.is_ascii_alphabetic(),
        [] => false,
    }
}

/// Whether a first payload is a TLS record (handshake or alert).
pub fn is_tls(payload: &[u8]) -> bool {
    matches!(payload, [20..=23, 3, 0..=4, _, _, ..])
}

/// Whether a payload is one TLS alert record and nothing else.
pub fn is_alert(payload: &[u8]) -> bool {
    match payload {
        [21, 3, 0..=4, l0, l1, body @ ..] => {
            body.len() == usize::from(u16::from_be_bytes([*l0, *l1]))
        }
        _ => false,
    }
}

/// The server name of a TLS `ClientHello` (RFC 6066 section 3) or the host of an HTTP request.
pub fn server_name(payload: &[u8]) -> Option<Box<str>> {
    if payload.first() == Some(&22) { tls_server_name(payload) } else { http_host(payload) }
}

fn tls_server_name(payload: &[u8]) -> Option<Box<str>> {
    let hello = payload.get(5..)?;
    if hello.first() != Some(&1) {
        return None;
    }
    let rest = skip_vector(hello.get(38..)?, 1)?;
    let rest = skip_vector(rest, 2)?;
    let rest = skip_vector(rest, 1)?;
    let mut extensions = rest.get(2..)?;
    while let [k0, k1, l0, l1, body @ ..] = extensions {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        if (*k0, *k1) == (0, 0) {
            let name_length = usize::from(u16::from_be_bytes([*body.get(3)?, *body.get(4)?]));
            return name(body.get(5..5 + name_length)?);
        }
        extensions = body.get(length..)?;
    }
    None
}

/// What follows a vector whose length stands in front of it in `width` bytes.
fn skip_vector(octets: &[u8], width: usize) -> Option<&[u8]> {
    let length = octets.get(..width)?.iter().fold(0_usize, |n, &b| n << 8 | usize::from(b));
    octets.get(width + length..)
}

fn http_host(payload: &[u8]) -> Option<Box<str>> {
    // A method is a word: whatever else a payload is, it is not searched.
    if !payload.first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let start = payload.get(..payload.len().min(8192))?;
    let line_end = memchr::memchr(b'\n', start)?;
    let request = payload.get(..line_end)?;
    memchr::memmem::find(request, b"HTTP/1")?;
    payload
        .get(line_end + 1..)?
        .split(|&b| b == b'\n')
        .take(64)
        .take_while(|line| !matches!(line, [] | [b'\r']))
        .find(|line| line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"host:")))
        .and_then(|line| name(line.get(5..)?.trim_ascii()))
}

fn name(octets: &[u8]) -> Option<Box<str>> {
    let fits =
        !octets.is_empty() && octets.len() <= MAX_NAME && octets.iter().all(u8::is_ascii_graphic);
    if fits { std::str::from_utf8(octets).ok().map(Into::into) } else { None }
}

/// Bytes of an alert of TLS 1.3 in its record, which has the type of data: level, description,
/// the alert's own type and a tag of 16 (RFC 8446 section 5.2).
const SEALED_ALERT: usize = 19;

/// A TLS alert record as the last record of a payload (RFC 8446 section 6).
pub fn tls_alert(payload: &[u8], complete: bool, packet: u64, time: i64) -> Option<TlsAlert> {
    let mut rest = payload;
    while let [kind, 3, 0..=4, l0, l1, body @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let last = body.len() <= length;
        let alert = *kind == 21 || *kind == 23 && length == SEALED_ALERT;
        if alert && last && (complete || body.len() == length) {
            let clear = match *body {
                [level @ 1..=2, description] if length == 2 => Some((level, description)),
                _ => None,
            };
            return Some(TlsAlert { packet, time, clear });
        }
        rest = body.get(length..)?;
    }
    None
}

/// Names of TLS alert descriptions (RFC 8446 section 6).
pub fn alert_name(description: u8) -> &'static str {
    match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "unknown alert",
    }
}

/// The reason in a reset's payload: the diagnostic payload of draft-boucadair-tcpm-rst-diagnostic
/// (magic 0x33aa or 0xf317) or readable text.
pub fn reset_reason(payload: &[u8]) -> Option<Reason> {
    match payload {
        [0x33, 0xaa, c0, c1, p0, p1, p2, p3] => {
            let code = u16::from_be_bytes([*c0, *c1]);
            let enterprise = u32::from_be_bytes([*p0, *p1, *p2, *p3]);
            let meaning = if enterprise == 0 {
                diagnostic_name(code).into()
            } else {
                format!("code of vendor {enterprise}").into()
            };
            Some(Reason::Diagnostic(code, meaning))
        }
        [0xf3, 0x17, text @ ..] | text => readable(text).map(Reason::Text),
    }
}

fn readable(octets: &[u8]) -> Option<Box<str>> {
    let octets = octets.strip_suffix(&[0]).unwrap_or(octets);
    let text = std::str::from_utf8(octets).ok()?.trim();
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if text.chars().count() < 3 || !text.chars().all(plain) {
        return None;
    }
    Some(text.chars().take(MAX_TEXT).collect::<String>().into())
}

fn diagnostic_name(code: u16) -> &'static str {
    match code {
        1 => "illegal option",
        2 => "desynchronized state",
        3 => "new data after CLOSE",
        4 => "ABORT",
        5 => "unexpected ACK in a non-synchronized state",
        6 => "unexpected SYN in the window",
        7 => "security compartment",
        8 => "malformed message",
        9 => "not authorized",
        10 => "resource exceeded",
        11 => "network failure",
        12 => "reset received from the peer",
        13 => "destination unreachable",
        14 => "connection timeout",
        15 => "too much outstanding data",
        16 => "unacceptable performance",
        17 => "middlebox interference",
        _ => "unassigned code",
    }
}

/// Meaning of Citrix NetScaler's reset codes, which it sends in the window field.
pub fn netscaler_name(window: u16) -> Option<&'static str> {
    Some(match window {
        8201 => "stray packet from the server",
        8202 | 8212 => "stray packet or SYN cookie mismatch",
        8204 => "retransmitted SYN with a wrong sequence number",
        8205 => "bad final acknowledgment",
        8207 => "SYN in the window",
        8208 => "too many duplicate retransmissions",
        8209 | 9219 | 9220 => "out of memory",
        9100 => "orphaned connection",
        9300..=9303 => "idle or zombie timeout",
        9304 => "zero window probes unanswered",
        9305 => "acknowledgment of the SYN does not match",
        9310 => "keep-alive failed",
        9700 | 9701 => "reset passed on from the peer",
        9702 => "data after FIN",
        9811 => "fatal TLS alert",
        9814 => "policy: RESET",
        9830 => "denied by access list",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_http_host() {
        let request =
            b"GET / HTTP/1.1\r\nAccept: */*\r\nhOsT: example.com:8080\r\n\r\nHost: no\r\n";
        assert_eq!(server_name(request).as_deref(), Some("example.com:8080"));
        assert_eq!(server_name(b"SSH-2.0-x\r\nHost: a\r\n"), None);
        assert_eq!(server_name(b"GET / HTTP/1.1\r\n\r\nHost: body\r\n"), None);
    }

    #[test]
    fn reads_a_tls_server_name_and_survives_every_cut() {
        let mut hello = vec![22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3];
        hello.extend([7; 32]);
        hello.extend([0, 0, 2, 0x13, 1, 1, 0]);
        hello.extend([0, 19, 0, 10, 0, 1, 0, 0, 0, 0, 10, 0, 8, 0, 0, 5]);
        hello.extend(b"a.org");
        assert_eq!(server_name(&hello).as_deref(), Some("a.org"));
        for cut in 0..hello.len() {
            assert_eq!(server_name(&hello[..cut]), None);
        }
    }

    #[test]
    fn reads_clear_and_encrypted_alerts_after_other_records() {
        let clear = tls_alert(&[21, 3, 3, 0, 2, 2, 40], true, 5, 9);
        assert_eq!(clear.and_then(|a| a.clear), Some((2, 40)));
        assert_eq!(alert_name(40), "handshake_failure");
        let encrypted = tls_alert(&[23, 3, 3, 0, 1, 9, 21, 3, 3, 0, 3, 1, 2, 3], true, 5, 9);
        assert_eq!(encrypted.map(|a| a.clear), Some(None));
        assert_eq!(tls_alert(&[23, 3, 3, 0, 1, 9], true, 5, 9), None);
    }

    #[test]
    fn every_code_has_a_name_of_its_own() {
        let named = |name: fn(u8) -> &'static str, none| -> Vec<u8> {
            (0..=255).filter(|&code| name(code) != none).collect()
        };
        let distinct = |names: Vec<&str>| {
            assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len());
        };
        // RFC 8446 section 6, with the older ones of RFC 5246 and RFC 7507.
        let alerts = [
            0, 10, 20, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71, 80, 86, 90, 109,
            110, 112, 113, 115, 116, 120,
        ];
        assert_eq!(named(alert_name, "unknown alert"), alerts);
        distinct(alerts.map(alert_name).to_vec());
        let diagnostic = |code| diagnostic_name(u16::from(code));
        assert_eq!(named(diagnostic, "unassigned code"), (1..=17).collect::<Vec<_>>());
        distinct((1..=17).map(diagnostic_name).collect());
        let codes: Vec<u16> =
            (0..u16::MAX).filter(|&window| netscaler_name(window).is_some()).collect();
        assert_eq!(
            codes,
            [
                8201, 8202, 8204, 8205, 8207, 8208, 8209, 8212, 9100, 9219, 9220, 9300, 9301, 9302,
                9303, 9304, 9305, 9310, 9700, 9701, 9702, 9811, 9814, 9830
            ]
        );
    }

    #[test]
    fn a_name_has_255_octets_and_a_text_120_characters_at_most() {
        for (length, named) in [(254, true), (255, true), (256, false)] {
            let host = "a".repeat(length);
            let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert_eq!(server_name(request.as_bytes()).as_deref(), named.then_some(&host[..]));
        }
        for (length, kept) in [(2, None), (3, Some(3)), (120, Some(120)), (121, Some(120))] {
            let text = match reset_reason("ä".repeat(length).as_bytes()) {
                Some(Reason::Text(text)) => Some(text.chars().count()),
                _ => None,
            };
            assert_eq!(text, kept, "{length} characters");
        }
    }

    #[test]
    fn reads_reasons_of_resets() {
        assert!(reset_reason(b"tcp_close, during connect").is_some());
        let diagnostic = reset_reason(&[0x33, 0xaa, 0, 4, 0, 0, 0, 0]);
        assert_eq!(diagnostic, Some(Reason::Diagnostic(4, "ABORT".into())));
        assert_eq!(reset_reason(&[1, 2, 3, 4]), None);
    }

    #[test]
    fn a_payload_that_tells_nothing_tells_what_zeros_tell() {
        let everything = |payload: &[u8], reset: bool| {
            let reason = reset.then(|| reset_reason(payload));
            let alert = tls_alert(payload, true, 1, 2);
            (is_tls(payload), server_name(payload), alert.map(|alert| alert.clear), reason)
        };
        let heads = [0, 2, 3, 4, 9, 20, 21, 22, 23, 65, 90, 122, 0x33, 0xaa, 0xf3, 255];
        let mut silent = 0;
        for (one, other) in heads.iter().flat_map(|&a| heads.map(|b| (a, b))) {
            for tail in [&[][..], &[3, 0], &[3, 0, 2, 1, 40], b"T / HTTP/1.1\r\nHost: a\r\n\r\n"] {
                let payload = [&[one, other], tail].concat();
                for reset in [false, true] {
                    if !is_told(&payload, reset) {
                        silent += 1;
                        let zeros = vec![0; payload.len()];
                        assert_eq!(everything(&payload, reset), everything(&zeros, reset));
                    }
                }
            }
        }
        assert!(silent > 300, "{silent} tell nothing");
    }
}
