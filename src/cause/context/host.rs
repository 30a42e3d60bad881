//! What a host's segments look like over all of its connections.

use super::saved::few;
use crate::conn::{BySide, Connection, Endpoint, Side, hops};
use crate::digest::wire::{Bad, Coder};

/// What a host's segments usually look like. All but the counts are extremes and alternatives that
/// were seen, so that the order of the connections does not matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostFacts {
    /// Lowest TTL on segments that are no resets.
    pub ttl_low: u8,
    /// Highest TTL on them.
    pub ttl_high: u8,
    /// Fewest routers that such a segment passed.
    pub hops_low: u8,
    /// Most.
    pub hops_high: u8,
    /// The most by which these differed within one connection.
    pub hops_within: u8,
    /// Connections behind this.
    pub connections: u32,
    /// Smallest time from SYN to SYN-ACK as a server.
    pub syn_ack_delay: Option<i64>,
    /// Highest.
    pub syn_ack_delay_most: i64,
    /// Connections behind these times.
    pub syn_ack_delays: u32,
    /// How its kernel answers, as bits: what its SYN-ACKs have shown.
    answers: u8,
}

/// Its SYN-ACKs are those of Linux over IPv4: not to be fragmented, identification 0.
const LINUX: u8 = 1;
/// One was not.
const OTHER: u8 = 2;
/// They have an IPv6 flow label.
const LABELLED: u8 = 1 << 2;
/// One had none.
const UNLABELLED: u8 = 1 << 3;

impl HostFacts {
    /// Whether all its segments passed as many routers.
    pub(crate) fn one_path(&self) -> bool {
        self.hops_low == self.hops_high
    }

    /// Adds what a side of a connection showed.
    pub fn add(&mut self, c: &Connection, side: Side) {
        let endpoint = c.side(side);
        let Some((low, high)) = own_range(endpoint) else { return };
        let Some((nearest, farthest)) = own_hops(endpoint) else { return };
        if self.connections == 0 {
            (self.ttl_low, self.ttl_high) = (low, high);
            (self.hops_low, self.hops_high) = (nearest, farthest);
        }
        self.ttl_low = self.ttl_low.min(low);
        self.ttl_high = self.ttl_high.max(high);
        self.hops_low = self.hops_low.min(nearest);
        self.hops_high = self.hops_high.max(farthest);
        self.hops_within = self.hops_within.max(farthest - nearest);
        self.connections += 1;
        if side == Side::Server && c.side(side).syn_acks > 0 {
            self.add_answer(c);
        }
    }

    /// Adds what another part of the capture showed of it.
    pub fn merge(&mut self, other: &Self) {
        if self.connections == 0 || other.connections == 0 {
            *self = if self.connections == 0 { *other } else { *self };
            return;
        }
        let Self {
            ttl_low,
            ttl_high,
            hops_low,
            hops_high,
            hops_within,
            connections,
            syn_ack_delay,
            syn_ack_delay_most,
            syn_ack_delays,
            answers,
        } = *other;
        self.ttl_low = self.ttl_low.min(ttl_low);
        self.ttl_high = self.ttl_high.max(ttl_high);
        self.hops_low = self.hops_low.min(hops_low);
        self.hops_high = self.hops_high.max(hops_high);
        self.hops_within = self.hops_within.max(hops_within);
        self.connections += connections;
        self.syn_ack_delay = [self.syn_ack_delay, syn_ack_delay].into_iter().flatten().min();
        self.syn_ack_delay_most = self.syn_ack_delay_most.max(syn_ack_delay_most);
        self.syn_ack_delays += syn_ack_delays;
        self.answers |= answers;
    }

    /// As bytes.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let Self {
            ttl_low,
            ttl_high,
            hops_low,
            hops_high,
            hops_within,
            connections,
            syn_ack_delay,
            syn_ack_delay_most,
            syn_ack_delays,
            answers,
        } = self;
        for small in [ttl_low, ttl_high, hops_low, hops_high, hops_within, answers] {
            coder.plain(small)?;
        }
        few(coder, connections)?;
        few(coder, syn_ack_delays)?;
        coder.option(syn_ack_delay, Coder::signed)?;
        coder.signed(syn_ack_delay_most)
    }

    fn add_answer(&mut self, c: &Connection) {
        let server = c.side(Side::Server);
        if let Some(delay) = c.syn_ack_delay().filter(|&delay| delay > 0) {
            self.syn_ack_delay = Some(self.syn_ack_delay.map_or(delay, |d| d.min(delay)));
            self.syn_ack_delay_most = self.syn_ack_delay_most.max(delay);
            self.syn_ack_delays += 1;
        }
        self.answers |= match (c.ip_version, server.answers_like_linux(), server.flow_label != 0) {
            (4, true, _) => LINUX,
            (4, false, _) => OTHER,
            (_, _, true) => LABELLED,
            (_, _, false) => UNLABELLED,
        };
    }

    /// Its kernel refuses as Linux does over IPv4: window 0, not to be fragmented,
    /// identification 0.
    pub fn refuses_like_linux(&self) -> bool {
        self.answers & (LINUX | OTHER) == LINUX
    }

    /// Its kernel labels the flows of its answers over IPv6.
    pub fn labels_flows(&self) -> bool {
        self.answers & (LABELLED | UNLABELLED) == LABELLED
    }
}

/// The TTLs that a side's own segments came with.
pub(crate) fn ttls(endpoint: &Endpoint) -> impl Iterator<Item = u8> + Clone + use<> {
    let ttl = endpoint.ttl;
    [ttl.syn, ttl.low, ttl.high].into_iter().filter(|&ttl| ttl != 0)
}

/// The lowest and the highest of them.
pub(crate) fn own_range(endpoint: &Endpoint) -> Option<(u8, u8)> {
    let ttl = endpoint.ttl;
    match (ttl.syn, ttl.low) {
        (0, 0) => None,
        (syn, 0) => Some((syn, syn)),
        (0, low) => Some((low, ttl.high)),
        (syn, low) => Some((syn.min(low), syn.max(ttl.high))),
    }
}

/// The fewest and the most routers that they passed.
pub(crate) fn own_hops(endpoint: &Endpoint) -> Option<(u8, u8)> {
    let (low, high) = own_range(endpoint)?;
    if low == high {
        return Some((hops(low), hops(low)));
    }
    let all = ttls(endpoint).map(hops);
    Some((all.clone().min()?, all.max()?))
}

/// The program chose the TTL, and it says nothing of the path: 1 towards a neighbour (eBGP), or 255
/// of both sides so that nobody farther away can take part (RFC 5082).
pub(crate) fn chosen(c: &Connection) -> bool {
    let BySide { client, server } = c.endpoints.each_ref().map(own_range);
    let lowest = match (client, server) {
        (Some((a, _)), Some((b, _))) => a.min(b),
        (Some((low, _)), None) | (None, Some((low, _))) => low,
        (None, None) => return false,
    };
    lowest == 1 || lowest == 255 && c.two_sided()
}
