//! What one connection's verdict may ask of the others.

use std::collections::HashMap;

use super::parameters::Parameters;
use crate::conn::{Connection, Ending, Form, Moment, Side};
use crate::packet::Address;

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

/// A server's address and port.
pub type Service = (Address, u16);

/// Attempts remembered for each client; more add nothing to a pattern.
const MAX_ATTEMPTS: usize = 4096;

/// What happened at one service.
#[derive(Clone, Debug, Default)]
pub struct ServiceFacts {
    /// Connections accepted (SYN-ACK that fits).
    pub accepted: u32,
    /// Time of the latest accepted SYN.
    pub last_accepted: i64,
    /// SYNs refused by a reset.
    pub refused: u32,
    /// Connections aborted by the server without any payload of its own, by time.
    pub aborted: Vec<i64>,
    /// Connections accepted by the kernel and never served: no payload and no FIN of the server.
    pub unserved: u32,
}

/// One attempt of a client.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Connection.
    pub id: u64,
    /// Target.
    pub service: Service,
    /// Time of the SYN.
    pub start: i64,
    /// From SYN to its acknowledgment or reset.
    pub wait: Moment,
    /// When the handshake completed.
    pub completed: Moment,
    /// Reset by the client before it completed.
    pub abandoned: bool,
    /// Refused or never answered.
    pub failed: bool,
    /// Payload octets of the client.
    pub bytes: u64,
}

/// What a host's segments usually look like.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostFacts {
    /// Lowest TTL on segments that are no resets.
    pub ttl_low: u8,
    /// Highest TTL on them.
    pub ttl_high: u8,
    /// Connections behind this.
    pub connections: u32,
    /// Smallest time from SYN to SYN-ACK as a server.
    pub syn_ack_delay: Option<i64>,
}

/// Summaries over all connections seen so far.
#[derive(Debug, Default)]
pub struct Context {
    services: Map<Service, ServiceFacts>,
    clients: Map<Address, Vec<Attempt>>,
    hosts: Map<Address, HostFacts>,
}

impl Context {
    /// Adds one connection, whose ending is decided.
    pub fn add(&mut self, c: &Connection) {
        let client = c.side(Side::Client);
        for side in [Side::Client, Side::Server] {
            self.add_host(c, side);
        }
        if client.syns == 0 {
            return;
        }
        self.add_service(c);
        self.add_attempt(c);
    }

    fn add_service(&mut self, c: &Connection) {
        let accepted = c.good_syn_ack_time.is_some();
        if !accepted && c.ending == Ending::HandshakeUnanswered {
            // A scan's targets that never spoke say nothing.
            return;
        }
        let client = c.side(Side::Client);
        let facts = self.services.entry((c.addresses[1], c.ports[1])).or_default();
        if accepted {
            facts.last_accepted = facts.last_accepted.max(c.start);
            facts.accepted += 1;
            let server = c.side(Side::Server);
            let idle = server.unique_bytes == 0 && server.fins + server.rsts + client.fins == 0;
            facts.unserved += u32::from(idle);
        }
        match c.ending {
            Ending::HandshakeRefused => facts.refused += 1,
            Ending::Reset | Ending::ResetAfterFin => {
                let bare = c.side(Side::Server).unique_bytes == 0;
                let reset = c.deciding().filter(|row| {
                    row.sender == Side::Server
                        && row.form == Some(Form::Abort)
                        && bare
                        && !row.sender_fin_before
                });
                facts.aborted.extend(reset.map(|row| row.time));
            }
            _ => {}
        }
    }

    fn add_attempt(&mut self, c: &Connection) {
        let attempts = self.clients.entry(c.addresses[0]).or_default();
        if attempts.len() < MAX_ATTEMPTS {
            let failed = matches!(
                c.ending,
                Ending::HandshakeRefused | Ending::HandshakeUnanswered | Ending::HandshakeAbandoned
            );
            attempts.push(Attempt {
                id: c.id,
                service: (c.addresses[1], c.ports[1]),
                start: c.start,
                wait: c.client_wait().map_or(Moment::NONE, Moment::from),
                completed: c.handshake_time,
                abandoned: c.ending == Ending::HandshakeAbandoned,
                failed,
                bytes: c.side(Side::Client).unique_bytes,
            });
        }
    }

