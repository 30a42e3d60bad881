//! Lines as tcpdump prints them, played.

use finrst::conn::play;
use finrst::conn::script::{Packet, parse};
use finrst::packet::Segment;

const HANDSHAKE: [&str; 3] = [
    "IP 10.0.0.1.40000 > 10.0.0.2.443: Flags [S], seq 1000, win 64240, options [mss 1460,sackOK,TS \
     val 7 ecr 0,nop,wscale 7], length 0",
    "IP 10.0.0.2.443 > 10.0.0.1.40000: Flags [S.], seq 9000, ack 1001, win 65160, options [mss \
     1460], length 0",
    "IP 10.0.0.1.40000 > 10.0.0.2.443: Flags [.], ack 1, win 502, length 0",
];

/// What is asked of the segments.
type Told = (i64, u32, u32, u32);

fn told(text: &str) -> Vec<Told> {
    let tell = |s: &Segment<'_>| (s.time, s.sequence.0, s.acknowledgment.0, s.payload_length);
    parse(text)
        .expect(text)
        .iter()
        .map(|packet| match packet {
            Packet::Tcp(owned) => tell(&owned.segment()),
            Packet::Icmp(_) => panic!("none is there"),
        })
        .collect()
}

/// Lines with times in front.
fn timed(times: &[&str], lines: &[&str]) -> String {
    let lines: Vec<_> =
        times.iter().zip(lines).map(|(time, line)| format!("{time} {line}")).collect();
    lines.join("\n")
}

fn number(text: &str) -> u32 {
    text.parse().unwrap()
}

fn refused(text: &str) -> String {
    play(text).expect_err(text).to_string()
}

#[test]
fn relative_numbers_are_those_of_the_conversation() {
    let data = "IP 10.0.0.1.40000 > 10.0.0.2.443: Flags [P.], seq 1:11, ack 1, win 502, length 10";
    let answer = "IP 10.0.0.2.443 > 10.0.0.1.40000: Flags [.], ack 11, win 502, options [nop,nop,sack \
                  1 {21:31}], length 0";
    let reset = "IP 10.0.0.1.40000 > 10.0.0.2.443: Flags [R], seq 1011, win 0, length 0";
    let lines = [HANDSHAKE[0], HANDSHAKE[1], HANDSHAKE[2], data, answer, reset];
    let times = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"];
    let text = timed(&times, &lines);
    let numbers: Vec<_> = told(&text).into_iter().map(|(_, seq, ack, _)| (seq, ack)).collect();
    let expected = [(1000, 0), (9000, 1001), (1001, 9001), (1001, 9001), (9001, 1011), (1011, 0)];
    assert_eq!(numbers, expected);
    let packets = parse(&text).unwrap();
    let Packet::Tcp(owned) = &packets[4] else { panic!("no segment") };
    assert_eq!(owned.segment().options, [1, 1, 5, 10, 0, 0, 3, 253, 0, 0, 4, 7]);
    // The same with -S.
    let absolute = text
        .replace("Flags [.], ack 1,", "Flags [.], ack 9001,")
        .replace("seq 1:11, ack 1", "seq 1001:1011, ack 9001")
        .replace("ack 11", "ack 1011")
        .replace("{21:31}", "{1021:1031}");
    assert_eq!(told(&absolute), told(&text));
    // First numbers as small as relative ones.
    for (first, second) in [("0", "0"), ("1", "1"), ("0", "7"), ("5", "4294967295")] {
        let small = text
            .replace("seq 1000", &format!("seq {first}"))
            .replace("seq 9000, ack 1001", &format!("seq {second}, ack {}", number(first) + 1));
        let (seq, ack) = (number(first) + 1, number(second).wrapping_add(1));
        assert_eq!((told(&small)[3].1, told(&small)[3].2), (seq, ack), "{first} {second}");
    }
}

#[test]
fn every_kind_of_time_is_read() {
    let lines = [HANDSHAKE[0], HANDSHAKE[1], HANDSHAKE[2]];
    let begin = 1_767_225_600_000_000_000;
    let hour = 3_600_000_000_000;
    for (times, expected) in [
        // -tttt, -tt, no option, over midnight, -ttt, --nano
        (
            ["2026-01-01 00:00:01.5", "2026-01-01 00:00:01.6", "2026-01-01 00:00:01.8"],
            [begin + 1_500_000_000, begin + 1_600_000_000, begin + 1_800_000_000],
        ),
        (
            ["1767225601.5", "1767225601.6", "1767225601.8"],
            [begin + 1_500_000_000, begin + 1_600_000_000, begin + 1_800_000_000],
        ),
        (
            ["12:00:00.000000", "12:00:00.000001", "12:00:00.0"],
            [begin + 12 * hour, begin + 12 * hour + 1_000, begin + 12 * hour],
        ),
        (
            ["23:00:00.0", "01:00:00.0", "02:00:00.0"],
            [begin + 23 * hour, begin + 25 * hour, begin + 26 * hour],
        ),
        (
            [" 00:00:00.000000", " 00:00:00.5", "-00:00:00.000001"],
            [begin, begin + 500_000_000, begin + 499_999_000],
        ),
        (
            ["00:00:00.000000000", "00:00:00.000000007", "00:00:00.000000008"],
            [begin, begin + 7, begin + 15],
        ),
    ] {
        let found: Vec<_> = told(&timed(&times, &lines)).into_iter().map(|t| t.0).collect();
        assert_eq!(found, expected, "{times:?}");
    }
    // Five that never go back are those since the first line (-ttttt).
    let lines = [HANDSHAKE[0]; 5];
    let times = ["00:00:00.0", "00:00:01.0", "00:00:02.0", "00:00:03.0", "00:00:04.0"];
    assert_eq!(told(&timed(&times, &lines))[4].0, begin + 4_000_000_000);
}

