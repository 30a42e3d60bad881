//! Names that DNS answers give addresses (RFC 1035, RFC 3596, RFC 6762).
//!
//! A message is hostile: names point into it only backwards, and work and memory are bounded for
//! each, whatever its counts say.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::hosts::{LONGEST, is_address, is_label};

/// Ports that answers come from: DNS and multicast DNS.
pub(super) const PORT: u16 = 53;
pub(super) const MULTICAST_PORT: u16 = 5353;

/// Records of one message that are looked at, and pointers followed in one name.
const MAX_RECORDS: usize = 256;
const MAX_POINTERS: usize = 16;
/// Aliases between a question and its addresses.
const MAX_ALIASES: usize = 16;

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;
const INTERNET: u16 = 1;

/// What of a message matters here.
#[derive(Debug, Default)]
struct Answer {
    asked: Option<String>,
    aliases: Vec<(String, String)>,
    addresses: Vec<(String, IpAddr)>,
}

/// Gives the addresses of an answer with their names: of DNS what the client asked for, however
/// many aliases stand between; of multicast DNS, which has no question, what the answer says. A
/// message that is none, or is cut, gives what comes before that.
pub(super) fn names(message: &[u8], multicast: bool, mut found: impl FnMut(IpAddr, &str)) {
    let mut answer = Answer::default();
    // What was read until a message ends too soon holds.
    let _ = read(message, multicast, &mut answer);
    let Answer { asked, aliases, addresses } = answer;
    if multicast {
        for (name, address) in &addresses {
            found(*address, name);
        }
        return;
    }
    let Some(asked) = asked else { return };
    let mut chain = vec![asked.as_str()];
    while let Some((_, target)) = aliases.iter().find(|(owner, _)| chain.last() == Some(&&**owner))
        && chain.len() <= MAX_ALIASES
    {
        chain.push(target);
    }
    for (owner, address) in &addresses {
        if chain.contains(&owner.as_str()) {
            found(*address, &asked);
        }
    }
}

/// Reads question and answers; `None` where the message ends before it should.
fn read(message: &[u8], multicast: bool, answer: &mut Answer) -> Option<()> {
    let &[_, _, high, low, q0, q1, a0, a1, n0, n1, r0, r1] = message.first_chunk::<12>()?;
    // A response without error to a standard query.
    if high & 0xf8 != 0x80 || low & 15 != 0 {
        return None;
    }
    let questions = u16::from_be_bytes([q0, q1]);
    if questions > 1 && !multicast {
        return None;
    }
    let mut at = 12;
    for _ in 0..usize::from(questions).min(MAX_RECORDS) {
        let (name, next) = name(message, at)?;
        answer.asked = name;
        at = next + 4;
    }
    let [answers, authorities, others] =
        [[a0, a1], [n0, n1], [r0, r1]].map(|count| usize::from(u16::from_be_bytes(count)));
    // A responder adds its addresses to what it was asked for; a server's are about others.
    let records = if multicast { answers + authorities + others } else { answers };
    for _ in 0..records.min(MAX_RECORDS) {
        at = record(message, at, answer)?;
    }
    Some(())
}

/// Reads one record; gives where the next one is.
fn record(message: &[u8], at: usize, answer: &mut Answer) -> Option<usize> {
    let (owner, at) = name(message, at)?;
    let head = message.get(at..)?.first_chunk::<10>()?;
    let &[t0, t1, c0, c1, _, _, _, _, l0, l1] = head;
    let (start, length) = (at + 10, usize::from(u16::from_be_bytes([l0, l1])));
    let data = message.get(start..start + length)?;
    // The highest bit of the class is multicast DNS's own.
    let internet = u16::from_be_bytes([c0 & 0x7f, c1]) == INTERNET;
    if let Some(owner) = owner.filter(|_| internet) {
        match (u16::from_be_bytes([t0, t1]), data) {
            (A, &[a, b, c, d]) => {
                answer.addresses.push((owner, Ipv4Addr::new(a, b, c, d).into()));
            }
            (AAAA, data) => {
                if let Ok(octets) = <[u8; 16]>::try_from(data) {
                    answer.addresses.push((owner, Ipv6Addr::from(octets).into()));
                }
            }
            (CNAME, _) => {
                if let (Some(target), _) = name(message, start)? {
                    answer.aliases.push((owner, target));
                }
            }
            _ => {}
        }
    }
    Some(start + length)
}

