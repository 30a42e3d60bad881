//! Connections that belong together: the legs of a proxy, and what an address translator made of
//! one SYN.

use super::client::Attempt;
use super::life::{Life, source};
use super::lives::Lives;
use super::{Context, Service};
use crate::base::numbers::numbers;
use crate::conn::{BySide, Connection, Side, seconds};
use crate::packet::Address;

numbers! {
    /// A proxy opens its own connection this soon.
    window OPENS: i64 = 2_000_000_000;
    /// Connections looked at for the other leg of one.
    bound MAX_LEGS: usize = 16;
    /// Services of one host that are looked at, the first of the capture.
    bound MAX_PORTS: usize = 16;
    /// Bytes that a proxy may put before what it passes on (PROXY protocol, a header).
    size HEADER: u32 = 256;
    /// Bytes of a client's handshake, by which TLS is longer than what is in it.
    size SEALED_UP: u32 = 4096;
    /// And of a server's.
    size SEALED_DOWN: u32 = 8192;
    /// And one part in so many of the rest.
    fraction RECORDS: u32 = 16;
    /// Bytes of which the same number is no chance, but for a header.
    size MUCH: u32 = 8 * HEADER;
}

/// The leg whose end another one followed.
#[derive(Clone, Copy, Debug)]
pub struct Leg {
    /// Connection.
    pub id: u64,
    /// Nanoseconds from its end to that of the other.
    pub before: i64,
    /// Whether both ended in the same way, by FIN or by reset.
    pub alike: bool,
    /// Whether both brought the same answers.
    pub same: bool,
    /// Who began its end.
    pub ended_by: Side,
}

impl Context {
    fn lives(&self, service: &Service) -> Option<&Lives> {
        self.services.get(service)?.lives()
    }

    /// Notes a service of which connections are remembered.
    pub(super) fn note_port(&mut self, (address, port): Service) {
        let full = self.limit.is_some_and(|limit| self.ports.len() >= limit);
        if full && !self.ports.contains_key(&address) {
            self.forgotten += 1;
            return;
        }
        let ports = self.ports.entry(address).or_default();
        if ports.is_empty() && self.clients.contains_key(&address) {
            self.proxies += 1;
        }
        if ports.len() < MAX_PORTS {
            ports.push(port);
        }
    }

    /// Notes a client, where so many were known before it.
    pub(super) fn note_client(&mut self, address: Address, known: usize) {
        if self.clients.len() > known && self.ports.contains_key(&address) {
            self.proxies += 1;
        }
    }

    /// The leg of a proxy or balancer whose end this connection's followed within so many seconds,
    /// the latest of them. The two sides of an address translator have the same numbers: they are
    /// one connection seen twice, and neither followed the other.
    pub fn followed(&self, c: &Connection, within_s: f64) -> Option<Leg> {
        if self.proxies == 0 {
            return None;
        }
        let own = Life::of(c).filter(Life::opened)?;
        let side = own.ended_by()?;
        let ended = |other: &&Life| {
            other.ended_by() == Some(side) && other.id != own.id && other.number != own.number
        };
        let leg = |other: &Life| {
            let before = own.end.saturating_sub(other.end);
            let first = before > 0 || (before == 0 && other.id < own.id);
            (first && seconds(before) <= within_s).then_some(Leg {
                id: other.id,
                before,
                alike: other.by_fin() == own.by_fin(),
                same: other.bytes.server == own.bytes.server,
                ended_by: side,
            })
        };
        let legs: Vec<Leg> = match side {
            Side::Server => {
                let opened = self.opened_by(c.addresses.server, c).filter(ended);
                let opened = opened.filter(|other| carries(&own, other));
                opened.filter_map(leg).collect()
            }
            Side::Client => {
                let served = self.served_by(c.addresses.client, c).filter(ended);
                let served = served.filter(|other| carries(other, &own));
                served.filter_map(leg).collect()
            }
        };
        legs.into_iter().min_by_key(|leg| (leg.before, leg.id))
    }

    /// What this host opened to others soon after a connection to it began.
    fn opened_by<'a>(&'a self, host: Address, c: &'a Connection) -> impl Iterator<Item = &'a Life> {
        let attempts = self.clients.get(&host).map(|client| client.completed_since(c.start));
        let attempts = attempts.unwrap_or_default().iter().take(MAX_LEGS);
        attempts
            .take_while(|attempt| attempt.start.saturating_sub(c.start) <= OPENS)
            .filter(|attempt| attempt.id != c.id && attempt.service.0 != c.addresses.client)
            .filter_map(|attempt| self.life(attempt))
    }

    /// What this host served that began shortly before a connection of it.
    fn served_by<'a>(&'a self, host: Address, c: &'a Connection) -> impl Iterator<Item = &'a Life> {
        let ports = self.ports.get(&host).map(|ports| &**ports).unwrap_or_default();
        let lives = ports.iter().filter_map(move |&port| self.lives(&(host, port)));
        let server = source(c.addresses.server);
        lives.flat_map(move |lives| {
            let near = lives.between(c.start.saturating_sub(OPENS), c.start).take(MAX_LEGS);
            near.filter(move |life| life.id != c.id && life.source != server)
        })
    }

    fn life(&self, attempt: &Attempt) -> Option<&Life> {
        self.lives(&attempt.service)?.of(attempt.id)
    }

    /// Attempts of the same client from the same port with the same initial sequence number, to
    /// another address: what a translator made of one SYN.
    pub fn twins<'a>(&'a self, c: &'a Connection) -> impl Iterator<Item = &'a Attempt> {
        let (isn, syns) = (c.side(Side::Client).base.0, c.side(Side::Client).syns);
        // That of a SYN was noted when the later of the two came.
        let client = self.clients.get(&c.addresses.client);
        let client = client.filter(|client| syns == 0 || client.is_translated());
        let same = client.into_iter().flat_map(move |client| client.numbered(c.ports.client, isn));
        same.take(MAX_LEGS).filter(|other| other.service.0 != c.addresses.server)
    }

    /// The attempt of the same client at the same service, from another port, that had come to
    /// the number with which a connection begins that the capture does not show to begin.
    pub fn renumbered(&self, c: &Connection) -> Option<&Attempt> {
        let client = self.clients.get(&c.addresses.client)?;
        let next = c.side(Side::Client).base.plus(1);
        let service = (c.addresses.server, c.ports.server);
        client.ending_with(service, next.0).find(|other| other.port != c.ports.client)
    }
}

/// Whether one connection brought to a proxy what the other carried on from it.
fn carries(to: &Life, from: &Life) -> bool {
    let BySide { client: up, server: down } = to.bytes;
    let BySide { client: sent, server: came } = from.bytes;
    let header = sent.checked_sub(up).is_some_and(|more| more <= HEADER);
    if to.tls() && !from.tls() {
        let within = |sealed: u32, open: u32, most: u32| {
            let more = sealed.checked_sub(open);
            open > 0 && more.is_some_and(|more| more > 0 && more <= most + open / RECORDS)
        };
        return within(up, sent, SEALED_UP) && within(down, came, SEALED_DOWN);
    }
    if to.by_fin() && from.by_fin() {
        // A proxy of requests changes the headers of both ways, which much payload only hides.
        let near = up.abs_diff(sent).max(down.abs_diff(came)) <= HEADER;
        let same = header && down == came || up == sent && near;
        return (same || near && up.max(down) > MUCH) && up.max(down) > 0;
    }
    // A reset overtakes what was on its way.
    let late = down <= came.saturating_add(HEADER) && sent <= up.saturating_add(HEADER);
    late && (header && up > 0 || down == came && down > 0)
}