#[test]
fn more_that_is_printed_is_taken() {
    let verbose = "\
12:00:00.1 36:82:e0:c9:dc:53 > 62:c5:6d:7f:3e:47, ethertype IPv4 (0x0800), length 74: (tos 0x0, ttl \
57, id 7964, offset 0, flags [DF], proto TCP (6), length 60)
    10.0.0.1.40000 > 10.0.0.2.443: Flags [S], cksum 0x5c5a (correct), seq 1000, win 1, length 0
\t0x0000:  4500 0034 0000 4000
12:00:00.2 eth0  In  IP6 (flowlabel 0x1, hlim 61, next-header TCP (6) payload length: 40) \
2001:db8::1.40000 > 2001:db8::2.443: Flags [S], seq 5, win 1, options [mptcp capable v1 {0x1,0x2},\
unknown-77 0x01], length 0
12:00:00.3 IP 10.0.0.1.53 > 10.0.0.2.53: UDP, length 30
12:00:00.4 IP 10.0.0.1.5 > 10.0.0.2.4789: VXLAN, flags [I] (0x08), vni 5
IP 10.1.0.1.40000 > 10.1.0.2.80: Flags [P.], seq 1:6, ack 1, win 1, length 5: HTTP, length 700
reading from file x.pcap, link-type EN10MB (Ethernet)
4 packets captured
";
    let packets = parse(verbose).unwrap();
    let segments: Vec<Segment<'_>> = packets
        .iter()
        .map(|packet| match packet {
            Packet::Tcp(owned) => owned.segment(),
            Packet::Icmp(_) => panic!("none is there"),
        })
        .collect();
    // Packets are counted as they were printed, those without TCP too.
    assert_eq!(segments.iter().map(|s| s.packet).collect::<Vec<_>>(), [1, 2, 4]);
    let [first, second, third] = segments[..] else { panic!("three") };
    assert_eq!((first.ttl, first.ip_id, first.checksum), (57, Some(7964), 0x5c5a));
    assert_eq!(first.link_source, 0x3682_e0c9_dc53);
    assert_eq!((second.ip_version, second.ttl), (6, 61));
    assert_eq!(second.source.ip(6).to_string(), "2001:db8::1");
    assert!(second.options.is_empty());
    assert_eq!((third.destination_port, third.payload_length), (80, 5));
}

#[test]
fn a_line_that_lacks_something_is_named() {
    let whole = format!("12:00:00.1 {}", HANDSHAKE[0]);
    for (line, told) in [
        (HANDSHAKE[0].to_owned(), "no time: print without -t"),
        ("12:00:00.2 IP 10.0.0.1.1 > 10.0.0.2.2: tcp 5".into(), "print without -q"),
        (whole.replace("10.0.0.1.40000", "host.http"), "no address with a port: print with -n"),
        (whole.replace("seq 1000, ", ""), "no seq"),
        (whole.replace("[S]", "[S.]"), "no ack"),
        (whole.replace("win 64240, ", ""), "no win"),
        (whole.replace(", length 0", ""), "no length"),
        (whole.replace("[S]", "[Q]"), "no flag of tcpdump's"),
        (whole.replace("seq 1000,", "seq 1000:1007,"), "are not 0 bytes"),
        (whole.replace("win 64240", "win 99999"), "its win is no number that fits"),
        (whole.replace("wscale 7]", "wscale 7"), "not closed by ]"),
        (whole.replace("mss 1460", "mss many"), "option \"mss many\""),
        (whole.replace("mss 1460", &"sackOK,".repeat(30)), "more options than a header holds"),
        (whole.replace("12:00:00.1", "1767225601.5"), "of another kind"),
        ("12:00:00.2 IP 10.0.0.1.1 > 10.0.0.2.2: [|tcp]".into(), "cut: capture with a larger"),
        ("12:00:00.2 IP 10.0.0.1.1 > 10.0.0.2.2: S 5:5(0) win 9".into(), "tcpdump 4.0 or newer"),
        ("What is this?".into(), "none that tcpdump prints"),
    ] {
        let error = refused(&format!("{whole}\n\n{line}\n"));
        assert!(error.contains("line 3 of tcpdump's output: "), "{line}: {error}");
        assert!(error.contains(told), "{line}: {error}");
    }
    // What begins in the middle with a bare ACK has numbers that nothing tells.
    let middle = format!(
        "12:00:00.1 {}\n12:00:00.2 IP 10.0.0.1.40000 > 10.0.0.2.443: Flags [R], seq 77, win 0, length 0",
        HANDSHAKE[2]
    );
    assert!(refused(&middle).contains("line 2 of tcpdump's output: its seq is absolute"));
}
