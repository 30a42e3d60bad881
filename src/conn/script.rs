//! Conversations written as one line, in tcpdump's notation, and played through the tracker.
//!
//! ```text
//! > S, < S., > ., > P. 120, < ., < R.
//! ```
//!
//! Items are separated by commas. `>` is sent by the client, `<` by the server. Flags: `S` SYN,
//! `F` FIN, `R` RST, `P` PSH, `U` URG, `E` ECE, `W` CWR, `.` ACK, `-` none. Then, in any order:
//!
//! | word | meaning |
//! |---|---|
//! | `120` | payload octets |
//! | `+100ms` | time since the segment before it (`us`, `ms`, `s`; 10 ms unless said) |
//! | `seq=+5`, `ack=-1` | moved from the number that the sender would use; the sender goes on from its own |
//! | `seq=#7`, `ack=#7` | exactly that relative number |
//! | `isn=500` | initial sequence number of a SYN |
//! | `win=0`, `ttl=60`, `id=7`, `port=40001` | header fields |
//! | `again` | the sender's latest segment with these flags once more, as a retransmission |
//! | `probe` | one octet before the next: a keep-alive |
//! | `nots`, `ts` | without, with the timestamp option |
//! | `bare` | a SYN with nothing but the MSS option, as scanners send it |
//! | `reply` | shaped as the answer of a stack without a socket: what `R` is anyhow |
//! | `text="…"` | payload text |
//! | `tls` | a payload that begins a TLS handshake |
//!
//! A segment in parentheses was sent and not captured. `< icmp 3/1` is an ICMP error about the
//! other side's latest segment, `! icmp 3/13` the same from a box between.

mod item;

use item::{Item, Number, duration, read_item};

use crate::capture::Direction;
use crate::error::Error;
use crate::packet::{Address, Flags, IcmpError, PathId, Segment, Seq};

use super::connection::Connection;
use super::limits::Limits;
use super::terms::Side;
use super::tracker::Tracker;

const MILLISECOND: i64 = 1_000_000;
/// 2026-01-01T00:00:00Z, where every script begins.
const START: i64 = 1_767_225_600_000_000_000;
/// Longest script, in items.
const MAX_ITEMS: usize = 10_000;

/// One packet of a script.
#[derive(Clone, Debug)]
pub enum Packet {
    /// A TCP segment with the octets that it borrows.
    Tcp(Box<Owned>),
    /// An ICMP error.
    Icmp(IcmpError),
}

/// A segment that owns its octets.
#[derive(Clone, Debug)]
pub struct Owned {
    template: Segment<'static>,
    options: Vec<u8>,
    payload: Vec<u8>,
}

impl Owned {
    /// The segment, borrowed.
    pub fn segment(&self) -> Segment<'_> {
        Segment { options: &self.options, payload: &self.payload, ..self.template }
    }
}

#[derive(Clone, Debug, Default)]
struct Host {
    isn: Option<u32>,
    next: Seq,
    /// What it has received in order from the peer.
    received: Seq,
    heard: bool,
    id: u16,
    latest: Vec<(Flags, Seq, Seq)>,
    /// Timestamp value of its latest stamped segment.
    stamp: u32,
    last: Option<Segment<'static>>,
}

/// Reads a script.
///
/// # Errors
/// `Error::Argument` that names the item and what is wrong with it.
pub fn parse(script: &str) -> Result<Vec<Packet>, Error> {
    let mut player = Player::new();
    for (index, text) in split(script).into_iter().enumerate() {
        if index >= MAX_ITEMS {
            return Err(Error::Argument(format!("a script has at most {MAX_ITEMS} items")));
        }
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        player.play(text).map_err(|reason| {
            Error::Argument(format!(
                "item {} of the script, \"{}\": {}",
                index + 1,
                crate::error::printable(text),
                crate::error::printable(&reason)
            ))
        })?;
    }
    Ok(player.packets)
}

/// Plays a script: its connections, in order of their first packets.
///
/// # Errors
/// As [`parse`].
pub fn play(script: &str) -> Result<Vec<Connection>, Error> {
    let mut tracker = Tracker::new(Limits::default());
    for packet in parse(script)? {
        match packet {
            Packet::Tcp(owned) => {
                let segment = owned.segment();
                let hash = tracker.hash(&segment);
                tracker.take(&segment, hash);
            }
            Packet::Icmp(error) => {
                tracker.icmp(&error);
            }
        }
    }
    Ok(tracker.finish(|_| ()).1.iter().collect())
}

