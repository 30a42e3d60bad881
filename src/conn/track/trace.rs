//! The packets of chosen connections, found by following the capture once more.
//!
//! Which connection a packet belongs to is not told by its addresses and ports: these come again,
//! at another time or at once in another VLAN or tunnel. So a [`Tracker`] decides it again, from
//! the same packets and with the same limits as before.

mod relative;

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use foldhash::fast::RandomState;

pub use relative::Traced;

use relative::Bases;

use crate::base::error::Error;
use crate::conn::facts::connection::Connection;
use crate::conn::facts::tuple::Tuple;
use crate::conn::memory::limits::Limits;
use crate::conn::memory::stored as memory;
use crate::conn::primitives::words::{BySide, Side};
use crate::conn::track::clock::Clock;
use crate::conn::track::seed::Seed;
use crate::conn::track::tracker::Tracker;
use crate::packet::{Address, IcmpError, Segment};

/// Connections of which a message tells at most.
const TOLD: usize = 3;

/// A connection whose packets are wanted, as its row names it.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Number of the connection.
    pub id: u64,
    /// Address and port of the client.
    pub client: (IpAddr, u16),
    /// Address and port of the server.
    pub server: (IpAddr, u16),
    /// First packet over the whole capture, which no other connection has.
    pub first_packet: u64,
    /// Last packet over the whole capture.
    pub last_packet: u64,
    /// Packets of the client and of the server.
    pub packets: BySide<u64>,
    /// ICMP errors about it; `None` where they are not wanted.
    pub icmp_errors: Option<u64>,
}

impl From<&Connection> for Chosen {
    fn from(c: &Connection) -> Self {
        let end = |side| (c.ip(side), c.port(side));
        Self {
            id: c.id,
            client: end(Side::Client),
            server: end(Side::Server),
            first_packet: c.first_packet,
            last_packet: c.last_packet,
            packets: c.endpoints.each_ref().map(|endpoint| endpoint.packets),
            icmp_errors: Some(c.extra().map_or(0, |extra| extra.icmp_count).into()),
        }
    }
}

impl Chosen {
    fn tuple(&self) -> Tuple {
        let version = if self.client.0.is_ipv4() { 4 } else { 6 };
        let end = |(ip, port): (IpAddr, u16)| match ip {
            IpAddr::V4(ip) => (Address::v4(ip.octets()), port),
            IpAddr::V6(ip) => (Address::v6(ip.octets()), port),
        };
        Tuple::new(version, end(self.client), end(self.server))
    }
}

/// A chosen connection and what was found of it.
#[derive(Debug)]
struct Followed {
    chosen: Chosen,
    bases: Bases,
    packets: BySide<u64>,
    icmp_errors: u64,
    last_packet: u64,
}

/// Picks the packets of chosen connections out of a capture.
#[derive(Debug)]
pub struct Trace {
    tracker: Tracker,
    clock: Clock,
    seed: Seed,
    /// Hashes of addresses and ports that are followed; all where connections depend on each other.
    hashes: Option<HashSet<u32, RandomState>>,
    /// By their first packets.
    followed: HashMap<u64, Followed, RandomState>,
    last_packet: u64,
    /// ICMP errors still to be found.
    icmp_errors: u64,
}

impl Trace {
    /// Looks for the packets of these connections with the limits and, where connections or memory
    /// are limited, the key with which they were found. A connection that is named twice is
    /// followed once.
    pub fn new(chosen: impl IntoIterator<Item = Chosen>, limits: &Limits, seed: Seed) -> Self {
        let (mut hashes, mut followed) = (HashSet::default(), HashMap::default());
        let (mut last_packet, mut icmp_errors) = (0, 0);
        for chosen in chosen {
            hashes.insert(seed.hash_of(&chosen.tuple()));
            last_packet = chosen.last_packet.max(last_packet);
            followed.entry(chosen.first_packet).or_insert_with(|| {
                icmp_errors += chosen.icmp_errors.unwrap_or(0);
                let (packets, icmp_errors, last_packet) = Default::default();
                Followed { chosen, bases: Bases::default(), packets, icmp_errors, last_packet }
            });
        }
        let bounded = limits.is_bounded();
        // Rows are of no use here; but what is kept changes what there is room for.
        let limits = Limits { keep: limits.keep && bounded, ..limits.clone() };
        Self {
            tracker: Tracker::with_seed(limits, seed),
            clock: Clock::default(),
            seed,
            hashes: (!bounded).then_some(hashes),
            followed,
            last_packet,
            icmp_errors,
        }
    }

