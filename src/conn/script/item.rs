//! One item of a script: what a segment is to be.

use std::ops::RangeInclusive;

use super::named;
use crate::capture::Direction;
use crate::conn::primitives::words::Side;
use crate::packet::Flags;

/// Bytes of one payload.
const MAX_PAYLOAD: u32 = 10_000_000;
const MAX_MAC: u64 = (1 << 48) - 1;
/// Paths are VLANs where a script is written as a capture.
const MAX_PATH: u32 = 4094;

/// What may stand behind the flags, beside lengths and times.
const WORDS: &[&str] = &[
    "seq=", "ack=", "isn=", "win=", "ttl=", "id=", "mac=", "port=", "service=", "client=",
    "server=", "v6", "v4", "path=", "in", "out", "again", "probe", "copy", "nots", "ts", "clock=",
    "echo=", "mptcp=", "bare", "reply", "badsum", "text=", "hex=", "cut", "tls", "hello=", "get=",
];

/// A segment as it was written; what is not there, its sender chooses.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    pub flags: Flags,
    pub payload: u32,
    pub octets: Option<Vec<u8>>,
    pub delay: Option<i64>,
    pub sequence: Option<Number>,
    pub acknowledgment: Option<Number>,
    pub isn: Option<u32>,
    pub window: Option<u16>,
    pub ttl: Option<u8>,
    pub id: Option<u16>,
    pub mac: Option<u64>,
    pub path: u32,
    pub direction: Direction,
    pub client: Option<Host>,
    pub server: Option<Host>,
    pub port: Option<u16>,
    pub service: Option<u16>,
    /// IP version, from here on.
    pub version: Option<u8>,
    /// The item stands for as many, one for each of these.
    pub each: Option<(Each, RangeInclusive<u16>)>,
    pub clock: Option<Number>,
    pub echo: Option<Number>,
    pub mptcp: Option<u8>,
    pub again: bool,
    pub copy: bool,
    pub cut: bool,
    pub probe: bool,
    pub timestamps: Option<bool>,
    pub bare: bool,
    pub reply: bool,
    /// Its checksum is wrong.
    pub damaged: bool,
    pub unseen: bool,
}

/// What is wrong with a script: at which of its words, and what was expected there.
#[derive(Debug)]
pub(super) struct Fault<'a> {
    /// A part of the script itself, by which its place is found.
    pub word: &'a str,
    pub reason: String,
}

impl<'a> Fault<'a> {
    pub(super) fn at(word: &'a str, reason: impl Into<String>) -> Self {
        Self { word, reason: reason.into() }
    }
}

/// A host: in which of the two nets, and the last byte of its address there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Host {
    pub net: Side,
    pub number: u8,
}

impl Host {
    pub(super) fn of(net: Side, number: u8) -> Self {
        Self { net, number }
    }

    /// `2`, in the net of its side, or `c2` and `s2`, in that of clients and of servers.
    fn read(side: Side, value: &str) -> Option<Self> {
        let (net, number) = match value.split_at_checked(1)? {
            ("c", number) => (Side::Client, number),
            ("s", number) => (Side::Server, number),
            _ => (side, value),
        };
        Some(Self::of(net, host(number)?))
    }
}

/// What a range counts through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    Client,
    Server,
    Port,
    Service,
}

