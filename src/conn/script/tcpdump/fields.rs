//! What one line says of a segment.

use std::net::IpAddr;

use super::line::{FLAGS, Way, Wrong};
use crate::capture::Direction;
use crate::packet::{Address, Flags};

/// What was printed of one segment.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    pub version: u8,
    pub source: (Address, u16),
    pub destination: (Address, u16),
    pub flags: Flags,
    pub sequence: Option<u32>,
    pub acknowledgment: Option<u32>,
    pub window: u16,
    pub length: u32,
    /// Between the brackets.
    pub options: &'a str,
    pub checksum: Option<u16>,
    pub ttl: Option<u8>,
    pub id: Option<u16>,
    pub dont_fragment: bool,
    pub direction: Direction,
    pub link_source: u64,
}

impl<'a> Fields<'a> {
    /// Reads them; `None` for a packet without TCP.
    pub(super) fn read(head: &'a str, body: &'a str) -> Result<Option<Self>, Wrong> {
        let Some((addresses, rest)) = body.split_once(FLAGS) else {
            return other(body);
        };
        let (source, destination) =
            addresses.rsplit_once(" > ").ok_or("it has no addresses before its flags")?;
        let (source, version) = endpoint(source.trim())?;
        let (destination, _) = endpoint(destination.trim())?;
        let (letters, rest) = rest.split_once(']').ok_or("its flags are not closed by ]")?;
        let flags = flags(letters)?;
        let (before, options, after) = match rest.split_once(", options [") {
            Some((before, tail)) => {
                let end = closing(tail).ok_or("its options are not closed by ]")?;
                let (options, after) = tail.split_at(end);
                (before, options, after)
            }
            None => (rest, "", rest),
        };
        let length: u32 =
            number(after, ", length ")?.ok_or("it has no length: was the line cut?")?;
        let (sequence, end) = sequence(before)?;
        if let (Some(from), Some(to)) = (sequence, end)
            && to.wrapping_sub(from) != length
        {
            return Err(format!("seq {from}:{to} are not {length} bytes"));
        }
        if sequence.is_none()
            && (length > 0 || flags.any(Flags::SYN.with(Flags::FIN).with(Flags::RST)))
        {
            return Err("it has no seq, which a segment with data, SYN, FIN or RST needs".into());
        }
        let acknowledgment = number(before, ", ack ")?;
        if flags.ack() && acknowledgment.is_none() {
            return Err("it has no ack, and its flags say that there is one".into());
        }
        Ok(Some(Self {
            version,
            source,
            destination,
            flags,
            sequence,
            acknowledgment,
            window: number(before, ", win ")?.ok_or("it has no win (the window)")?,
            length,
            options,
            checksum: checksum(before),
            ttl: number(head, " ttl ")?.or(number(head, " hlim ")?),
            id: number(head, " id ")?,
            dont_fragment: head.contains("flags [DF]"),
            direction: match head.split_ascii_whitespace().find(|w| matches!(*w, "In" | "Out")) {
                Some("In") => Direction::Inbound,
                Some(_) => Direction::Outbound,
                None => Direction::Unknown,
            },
            link_source: head.split_ascii_whitespace().find_map(hardware).unwrap_or(0),
        }))
    }

    /// From where to where.
    pub(super) fn way(&self) -> Way {
        (self.source, self.destination)
    }
}

/// A line without flags: no TCP, or TCP of which too little was printed.
fn other<'a>(body: &str) -> Result<Option<Fields<'a>>, Wrong> {
    let said = body.split_once(": ").map_or("", |(_, said)| said);
    if said.starts_with("tcp ") {
        return Err("it has neither flags nor numbers: print without -q".into());
    }
    if said.contains("[|tcp]") || said.contains("[|tcp ") {
        return Err("its TCP header was cut: capture with a larger snap length (-s)".into());
    }
    let mut words = said.split_ascii_whitespace();
    let old = words.next().is_some_and(|word| word.bytes().all(|b| b"SFRPWE.".contains(&b)));
    if old && !said.is_empty() && (said.contains(" win ") || said.contains(" ack ")) {
        return Err("it has no \"Flags [...]\": print with tcpdump 4.0 or newer".into());
    }
    Ok(None)
}

/// Where the options end: brackets within them are theirs.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' if depth == 0 => return Some(at),
            ']' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `10.0.0.1.443`, `2001:db8::1.443`.
fn endpoint(text: &str) -> Result<((Address, u16), u8), Wrong> {
    let names = || format!("{text:?} is no address with a port: print with -n");
    let (address, port) = text.rsplit_once('.').ok_or_else(names)?;
    let port = port.parse().map_err(|_| names())?;
    match address.parse().map_err(|_| names())? {
        IpAddr::V4(address) => Ok(((Address::v4(address.octets()), port), 4)),
        IpAddr::V6(address) => Ok(((Address::v6(address.octets()), port), 6)),
    }
}

fn flags(letters: &str) -> Result<Flags, Wrong> {
    if letters == "none" {
        return Ok(Flags::default());
    }
    letters.chars().try_fold(Flags::default(), |flags, letter| {
        Ok(flags.with(match letter {
            'S' => Flags::SYN,
            'F' => Flags::FIN,
            'R' => Flags::RST,
            'P' => Flags::PSH,
            '.' => Flags::ACK,
            'U' => Flags::URG,
            'E' => Flags::ECE,
            'W' => Flags::CWR,
            'e' => Flags::AE,
            _ => return Err(format!("{letter:?} is no flag of tcpdump's")),
        }))
    })
}

/// The number behind a word; an error for one that does not fit.
fn number<T: std::str::FromStr>(text: &str, word: &str) -> Result<Option<T>, Wrong> {
    let Some((_, tail)) = text.split_once(word) else { return Ok(None) };
    let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
    let digits = tail.get(..end).unwrap_or_default();
    let word = word.trim_matches([',', ' ']);
    digits.parse().map(Some).map_err(|_| format!("its {word} is no number that fits"))
}

/// `seq 5`, `seq 5:30`.
fn sequence(text: &str) -> Result<(Option<u32>, Option<u32>), Wrong> {
    let from = number(text, ", seq ")?;
    let word = text.split_once(", seq ").map_or("", |(_, tail)| tail);
    let word = word.split(',').next().unwrap_or_default();
    let to = word.split_once(':').map(|(_, to)| to.trim().parse());
    let to = to.transpose().map_err(|_| "the end of its seq is no number that fits")?;
    Ok((from, to))
}

/// `cksum 0x5c5a (correct)`, with `-vv`.
fn checksum(text: &str) -> Option<u16> {
    let (_, tail) = text.split_once("cksum 0x")?;
    u16::from_str_radix(tail.get(..4)?, 16).ok()
}

/// A hardware address, with `-e`.
fn hardware(word: &str) -> Option<u64> {
    let word = word.trim_end_matches(',');
    let octets: Vec<u8> = word
        .split(':')
        .map(|octet| u8::from_str_radix(octet, 16).ok().filter(|_| octet.len() == 2))
        .collect::<Option<_>>()?;
    (octets.len() == 6).then(|| octets.iter().fold(0, |all, &octet| all << 8 | u64::from(octet)))
}
