//! Connections that belong together: the legs of a proxy, and what an address translator made of
//! one connection.

use super::client::Attempt;
use super::life::{Life, source};
use super::lives::Lives;
use super::{Context, Service};
use crate::conn::{Connection, Side, seconds};
use crate::packet::{Address, Seq};

/// A proxy opens its own connection this soon, in nanoseconds.
const OPENS: i64 = 2_000_000_000;
/// Connections looked at for the other leg of one.
const MAX_LEGS: usize = 16;
/// Services of one host that are looked at, the first of the capture.
const MAX_PORTS: usize = 16;
/// Octets that a proxy may put before what it passes on (PROXY protocol, a header).
const HEADER: u32 = 256;

/// The leg whose end another one followed.
#[derive(Clone, Copy, Debug)]
pub struct Leg {
    /// Connection.
    pub id: u64,
    /// Nanoseconds from its end to that of the other.
    pub before: i64,
    /// Whether both ended in the same way, by FIN or by reset.
    pub alike: bool,
    /// Who began its end.
    pub ended_by: Side,
    /// The same segments under other addresses.
    pub translated: bool,
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
        if ports.len() < MAX_PORTS {
            ports.push(port);
        }
    }

    /// The leg of a proxy, balancer or translator whose end this connection's followed within so
    /// many seconds: the latest of them.
    pub fn followed(&self, c: &Connection, within_s: f64) -> Option<Leg> {
        let own = Life::of(c).filter(Life::opened)?;
        let side = own.ended_by()?;
        let leg = |other: &Life, translated| {
            let before = own.end.saturating_sub(other.end);
            let first = before > 0 || (before == 0 && other.id < own.id);
            let alike = other.by_fin() == own.by_fin();
            let ended_by = other.ended_by()?;
            (first && seconds(before) <= within_s).then_some(Leg {
                id: other.id,
                before,
                alike,
                ended_by,
                translated,
            })
        };
        let ended = |other: &&Life| other.ended_by() == Some(side);
        let same = |other: &&Life| ended(other) && other.bytes == own.bytes && other.id != own.id;
        let translated = self.translations(c).filter(same).find_map(|other| leg(other, true));
        translated.or_else(|| {
            let legs: Vec<Leg> = match side {
                Side::Server => {
                    let opened = self.opened_by(c.addresses[1], c).filter(ended);
                    opened
                        .filter(|other| carries(&own, other))
                        .filter_map(|o| leg(o, false))
                        .collect()
                }
                Side::Client => {
                    let served = self.served_by(c.addresses[0], c).filter(ended);
                    served
                        .filter(|other| carries(other, &own))
                        .filter_map(|o| leg(o, false))
                        .collect()
                }
            };
            legs.into_iter().min_by_key(|leg| (leg.before, leg.id))
        })
    }

    /// What this host opened to others soon after a connection to it began.
    fn opened_by<'a>(&'a self, host: Address, c: &'a Connection) -> impl Iterator<Item = &'a Life> {
        let attempts = self.clients.get(&host).map(|client| client.completed_since(c.start));
        let attempts = attempts.unwrap_or_default().iter().take(MAX_LEGS);
        attempts
            .take_while(|attempt| attempt.start.saturating_sub(c.start) <= OPENS)
            .filter(|attempt| attempt.id != c.id && attempt.service.0 != c.addresses[0])
            .filter_map(|attempt| self.life(attempt))
    }

    /// What this host served that began shortly before a connection of it.
    fn served_by<'a>(&'a self, host: Address, c: &'a Connection) -> impl Iterator<Item = &'a Life> {
        let ports = self.ports.get(&host).map(Vec::as_slice).unwrap_or_default();
        let lives = ports.iter().filter_map(move |&port| self.lives(&(host, port)));
        let server = source(c.addresses[1]);
        lives.flat_map(move |lives| {
            let since = lives.since(c.start.saturating_sub(OPENS));
            let upto = since.partition_point(|life| life.start <= c.start);
            let near = since.get(upto.saturating_sub(MAX_LEGS)..upto).unwrap_or_default();
            near.iter().rev().filter(move |life| life.id != c.id && life.source != server)
        })
    }

    fn life(&self, attempt: &Attempt) -> Option<&Life> {
        self.lives(&attempt.service)?.of(attempt.id)
    }

    /// The same connection under another address of the server or of the client.
    fn translations<'a>(&'a self, c: &'a Connection) -> impl Iterator<Item = &'a Life> {
        let isn = c.side(Side::Client).base.0;
        let own = source(c.addresses[0]);
        let lives = self.lives(&(c.addresses[1], c.ports[1]));
        let numbered = lives.map(|lives| lives.numbered(isn)).unwrap_or_default();
        let by_client = numbered.iter().take(MAX_LEGS).filter(move |life| life.source != own);
        self.twins(c).filter_map(|attempt| self.life(attempt)).chain(by_client)
    }

    /// Attempts of the same client from the same port with the same initial sequence number, to
    /// another address: what a translator made of one SYN.
    pub fn twins<'a>(&'a self, c: &'a Connection) -> impl Iterator<Item = &'a Attempt> {
        let client = self.clients.get(&c.addresses[0]);
        let isn = c.side(Side::Client).base.0;
        let same = client.map(|client| client.numbered(c.ports[0], isn)).unwrap_or_default();
        same.iter().take(MAX_LEGS).filter(|other| other.service.0 != c.addresses[1])
    }

    /// The attempt of the same client from the same port, at another address, among whose numbers
    /// those of a connection lie that the capture does not show to begin.
    pub fn bypassed(&self, c: &Connection) -> Option<&Attempt> {
        let client = self.clients.get(&c.addresses[0])?;
        let first = c.side(Side::Client).base;
        let other = client.latest_before(c.ports[0], first.0)?;
        let ahead = u64::from(first.since(Seq(other.isn)).unsigned_abs());
        (other.service.0 != c.addresses[1] && ahead <= other.bytes + 1).then_some(other)
    }

    /// The attempt of the same client at the same service, from another port, that had come to
    /// the number with which a connection begins that the capture does not show to begin.
    pub fn renumbered(&self, c: &Connection) -> Option<&Attempt> {
        let client = self.clients.get(&c.addresses[0])?;
        let next = c.side(Side::Client).base.plus(1);
        let service = (c.addresses[1], c.ports[1]);
        client.ending_with(service, next.0).find(|other| other.port != c.ports[0])
    }
}

/// Whether one connection brought to a proxy what the other carried on from it.
fn carries(to: &Life, from: &Life) -> bool {
    let ([up, down], [sent, came]) = (to.bytes, from.bytes);
    let header = sent.checked_sub(up).is_some_and(|more| more <= HEADER);
    if to.by_fin() && from.by_fin() {
        return header && down == came && up.max(down) > 0;
    }
    // A reset overtakes what was on its way.
    let late = down <= came && sent <= up.saturating_add(HEADER);
    late && (header && up > 0 || down == came && down > 0)
}
