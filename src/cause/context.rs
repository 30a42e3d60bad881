//! What one connection's verdict may ask of the others.

mod ahead;
mod client;
mod families;
mod half_open;
mod host;
mod legs;
mod life;
mod lives;
mod merge;
mod names;

pub use client::{Attempt, WaitLimit};
pub use host::HostFacts;
pub(super) use host::{chosen, ttls};
pub use life::{Life, began_to_end, source, turned_away};
use lives::Lives;
pub use names::{Fate, fate};

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use client::{Client, Rounds};
use families::{Families, Racer};
use half_open::HalfOpen;
use names::Names;

use super::parameters::Parameters;
use crate::conn::{Connection, Ending, Endpoint, Form, Moment, SEARCHED, Side, nanoseconds};
use crate::packet::Address;

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A server's address and port.
pub type Service = (Address, u16);

/// Aborted connections remembered for each service.
const MAX_ABORTED: usize = 65_536;
/// Attempts of one client, or connections of one service, that a connection is compared with.
const MAX_AROUND: usize = 256;
/// Services, clients and hosts each, and attempts over all clients and connections over all
/// services, both divided by four, that a bounded context remembers: some 300 MiB in all. What
/// comes later is judged without them, and counted.
pub const MAX_REMEMBERED: usize = 1 << 18;

/// Attempts of a client looked at for one to a certain host.
const MAX_LOOKED_AT: usize = 64;
/// Nanoseconds.
const MINUTE: i64 = 60_000_000_000;

/// What happened at one service.
#[derive(Clone, Debug, Default)]
pub struct ServiceFacts {
    /// Connections accepted (SYN-ACK that fits).
    pub accepted: u32,
    /// Time of the latest accepted SYN.
    pub last_accepted: i64,
    /// SYNs refused by a reset.
    pub refused: u32,
    /// Connections that it accepted of which the capture shows SYNs, FINs and resets alone, though
    /// octets went: a filter left the others out.
    pub flags_only: u32,
    /// Connections of one SYN that it answered and never heard of again.
    pub half_open: u32,
    /// When those began; most services have none.
    half_open_since: Option<Box<HalfOpen>>,
    /// The longest silence after which a connection went on, in nanoseconds.
    pub survived: i64,
    /// Most services have none.
    aborted: Option<Box<Aborted>>,
    /// Connections accepted by the kernel and never served: no payload and no FIN of the server.
    pub unserved: u32,
    /// When a SYN was last refused.
    pub last_refused: Option<i64>,
    /// Its connections that were open; many services have none.
    lives: Option<Box<Lives>>,
    /// What became of them by name; most services have none.
    names: Option<Box<Names>>,
}

/// Times of connections aborted by the server without any payload of its own.
#[derive(Clone, Debug, Default)]
struct Aborted {
    /// The first [`MAX_ABORTED`] of them.
    times: Vec<i64>,
    /// The same, earliest first, until another one comes.
    sorted: OnceLock<Vec<i64>>,
}

impl ServiceFacts {
    /// Its connections that were open, as far as they are remembered.
    pub fn lives(&self) -> Option<&Lives> {
        self.lives.as_deref()
    }

    /// What became of the connections with the name of this one, and how many with other names
    /// were answered.
    pub fn fates(&self, c: &Connection) -> Option<(Fate, u32)> {
        let (name, names) = (names::name(c)?, self.names.as_deref()?);
        Some((names.of(name), names.answered_beside(name)))
    }

    /// Different clients that left it half open within `seconds` of a time, up to some dozens.
    pub fn half_open_around(&self, time: i64, seconds: f64) -> usize {
        self.half_open_since.as_ref().map_or(0, |all| all.clients_around(time, seconds))
    }

    /// Connections aborted by the server without any payload of its own within `seconds` of a time.
    pub fn aborted_around(&self, time: i64, seconds: f64) -> usize {
        let Some(aborted) = &self.aborted else { return 0 };
        let sorted = aborted.sorted.get_or_init(|| {
            let mut times = aborted.times.clone();
            times.sort_unstable();
            times
        });
        let after = |other: i64| crate::conn::seconds(other.saturating_sub(time));
        let from = sorted.partition_point(|&other| after(other) < -seconds);
        let to = sorted.partition_point(|&other| after(other) <= seconds);
        to - from
    }