    fn add_host(&mut self, c: &Connection, side: Side) {
        let ttl = c.side(side).ttl;
        let seen = if ttl.first == 0 { ttl.syn } else { ttl.first };
        if seen == 0 {
            return;
        }
        let (low, high) =
            if ttl.first == 0 { (seen, seen) } else { (ttl.low.min(seen), ttl.high.max(seen)) };
        let host = self.hosts.entry(c.addresses[side.index()]).or_default();
        if host.connections == 0 {
            (host.ttl_low, host.ttl_high) = (low, high);
        }
        host.ttl_low = host.ttl_low.min(low);
        host.ttl_high = host.ttl_high.max(high);
        host.connections += 1;
        if side == Side::Server
            && let Some(delay) = c.syn_ack_delay().filter(|&delay| delay > 0)
        {
            host.syn_ack_delay = Some(host.syn_ack_delay.map_or(delay, |d| d.min(delay)));
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

    /// The attempts of a connection's client, in order of their SYNs within the capture.
    pub fn attempts(&self, c: &Connection) -> &[Attempt] {
        self.clients.get(&c.addresses[0]).map_or(&[], Vec::as_slice)
    }

    /// Different services that the client failed to open, at most `enough`.
    pub fn fan_out(&self, c: &Connection, enough: usize) -> usize {
        let mut seen: Vec<Service> = Vec::new();
        for attempt in self.attempts(c) {
            if attempt.failed && !seen.contains(&attempt.service) {
                seen.push(attempt.service);
                if seen.len() >= enough {
                    break;
                }
            }
        }
        seen.len()
    }

    /// The interval in which the client's own limit must lie: above every wait that completed,
    /// at most the shortest that was abandoned. `None` unless there are at least three of each
    /// and they do not overlap.
    pub fn wait_limit(&self, c: &Connection, parameters: &Parameters) -> WaitLimit {
        let threshold = parameters.handshake_timeout_s * 1e9;
        let mut completed = Vec::new();
        let mut abandoned = Vec::new();
        for attempt in self.attempts(c) {
            let Some(wait) = attempt.wait.get() else { continue };
            if attempt.completed.is_some() {
                completed.push(wait);
            } else if attempt.abandoned {
                abandoned.push(wait);
            }
        }
        let longest = completed.iter().copied().max();
        let shortest = abandoned.iter().copied().min();
        #[allow(clippy::cast_precision_loss)] // nanoseconds of a wait
        let above = completed.iter().filter(|&&wait| wait as f64 >= threshold).count();
        let overlap = match shortest {
            Some(shortest) => completed.iter().filter(|&&wait| wait >= shortest).count(),
            None => 0,
        };
        WaitLimit {
            completed: completed.len(),
            abandoned: abandoned.len(),
            longest_completed: longest,
            shortest_abandoned: shortest,
            completed_above_threshold: above,
            overlap,
        }
    }
}

/// What a client's waits say of its own limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct WaitLimit {
    /// Attempts that completed.
    pub completed: usize,
    /// Attempts that it abandoned.
    pub abandoned: usize,
    /// The longest wait that completed: the limit is above it.
    pub longest_completed: Option<i64>,
    /// The shortest wait that was abandoned: the limit is at most this.
    pub shortest_abandoned: Option<i64>,
    /// Completed attempts that had waited longer than the threshold.
    pub completed_above_threshold: usize,
    /// Completed attempts that had waited longer than the shortest abandoned one.
    pub overlap: usize,
}

impl WaitLimit {
    /// The interval, when both sets are large enough and do not overlap.
    pub fn interval(&self) -> Option<(i64, i64)> {
        let clean = self.completed >= 3 && self.abandoned >= 3 && self.overlap == 0;
        if clean { Some((self.longest_completed?, self.shortest_abandoned?)) } else { None }
    }

    /// A fixed limit is refuted: too many attempts waited longer and completed.
    pub fn refuted(&self) -> bool {
        self.overlap * 10 > self.completed + self.abandoned && self.overlap > 0
    }
}
