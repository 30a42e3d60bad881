//! The hosts of a script: each sends what a real one would, moved as the script says.

use std::collections::HashMap;

use super::{MAX_ITEMS, MAX_OCTETS, Owned, Packet, tcpdump};
use crate::conn::primitives::words::{BySide, Side};
use crate::conn::script::item::{Fault, Host as At, Item, Number, duration, read_item};
use crate::packet::{Address, Flags, IcmpError, PathId, Payload, Segment, Seq, checksum};

const MILLISECOND: i64 = 1_000_000;
/// 2026-01-01T00:00:00Z, where every script begins.
pub(super) const START: i64 = 1_767_225_600_000_000_000;

#[derive(Clone, Debug, Default)]
struct Host {
    isn: Option<u32>,
    next: Seq,
    /// What it has received in order from the peer.
    received: Seq,
    heard: bool,
    id: u16,
    /// Its latest segment with each set of flags.
    latest: Vec<(Flags, Seq, Seq)>,
    /// Timestamp value of its latest stamped segment.
    stamp: u32,
    last: Option<Segment<'static>>,
}

/// Who talks to whom: their IP version, their addresses and their ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Ends {
    version: u8,
    hosts: BySide<At>,
    ports: BySide<u16>,
}

impl Ends {
    fn address(self, side: Side) -> Address {
        self.host(self.hosts[side])
    }

    fn host(self, host: At) -> Address {
        let net = match host.net {
            Side::Client => [192, 0, 2],
            Side::Server => [198, 51, 100],
        };
        if self.version == 4 {
            return Address::v4([net[0], net[1], net[2], host.number]);
        }
        let mut octets = [0; 16];
        octets[..4].copy_from_slice(&[0x20, 1, 0x0d, 0xb8]);
        (octets[7], octets[15]) = (net[2], host.number);
        Address::v6(octets)
    }
}

/// Both sides of one connection, and whether they use timestamps.
#[derive(Clone, Debug, Default)]
struct Talk {
    hosts: BySide<Host>,
    timestamps: bool,
}

/// The hosts, as far as the script has come.
pub(super) struct Player {
    ends: Ends,
    /// The talk of these ends; the others wait.
    talk: Talk,
    others: HashMap<Ends, Talk>,
    time: i64,
    packet: u64,
    packets: Vec<Packet>,
    /// Items played, each of a range counted.
    sent: usize,
    /// Bytes of all payloads.
    octets: u64,
}

impl Player {
    pub(super) fn new() -> Self {
        Self {
            ends: Ends {
                version: 4,
                hosts: BySide::of(|side| At::of(side, 1)),
                ports: BySide { client: 40_000, server: 443 },
            },
            talk: Talk { timestamps: true, ..Talk::default() },
            others: HashMap::new(),
            time: START,
            packet: 0,
            packets: Vec::new(),
            sent: 0,
            octets: 0,
        }
    }

    /// What was captured.
    pub(super) fn into_packets(self) -> Vec<Packet> {
        self.packets
    }