    /// Whether a connection began between two times that it accepted and served.
    pub fn served_between(&self, range: RangeInclusive<i64>) -> bool {
        let since = self.lives().map_or(&[][..], |lives| lives.since(*range.start()));
        let within = since.iter().take_while(|life| life.start <= *range.end());
        within.take(MAX_AROUND).any(|life| life.bytes[1] > 0)
    }
}

/// Summaries over all connections seen so far.
#[derive(Clone, Debug, Default)]
pub struct Context {
    services: Map<Service, ServiceFacts>,
    clients: Map<Address, Client>,
    hosts: Map<Address, HostFacts>,
    /// Ports of the services whose connections are remembered, by host.
    ports: Map<Address, Vec<u16>>,
    /// Attempts that may have been in a race of address families.
    families: Families,
    attempts: usize,
    remembered: usize,
    limit: Option<usize>,
    forgotten: u64,
    folded: u64,
    not_compared: u64,
}

impl Context {
    /// One that remembers at most [`MAX_REMEMBERED`] of each kind, for captures of any length.
    pub fn bounded() -> Self {
        Self { limit: Some(MAX_REMEMBERED), ..Self::default() }
    }

    /// How much is remembered: services, clients, hosts, attempts and connections of services.
    pub fn size(&self) -> usize {
        let known = self.services.len() + self.clients.len() + self.hosts.len();
        known + self.attempts + self.remembered
    }

    /// How often something was not remembered because the limit was reached.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Gaps above the first of a side that were folded because there were too many.
    pub fn folded(&self) -> u64 {
        self.folded
    }

    /// FIN and RST rows beyond those of their connection that others are compared with.
    pub fn not_compared(&self) -> u64 {
        self.not_compared
    }

    /// Adds one connection, whose ending is decided.
    pub fn add(&mut self, c: &Connection) {
        self.folded += c.endpoints.iter().map(Endpoint::folded).sum::<u64>();
        self.not_compared += c.teardowns.len().saturating_sub(SEARCHED) as u64;
        let service = (c.addresses[1], c.ports[1]);
        for side in [Side::Client, Side::Server] {
            self.add_host(c, side);
        }
        if c.side(Side::Client).syns > 0 {
            self.add_service(c, service);
            self.add_attempt(c, service);
        }
        self.add_life(c, service);
    }

    fn add_service(&mut self, c: &Connection, service: Service) {
        let accepted = c.good_syn_ack_time.is_some();
        if !accepted && c.ending == Ending::HandshakeUnanswered {
            // A scan's targets that never spoke say nothing.
            return;
        }
        let client = c.side(Side::Client);
        let Some(facts) = entry(&mut self.services, service, self.limit) else {
            self.forgotten += 1;
            return;
        };
        facts.survived = facts.survived.max(c.silence.survived);
        if accepted {
            facts.last_accepted = facts.last_accepted.max(c.start);
            facts.accepted += 1;
            let server = c.side(Side::Server);
            let idle = server.unique_bytes == 0 && server.fins + server.rsts + client.fins == 0;
            facts.unserved += u32::from(idle);
            facts.flags_only += u32::from(client.fins > 0 && flags_only(c));
        }
        match c.ending {
            Ending::HandshakeIncomplete if accepted && client.syns == 1 => {
                facts.half_open += 1;
                let since = facts.half_open_since.get_or_insert_default();
                self.forgotten += u64::from(!since.add(c.start, c.addresses[0]));
            }
            Ending::HandshakeRefused => {
                facts.refused += 1;
                facts.last_refused = facts.last_refused.max(Some(c.end));
            }
            Ending::Reset | Ending::ResetAfterFin => {
                let bare = c.side(Side::Server).unique_bytes == 0;
                let reset = c.deciding().filter(|row| {
                    row.sender == Side::Server
                        && row.form == Some(Form::Abort)
                        && bare
                        && !row.sender_fin_before
                });
                if let Some(row) = reset {
                    let aborted = facts.aborted.get_or_insert_default();
                    if aborted.times.len() < MAX_ABORTED {
                        aborted.times.push(row.time);
                        aborted.sorted.take();
                    } else {
                        self.forgotten += 1;
                    }
                }
            }
            _ => {}
        }
    }

