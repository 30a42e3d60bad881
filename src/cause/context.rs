//! What one connection's verdict may ask of the others.

mod ahead;
mod bypass;
mod client;
mod clocks;
mod families;
mod half_open;
mod host;
mod kept;
mod legs;
mod life;
mod lives;
mod merge;
mod names;
mod only;
mod saved;
mod service;

pub use client::{Attempt, WaitLimit};
pub use host::HostFacts;
pub(super) use host::{chosen, own_hops, own_range, ttls};
pub(super) use life::{Life, began_to_end, source, turned_away};
pub(super) use names::fate;
pub use only::{Circle, Heavy, Only};
pub use service::ServiceFacts;

use std::collections::HashMap;
use std::hash::Hash;

use bypass::Bypasses;
use client::{Client, Rounds};
pub(super) use families::Tie;
use families::{Families, Racer};

use super::parameters::Parameters;
use crate::base::few::Few;
use crate::base::numbers::{Number, numbers};
use crate::conn::{Connection, Ending, Endpoint, Moment, SEARCHED, Side, nanoseconds};
use crate::packet::Address;

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A server's address and port.
pub(super) type Service = (Address, u16);

numbers! {
    OWN:
    /// Attempts of one client, or connections of one service, that a connection is compared with.
    bound MAX_AROUND: usize = 256;
    /// Services, clients and hosts each that a bounded context remembers: some 400 MiB in all. What
    /// comes later is judged without them, and counted.
    pub(super) bound MAX_REMEMBERED: usize = 1 << 18;
    /// So many times as many attempts over all clients, and connections over all services.
    bound MAX_OF_EACH: usize = 4;
    /// Attempts of a client looked at for one to a certain host.
    bound MAX_LOOKED_AT: usize = 64;
    /// How long after a connection's end its client's next ones are compared with it.
    window AFTERWARDS: i64 = 60_000_000_000;
}

/// The numbers of each file.
pub(super) const NUMBERS: [(&str, &[Number]); 10] = [
    ("context", OWN),
    ("clients", client::NUMBERS),
    ("clocks", clocks::NUMBERS),
    ("families", families::NUMBERS),
    ("half_open", half_open::NUMBERS),
    ("legs", legs::NUMBERS),
    ("life", life::NUMBERS),
    ("lives", lives::NUMBERS),
    ("names", names::NUMBERS),
    ("services", service::NUMBERS),
];

/// Summaries over all connections seen so far.
#[derive(Clone, Debug, Default)]
pub struct Context {
    services: Map<Service, ServiceFacts>,
    clients: Map<Address, Client>,
    hosts: Map<Address, HostFacts>,
    /// Ports of the services whose connections are remembered, by host.
    ports: Map<Address, Few<u16>>,
    /// Attempts that may have been in a race of address families.
    families: Families,
    /// Connections that the capture does not show to begin.
    bypasses: Bypasses,
    /// Hosts that are clients too among these: what may be proxies.
    proxies: usize,
    attempts: usize,
    remembered: usize,
    limit: Option<usize>,
    /// Whether only what is odd is counted, and nothing remembered.
    idle: bool,
    forgotten: u64,
    folded: u64,
    not_compared: u64,
    /// What alone is remembered, where that is not all.
    only: Option<Only>,
}

/// What could not be remembered or compared, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// How often something was not remembered because the limit was reached.
    pub forgotten: u64,
    /// Gaps above the first of a side that were folded because there were too many.
    pub folded: u64,
    /// FIN and RST rows beyond those of their connection that others are compared with.
    pub not_compared: u64,
}

impl Left {
    /// Adds that of another part.
    pub fn add(&mut self, other: Self) {
        self.forgotten += other.forgotten;
        self.folded += other.folded;
        self.not_compared += other.not_compared;
    }
}

impl Context {
    /// One that remembers at most [`MAX_REMEMBERED`] of each kind, for captures of any length.
    pub fn bounded() -> Self {
        Self { limit: Some(MAX_REMEMBERED), ..Self::default() }
    }

    /// One that remembers nothing, for captures of which no verdict is asked.
    pub fn idle() -> Self {
        Self { idle: true, ..Self::default() }
    }

    /// How much is remembered: services, clients, hosts, attempts, connections of services and
    /// those that the capture does not show to begin.
    pub fn size(&self) -> usize {
        let known = self.services.len() + self.clients.len() + self.hosts.len();
        known + self.attempts + self.remembered + self.bypasses.len()
    }

    /// What could not be remembered or compared.
    pub fn left(&self) -> Left {
        let &Self { forgotten, folded, not_compared, .. } = self;
        Left { forgotten, folded, not_compared }
    }

