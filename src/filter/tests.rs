use proptest::prelude::*;

use super::Filter;
use crate::base::error::Error;
use crate::capture::{Direction, Frame, LinkType};
use crate::packet::{Decoded, Decoder};

/// A segment from 10.1.2.3 port 4444 to 192.0.2.9 port 443 in VLAN 7.
fn frame() -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x81, 0, 0, 7, 8, 0, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
    frame.extend([10, 1, 2, 3, 192, 0, 2, 9, 0x11, 0x5c, 1, 187]);
    frame.extend([0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]);
    frame
}

fn passes(filter: &str) -> bool {
    let data = frame();
    let mut decoder = Decoder::default();
    let frame = Frame {
        number: 1,
        file: 0,
        number_in_file: 1,
        time: None,
        interface: 0,
        link: LinkType(1),
        direction: Direction::Unknown,
        data: &data,
        original_length: 0,
    };
    let Decoded::Tcp(segment) = decoder.decode(&frame, 0) else { panic!("not TCP") };
    Filter::parse(filter).expect(filter).matches(&segment, decoder.paths())
}

fn refused(filter: &str) -> (String, usize) {
    match Filter::parse(filter) {
        Err(Error::Filter { reason, position }) => (reason, position),
        other => panic!("{filter}: {other:?}"),
    }
}

#[test]
fn lets_through() {
    for filter in [
        "",
        "tcp",
        "ip",
        "host 10.1.2.3",
        "192.0.2.9",
        "src host 10.1.2.3 and dst port 443",
        "src 10.1.2.3",
        "src or dst port 443",
        "net 10.0.0.0/8",
        "net 10",
        "net 10.1 and net 192.0.2",
        "net 10.1.0.0 mask 255.255.0.0",
        "src and dst net 0.0.0.0/0",
        "tcp port 443",
        "ip host 10.1.2.3",
        "port 80 or 443",
        "portrange 440-450",
        "portrange 450-440",
        "vlan",
        "vlan 7",
        "vlan 7 && tcp",
        "not port 80",
        "! ( port 80 || ip6 )",
        "!!port 443",
        "port 80 or (vlan 7 and (src port 4444))",
        // From left to right: (ip6 and port 80) or port 443, and (port 443 or ip6) and port 4444.
        "ip6 and port 80 or port 443",
        "port 443 or ip6 and port 4444",
        "not port 80 and 443",
    ] {
        assert!(passes(filter), "{filter}");
    }
}

#[test]
fn keeps_out() {
    for filter in [
        "ip6",
        "host ::1",
        "ip6 port 443",
        "dst host 10.1.2.3",
        "src port 443",
        "src and dst port 443",
        "net 10.1.2.0/25 and not net 10.1.0.0/16",
        "vlan 8",
        "port 443 or ip6 and port 80",
        "not not not tcp",
        "not (port 443 or 80)",
        "not port 80 and 81",
        "net 2001:db8::/32",
        "net ::/0 and ip6",
    ] {
        assert!(!passes(filter), "{filter}");
    }
}

#[test]
fn says_what_is_wrong_and_where() {
    for (filter, position, word) in [
        ("port http", 5, "no port"),
        ("port 80 and", 11, "ends"),
        ("host example.org", 5, "no address"),
        ("net 10.0.0.1/8", 4, "host"),
        ("net 10.0.0.0/33", 13, "prefix"),
        ("host 10.0.0.0/8", 5, "net"),
        ("(port 80", 0, "not closed"),
        ("port 80)", 7, "not opened"),
        ("port 80 port 81", 8, "'and'"),
        ("udp port 53", 0, "TCP"),
        ("portrange 80", 10, "range"),
        ("portrange 80-x", 13, "no port"),
        ("vlan 5000", 5, "VLAN"),
        ("and", 0, "condition"),
        ("größe", 0, "no address"),
        ("port 70000", 5, "no port"),
        ("()", 1, "condition"),
        ("less 100", 0, "not supported"),
    ] {
        let (reason, at) = refused(filter);
        assert!(reason.contains(word), "{filter}: {reason}");
        assert_eq!(at, position, "{filter}: {reason}");
    }
}