    fn add_life(&mut self, c: &Connection, service: Service) {
        let Some(life) = Life::of(c) else { return };
        let full = self.limit.is_some_and(|limit| self.remembered >= limit.saturating_mul(4));
        let facts = entry(&mut self.services, service, self.limit);
        let Some(facts) = facts.filter(|_| !full) else {
            self.forgotten += 1;
            return;
        };
        if let (Some(name), Some(cut)) = (names::name(c), names::fate(c)) {
            let names = facts.names.get_or_insert_default();
            self.forgotten += u64::from(!names.add(name, cut));
        }
        let first = facts.lives.is_none();
        if facts.lives.get_or_insert_default().add(life) {
            self.remembered += 1;
        } else {
            self.forgotten += 1;
        }
        if first {
            self.note_port(service);
        }
    }

    fn add_attempt(&mut self, c: &Connection, service: Service) {
        let full = self.limit.is_some_and(|limit| self.attempts >= limit.saturating_mul(4));
        let client = entry(&mut self.clients, c.addresses[0], self.limit);
        let Some(client) = client.filter(|_| !full) else {
            self.forgotten += 1;
            return;
        };
        let failed = matches!(
            c.ending,
            Ending::HandshakeRefused | Ending::HandshakeUnanswered | Ending::HandshakeAbandoned
        );
        let remembered = client.add(Attempt {
            id: c.id,
            service,
            port: c.ports[0],
            isn: c.side(Side::Client).base.0,
            start: c.start,
            wait: c.client_wait().map_or(Moment::NONE, Moment::from),
            completed: c.handshake_time,
            abandoned: c.ending == Ending::HandshakeAbandoned,
            failed,
            unanswered: c.ending == Ending::HandshakeUnanswered,
            bytes: c.side(Side::Client).unique_bytes,
            heard: heard(c),
            unusual: c.side(Side::Client).syn_unusual,
            stamp: c.syn_timestamps[0],
        });
        if remembered {
            self.attempts += 1;
            self.families.add(c);
        } else {
            self.forgotten += 1;
        }
    }

    fn add_host(&mut self, c: &Connection, side: Side) {
        if chosen(c) || ttls(c.side(side)).next().is_none() {
            return;
        }
        match entry(&mut self.hosts, c.addresses[side.index()], self.limit) {
            Some(host) => host.add(c, side),
            None => self.forgotten += 1,
        }
    }

    /// What happened at the service of a connection.
    pub fn service(&self, c: &Connection) -> Option<&ServiceFacts> {
        self.services.get(&(c.addresses[1], c.ports[1]))
    }

    /// What a host's segments look like.
    pub fn host(&self, address: Address) -> Option<&HostFacts> {
        self.hosts.get(&address)
    }

    /// The completed attempts of a connection's client that began within some time of it.
    pub fn completed_around(&self, c: &Connection, seconds: f64) -> &[Attempt] {
        let Some(client) = self.clients.get(&c.addresses[0]) else { return &[] };
        let completed = client.completed();
        let after = |other: &Attempt| crate::conn::seconds(other.start.saturating_sub(c.start));
        let from = completed.partition_point(|other| after(other) < -seconds);
        let to = completed.partition_point(|other| after(other) <= seconds);
        completed.get(from..to).unwrap_or_default()
    }

    /// The first connection that a connection's client opened to the same host from a time on, up
    /// to a minute after the connection's end.
    pub fn opened_since(&self, c: &Connection, time: i64) -> Option<&Attempt> {
        let client = self.clients.get(&c.addresses[0])?;
        let since = client.completed_since(time).iter().take(MAX_LOOKED_AT);
        since
            .take_while(|other| other.start.saturating_sub(c.end) <= MINUTE)
            .find(|other| other.service.0 == c.addresses[1] && other.id != c.id)
    }