impl Item {
    /// The items that it stands for: itself, or one for each of its range.
    pub(super) fn each(&self) -> impl Iterator<Item = Self> + use<'_> {
        let (which, range) = self.each.clone().unzip();
        let one = range.is_none().then(|| self.clone());
        let numbered = range.into_iter().flatten().map(move |number| {
            let mut item = self.clone();
            match which {
                // A host's number was found to be one.
                Some(Each::Client) => {
                    item.client = u8::try_from(number).ok().map(|n| Host::of(Side::Client, n));
                }
                Some(Each::Server) => {
                    item.server = u8::try_from(number).ok().map(|n| Host::of(Side::Server, n));
                }
                Some(Each::Port) => item.port = Some(number),
                Some(Each::Service) => item.service = Some(number),
                None => {}
            }
            item
        });
        one.into_iter().chain(numbered)
    }

    fn end(&mut self, which: Each, value: &str) -> Result<(), String> {
        let host = matches!(which, Each::Client | Each::Server);
        let bad = || {
            let most = if host { "a number from 1 to 253" } else { "a port from 0 to 65535" };
            format!("{most}, or a range of them such as 1..5, is expected")
        };
        let read = |text: &str| {
            if host { self::host(text).map(u16::from) } else { text.parse().ok() }.ok_or_else(bad)
        };
        if let Some((from, to)) = value.split_once("..") {
            let (from, to) = (read(from)?, read(to)?);
            if from > to {
                return Err(bad());
            }
            if self.each.replace((which, from..=to)).is_some() {
                return Err("an item has one range at most".into());
            }
            return Ok(());
        }
        match which {
            Each::Client => self.client = Some(Host::read(Side::Client, value).ok_or_else(bad)?),
            Each::Server => self.server = Some(Host::read(Side::Server, value).ok_or_else(bad)?),
            Each::Port => self.port = Some(read(value)?),
            Each::Service => self.service = Some(read(value)?),
        }
        Ok(())
    }

    fn payload(&mut self, octets: Vec<u8>) -> Result<(), String> {
        if self.octets.replace(octets).is_some() {
            return Err("its payload is given twice".into());
        }
        Ok(())
    }

    /// Fills bytes up to a length that is given beside them.
    fn fill(&mut self) -> Result<(), String> {
        if let (Some(octets), true) = (&mut self.octets, self.payload > 0) {
            if octets.len() > self.payload as usize {
                return Err(format!("its payload has {} bytes", octets.len()));
            }
            octets.resize(self.payload as usize, b'x');
        }
        Ok(())
    }
}

/// A number moved from the one its sender would use, or given relative to the initial one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Moved(i64),
    Exactly(i64),
}

pub(super) fn read_item(text: &str) -> Result<Item, Fault<'_>> {
    let (flags, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let flags = read_flags(flags).map_err(|reason| Fault::at(flags, reason))?;
    let mut item = Item { flags, ..Item::default() };
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        let (word, tail) = match rest.strip_prefix("text=\"") {
            Some(quoted) => {
                let Some(end) = quoted.find('"') else {
                    return Err(Fault::at(rest, "its quote is not closed"));
                };
                rest.split_at(rest.len() - quoted.len() + end + 1)
            }
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        read_word(&mut item, word).map_err(|reason| Fault::at(word, reason))?;
        rest = tail;
    }
    item.fill().map_err(|reason| Fault::at(text, reason))?;
    Ok(item)
}

fn read_word(item: &mut Item, word: &str) -> Result<(), String> {
    if let Some((key, value)) = word.split_once('=') {
        match key {
            "seq" => item.sequence = Some(number(value)?),
            "ack" => item.acknowledgment = Some(number(value)?),
            "isn" => item.isn = Some(bounded(value, u32::MAX)?),
            "win" => item.window = Some(bounded(value, u16::MAX)?),
            "ttl" => item.ttl = Some(bounded(value, u8::MAX)?),
            "id" => item.id = Some(bounded(value, u16::MAX)?),
            "mac" => item.mac = Some(bounded(value, MAX_MAC)?),
            "path" => item.path = bounded(value, MAX_PATH)?,
            "client" => item.end(Each::Client, value)?,
            "server" => item.end(Each::Server, value)?,
            "port" => item.end(Each::Port, value)?,
            "service" => item.end(Each::Service, value)?,
            "clock" => item.clock = Some(number(value)?),
            "echo" => item.echo = Some(number(value)?),
            "mptcp" => item.mptcp = Some(bounded(value, u8::MAX)?),
            "text" => {
                let text = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
                item.payload(text.ok_or("its text stands in quotes")?.as_bytes().to_vec())?;
            }
            "hex" => item.payload(octets(value)?)?,
            "hello" => {
                let hello = named::client_hello(name(value)?);
                item.payload(hello.ok_or("a name has 255 letters at most")?)?;
            }
            "get" => item.payload(named::request(name(value)?))?,
            _ => return Err(unknown(key)),
        }
        return Ok(());
    }
    match word {
        "again" => item.again = true,
        "v4" => item.version = Some(4),
        "v6" => item.version = Some(6),
        "copy" => item.copy = true,
        "in" => item.direction = Direction::Inbound,
        "out" => item.direction = Direction::Outbound,
        "cut" => item.cut = true,
        "probe" => item.probe = true,
        "ts" => item.timestamps = Some(true),
        "nots" => item.timestamps = Some(false),
        "bare" => item.bare = true,
        "reply" => item.reply = true,
        "badsum" => item.damaged = true,
        "tls" => item.payload(vec![0x16, 3, 1, 0, 2, 1, 0])?,
        _ if word.starts_with('+') => item.delay = Some(duration(word)?),
        _ if word.starts_with('-') => item.delay = Some(-duration(word)?),
        _ if word.starts_with(|c: char| c.is_ascii_digit()) => {
            if item.payload > 0 {
                return Err("its payload is given twice".into());
            }
            item.payload = bounded(word, MAX_PAYLOAD)?;
        }
        _ => return Err(unknown(word)),
    }
    Ok(())
}

