use super::*;

fn server_name(payload: &[u8]) -> Option<Box<str>> {
    Payload::Octets(payload).server_name()
}

#[test]
fn reads_an_http_host() {
    let request = b"GET / HTTP/1.1\r\nAccept: */*\r\nhOsT: example.com:8080\r\n\r\nHost: no\r\n";
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
    let clear = last_alert(&[21, 3, 3, 0, 2, 2, 40], true);
    assert_eq!(clear, Some(Alert { clear: Some((2, 40)) }));
    let encrypted = last_alert(&[23, 3, 3, 0, 1, 9, 21, 3, 3, 0, 3, 1, 2, 3], true);
    assert_eq!(encrypted, Some(Alert { clear: None }));
    assert_eq!(last_alert(&[23, 3, 3, 0, 1, 9], true), None);
}

#[test]
fn a_name_has_255_octets_and_a_text_120_characters_at_most() {
    for (length, named) in [(254, true), (255, true), (256, false)] {
        let host = "a".repeat(length);
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(server_name(request.as_bytes()).as_deref(), named.then_some(&host[..]));
    }
    for (length, kept) in [(2, None), (3, Some(3)), (120, Some(120)), (121, Some(120))] {
        let text = match Payload::Octets("ä".repeat(length).as_bytes()).reset_reason() {
            Some(Told::Text(text)) => Some(text.chars().count()),
            _ => None,
        };
        assert_eq!(text, kept, "{length} characters");
    }
}

#[test]
fn reads_reasons_of_resets() {
    let reason = |payload| Payload::Octets(payload).reset_reason();
    assert!(reason(b"tcp_close, during connect").is_some());
    assert_eq!(reason(&[0x33, 0xaa, 0, 4, 0, 0, 0, 0]), Some(Told::Diagnostic(4, 0)));
    assert_eq!(reason(&[1, 2, 3, 4]), None);
}

#[test]
fn a_payload_that_tells_nothing_tells_what_zeros_tell() {
    let everything = |payload: &[u8], reset: bool| {
        let found = Payload::Octets(payload);
        let reason = reset.then(|| found.reset_reason());
        (found.is_tls(), found.server_name(), last_alert(payload, true), reason)
    };
    let heads = [0, 2, 3, 4, 9, 20, 21, 22, 23, 65, 90, 122, 0x33, 0xaa, 0xf3, 255];
    let mut silent = 0;
    for (one, other) in heads.iter().flat_map(|&a| heads.map(|b| (a, b))) {
        for tail in [&[][..], &[3, 0], &[3, 0, 2, 1, 40], b"T / HTTP/1.1\r\nHost: a\r\n\r\n"] {
            let payload = [&[one, other], tail].concat();
            for reset in [false, true] {
                if !Payload::Octets(&payload).is_told(reset) {
                    silent += 1;
                    let zeros = vec![0; payload.len()];
                    assert_eq!(everything(&payload, reset), everything(&zeros, reset));
                }
            }
        }
    }
    assert!(silent > 300, "{silent} tell nothing");
}

#[test]
fn marks_tell_payloads_apart_as_far_as_both_go() {
    let text: Vec<u8> = (0..=255).map(|n: u8| n.wrapping_mul(37)).collect();
    for length in 0..=text.len() {
        let marks = Marks::of(&text[..length]);
        let octets = if length < 4 { 0 } else { (1 << length.ilog2()).min(MARKED) };
        assert_eq!(usize::from(marks.octets), octets);
        // The same bytes, however many of them.
        for other in 0..=text.len() {
            assert!(!marks.contradict(Marks::of(&text[..other])), "{length} and {other}");
        }
    }
    // One bit of any byte that both go beyond.
    let (mut told, mut all) = (0, 0);
    for at in 0..MARKED {
        let mut changed = text.clone();
        changed[at] ^= 1;
        for length in [4, 9, 40, 128, 200] {
            let (one, other) = (Marks::of(&text[..length]), Marks::of(&changed));
            assert_eq!(one.contradict(other), other.contradict(one));
            let reached = at < usize::from(one.octets);
            all += u32::from(reached);
            told += u32::from(one.contradict(other));
            assert!(reached || !one.contradict(other), "byte {at} of {length}");
        }
    }
    assert!(told * 100 > all * 99, "{told} of {all}");
}