/// Splits at commas outside quotes.
fn split(script: &str) -> Vec<&str> {
    let mut quoted = false;
    script
        .split(move |c| {
            if c == '"' {
                quoted = !quoted;
            }
            (c == ',' || c == '\n') && !quoted
        })
        .collect()
}

struct Player {
    hosts: [Host; 2],
    port: u16,
    time: i64,
    packet: u64,
    timestamps: bool,
    packets: Vec<Packet>,
}

impl Player {
    fn new() -> Self {
        Self {
            hosts: [Host::default(), Host::default()],
            port: 40_000,
            time: START,
            packet: 0,
            timestamps: true,
            packets: Vec::new(),
        }
    }

    fn play(&mut self, text: &str) -> Result<(), String> {
        let unseen = text.starts_with('(') && text.ends_with(')');
        let text = text.trim_start_matches('(').trim_end_matches(')').trim();
        let (direction, rest) = text.split_at_checked(1).ok_or("nothing there")?;
        let rest = rest.trim();
        if let Some(code) = rest.strip_prefix("icmp") {
            return self.icmp(direction, code.trim());
        }
        let side = match direction {
            ">" => Side::Client,
            "<" => Side::Server,
            _ => return Err("begins with neither > nor <".into()),
        };
        let mut item = read_item(rest)?;
        item.unseen = unseen;
        self.send(side, &item);
        Ok(())
    }

    fn icmp(&mut self, direction: &str, text: &str) -> Result<(), String> {
        let mut words = text.split_whitespace();
        let code = words.next().and_then(|w| w.split_once('/')).ok_or("icmp needs type/code")?;
        let kind = code.0.parse().map_err(|_| "no ICMP type")?;
        let code = code.1.parse().map_err(|_| "no ICMP code")?;
        let delay = words.next().map(duration).transpose()?.unwrap_or(10 * MILLISECOND);
        self.time += delay;
        let (about, reporter) = match direction {
            "<" => (Side::Client, address(Side::Server)),
            ">" => (Side::Server, address(Side::Client)),
            "!" => (Side::Client, Address::v4([192, 0, 2, 254])),
            _ => return Err("begins with none of < > !".into()),
        };
        let quoted = self.hosts[about.index()].last.ok_or("no segment to quote")?;
        self.packet += 1;
        self.packets.push(Packet::Icmp(IcmpError {
            packet: self.packet,
            time: self.time,
            path: PathId(0),
            reporter,
            ip_version: 4,
            kind,
            code,
            source: quoted.source,
            destination: quoted.destination,
            source_port: quoted.source_port,
            destination_port: quoted.destination_port,
            sequence: quoted.sequence,
            ttl: 64,
        }));
        Ok(())
    }

    fn send(&mut self, side: Side, item: &Item) {
        self.time += item.delay.unwrap_or(10 * MILLISECOND);
        if let Some(port) = item.port {
            self.port = port;
        }
        let (sequence, acknowledgment) = self.numbers(side, item);
        let reset = item.flags.rst();
        let sent_before = self.hosts[side.index()].isn.is_some();
        let reply = reset && (item.reply || !item.flags.ack() || !sent_before);
        if item.flags.syn() && !item.flags.ack() {
            self.timestamps = item.timestamps.unwrap_or(!item.bare);
        }
        let stamped = item.timestamps.unwrap_or(self.timestamps && !reply && !item.bare);
        let options = self.options(side, item, stamped);
        let host = &mut self.hosts[side.index()];
        let payload_length =
            item.text.as_ref().map_or(item.payload, |t| u32::try_from(t.len()).unwrap_or(0));
        let id = if reply || item.flags.syn() && item.flags.ack() {
            0
        } else {
            host.id = host.id.wrapping_add(1);
            host.id
        };
        let payload = match &item.text {
            Some(text) => text.clone().into_bytes(),
            None => vec![b'x'; payload_length as usize],
        };
        let syn = item.flags.syn();
        let template = Segment {
            packet: 0,
            packet_in_file: 0,
            file: 0,
            interface: 0,
            time: self.time,
            path: PathId(0),
            direction: Direction::Unknown,
            link_source: 0,
            ip_version: 4,
            source: address(side),
            destination: address(side.peer()),
            ttl: item.ttl.unwrap_or(64),
            ip_id: Some(item.id.unwrap_or(id)),
            dont_fragment: true,
            traffic_class: 0,
            flow_label: 0,
            source_port: if side == Side::Client { self.port } else { 443 },
            destination_port: if side == Side::Client { 443 } else { self.port },
            sequence,
            acknowledgment,
            flags: item.flags,
            window: item.window.unwrap_or(match (reply, syn) {
                (true, _) => 0,
                (_, true) => 64_240,
                _ => 502,
            }),
            checksum: u16::try_from(self.packet & 0xffff).unwrap_or(0),
            header_length: u8::try_from(20 + options.len()).unwrap_or(20),
            options: &[],
            payload_length,
            payload: &[],
        };
        host.last = Some(template);
        host.latest.push((item.flags, sequence, acknowledgment));
        let own = item.sequence.is_none() && !item.again && !item.probe && !reset;
        let end = template.end();
        if own {
            host.next = end;
        }
        let peer = &mut self.hosts[side.peer().index()];
        if own {
            peer.received = end;
            peer.heard = true;
        }
        if item.unseen {
            return;
        }
        self.packet += 1;
        let template = Segment { packet: self.packet, packet_in_file: self.packet, ..template };
        self.packets.push(Packet::Tcp(Box::new(Owned { template, options, payload })));
    }