    /// Goes on behind another reading, before anything was taken.
    pub fn resume(&mut self, clock: Clock, connections: u64) {
        self.clock = clock;
        self.tracker.go_on(clock.now(), connections);
    }

    /// Goes on with one of its connections: the packets that a chosen one had there are not looked
    /// for.
    pub fn carry_on(&mut self, one: memory::Followed) {
        if self.skips(one.hash(self.seed)) {
            return;
        }
        let c = &one.connection;
        if let Some(followed) = self.followed.get_mut(&c.first_packet) {
            followed.packets = c.endpoints.each_ref().map(|endpoint| endpoint.packets);
            followed.icmp_errors = c.extra().map_or(0, |extra| extra.icmp_count).into();
            followed.last_packet = c.last_packet;
            followed.bases = Bases::of(c);
            let wanted = followed.chosen.icmp_errors.unwrap_or(0);
            self.icmp_errors -= followed.icmp_errors.min(wanted).min(self.icmp_errors);
        }
        self.tracker.carry_on(one);
    }

    /// Whether anything may still be wanted from this packet on.
    #[inline]
    pub fn is_over(&self, packet: u64) -> bool {
        packet > self.last_packet && self.icmp_errors == 0
    }

    /// Takes the next segment of the capture; what it is to a chosen connection.
    pub fn segment(&mut self, segment: &Segment<'_>) -> Option<Traced> {
        let (now, hash) = (self.clock.advance(segment.time), self.seed.hash(segment));
        if self.skips(hash) {
            return None;
        }
        let (place, sender) = self.tracker.take_at(segment, hash, now)?;
        let followed = self.at(place)?;
        followed.packets[sender] += 1;
        followed.last_packet = segment.packet;
        Some(followed.bases.trace(followed.chosen.id, segment, sender))
    }

    /// Takes an ICMP error; the number of the chosen connection that it is about.
    pub fn icmp(&mut self, error: &IcmpError) -> Option<u64> {
        let (now, hash) = (self.clock.advance(error.time), self.seed.hash_quoted(error));
        if self.skips(hash) {
            return None;
        }
        let place = self.tracker.icmp_at(error, hash, now)?;
        let followed = self.at(place)?;
        followed.icmp_errors += 1;
        let (id, wanted) = (followed.chosen.id, followed.chosen.icmp_errors);
        if wanted.is_some_and(|wanted| followed.icmp_errors <= wanted) {
            self.icmp_errors -= 1;
        }
        wanted.map(|_| id)
    }

    fn skips(&self, hash: u32) -> bool {
        self.hashes.as_ref().is_some_and(|hashes| !hashes.contains(&hash))
    }

    /// The chosen connection in a place of the tracker.
    fn at(&mut self, place: u32) -> Option<&mut Followed> {
        let first = self.tracker.first_packet(place);
        drop(self.tracker.drain());
        self.followed.get_mut(&first?)
    }

    /// Makes sure that every connection had the packets that its row counts, once all were taken.
    ///
    /// # Errors
    /// [`Error::Changed`] names connections that had others.
    pub fn check(&self) -> Result<(), Error> {
        let mut wrong: Vec<_> = self
            .followed
            .values()
            .filter_map(|followed| Some((followed.chosen.id, followed.difference()?)))
            .collect();
        if wrong.is_empty() {
            return Ok(());
        }
        wrong.sort_unstable();
        let mut text = "read again, the source gives other packets than before:".to_owned();
        for (id, difference) in wrong.iter().take(TOLD) {
            let _ = write!(text, " connection {id} has {difference};");
        }
        if wrong.len() > TOLD {
            let _ = write!(text, " so do {} more;", wrong.len() - TOLD);
        }
        text.push_str(" has it changed?");
        Err(Error::Changed(text))
    }
}

impl Followed {
    /// What was found instead of what was to be.
    fn difference(&self) -> Option<String> {
        let Self { chosen, packets, icmp_errors, last_packet, .. } = self;
        let errors = chosen.icmp_errors.map(|wanted| (*icmp_errors, wanted, "ICMP errors"));
        let facts = [
            Some((packets.client, chosen.packets.client, "packets of the client")),
            Some((packets.server, chosen.packets.server, "packets of the server")),
            errors,
        ];
        let counted = facts.into_iter().flatten().filter(|(found, wanted, _)| found != wanted);
        let mut told: Vec<String> = counted
            .map(|(found, wanted, what)| format!("{found} {what} instead of {wanted}"))
            .collect();
        if told.is_empty() && *last_packet != chosen.last_packet {
            told.push(format!(
                "its last packet at {last_packet} instead of {}",
                chosen.last_packet
            ));
        }
        (!told.is_empty()).then(|| told.join(", "))
    }
}
