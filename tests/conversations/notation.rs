//! The notation of scripts: what stands for several items, names in first payloads, wrong uses.

use finrst::conn::{Side, play};

fn refused(script: &str) -> String {
    play(script).expect_err(script).to_string()
}

#[test]
fn a_range_plays_its_item_for_each() {
    for (range, one_by_one) in [
        ("> S port=1..3, < S.", "> S port=1, > S port=2, > S port=3, < S."),
        ("> S client=7..8", "> S client=7, > S client=8"),
        ("> S server=7..8", "> S server=7, > S server=8"),
        ("> S service=80..82 +1s", "> S service=80 +1s, > S service=81 +1s, > S service=82 +1s"),
        ("> S port=9..9", "> S port=9"),
    ] {
        assert_eq!(
            format!("{:?}", play(range).unwrap()),
            format!("{:?}", play(one_by_one).unwrap()),
            "{range}"
        );
    }
}

#[test]
fn a_host_may_be_client_and_server() {
    let script =
        "> S client=3 server=5, < S., > S client=s5 server=6, < S., > S client=4 server=c4";
    let all = play(script).unwrap();
    let addresses: Vec<_> =
        all.iter().flat_map(|c| c.addresses.map(|a| a.ip(4).to_string())).collect();
    assert_eq!(
        addresses,
        ["192.0.2.3", "198.51.100.5", "198.51.100.5", "198.51.100.6", "192.0.2.4", "192.0.2.4"]
    );
}

#[test]
fn a_first_payload_carries_a_name() {
    for payload in ["hello=a.org", "get=a.org"] {
        let script = format!("> S, < S., > ., > P. {payload}, < .");
        let c = play(&script).unwrap().remove(0);
        assert_eq!(c.extra().and_then(|extra| extra.server_name.as_deref()), Some("a.org"));
        assert_eq!(c.extra().map(|extra| extra.tls.client), Some(payload.starts_with("hello")));
        assert!(c.side(Side::Client).unique_bytes > 20);
    }
    let longest = "a".repeat(255);
    let c = play(&format!("> S, < S., > ., > P. hello={longest}")).unwrap().remove(0);
    assert_eq!(c.extra().and_then(|extra| extra.server_name.as_deref()), Some(&longest[..]));
}

#[test]
fn octets_are_filled_up_to_the_length_beside_them() {
    for payload in ["517 tls", "hello=a.org 517", "517 text=\"SSH-2.0\""] {
        let c = play(&format!("> S, < S., > ., > P. {payload}, < .")).unwrap().remove(0);
        assert_eq!(c.side(Side::Client).unique_bytes, 517, "{payload}");
    }
}

#[test]
fn wrong_uses_are_told() {
    let long = format!("> P. get={}", "a".repeat(256));
    for (script, told) in [
        ("> P. 10 again", "sent nothing with these flags before"),
        ("> P. 10, < P. 10 again", "sent nothing with these flags before"),
        ("> P. 10, > PU. 10 again", "sent nothing with these flags before"),
        ("> P. 10, > P. 10 port=7 again", "sent nothing with these flags before"),
        ("> P. 2 text=\"abc\"", "has 3 octets"),
        ("> P. tls 6", "has 7 octets"),
        ("> P. tls hello=a.org", "given twice"),
        ("> P. 10 20", "given twice"),
        ("> P. get=", "1 to 255"),
        (&long, "1 to 255"),
        ("> S port=5..3", "not a port, nor a range"),
        ("> S port=1..", "not a port, nor a range"),
        ("> S port=70000", "not a port, nor a range"),
        ("> S client=0..3", "not a number from 1 to 253, nor a range"),
        ("> S server=254", "not a number from 1 to 253, nor a range"),
        ("> S port=1..3 client=1..3", "one range at most"),
        ("> S port=1..10000, > S", "at most 10000 packets"),
        (
            "23:28:50.1 IP 10.0.0.1.40000 > 10.0.0.2.443: Flags [S], seq 12, win 64240, length 0",
            "as tcpdump prints it",
        ),
        ("IP6 ::1.40000 > ::1.443: Flags [S], seq 12", "as tcpdump prints it"),
        ("S", "begins with neither > nor <"),
    ] {
        let error = refused(script);
        assert!(error.contains(told), "{script}: {error}");
    }
}