    /// Adds one connection, whose ending is decided.
    pub fn add(&mut self, c: &Connection) {
        if self.sums() {
            self.folded += c.endpoints.iter().map(Endpoint::folded).sum::<u64>();
            self.not_compared += c.teardowns.len().saturating_sub(SEARCHED) as u64;
        }
        if self.idle {
            return;
        }
        let service = (c.addresses.server, c.ports.server);
        if !chosen(c) {
            for side in [Side::Client, Side::Server] {
                if self.holds(c.addresses[side]) {
                    self.add_host(c, side);
                }
            }
        }
        let attempted = c.side(Side::Client).syns > 0;
        let life = Life::of(c);
        // A scan's targets that never spoke say nothing.
        let silent = c.good_syn_ack_time.is_none() && c.ending == Ending::HandshakeUnanswered;
        if (attempted && !silent || life.is_some()) && self.holds_service(service) {
            self.add_service(c, service, attempted && !silent, life);
        }
        if attempted && self.holds(c.addresses.client) {
            self.add_attempt(c, service);
            if life.is_some() {
                self.note_beyond(c.addresses.client, service);
            }
        } else if attempted {
            self.pass(c);
        }
        if self.holds_bypasses() {
            self.forgotten += u64::from(!self.bypasses.add(c));
        }
    }

    /// How many more of a kind are remembered, of which so many are.
    fn room(&self, taken: usize) -> usize {
        self.limit
            .map_or(usize::MAX, |limit| limit.saturating_mul(MAX_OF_EACH).saturating_sub(taken))
    }

    fn add_service(&mut self, c: &Connection, service: Service, tried: bool, life: Option<Life>) {
        let full = self.room(self.remembered) == 0;
        let Some(facts) = entry(&mut self.services, service, self.limit) else {
            self.forgotten += 1;
            return;
        };
        if tried {
            let (added, forgotten) = facts.try_open(c, !full);
            self.remembered += added;
            self.forgotten += forgotten;
        }
        let Some(life) = life else { return };
        if let (Some(name), Some(cut)) = (names::name(c), names::fate(c)) {
            let names = facts.names.get_or_insert_default();
            self.forgotten += u64::from(!names.add(name, cut));
        }
        if full {
            self.forgotten += 1;
            return;
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
        let full = self.room(self.attempts) == 0;
        let known = self.clients.len();
        let client = entry(&mut self.clients, c.addresses.client, self.limit);
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
            port: c.ports.client,
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
        self.note_client(c.addresses.client, known);
    }

    fn add_host(&mut self, c: &Connection, side: Side) {
        if own_range(c.side(side)).is_none() {
            return;
        }
        match entry(&mut self.hosts, c.addresses[side], self.limit) {
            Some(host) => host.add(c, side),
            None => self.forgotten += 1,
        }
    }

    /// What happened at the service of a connection.
    pub fn service(&self, c: &Connection) -> Option<&ServiceFacts> {
        self.services.get(&(c.addresses.server, c.ports.server))
    }

    /// What a host's segments look like.
    pub fn host(&self, address: Address) -> Option<&HostFacts> {
        self.hosts.get(&address)
    }

    /// The completed attempts of a connection's client that began within some time of it.
    pub fn completed_around(&self, c: &Connection, seconds: f64) -> &[Attempt] {
        let Some(client) = self.clients.get(&c.addresses.client) else { return &[] };
        let completed = client.completed();
        let after = |other: &Attempt| crate::conn::seconds(other.start.saturating_sub(c.start));
        let from = completed.partition_point(|other| after(other) < -seconds);
        let to = completed.partition_point(|other| after(other) <= seconds);
        completed.get(from..to).unwrap_or_default()
    }

    /// The first connection that a connection's client opened to the same host from a time on, up
    /// to a minute after the connection's end.
    pub fn opened_since(&self, c: &Connection, time: i64) -> Option<&Attempt> {
        let client = self.clients.get(&c.addresses.client)?;
        let since = client.completed_since(time).iter().take(MAX_LOOKED_AT);
        since
            .take_while(|other| other.start.saturating_sub(c.end) <= AFTERWARDS)
            .find(|other| other.service.0 == c.addresses.server && other.id != c.id)
    }

    /// Attempts of a connection's client that completed and began from so many seconds before it
    /// began until so many after it ended; some hundreds at most.
    pub fn around(&self, c: &Connection, seconds: f64) -> impl Iterator<Item = &Attempt> + use<'_> {
        let completed = self.clients.get(&c.addresses.client).map_or(&[][..], Client::completed);
        near(completed, c, seconds)
    }

    /// The attempt over the other IP version that a dropped one may have raced with, begun between
    /// so many seconds before or after it, and what says so.
    pub fn other_family(&self, c: &Connection, from: f64, upto: f64) -> Option<(Racer, Tie)> {
        self.families.sibling(c, nanoseconds(from), nanoseconds(upto))
    }