#[test]
fn a_display_filter_is_said_in_this_language() {
    for (display, capture) in [
        ("tcp.port == 80", "tcp port 80"),
        ("tcp.port==80", "tcp port 80"),
        ("tcp.port eq 80 && ip.addr == 10.0.0.1", "tcp port 80 and host 10.0.0.1"),
        ("tcp.dstport == 443 or tcp.srcport == 443", "tcp dst port 443 or tcp src port 443"),
        ("ip.src == 10.0.0.0/8", "src net 10.0.0.0/8"),
        ("ip.addr != 10.0.0.1", "not host 10.0.0.1"),
        ("!(ip.addr == 10.0.0.1)", "not (host 10.0.0.1)"),
        ("ipv6.dst == ::1", "dst host ::1"),
        (
            "tcp.port in {80, 443, 8000..8010}",
            "(tcp port 80 or tcp port 443 or tcp portrange 8000-8010)",
        ),
        ("vlan.id == 5 and tcp", "vlan 5 and tcp"),
        // There and binds more tightly.
        (
            "ip.src == 10.0.0.1 || ip.src == 10.0.0.2 && tcp.port == 80",
            "src host 10.0.0.1 or (src host 10.0.0.2 and tcp port 80)",
        ),
    ] {
        let (reason, _) = refused(display);
        assert!(reason.contains("(BPF, as tcpdump's)"), "{display}: {reason}");
        assert!(reason.ends_with(&format!(": write '{capture}'")), "{reason}");
        assert!(passes(capture) || Filter::parse(capture).is_ok());
    }
    for display in [
        "tcp.flags.reset == 1",
        "tcp.port == http",
        "tcp.port > 1024",
        "(tcp.port == 80",
        "tcp.port == 80)",
        "tcp.port ==",
        "tcp.port in {80",
        "http.host contains \"example\"",
        "tcp.port == 80 tcp.port == 81",
        &"(".repeat(900),
    ] {
        let (reason, _) = refused(display);
        assert!(!reason.contains(": write"), "{display}: {reason}");
    }
    assert_eq!(refused("port 80 and tcp.stream == 7").1, 12);
    assert!(refused("port 80 and tcp.stream == 7").0.ends_with("it cannot say this"));
    assert!(!refused("host www.example.org").0.contains("Wireshark"));
    assert!(refused("src port https").0.contains("write 443"));
    assert!(!refused("port www.example.org").0.contains("write"));
}

#[test]
fn nesting_and_length_are_bounded() {
    let nested = |n: usize| format!("{}tcp{}", "(".repeat(n), ")".repeat(n));
    assert!(passes(&nested(64)));
    assert!(refused(&nested(65)).0.contains("parentheses"));
    let deep = format!("{}ip6 or tcp{}", "(ip6 or ".repeat(64), ")".repeat(64));
    assert!(passes(&deep));
    assert!(refused(&"!".repeat(70_000)).0.contains("longer"));
    assert!(passes(&format!("port 1{}", " or 443".repeat(5_000))));
}

proptest! {
    #[test]
    fn any_display_filter_is_refused(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "tcp.port", "ip.addr", "==", "!=", "in", "{", "}", "(", ")", "!", "&&", "||", "80",
                "10.0.0.1", "1..2", "tcp", "\"", "é", ",",
            ]),
            0..14,
        )
    ) {
        let text = format!("tcp.port {}", words.join(" "));
        prop_assert!(Filter::parse(&text).is_err(), "{}", text);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,60}") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn any_words_are_read_or_refused(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "src", "dst", "or", "and", "not", "(", ")", "!", "host", "net", "port", "portrange",
                "10.0.0.1", "10.0.0.0/8", "80", "1-2", "::1", "vlan", "tcp", "ip", "ip6", "mask",
            ]),
            0..14,
        )
    ) {
        if let Ok(filter) = Filter::parse(&words.join(" ")) {
            prop_assert!(!filter.steps.is_empty());
        }
    }
}
