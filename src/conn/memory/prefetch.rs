//! Reading ahead of use: parts of many connections are read in one go, so that waiting for memory
//! happens once and not for each. What is read is thrown away.

use crate::conn::facts::connection::Connection;
use crate::conn::facts::endpoint::Endpoint;
use crate::conn::facts::reset::Reset;
use crate::conn::facts::teardown::Teardown;
use crate::conn::primitives::words::BySide;

/// Connections that are asked for at once before they are worked on.
pub(crate) const BLOCK: usize = 32;
/// Rows of FINs and RSTs of one connection that are.
const ROWS: usize = 2;

/// Reads from each cache line of these connections and of their first rows of FINs and RSTs.
pub(crate) fn prefetch<'c>(connections: impl Iterator<Item = &'c Connection> + Clone) {
    let whole = connections.clone().fold(0, |all, c| all ^ c.touch_whole());
    let rows = connections.flat_map(|c| c.teardowns.iter().take(ROWS));
    std::hint::black_box(rows.fold(whole, |all, row| all ^ row.touch_whole()));
}

impl<S> Connection<S> {
    /// Reads from each cache line that most segments from this port change: hot fields stand
    /// together at the beginning of a connection and of its sides.
    pub(in crate::conn) fn touch(&self, port: u16) -> u64 {
        let BySide { client, server } = &self.endpoints;
        let (own, peer) =
            if self.ports.client == port { (client, server) } else { (server, client) };
        let sender = own.max_end ^ own.bytes ^ u64::from(own.alive);
        self.last_packet ^ sender ^ peer.max_end ^ self.zeek.touch()
    }

    fn touch_whole(&self) -> u64 {
        let Self { addresses, last_packet, handshake_time, endpoints, zeek, .. } = self;
        let BySide { client, server } = endpoints;
        let mut all = client.touch_whole() ^ server.touch_whole() ^ zeek.touch();
        all ^= u64::from(addresses.client == addresses.server) ^ last_packet ^ self.first_packet;
        all ^= u64::from(handshake_time.is_some()) ^ u64::from(self.counts.late_packets);
        all ^ self.bytes_after_first_fin.client ^ u64::from(self.syn_ack.is_some())
    }
}

impl Endpoint {
    fn touch_whole(&self) -> u64 {
        let Self { max_end, contiguous, alive, syns, largest_end, link_source, .. } = self;
        max_end ^ contiguous ^ largest_end ^ link_source ^ u64::from(*alive) ^ u64::from(*syns)
    }
}

impl Teardown {
    fn touch_whole(&self) -> u64 {
        let Self { packet, unacked_bytes, payload_length, .. } = self;
        let reset = self.reset().map_or(0, |reset| {
            let Reset { flow_label, unread_bytes, sender_after, .. } = reset;
            u64::from(*flow_label) ^ unread_bytes ^ u64::from(*sender_after)
        });
        packet ^ unacked_bytes ^ u64::from(*payload_length) ^ reset
    }
}