fn unknown(word: &str) -> String {
    let near = WORDS.iter().find(|known| known.eq_ignore_ascii_case(word));
    let meant = near.map_or_else(String::new, |known| format!("; meant is {known}?"));
    format!(
        "no word of a script{meant} (behind the flags stand bytes of payload, a time such as \
         +100ms, or one of {})",
        WORDS.join(" ")
    )
}

/// A number from 0 to a bound.
fn bounded<T: Copy + std::str::FromStr + PartialOrd + std::fmt::Display>(
    value: &str,
    most: T,
) -> Result<T, String> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    let number = value.parse().ok().filter(|number| digits && *number <= most);
    number.ok_or_else(|| format!("a number from 0 to {most} is expected"))
}

/// The last byte of an address; that of the box between is kept for it.
fn host(value: &str) -> Option<u8> {
    value.parse().ok().filter(|last| (1..=253).contains(last))
}

/// A server's name: what a packet could carry as one.
fn name(value: &str) -> Result<&str, String> {
    let fits = (1..=255).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(value).ok_or_else(|| "a name has 1 to 255 letters, digits or signs".into())
}

fn octets(digits: &str) -> Result<Vec<u8>, String> {
    let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let octet = |pair: &[u8]| match *pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    };
    let found: Option<Vec<u8>> = digits.chars().map(digit).collect();
    found
        .and_then(|digits| digits.chunks(2).map(octet).collect())
        .ok_or_else(|| "two hexadecimal digits for every byte are expected".into())
}

fn number(value: &str) -> Result<Number, String> {
    let (digits, exact) = match value.strip_prefix('#') {
        Some(digits) => (digits, true),
        None => (value, false),
    };
    let number = digits.parse().map_err(|_| {
        "a number is expected: +5 or -5 moves what the sender would use, #7 is relative to the \
         initial one"
    })?;
    Ok(if exact { Number::Exactly(number) } else { Number::Moved(number) })
}

pub(super) fn duration(word: &str) -> Result<i64, String> {
    let text = word.strip_prefix(['+', '-']).unwrap_or(word);
    let units = [("us", 1e3), ("ms", 1e6), ("s", 1e9)];
    units
        .iter()
        .find_map(|(unit, scale)| {
            let value: f64 = text.strip_suffix(unit)?.parse().ok()?;
            (0.0..1e8).contains(&value).then_some(value * scale)
        })
        .map(|nanoseconds| {
            #[allow(clippy::cast_possible_truncation)] // below 10^17
            let whole = nanoseconds as i64;
            whole
        })
        .ok_or_else(|| "a time such as +100ms is expected (us, ms, s)".into())
}

fn read_flags(text: &str) -> Result<Flags, String> {
    let mut flags = Flags::default();
    for letter in text.chars() {
        flags = flags.with(match letter {
            'S' => Flags::SYN,
            'F' => Flags::FIN,
            'R' => Flags::RST,
            'P' => Flags::PSH,
            'U' => Flags::URG,
            'E' => Flags::ECE,
            'W' => Flags::CWR,
            '.' => Flags::ACK,
            '-' => Flags::default(),
            _ => return Err(format!("{letter:?} is no flag: S F R P U E W . - are expected")),
        });
    }
    Ok(flags)
}