    /// The numbers a host would use, moved as the item says.
    fn numbers(&mut self, side: Side, item: &Item) -> (Seq, Seq) {
        let first = if side == Side::Client { 1_000 } else { 900_000 };
        let peer_last = self.hosts[side.peer().index()].last;
        let peer_isn = self.hosts[side.peer().index()].isn;
        let host = &mut self.hosts[side.index()];
        let sent_before = host.isn.is_some();
        if item.flags.syn() && !item.again && (host.isn.is_none() || item.isn.is_some()) {
            let isn = item.isn.unwrap_or(first);
            host.isn = Some(isn);
            host.next = Seq(isn);
        }
        if host.isn.is_none() && !item.flags.rst() {
            host.isn = Some(first);
            host.next = Seq(first + 1);
        }
        let mut sequence = host.next;
        let mut acknowledgment =
            if item.flags.ack() && host.heard { host.received } else { Seq(0) };
        if item.again {
            let same = host.latest.iter().rev().find(|(flags, _, _)| *flags == item.flags);
            if let Some(&(_, seq, ack)) = same {
                (sequence, acknowledgment) = (seq, ack);
            }
        }
        if item.probe {
            sequence = sequence.minus(1);
        }
        if item.flags.rst()
            && let Some(last) = peer_last
        {
            if !item.flags.ack() {
                sequence = last.acknowledgment;
            } else if !sent_before || item.reply {
                sequence = if last.flags.ack() { last.acknowledgment } else { Seq(0) };
                acknowledgment = last.end();
            }
        }
        let base = host.isn.unwrap_or(first);
        (
            moved(sequence, item.sequence, base),
            moved(acknowledgment, item.acknowledgment, peer_isn.unwrap_or(0)),
        )
    }

    fn options(&mut self, side: Side, item: &Item, stamped: bool) -> Vec<u8> {
        let mut options = Vec::new();
        if item.flags.syn() {
            options.extend([2, 4, 5, 180]);
            if !item.bare {
                options.extend([1, 3, 3, 7, 4, 2]);
            }
        }
        if stamped {
            let value = u32::try_from((self.time - START) / MILLISECOND).unwrap_or(0) + 1_000;
            options.extend([8, 10]);
            options.extend(value.to_be_bytes());
            options.extend(self.hosts[side.peer().index()].stamp.to_be_bytes());
            self.hosts[side.index()].stamp = value;
        }
        while options.len() % 4 != 0 {
            options.push(1);
        }
        options
    }
}

fn moved(number: Seq, how: Option<Number>, base: u32) -> Seq {
    let offset = |n: i64| u32::try_from(n.rem_euclid(1 << 32)).unwrap_or(0);
    match how {
        None => number,
        Some(Number::Moved(by)) => number.plus(offset(by)),
        Some(Number::Exactly(at)) => Seq(base).plus(offset(at)),
    }
}

fn address(side: Side) -> Address {
    match side {
        Side::Client => Address::v4([192, 0, 2, 1]),
        Side::Server => Address::v4([198, 51, 100, 1]),
    }
}