    /// Whether an attempt over the other IP version that the client of a dropped one may have made,
    /// begun between so many seconds before or after it, was won before the time it was dropped.
    pub fn won_beside(&self, c: &Connection, (from, upto): (f64, f64), dropped: i64) -> bool {
        self.families.won_beside(c, nanoseconds(from), nanoseconds(upto), dropped)
    }

    /// How many attempts a connection's client dropped, and beside how many of them it opened and
    /// used another port of the same host, begun within so many seconds.
    pub fn dropped_beside(&self, c: &Connection, seconds: f64) -> (usize, usize) {
        let client = self.clients.get(&c.addresses.client);
        client.map_or((0, 0), |client| client.dropped_beside(seconds))
    }

    /// Whether a connection's client tried another service while it tried this one, within so many
    /// seconds, and nobody answered there either.
    pub fn reaches_nobody(&self, c: &Connection, seconds: f64) -> bool {
        let service = (c.addresses.server, c.ports.server);
        self.unanswered_around(c, seconds).any(|other| other.service != service)
    }

    /// Attempts of a connection's client that nobody answered and that began from so many seconds
    /// before it began until so many after it ended; some hundreds at most.
    pub fn unanswered_around(
        &self,
        c: &Connection,
        seconds: f64,
    ) -> impl Iterator<Item = &Attempt> + use<'_> {
        let unanswered = self.clients.get(&c.addresses.client).map_or(&[][..], Client::unanswered);
        near(unanswered, c, seconds)
    }

    /// How many attempts of a connection's client began while this one was tried in vain, and
    /// completed.
    pub fn answered_meanwhile(&self, c: &Connection) -> usize {
        let client = self.clients.get(&c.addresses.client);
        let since = client.map_or(&[][..], |client| client.completed_since(c.start));
        since.partition_point(|other| other.start <= c.end)
    }

    /// How regularly a connection's client opened its service without saying anything.
    pub fn rounds(&self, c: &Connection) -> Rounds {
        let client = self.clients.get(&c.addresses.client);
        let service = (c.addresses.server, c.ports.server);
        client.map_or_else(Rounds::default, |client| client.rounds(service))
    }

    /// Different services that the client failed to open, counted up to 16.
    pub fn fan_out(&self, c: &Connection) -> usize {
        self.clients.get(&c.addresses.client).map_or(0, Client::failed_services)
    }

    /// Different ports of its server that a connection's client failed to open, up to some dozens,
    /// where it opened fewer.
    pub fn ports_failed(&self, c: &Connection) -> usize {
        let client = self.clients.get(&c.addresses.client);
        client.map_or(0, |client| client.ports_failed(c.addresses.server))
    }

    /// Different hosts of its server's net at whose same port a connection's client failed.
    pub fn hosts_failed(&self, c: &Connection) -> usize {
        let client = self.clients.get(&c.addresses.client);
        client.map_or(0, |client| client.hosts_failed((c.addresses.server, c.ports.server)))
    }

    /// The interval in which the client's own limit must lie: above every wait that completed,
    /// at most the shortest that was abandoned. `None` unless there are at least three of each
    /// and they do not overlap.
    pub fn wait_limit(&self, c: &Connection, parameters: &Parameters) -> WaitLimit {
        let threshold = parameters.handshake_timeout_s;
        let client = self.clients.get(&c.addresses.client);
        client.map_or_else(WaitLimit::default, |client| client.waits().limit(threshold))
    }

    /// Whether the client often waited about as long for a handshake that completed.
    pub fn often_waited(&self, c: &Connection, wait: i64) -> bool {
        let client = self.clients.get(&c.addresses.client);
        client.is_some_and(|client| client.waits().often_as_long(wait))
    }
}

/// Attempts, earliest first, that began from so many seconds before a connection until so many
/// after; where these are too many, the nearest to its beginning.
fn near<'a>(
    attempts: &'a [Attempt],
    c: &Connection,
    seconds: f64,
) -> impl Iterator<Item = &'a Attempt> + use<'a> {
    let near = nanoseconds(seconds);
    let (first, last) = (c.start.saturating_sub(near), c.end.saturating_add(near));
    let from = attempts.partition_point(|other| other.start < first);
    let to = attempts.partition_point(|other| other.start <= last);
    let before = attempts.partition_point(|other| other.start < c.start);
    let from = from.max(before.saturating_sub(MAX_AROUND / 2));
    attempts.get(from..to).unwrap_or_default().iter().take(MAX_AROUND)
}

/// Whether the server heard the client after its SYN: it acknowledged or said something.
fn heard(c: &Connection) -> bool {
    let (client, server) = (c.side(Side::Client), c.side(Side::Server));
    client.acked > 1 || server.unique_bytes > 0
}

/// What there is one of; `None` where there is nothing, or more.
pub(super) fn the_only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    all.next().filter(|_| all.next().is_none())
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