    /// One item.
    pub(super) fn play<'a>(&mut self, whole: &'a str) -> Result<(), Fault<'a>> {
        let whole_fault = |reason: String| Fault::at(whole, reason);
        let (unseen, text) = match (whole.strip_prefix('('), whole.strip_suffix(')')) {
            (Some(opened), Some(_)) => (true, opened.strip_suffix(')').unwrap_or(opened).trim()),
            (None, None) => (false, whole),
            (Some(_), None) => return Err(whole_fault("its parenthesis is not closed".into())),
            (None, Some(_)) => return Err(whole_fault("its parenthesis was not opened".into())),
        };
        let direction = text.get(..1).unwrap_or_default();
        let rest = text.get(1..).unwrap_or_default().trim();
        if let Some(code) = rest.strip_prefix("icmp") {
            return self.icmp(direction, code.trim()).map_err(whole_fault);
        }
        let side = match direction {
            ">" => Side::Client,
            "<" => Side::Server,
            _ if tcpdump::is_line(text) => return Err(whole_fault(FROM_TCPDUMP.into())),
            _ => {
                let expected = "> (from the client) or < (from the server) is expected first";
                return Err(whole_fault(expected.into()));
            }
        };
        let mut item = read_item(rest)?;
        item.unseen = unseen;
        for one in item.each() {
            self.sent += 1;
            if self.sent > MAX_ITEMS {
                let most = format!("a script stands for at most {MAX_ITEMS} packets");
                return Err(whole_fault(most));
            }
            self.send(side, &one).map_err(whole_fault)?;
        }
        Ok(())
    }

    fn icmp(&mut self, direction: &str, text: &str) -> Result<(), String> {
        const EXPECTED: &str = "a type and a code are expected, as in icmp 3/1, then a time";
        let mut words = text.split_whitespace();
        let code = words.next().and_then(|w| w.split_once('/')).ok_or(EXPECTED)?;
        let (Ok(kind), Ok(code)) = (code.0.parse(), code.1.parse()) else {
            return Err(EXPECTED.into());
        };
        let delay = words.next().map(duration).transpose()?.unwrap_or(10 * MILLISECOND);
        if words.next().is_some() {
            return Err(EXPECTED.into());
        }
        self.time = self.time.saturating_add(delay);
        let (about, reporter) = match direction {
            "<" => (Side::Client, self.ends.address(Side::Server)),
            ">" => (Side::Server, self.ends.address(Side::Client)),
            "!" => (Side::Client, self.ends.host(At::of(Side::Client, 254))),
            _ => return Err("one of < > ! is expected first".into()),
        };
        let quoted = self.talk.hosts[about].last.ok_or("there is no segment for it to quote")?;
        self.packet += 1;
        self.packets.push(Packet::Icmp(IcmpError {
            packet: self.packet,
            time: self.time,
            path: PathId(0),
            reporter,
            ip_version: self.ends.version,
            kind,
            code,
            source: quoted.source,
            destination: quoted.destination,
            source_port: quoted.source_port,
            destination_port: quoted.destination_port,
            sequence: quoted.sequence,
            ttl: 64,
            mtu: 0,
        }));
        Ok(())
    }

    fn send(&mut self, side: Side, item: &Item) -> Result<(), String> {
        self.time = self.time.saturating_add(item.delay.unwrap_or(10 * MILLISECOND));
        self.turn_to(item);
        if item.copy {
            return self.copy(side, item);
        }
        let host = &self.talk.hosts[side];
        if item.again && !host.latest.iter().any(|(flags, ..)| *flags == item.flags) {
            return Err("again: its sender sent nothing with these flags before".into());
        }
        let (sequence, acknowledgment) = self.numbers(side, item);
        let reset = item.flags.rst();
        let sent_before = self.talk.hosts[side].isn.is_some();
        let reply = reset && (item.reply || !item.flags.ack() || !sent_before);
        if item.flags.syn() && !item.flags.ack() {
            self.talk.timestamps = item.timestamps.unwrap_or(!item.bare);
        }
        let stamped = item.timestamps.unwrap_or(self.talk.timestamps && !reply && !item.bare);
        let options = self.options(side, item, stamped);
        let ends = self.ends;
        let host = &mut self.talk.hosts[side];
        let payload_length =
            item.octets.as_ref().map_or(item.payload, |o| u32::try_from(o.len()).unwrap_or(0));
        let id = if reply || item.flags.syn() && item.flags.ack() {
            0
        } else {
            host.id = host.id.wrapping_add(1);
            host.id
        };
        if !item.cut {
            self.octets = self.octets.saturating_add(u64::from(payload_length));
        }
        if self.octets > MAX_OCTETS {
            return Err(format!("the payloads of a script have at most {MAX_OCTETS} bytes in all"));
        }
        let payload = match &item.octets {
            _ if item.cut => Vec::new(),
            Some(octets) => octets.clone(),
            None => vec![b'x'; payload_length as usize],
        };
        let syn = item.flags.syn();
        let template = Segment {
            packet: 0,
            packet_in_file: 0,
            file: 0,
            interface: 0,
            time: self.time,
            path: PathId(item.path),
            direction: item.direction,
            link_source: item.mac.unwrap_or(0),
            ip_version: ends.version,
            source: ends.address(side),
            destination: ends.address(side.peer()),
            ttl: item.ttl.unwrap_or(64),
            ip_id: (ends.version == 4).then(|| item.id.unwrap_or(id)),
            dont_fragment: true,
            traffic_class: 0,
            flow_label: 0,
            source_port: ends.ports[side],
            destination_port: ends.ports[side.peer()],
            sequence,
            acknowledgment,
            flags: item.flags,
            window: item.window.unwrap_or(match (reply, syn) {
                (true, _) => 0,
                (_, true) => 64_240,
                _ => 502,
            }),
            checksum: 0,
            header_length: u8::try_from(20 + options.len()).unwrap_or(20),
            options: &[],
            payload_length,
            payload: Payload::default(),
        };
        host.last = Some(template);
        host.latest.retain(|(flags, ..)| *flags != item.flags);
        host.latest.push((item.flags, sequence, acknowledgment));
        let own = item.sequence.is_none() && !item.again && !item.probe && !reset;
        let end = template.end();
        if own {
            host.next = end;
        }
        let peer = &mut self.talk.hosts[side.peer()];
        if own {
            peer.received = end;
            peer.heard = true;
        }
        if !item.unseen {
            let mut owned = Owned { template, options, payload };
            let right = checksum::right(&owned.segment());
            // That of the addresses alone would be one left to the hardware.
            owned.template.checksum = if item.damaged { right ^ 0x5555 } else { right };
            self.capture(owned);
        }
        Ok(())
    }

    /// The segment as the next packet.
    fn capture(&mut self, mut owned: Owned) {
        self.packet += 1;
        (owned.template.packet, owned.template.packet_in_file) = (self.packet, self.packet);
        owned.template.time = self.time;
        self.packets.push(Packet::Tcp(Box::new(owned)));
    }

    /// Goes on with the connection that the item names.
    fn turn_to(&mut self, item: &Item) {
        let (was, ends) = (self.ends, &mut self.ends);
        ends.hosts.client = item.client.unwrap_or(ends.hosts.client);
        ends.hosts.server = item.server.unwrap_or(ends.hosts.server);
        ends.ports.client = item.port.unwrap_or(ends.ports.client);
        ends.ports.server = item.service.unwrap_or(ends.ports.server);
        ends.version = item.version.unwrap_or(ends.version);
        if self.ends != was {
            let fresh = Talk { timestamps: true, ..Talk::default() };
            let talk = self.others.remove(&self.ends).unwrap_or(fresh);
            self.others.insert(was, std::mem::replace(&mut self.talk, talk));
        }
    }

    /// The side's latest packet with these flags again.
    fn copy(&mut self, side: Side, item: &Item) -> Result<(), String> {
        let (source, port) = (self.ends.address(side), self.ends.ports[side]);
        let same = self.packets.iter().rev().find_map(|packet| match packet {
            Packet::Tcp(owned) => {
                let segment = &owned.template;
                let from = (segment.source, segment.source_port) == (source, port);
                (from && segment.flags == item.flags).then(|| Owned::clone(owned))
            }
            Packet::Icmp(_) => None,
        });
        let mut same = same.ok_or("no packet to copy")?;
        same.template.path = PathId(item.path);
        self.capture(same);
        Ok(())
    }

    /// The numbers a host would use, moved as the item says.
    fn numbers(&mut self, side: Side, item: &Item) -> (Seq, Seq) {
        let initial = |side| if side == Side::Client { 1_000 } else { 900_000 };
        let first = initial(side);
        let peer_last = self.talk.hosts[side.peer()].last;
        let peer_isn = self.talk.hosts[side.peer()].isn;
        let host = &mut self.talk.hosts[side];
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
            let same = host.latest.iter().find(|(flags, _, _)| *flags == item.flags);
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
            moved(acknowledgment, item.acknowledgment, peer_isn.unwrap_or(initial(side.peer()))),
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
            let ticks = self.time.saturating_sub(START) / MILLISECOND;
            let value = moved(Seq(1_000).plus(offset(ticks)), item.clock, 0).0;
            let echo = Seq(self.talk.hosts[side.peer()].stamp);
            options.extend([8, 10]);
            options.extend(value.to_be_bytes());
            options.extend(moved(echo, item.echo, 0).0.to_be_bytes());
            self.talk.hosts[side].stamp = value;
        }
        if let Some(reason) = item.mptcp {
            options.extend([30, 4, 0x80, reason]);
        }
        while options.len() % 4 != 0 {
            options.push(1);
        }
        options
    }
}

const FROM_TCPDUMP: &str = "a line as tcpdump prints it, in a script; either every line is one, or a \
    script has > (from the client) or < (from the server), the flags and the payload bytes, such as \
    \"> P. 120\"";

/// A distance in a space of 32 bits.
fn offset(distance: i64) -> u32 {
    u32::try_from(distance.rem_euclid(1 << 32)).unwrap_or(0)
}

fn moved(number: Seq, how: Option<Number>, base: u32) -> Seq {
    match how {
        None => number,
        Some(Number::Moved(by)) => number.plus(offset(by)),
        Some(Number::Exactly(at)) => Seq(base).plus(offset(at)),
    }
}
