//! The segments of chosen connections, one after the other, with relative numbers.

use std::collections::HashMap;
use std::net::IpAddr;

use super::Side;
use crate::packet::{Address, Flags, IcmpError, Segment, Seq};

/// A connection whose segments are wanted, as its row names it.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Number of the connection.
    pub id: u64,
    /// Address and port of the client.
    pub client: (IpAddr, u16),
    /// Address and port of the server.
    pub server: (IpAddr, u16),
    /// First packet over the whole capture.
    pub first_packet: u64,
    /// Last packet over the whole capture.
    pub last_packet: u64,
}

/// One segment of a chosen connection.
#[derive(Clone, Debug)]
pub struct Traced {
    /// Number of the connection.
    pub connection: u64,
    /// Number of the packet over the whole capture.
    pub packet: u64,
    /// Index of its file.
    pub file: u32,
    /// Number of the packet in that file.
    pub packet_in_file: u64,
    /// Nanoseconds since the epoch.
    pub time: i64,
    /// Who sent it, by its addresses.
    pub sender: Side,
    /// Control bits.
    pub flags: Flags,
    /// Sequence number.
    pub sequence: Seq,
    /// Acknowledgment field.
    pub acknowledgment: Seq,
    /// Sequence number relative to the sender's first one.
    pub relative_sequence: Option<i64>,
    /// Acknowledgment relative to the peer's first sequence number.
    pub relative_acknowledgment: Option<i64>,
    /// Window field, unscaled.
    pub window: u16,
    /// Payload octets on the wire.
    pub payload_length: u32,
    /// TTL or hop limit.
    pub ttl: u8,
    /// IPv4 identification.
    pub ip_id: Option<u16>,
}

/// The last number of one side and how far it is from that side's first, so that relative numbers
/// go on beyond 2^32.
#[derive(Clone, Copy, Debug)]
struct Base {
    last: Seq,
    offset: i64,
}

impl Base {
    fn relative(&mut self, number: Seq) -> i64 {
        let relative = self.offset.saturating_add(i64::from(number.since(self.last)));
        if relative > self.offset {
            *self = Self { last: number, offset: relative };
        }
        relative
    }
}

#[derive(Debug)]
struct Followed {
    chosen: Chosen,
    client: End,
    bases: [Option<Base>; 2],
}

type End = (Address, u16);

/// Picks the segments of chosen connections out of a capture.
#[derive(Debug)]
pub struct Trace {
    followed: Vec<Followed>,
    by_ends: HashMap<(End, End), Vec<usize>>,
    last_packet: u64,
}

fn address(ip: IpAddr) -> Address {
    match ip {
        IpAddr::V4(ip) => Address::v4(ip.octets()),
        IpAddr::V6(ip) => Address::v6(ip.octets()),
    }
}

fn ordered(one: End, other: End) -> (End, End) {
    if one <= other { (one, other) } else { (other, one) }
}

impl Trace {
    /// Follows these connections.
    pub fn new(chosen: impl IntoIterator<Item = Chosen>) -> Self {
        let mut trace = Self { followed: Vec::new(), by_ends: HashMap::new(), last_packet: 0 };
        for chosen in chosen {
            let client = (address(chosen.client.0), chosen.client.1);
            let server = (address(chosen.server.0), chosen.server.1);
            let place = trace.followed.len();
            trace.by_ends.entry(ordered(client, server)).or_default().push(place);
            trace.last_packet = trace.last_packet.max(chosen.last_packet);
            trace.followed.push(Followed { chosen, client, bases: [None; 2] });
        }
        trace
    }

    /// The last packet of any of them: nothing after it is wanted.
    pub fn last_packet(&self) -> u64 {
        self.last_packet
    }

    fn of(&self, one: End, other: End, packet: u64) -> Option<usize> {
        let places = self.by_ends.get(&ordered(one, other))?;
        places.iter().copied().find(|&place| {
            self.followed.get(place).is_some_and(|followed| {
                (followed.chosen.first_packet..=followed.chosen.last_packet).contains(&packet)
            })
        })
    }

    /// The connection that an ICMP error is about, if it is a chosen one.
    pub fn icmp(&self, error: &IcmpError) -> Option<u64> {
        let source = (error.source, error.source_port);
        let destination = (error.destination, error.destination_port);
        let place = self.of(source, destination, error.packet)?;
        self.followed.get(place).map(|followed| followed.chosen.id)
    }

    /// A segment of a chosen connection.
    pub fn segment(&mut self, segment: &Segment<'_>) -> Option<Traced> {
        let source = (segment.source, segment.source_port);
        let destination = (segment.destination, segment.destination_port);
        let place = self.of(source, destination, segment.packet)?;
        let followed = self.followed.get_mut(place)?;
        let sender = if followed.client == source { Side::Client } else { Side::Server };
        let [client, server] = &mut followed.bases;
        let (own, peer) = match sender {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let flags = segment.flags;
        if flags.syn() {
            *own = Some(Base { last: segment.sequence, offset: 0 });
        } else if own.is_none() && !flags.rst() {
            *own = Some(Base { last: segment.sequence, offset: 1 });
        }
        if flags.ack() && peer.is_none() && !flags.rst() {
            *peer = Some(Base { last: segment.acknowledgment, offset: 1 });
        }
        let acknowledged = flags.ack().then_some(segment.acknowledgment);
        Some(Traced {
            connection: followed.chosen.id,
            packet: segment.packet,
            file: segment.file,
            packet_in_file: segment.packet_in_file,
            time: segment.time,
            sender,
            flags,
            sequence: segment.sequence,
            acknowledgment: segment.acknowledgment,
            relative_sequence: own.as_mut().map(|base| base.relative(segment.sequence)),
            relative_acknowledgment: acknowledged
                .and_then(|number| peer.as_mut().map(|base| base.relative(number))),
            window: segment.window,
            payload_length: segment.payload_length,
            ttl: segment.ttl,
            ip_id: segment.ip_id,
        })
    }
}