/// Reads a name in lower case, and where what follows it is; no text where it is no host name.
fn name(message: &[u8], start: usize) -> Option<(Option<String>, usize)> {
    let (mut at, mut after, mut pointers) = (start, None, 0);
    let (mut text, mut printable) = (Vec::with_capacity(64), true);
    loop {
        match usize::from(*message.get(at)?) {
            0 => break,
            length @ 1..=63 => {
                let label = message.get(at + 1..=at + length)?;
                if !text.is_empty() {
                    text.push(b'.');
                }
                text.extend_from_slice(label);
                if text.len() > LONGEST {
                    return None;
                }
                printable &= is_label(label);
                at += 1 + length;
            }
            // A pointer leads back, so that no name goes in a circle.
            high @ 192.. if pointers < MAX_POINTERS => {
                let to = (high & 63) << 8 | usize::from(*message.get(at + 1)?);
                after.get_or_insert(at + 2);
                if to >= at {
                    return None;
                }
                (at, pointers) = (to, pointers + 1);
            }
            _ => return None,
        }
    }
    text.make_ascii_lowercase();
    let fits = printable && !is_address(&text);
    let text = if fits { String::from_utf8(text).ok() } else { None };
    Some((text, after.unwrap_or(at + 1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hosts::is_host_name;

    /// A message in the making.
    #[derive(Clone)]
    struct Message(Vec<u8>);

    impl Message {
        fn new(flags: u16, counts: [u16; 4]) -> Self {
            let head = [7, flags, counts[0], counts[1], counts[2], counts[3]];
            Self(head.iter().flat_map(|n| n.to_be_bytes()).collect())
        }

        fn name(mut self, name: &str) -> Self {
            for label in name.split('.').filter(|label| !label.is_empty()) {
                self.0.push(u8::try_from(label.len()).unwrap());
                self.0.extend(label.as_bytes());
            }
            self.0.push(0);
            self
        }

        fn octets(mut self, octets: &[u8]) -> Self {
            self.0.extend(octets);
            self
        }

        fn question(self, name: &str) -> Self {
            self.name(name).octets(&[0, 1, 0, 1])
        }

        fn record(self, owner: &str, kind: u16, data: &[u8]) -> Self {
            let length = u16::try_from(data.len()).unwrap().to_be_bytes();
            self.name(owner)
                .octets(&kind.to_be_bytes())
                .octets(&[0, 1, 0, 0, 0, 9])
                .octets(&length)
                .octets(data)
        }

        fn alias(self, owner: &str, target: &str) -> Self {
            let data = Self(Vec::new()).name(target).0;
            self.record(owner, CNAME, &data)
        }
    }

    fn told(message: &[u8], multicast: bool) -> Vec<String> {
        let mut told = Vec::new();
        names(message, multicast, |address, name| told.push(format!("{address} {name}")));
        told
    }

    fn unicast(message: &Message) -> Vec<String> {
        told(&message.0, false)
    }

    const RESPONSE: u16 = 0x8180;
    const HOST: &[u8] = &[192, 0, 2, 1];

    #[test]
    fn an_address_has_the_name_that_was_asked_for() {
        let long = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        let answer = Message::new(RESPONSE, [1, 3, 0, 0])
            .question("A.Example")
            .record("a.example", A, HOST)
            .record("A.EXAMPLE", AAAA, &long)
            .record("a.example", A, &[192, 0, 2, 2]);
        assert_eq!(
            unicast(&answer),
            ["192.0.2.1 a.example", "2001:db8::1 a.example", "192.0.2.2 a.example"]
        );
    }

    #[test]
    fn aliases_are_followed_in_any_order() {
        let answer = Message::new(RESPONSE, [1, 3, 0, 0])
            .question("www.example")
            .record("edge.cdn", A, HOST)
            .alias("cdn.example", "edge.cdn")
            .alias("www.example", "cdn.example");
        assert_eq!(unicast(&answer), ["192.0.2.1 www.example"]);
    }

    #[test]
    fn aliases_in_a_circle_come_to_an_end() {
        let answer = Message::new(RESPONSE, [1, 3, 0, 0])
            .question("a")
            .alias("a", "b")
            .alias("b", "a")
            .record("b", A, HOST);
        assert_eq!(unicast(&answer), ["192.0.2.1 a"]);
    }

    #[test]
    fn what_was_not_asked_for_is_not_taken() {
        let answer = Message::new(RESPONSE, [1, 1, 0, 1])
            .question("a.example")
            .record("bank.example", A, HOST)
            .record("a.example", A, HOST);
        assert_eq!(unicast(&answer), [""; 0]);
        let without_question = Message::new(RESPONSE, [0, 1, 0, 0]).record("a.example", A, HOST);
        assert_eq!(unicast(&without_question), [""; 0]);
    }

    #[test]
    fn questions_errors_and_other_operations_give_nothing() {
        for flags in [0x0100, 0x8183, 0x8182, 0xa880] {
            let answer = Message::new(flags, [1, 1, 0, 0]).question("a").record("a", A, HOST);
            assert_eq!(unicast(&answer), [""; 0], "{flags:#x}");
        }
    }

    #[test]
    fn multicast_answers_name_themselves() {
        let answer = Message::new(0x8400, [0, 1, 0, 1])
            .record("_http._tcp.local", 12, &[0])
            .record("printer.local", A, HOST);
        assert_eq!(told(&answer.0, true), ["192.0.2.1 printer.local"]);
        assert_eq!(told(&answer.0, false), [""; 0]);
    }

    #[test]
    fn a_pointer_leads_back_and_never_round() {
        let head = || Message::new(RESPONSE, [1, 1, 0, 0]).question("a.example");
        let data = [0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1];
        let at = head().0.len();
        assert_eq!(unicast(&head().octets(&[0xc0, 12]).octets(&data)), ["192.0.2.1 a.example"]);
        let itself = u8::try_from(at).unwrap();
        for to in [itself, itself + 1, itself + 2, 255] {
            assert_eq!(unicast(&head().octets(&[0xc0, to]).octets(&data)), [""; 0], "{to}");
        }
        // Two that point at each other, and a chain longer than is followed.
        let pair = Message::new(RESPONSE, [1, 1, 0, 0]).octets(&[0xc0, 14, 0xc0, 12]);
        assert_eq!(unicast(&pair.octets(&data)), [""; 0]);
        let mut chain = Message::new(RESPONSE, [1, 1, 0, 0]).question("a");
        for _ in 0..=MAX_POINTERS {
            let before = u8::try_from(chain.0.len() - 2).unwrap();
            chain = chain.octets(&[0xc0, before]);
        }
        assert_eq!(unicast(&chain.octets(&data)), [""; 0]);
    }

    #[test]
    fn names_that_are_none_are_passed_over_and_the_rest_is_read() {
        let evil = ["a b.example", "<script>", "a\u{202e}b", "10.0.0.1"];
        for name in evil {
            let answer = Message::new(RESPONSE, [1, 2, 0, 0])
                .question("good.example")
                .record(name, A, &[192, 0, 2, 9])
                .record("good.example", A, HOST);
            assert_eq!(unicast(&answer), ["192.0.2.1 good.example"], "{name}");
            let asked = Message::new(RESPONSE, [1, 1, 0, 0]).question(name).record(name, A, HOST);
            assert_eq!(unicast(&asked), [""; 0], "{name}");
        }
    }

    #[test]
    fn a_name_is_as_long_as_it_may_be_and_no_longer() {
        let label = "a".repeat(63);
        let fits = format!("{label}.{label}.{label}.{}", &label[..61]);
        assert_eq!(fits.len(), LONGEST);
        let answer =
            |name: &str| Message::new(RESPONSE, [1, 1, 0, 0]).question(name).record(name, A, HOST);
        assert_eq!(unicast(&answer(&fits)), [format!("192.0.2.1 {fits}")]);
        assert_eq!(unicast(&answer(&format!("{fits}a"))), [""; 0]);
    }

    #[test]
    fn every_cut_gives_what_comes_before_it() {
        let answer = Message::new(RESPONSE, [1, 2, 0, 0])
            .question("a.example")
            .record("a.example", A, HOST)
            .record("a.example", A, &[192, 0, 2, 2]);
        let most = unicast(&answer);
        let mut counts: Vec<usize> =
            (0..=answer.0.len()).map(|cut| told(&answer.0[..cut], false).len()).collect();
        assert!(counts.is_sorted());
        counts.dedup();
        assert_eq!((counts, most.len()), (vec![0, 1, 2], 2));
    }

    #[test]
    fn counts_that_lie_cost_no_more_than_the_message_holds() {
        let answer = Message::new(RESPONSE, [1, u16::MAX, u16::MAX, u16::MAX])
            .question("a")
            .octets(&vec![0; 65_000]);
        assert_eq!(unicast(&answer), [""; 0]);
        let mut many = Message::new(RESPONSE, [1, u16::MAX, 0, 0]).question("a");
        for n in 0..2000_u16 {
            let [high, low] = n.to_be_bytes();
            many = many.record("a", A, &[10, 0, high, low]);
        }
        assert_eq!(unicast(&many).len(), MAX_RECORDS);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn any_octets_give_host_names_or_nothing(
            mut octets in prop::collection::vec(any::<u8>(), 0..300),
            as_answer in any::<bool>(),
            multicast in any::<bool>(),
        ) {
            if let (true, Some(head)) = (as_answer, octets.first_chunk_mut::<12>()) {
                *head = [0, 1, 0x81, 0x80, 0, 1, 0, 9, 0, 9, 0, 9];
            }
            names(&octets, multicast, |_, name| {
                assert!(is_host_name(name.as_bytes()), "{name:?}");
                assert_eq!(name.to_lowercase(), name);
            });
        }

        #[test]
        fn a_changed_answer_gives_host_names_or_nothing(
            at in 0..120_usize,
            octet in any::<u8>(),
            multicast in any::<bool>(),
        ) {
            let mut octets = Message::new(RESPONSE, [1, 3, 0, 0])
                .question("www.example")
                .alias("www.example", "cdn.example")
                .octets(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 1])
                .record("cdn.example", A, HOST).0;
            if let Some(place) = octets.get_mut(at) {
                *place = octet;
            }
            names(&octets, multicast, |_, name| assert!(is_host_name(name.as_bytes())));
        }
    }
}
