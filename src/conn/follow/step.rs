//! A connection while it is being followed.

use crate::base::numbers::numbers;
use crate::conn::compat::wireshark;
use crate::conn::compat::zeek;
use crate::conn::compat::zeek::Zeek;
use crate::conn::facts::connection::{Connection, Over, Stage};
use crate::conn::facts::effect::Effect;
use crate::conn::facts::endpoint::{Endpoint, State};
use crate::conn::facts::extra::TlsAlert;
use crate::conn::follow::recent::{Entry, Pool, Recent, signature};
use crate::conn::follow::{foreign, sequence, stall, teardowns};
use crate::conn::primitives::words::{BySide, Opening, Side};
use crate::packet::{Alert, Segment};

numbers! {
    /// Copies made by a mirror port or the `any` device follow their original within this time.
    window DUPLICATE_WINDOW: i64 = 5_000_000;
    /// Routers between two places of one capture.
    count MOST_ROUTERS: u8 = 2;
}

/// A connection and what is only needed while segments still come.
#[derive(Debug)]
pub(crate) struct Live<'s, S = Over> {
    /// The facts.
    pub connection: &'s mut Connection<S>,
    /// Latest segments.
    pub recent: &'s mut Recent,
    /// Where these are.
    pub pool: &'s mut Pool,
}

/// How a segment is related to the connection it opens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    /// Number of the connection.
    pub id: u64,
    /// Which side sent the first segment.
    pub first: Side,
    /// How the capture shows the beginning.
    pub opening: Opening,
}

impl<S: Stage> Connection<S> {
    /// Begins one of which nothing is known yet with this segment, which must still be taken.
    pub(in crate::conn) fn begin(&mut self, birth: Birth, segment: &Segment<'_>) {
        self.addresses = BySide { client: segment.source, server: segment.destination };
        self.ports = BySide { client: segment.source_port, server: segment.destination_port };
        if birth.first == Side::Server {
            self.addresses.swap();
            self.ports.swap();
        }
        self.id = birth.id;
        self.ip_version = segment.ip_version;
        self.interface = segment.interface;
        self.file = segment.file;
        self.first_packet_in_file = segment.packet_in_file;
        (self.first_packet, self.last_packet) = (segment.packet, segment.packet);
        (self.start, self.end) = (segment.time, segment.time);
        self.opening = birth.opening;
        self.zeek = Zeek::new(
            birth.first,
            segment.flags,
            segment.source_port,
            segment.destination_port,
            segment.time,
        );
    }

    /// Which side sent this segment, if it belongs to its addresses and ports.
    #[inline]
    pub(in crate::conn) fn side_of(&self, segment: &Segment<'_>) -> Option<Side> {
        let BySide { client, server } = self.addresses;
        let BySide { client: client_port, server: server_port } = self.ports;
        let from_client = client == segment.source && client_port == segment.source_port;
        if self.ip_version != segment.ip_version {
            None
        } else if from_client
            && server == segment.destination
            && server_port == segment.destination_port
        {
            Some(Side::Client)
        } else {
            let back = server == segment.source
                && server_port == segment.source_port
                && client == segment.destination
                && client_port == segment.destination_port;
            back.then_some(Side::Server)
        }
    }

    /// Which side has this source address and port; a connection to itself is told apart by
    /// nothing and counts as the client's.
    pub(in crate::conn) fn sender(&self, segment: &Segment<'_>) -> Side {
        if self.addresses.client == segment.source && self.ports.client == segment.source_port {
            Side::Client
        } else {
            Side::Server
        }
    }
}

