//! The notation of scripts: what stands for several items, names in first payloads, wrong uses.

use finrst::conn::script::{Packet, parse};
use finrst::conn::{Side, play};
use finrst::packet::checksum;

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
        ("> P. 2 text=\"abc\"", "has 3 bytes"),
        ("> P. tls 6", "has 7 bytes"),
        ("> P. tls hello=a.org", "given twice"),
        ("> P. 10 20", "given twice"),
        ("> P. get=", "1 to 255"),
        (&long, "1 to 255"),
        ("> S port=5..3", "a port from 0 to 65535, or a range of them such as 1..5, is expected"),
        ("> S port=1..", "a port from 0 to 65535, or a range of them such as 1..5, is expected"),
        ("> S port=70000", "a port from 0 to 65535, or a range of them such as 1..5, is expected"),
        ("> S client=0..3", "a number from 1 to 253, or a range of them such as 1..5, is expected"),
        ("> S server=254", "a number from 1 to 253, or a range of them such as 1..5, is expected"),
        ("> S port=1..3 client=1..3", "one range at most"),
        ("> S port=1..10000, > S", "at most 10000 packets"),
        (
            "> S, 23:28:50.1 IP 10.0.0.1.40000 > 10.0.0.2.443: Flags [S], seq 12, win 1, length 0",
            "a line as tcpdump prints it",
        ),
        ("S", "> (from the client) or < (from the server) is expected first"),
        ("> S, > P. 5 again again2", "no word of a script"),
        ("> S AGAIN", "meant is again?"),
        ("> S win=70000", "a number from 0 to 65535 is expected"),
        ("> S ttl=-1", "a number from 0 to 255 is expected"),
        ("> S seq=x", "+5 or -5 moves what the sender would use"),
        ("> P. hex=123", "two hexadecimal digits for every byte"),
        ("> P. text=abc", "its text stands in quotes"),
        ("> P. text=\"abc", "its quote is not closed"),
        ("> S +100", "a time such as +100ms is expected"),
        ("> SX", "'X' is no flag"),
        ("(> S", "its parenthesis is not closed"),
        ("> S)", "its parenthesis was not opened"),
        ("< icmp 3", "a type and a code are expected"),
        ("> S, < icmp 3/1 +1s +1s", "a type and a code are expected"),
        ("< icmp 3/1", "no segment for it to quote"),
    ] {
        let error = refused(script);
        assert!(error.contains(told), "{script}: {error}");
    }
}

#[test]
fn the_place_of_what_is_wrong_is_told() {
    for (script, place) in [
        ("> S, < S. win=70000", "line 1, column 11 of the script, \"win=70000\""),
        ("> S\n< S.\n  > .,   > P. ttl=256", "line 3, column 15 of the script, \"ttl=256\""),
        ("> S, > P. 10 again", "line 1, column 6 of the script, \"> P. 10 again\""),
        ("> P. text=\"ä, b\" 9, < Q", "line 1, column 23 of the script, \"Q\""),
        ("> S,\n(< S. x)", "line 2, column 7 of the script, \"x\""),
    ] {
        let error = refused(script);
        assert!(error.contains(place), "{script}: {error}");
    }
}

#[test]
fn what_a_script_may_cost_is_bounded() {
    for (script, told) in [
        ("> S, ".repeat(10_001), "at most 10000 items"),
        ("> P. 10000000, ".repeat(11), "at most 100000000 bytes in all"),
        ("> P. 10000 port=1..10000, > P. 1".into(), "at most 10000 packets"),
        ("> P. 10000001".into(), "a number from 0 to 10000000"),
        ("> P. 99999999999999999999".into(), "a number from 0 to 10000000"),
        (format!("> P. {}", "9".repeat(100_000)), "a number from 0 to 10000000"),
        (format!("{}> S{}", "(".repeat(100_000), ")".repeat(100_000)), "is expected first"),
        ("> S mac=281474976710656".into(), "a number from 0 to 281474976710655"),
    ] {
        let error = refused(&script);
        assert!(error.contains(told), "{error}");
        assert!(error.len() < 1_000);
    }
    let far = "> S, < S. +99999999s, ".to_owned() + &"> . +99999999s, ".repeat(9_000);
    assert_eq!(play(&far).unwrap().len(), 1);
}

#[test]
fn a_checksum_is_right_unless_it_is_said_to_be_wrong() {
    let made = parse("> S, < S. badsum, > P. 3 v6, > P. text=\"a, b\" badsum").unwrap();
    let sound: Vec<_> = made
        .iter()
        .map(|packet| match packet {
            Packet::Tcp(owned) => checksum::sound(&owned.segment()),
            Packet::Icmp(_) => None,
        })
        .collect();
    assert_eq!(sound, [Some(true), Some(false), Some(true), Some(false)]);
}