    /// Attempts of a connection's client that completed and began from so many seconds before it
    /// began until so many after it ended; some hundreds at most.
    pub fn around(&self, c: &Connection, seconds: f64) -> impl Iterator<Item = &Attempt> + use<'_> {
        let completed = self.clients.get(&c.addresses[0]).map_or(&[][..], Client::completed);
        near(completed, c, seconds)
    }

    /// The attempt over the other IP version that a dropped one may have raced with, begun between
    /// so many seconds before or after it, and whether the hardware address says so.
    pub fn other_family(&self, c: &Connection, from: f64, upto: f64) -> Option<(Racer, bool)> {
        self.families.sibling(c, nanoseconds(from), nanoseconds(upto))
    }

    /// Whether a connection's client tried another service while it tried this one, within so many
    /// seconds, and nobody answered there either.
    pub fn reaches_nobody(&self, c: &Connection, seconds: f64) -> bool {
        let unanswered = self.clients.get(&c.addresses[0]).map_or(&[][..], Client::unanswered);
        let service = (c.addresses[1], c.ports[1]);
        near(unanswered, c, seconds).any(|other| other.service != service)
    }

    /// How many attempts of a connection's client began while this one was tried in vain, and
    /// completed.
    pub fn answered_meanwhile(&self, c: &Connection) -> usize {
        let client = self.clients.get(&c.addresses[0]);
        let since = client.map_or(&[][..], |client| client.completed_since(c.start));
        since.partition_point(|other| other.start <= c.end)
    }

    /// How regularly a connection's client opened its service without saying anything.
    pub fn rounds(&self, c: &Connection) -> Rounds {
        let Some(client) = self.clients.get(&c.addresses[0]) else { return Rounds::default() };
        client.rounds().get(&(c.addresses[1], c.ports[1])).copied().unwrap_or_default()
    }

    /// Different services that the client failed to open, counted up to 16.
    pub fn fan_out(&self, c: &Connection) -> usize {
        self.clients.get(&c.addresses[0]).map_or(0, Client::failed_services)
    }

    /// Different ports of its server that a connection's client failed to open, up to some dozens,
    /// where it opened fewer.
    pub fn ports_failed(&self, c: &Connection) -> usize {
        let client = self.clients.get(&c.addresses[0]);
        client.map_or(0, |client| client.ports_failed(c.addresses[1]))
    }

    /// Different hosts of its server's net at whose same port a connection's client failed.
    pub fn hosts_failed(&self, c: &Connection) -> usize {
        let client = self.clients.get(&c.addresses[0]);
        client.map_or(0, |client| client.hosts_failed((c.addresses[1], c.ports[1])))
    }

    /// The interval in which the client's own limit must lie: above every wait that completed,
    /// at most the shortest that was abandoned. `None` unless there are at least three of each
    /// and they do not overlap.
    pub fn wait_limit(&self, c: &Connection, parameters: &Parameters) -> WaitLimit {
        let threshold = parameters.handshake_timeout_s;
        let client = self.clients.get(&c.addresses[0]);
        client.map_or_else(WaitLimit::default, |client| client.waits().limit(threshold))
    }
}

/// Whether nothing but SYNs, FINs and resets of both sides was captured, though octets went.
fn flags_only(c: &Connection) -> bool {
    c.endpoints.iter().all(|e| e.unique_bytes == 0 && e.alive == e.syns + e.syn_acks + e.fins)
        && c.endpoints.iter().any(|e| e.unseen_acked + e.missing_bytes() > 0)
}

/// Attempts, earliest first, that began from so many seconds before a connection until so many after.
fn near<'a>(
    attempts: &'a [Attempt],
    c: &Connection,
    seconds: f64,
) -> impl Iterator<Item = &'a Attempt> + use<'a> {
    let near = nanoseconds(seconds);
    let (first, last) = (c.start.saturating_sub(near), c.end.saturating_add(near));
    let from = attempts.partition_point(|other| other.start < first);
    let to = attempts.partition_point(|other| other.start <= last);
    attempts.get(from..to).unwrap_or_default().iter().take(MAX_AROUND)
}

/// Whether the server heard the client after its SYN: it acknowledged or said something.
fn heard(c: &Connection) -> bool {
    let (client, server) = (c.side(Side::Client), c.side(Side::Server));
    client.acked > 1 || server.unique_bytes > 0
}

/// The value of a key; `None` when it is new and there is no room for it.
fn entry<K: Eq + Hash, V: Default>(
    map: &mut Map<K, V>,
    key: K,
    limit: Option<usize>,
) -> Option<&mut V> {
    if limit.is_some_and(|limit| map.len() >= limit) {
        return map.get_mut(&key);
    }
    Some(map.entry(key).or_default())
}

#[cfg(test)]
mod tests;