impl<S: Stage> Live<'_, S> {
    /// Takes the next segment of this connection, sent by this side.
    pub(crate) fn take(&mut self, segment: &Segment<'_>, sender: Side) {
        let mark = signature(segment);
        let mut effect = Effect::default();
        let mut duplicate = false;
        if self.is_duplicate(segment, sender, mark) || self.is_routed_copy(segment, sender) {
            duplicate = true;
            self.note_completeness(segment);
            self.note_duplicate(segment, sender);
        } else {
            effect = self.follow(segment, sender);
        }
        self.count(segment, sender);
        self.connection.zeek.take(&zeek::Packet {
            sender,
            flags: segment.flags,
            sequence: segment.sequence,
            acknowledgment: segment.acknowledgment,
            window: segment.window,
            payload: segment.payload_length,
            time: segment.time,
            reveals_gap: effect.reveals_gap,
        });
        let entry = Entry {
            packet: segment.packet,
            time: segment.time,
            sequence: segment.sequence,
            acknowledgment: segment.acknowledgment,
            ip_id: segment.ip_id,
            payload: segment.payload_length,
            flags: segment.flags,
            sender,
            probe: effect.probe,
            duplicate,
        };
        self.pool.push(self.recent, mark, &entry);
    }

    /// What the segment does to the connection.
    #[inline]
    fn follow(&mut self, segment: &Segment<'_>, sender: Side) -> Effect {
        let signs = foreign::before(self.connection, self.pool.of(self.recent), segment, sender);
        let effect = if let Some(carried) = sequence::carry_on(self.connection, segment, sender) {
            self.connection.completeness |= wireshark::later(segment.flags, segment.payload_length);
            self.note_payload(segment, sender, &carried);
            carried
        } else {
            self.note_completeness(segment);
            let previous_end = self.connection.end;
            let c = &mut *self.connection;
            let mut effect = sequence::advance(c, segment, sender);
            self.note_payload(segment, sender, &effect);
            let c = &mut *self.connection;
            teardowns::teardown(c, self.pool.of(self.recent), segment, sender, previous_end);
            teardowns::challenge(c, segment, sender, &effect);
            sequence::settle(c, segment, sender, &mut effect);
            stall::note(c, self.pool.of(self.recent), segment, sender, &effect);
            effect
        };
        let seen = self.pool.of(self.recent);
        foreign::after(self.connection, seen, segment, sender, signs, &effect);
        effect
    }

    fn note_completeness(&mut self, segment: &Segment<'_>) {
        let first = self.connection.endpoints.iter().all(|e| !e.spoke());
        self.connection.completeness |= if first {
            wireshark::first(segment.flags, segment.payload_length)
        } else {
            wireshark::later(segment.flags, segment.payload_length)
        };
    }

    /// An exact copy of a recent segment. Resets of a stack without a socket all look alike and
    /// carry identification 0, so an identification is needed; without one only payload that
    /// comes again at once counts.
    #[inline]
    fn is_duplicate(&self, segment: &Segment<'_>, sender: Side, mark: u32) -> bool {
        // Nothing that is remembered is later than the end.
        let since = segment.time.saturating_sub(self.connection.end);
        if since > DUPLICATE_WINDOW {
            return false;
        }
        let identified = segment.ip_id.is_some_and(|id| id != 0);
        let window = if identified {
            DUPLICATE_WINDOW
        } else if segment.payload_length > 0 || segment.flags.syn() {
            DUPLICATE_WINDOW / 25
        } else {
            return false;
        };
        self.pool.of(self.recent).any(mark, |entry| {
            !entry.duplicate
                && entry.sender == sender
                && entry.sequence == segment.sequence
                && segment.time.saturating_sub(entry.time).saturating_abs() <= window
        })
    }

    /// The copy of a reset that was captured on both sides of a router: all is the same but the
    /// TTL, and without an identification nothing came between that it could answer.
    fn is_routed_copy(&self, segment: &Segment<'_>, sender: Side) -> bool {
        if !segment.flags.rst() {
            return false;
        }
        let last = self.connection.teardowns.last().filter(|row| !row.is_fin());
        last.is_some_and(|row| {
            let same = row.sender == sender
                && row.sequence == segment.sequence
                && row.acknowledgment == segment.acknowledgment
                && row.flags == segment.flags
                && row.window == segment.window
                && row.ip_id == segment.ip_id;
            let between =
                row.packet != self.connection.last_packet && segment.ip_id.is_none_or(|id| id == 0);
            let since = segment.time.saturating_sub(row.time);
            same && !between
                && (0..=DUPLICATE_WINDOW).contains(&since)
                && (1..=MOST_ROUTERS).contains(&row.ttl.abs_diff(segment.ttl))
        })
    }

    fn note_duplicate(&mut self, segment: &Segment<'_>, sender: Side) {
        let endpoint = &mut self.connection.endpoints[sender];
        endpoint.trouble().duplicates += 1;
        endpoint.fins += u32::from(segment.flags.fin() && !segment.flags.rst());
        endpoint.rsts += u32::from(segment.flags.rst());
        if segment.flags.fin() || segment.flags.rst() {
            let copy = teardowns::copy(self.connection, segment, sender);
            teardowns::keep(self.connection, copy);
        }
    }

    /// What every segment counts for, copies included.
    fn count(&mut self, segment: &Segment<'_>, sender: Side) {
        let c = &mut *self.connection;
        let late = c.over_since.is_some() && c.last_packet != segment.packet;
        c.counts.note(segment, sender, c.end, late);
        c.silence.note(segment.time.saturating_sub(c.end), segment, sender);
        c.end = c.end.max(segment.time);
        c.last_packet = segment.packet;
        c.paths[sender] = Some(segment.path);
        let endpoint = &mut c.endpoints[sender];
        if !endpoint.spoke() {
            endpoint.link_source = segment.link_source;
        }
        endpoint.packets += 1;
        endpoint.bytes += u64::from(segment.payload_length);
        if !segment.flags.rst() {
            endpoint.last_time = endpoint.last_time.max(segment.time);
        }
        if c.over_since.is_none() && over(&c.endpoints) {
            c.over_since = segment.time.into();
        }
    }

    fn note_payload(&mut self, segment: &Segment<'_>, sender: Side, effect: &Effect) {
        if effect.fresh == 0 || segment.payload.is_empty() {
            return;
        }
        let c = &mut *self.connection;
        let first = c.endpoints[sender].unique_bytes == effect.fresh;
        if first {
            let tls = segment.payload.is_tls();
            let name = match sender {
                Side::Client => segment.payload.server_name(),
                Side::Server => None,
            };
            if tls || name.is_some() {
                let extra = c.extra.get_or_insert_default();
                extra.tls[sender] = tls;
                extra.server_name = name.or(extra.server_name.take());
            }
        }
        let tls = c.extra.as_deref().is_some_and(|extra| extra.tls != BySide::both(false));
        // TLS may begin later, with a command in clear.
        let alert = segment.payload.is_alert();
        let known = c.extra.as_deref().is_some_and(|extra| extra.tls_alert[sender].is_some());
        if !(tls || alert || known) {
            return;
        }
        let extra = c.extra.get_or_insert_default();
        let (packet, time) = (segment.packet, segment.time);
        extra.tls_alert[sender] =
            segment.tls_alert().map(|Alert { clear }| TlsAlert { packet, time, clear });
    }
}

/// Both sides closed, or one reset.
fn over(endpoints: &BySide<Endpoint>) -> bool {
    endpoints.iter().any(|e| e.state == State::Reset)
        || endpoints.iter().all(|e| e.fin.is_some_and(|fin| fin.acked_at.is_some()))
}

#[cfg(test)]
mod tests;
