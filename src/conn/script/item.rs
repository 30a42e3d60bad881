//! One item of a script: what a segment is to be.

use std::ops::RangeInclusive;

use super::named;
use crate::capture::Direction;
use crate::conn::primitives::words::Side;
use crate::packet::Flags;

/// A segment as it was written; what is not there, its sender chooses.
#[derive(Clone, Debug, Default)]
pub struct Item {
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
    pub unseen: bool,
}

/// A host: in which of the two nets, and the last octet of its address there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Host {
    pub net: Side,
    pub number: u8,
}

impl Host {
    pub fn of(net: Side, number: u8) -> Self {
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
pub enum Each {
    Client,
    Server,
    Port,
    Service,
}

impl Item {
    /// The items that it stands for: itself, or one for each of its range.
    pub fn each(&self) -> impl Iterator<Item = Self> + use<'_> {
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
            let most = if host { "a number from 1 to 253" } else { "a port" };
            format!("{value:?} is not {most}, nor a range such as 1..5 of them")
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

    /// Fills octets up to a length that is given beside them.
    fn fill(&mut self) -> Result<(), String> {
        if let (Some(octets), true) = (&mut self.octets, self.payload > 0) {
            if octets.len() > self.payload as usize {
                return Err(format!("its payload has {} octets", octets.len()));
            }
            octets.resize(self.payload as usize, b'x');
        }
        Ok(())
    }
}

/// A number moved from the one its sender would use, or given relative to the initial one.
#[derive(Clone, Copy, Debug)]
pub enum Number {
    Moved(i64),
    Exactly(i64),
}

pub fn read_item(text: &str) -> Result<Item, String> {
    let (flags, mut rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let mut item = Item { flags: read_flags(flags)?, ..Item::default() };
    while !rest.trim().is_empty() {
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix("text=\"") {
            let (text, tail) = quoted.split_once('"').ok_or("a quote is not closed")?;
            item.payload(text.as_bytes().to_vec())?;
            rest = tail;
            continue;
        }
        let (word, tail) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        read_word(&mut item, word)?;
        rest = tail;
    }
    item.fill()?;
    Ok(item)
}

fn read_word(item: &mut Item, word: &str) -> Result<(), String> {
    let bad = || format!("cannot read {word:?}");
    if let Some((key, value)) = word.split_once('=') {
        match key {
            "seq" => item.sequence = Some(number(value).ok_or_else(bad)?),
            "ack" => item.acknowledgment = Some(number(value).ok_or_else(bad)?),
            "isn" => item.isn = Some(value.parse().map_err(|_| bad())?),
            "win" => item.window = Some(value.parse().map_err(|_| bad())?),
            "ttl" => item.ttl = Some(value.parse().map_err(|_| bad())?),
            "id" => item.id = Some(value.parse().map_err(|_| bad())?),
            "mac" => item.mac = Some(value.parse().map_err(|_| bad())?),
            "path" => item.path = value.parse().map_err(|_| bad())?,
            "client" => item.end(Each::Client, value)?,
            "server" => item.end(Each::Server, value)?,
            "port" => item.end(Each::Port, value)?,
            "service" => item.end(Each::Service, value)?,
            "clock" => item.clock = Some(number(value).ok_or_else(bad)?),
            "echo" => item.echo = Some(number(value).ok_or_else(bad)?),
            "mptcp" => item.mptcp = Some(value.parse().map_err(|_| bad())?),
            "hex" => item.payload(octets(value).ok_or_else(bad)?)?,
            "hello" => item.payload(named::client_hello(name(value)?).ok_or_else(bad)?)?,
            "get" => item.payload(named::request(name(value)?))?,
            _ => return Err(bad()),
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
        "tls" => item.payload(vec![0x16, 3, 1, 0, 2, 1, 0])?,
        _ if word.starts_with('+') => item.delay = Some(duration(word)?),
        _ if word.starts_with('-') => item.delay = Some(-duration(word)?),
        _ => {
            let payload = word.parse().map_err(|_| bad())?;
            if item.payload > 0 {
                return Err("its payload is given twice".into());
            }
            item.payload = payload;
            if item.payload > 10_000_000 {
                return Err("a payload has at most 10000000 octets".into());
            }
        }
    }
    Ok(())
}

/// The last octet of an address; that of the box between is kept for it.
fn host(value: &str) -> Option<u8> {
    value.parse().ok().filter(|last| (1..=253).contains(last))
}

/// A server's name: what a packet could carry as one.
fn name(value: &str) -> Result<&str, String> {
    let fits = (1..=255).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(value).ok_or_else(|| "a name has 1 to 255 letters, digits or signs".into())
}

fn octets(digits: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        digits.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let octet = |pair: &[u8]| match *pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    };
    digits?.chunks(2).map(octet).collect()
}

fn number(value: &str) -> Option<Number> {
    match value.strip_prefix('#') {
        Some(exact) => exact.parse().ok().map(Number::Exactly),
        None => value.parse().ok().map(Number::Moved),
    }
}

pub fn duration(word: &str) -> Result<i64, String> {
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
        .ok_or_else(|| format!("{word:?} is no duration such as +100ms"))
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
            _ => return Err(format!("{letter:?} is no flag: S F R P U E W . -")),
        });
    }
    Ok(flags)
}
