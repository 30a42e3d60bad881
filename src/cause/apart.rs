//! How far from its claimed sender a segment was sent: by routers passed, not by TTL, and by how
//! much the sender's own segments differ.

use super::context::{HostFacts, chosen, own_hops, own_range, ttls};
use super::evidence::Evidence;
use super::rule::Case;
use super::score::{headers, shortest};
use crate::base::numbers::numbers;
use crate::conn::{Side, Signs, Teardown, hops};

numbers! {
    /// Connections of a host from which one router more or less is evidence, if it never varied.
    count STEADY: u32 = 4;
    /// Routers from which a host known by one connection is another one.
    count FAR: u8 = 5;
    /// Or by two connections.
    count FAR_OF_TWO: u8 = 3;
    /// Segments of a side in this connection by which its distance is known.
    count KNOWN: u32 = 3;
    /// Routers between a host and the next one to it that speaks in its name.
    count NEXT: u8 = 3;
    /// The TTLs that kernels of hosts begin with.
    counts KERNELS = &[64.0, 128.0];
    /// Segments of a side in this connection from which their path is steady.
    count STEADY_SEGMENTS: u32 = 5;
    /// Connections of a host from which its path is steady.
    count MANY: u32 = 6;
    /// Routers that paths pass at most, as a rule: a TTL that says more was set by a program.
    count LONGEST: u8 = 24;
    /// Who answers in less than one part in so many of the shortest round trip is not where its
    /// sender is.
    fraction NEARER: i64 = 5;
    /// Nanoseconds of a round trip from which its host cannot seem near by the path's luck alone.
    window LONG_PATH: i64 = 20_000_000;
    /// The highest TTL that a program sets so that its segments do not go far (eBGP over several
    /// hops), and no kernel of today begins with.
    count SET_LOW: u8 = 32;
}

/// A distance that is not the claimed sender's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Apart {
    /// Routers that the segment passed.
    pub hops: u8,
    /// What its sender's own segments passed: fewest and most.
    usual: (u8, u8),
    /// Connections that this is known from.
    connections: u32,
}

impl Apart {
    /// How a verdict tells it.
    pub(super) fn evidence(self, packet: u64) -> Evidence {
        let (low, high) = self.usual;
        let usual = if low == high { low.to_string() } else { format!("{low} to {high}") };
        let by = match self.connections {
            0 | 1 => String::new(),
            many => format!(" in {many} connections"),
        };
        let mut evidence =
            Evidence::text("hops", format!("its sender's segments pass {usual}{by}"));
        evidence.value = Some(f64::from(self.hops));
        evidence.at(packet)
    }

    /// How far it is from what its sender's own segments passed.
    pub(super) fn distance(self) -> u8 {
        away(self.hops, self.usual)
    }
}

/// How a verdict tells a TTL that is none of its claimed sender's; nothing where it is one of them.
pub(super) fn ttls_differ(ttl: u8, (low, high): (u8, u8)) -> Option<Box<str>> {
    let told = |ttl: u8| match hops(ttl) {
        1 => format!("{ttl} (1 hop)"),
        many => format!("{ttl} ({many} hops)"),
    };
    let own = if low == high { told(low) } else { format!("{low} to {high}") };
    let inside = (low..=high).contains(&ttl);
    (!inside).then(|| {
        format!("TTL {} where its claimed sender's other packets have {own}", told(ttl)).into()
    })
}

fn away(hops: u8, (low, high): (u8, u8)) -> u8 {
    low.saturating_sub(hops).max(hops.saturating_sub(high))
}

/// Whether a reset was sent from elsewhere than its claimed sender's own segments. `None` where it
/// was not, or where paths differ too much, or too little is known, to tell.
pub(super) fn apart(case: &Case<'_>, row: &Teardown) -> Option<Apart> {
    let c = case.connection;
    let own = own_hops(c.side(row.sender));
    // Most resets come from where their side's other segments do.
    if own.is_some_and(|own| away(hops(row.ttl), own) == 0) {
        return None;
    }
    if row.ttl == 0 || chosen(c) || set_low(case, row) || disputed(case, row) {
        return None;
    }
    let (usual, needed) = match own {
        Some(own) => within(case, row, own)?,
        None => between(case, row.sender)?,
    };
    let host = case.context.host(c.addresses[row.sender]);
    let connections = host.map_or(0, |host| host.connections);
    let apart = Apart { hops: hops(row.ttl), usual, connections };
    (apart.distance() >= needed).then_some(apart)
}

/// Where another host than its claimed sender sent a reset in mid-connection from, if that shows by
/// more than the routers it passed: a route may change, more so while it is silent.
pub(super) fn elsewhere(case: &Case<'_>, row: &Teardown, doubted: bool) -> Option<Apart> {
    if alike(case, row) {
        return None;
    }
    let nearer = nearer(case, row);
    // The router next to us sends what it sends for itself from the address that it forwards from.
    let next = |apart| !row.link_source_differs && next_to_us(case, row, apart);
    // A fitting timestamp is known to its host.
    let stamped = row.has_timestamp && row.timestamp_ok != Some(false);
    let device = || doubted && !stamped && another_ttl(case, row) && !headers(case, row).is_empty();
    let one = || one_router(case, row).filter(|&apart| nearer || next(apart) || device());
    let apart = apart(case, row).or_else(one)?;
    let agreed = row.link_source_differs || nearer || doubted || {
        !stamped
            && (next_to_us(case, row, apart)
                || another_kernel(case, row, apart)
                || !headers(case, row).is_empty())
    };
    agreed.then_some(apart)
}

/// A host behind routers does not move next to us; one that counts from another TTL may seem to.
fn next_to_us(case: &Case<'_>, row: &Teardown, apart: Apart) -> bool {
    apart.hops == 0 && apart.distance() <= NEXT && case.side(row.sender).alive >= 2
}

/// Its kernel counts from another TTL, and is far from its claimed sender.
fn another_kernel(case: &Case<'_>, row: &Teardown, apart: Apart) -> bool {
    apart.distance() >= FAR && another_ttl(case, row)
}

/// Whether a reset's TTL began as another than its sender's, which began as kernels' do.
pub(super) fn another_kernel_sent(case: &Case<'_>, row: &Teardown) -> bool {
    let usual = |ttl: u8| KERNELS.contains(&f64::from(first(ttl)));
    let side = case.side(row.sender);
    row.ttl != 0
        && side.alive >= STEADY_SEGMENTS
        && ttls(side).all(usual)
        && another_ttl(case, row)
        && !(chosen(case.connection) || disputed(case, row))
}

/// Its TTL began as another than that of its side's own segments.
fn another_ttl(case: &Case<'_>, row: &Teardown) -> bool {
    let another = |ttl: u8| first(ttl) != first(row.ttl) && hops(ttl) <= LONGEST;
    ttls(case.side(row.sender)).all(another)
}

/// What a TTL began as.
fn first(ttl: u8) -> u8 {
    ttl.saturating_add(hops(ttl))
}

/// Where a reset was sent from, if it is nearer than its sender, whose segments passed the same
/// routers in so many connections that a route that changes just now is unlikely.
pub(super) fn on_a_steady_path(case: &Case<'_>, row: &Teardown) -> Option<Apart> {
    let host = case.context.host(case.connection.addresses[row.sender])?;
    let steady = host.connections >= MANY && host.one_path();
    let nearer = hops(row.ttl) < host.hops_low;
    apart(case, row).filter(|_| steady && nearer)
}

/// Where a reset was sent from, if it passed a router or two less than all the many segments of its
/// sender in this connection: a device in front of the host answers in its name, from the TTL that
/// the host itself counts from.
pub(super) fn next_before(case: &Case<'_>, row: &Teardown) -> Option<Apart> {
    let side = case.side(row.sender);
    let apart = one_router(case, row)?;
    let nearer = hops(row.ttl) < apart.usual.0 && apart.distance() < NEXT;
    let host = case.context.host(case.connection.addresses[row.sender]);
    let steady = host.is_none_or(HostFacts::one_path);
    (nearer && steady && side.alive >= STEADY_SEGMENTS && !row.has_timestamp).then_some(apart)
}

/// Whether an answer came in a small part of a round trip that is long: no host moves so near.
pub(super) fn much_nearer(case: &Case<'_>, row: &Teardown) -> bool {
    nearer(case, row) && shortest(case, row).is_some_and(|usual| usual >= LONG_PATH)
}

/// Whether an answer came in a small part of the shortest round trip to its claimed sender.
fn nearer(case: &Case<'_>, row: &Teardown) -> bool {
    let steady = case.connection.counts.time_backward == 0;
    match (row.turnaround.get(), shortest(case, row)) {
        (Some(answered), Some(usual)) => steady && answered.saturating_mul(NEARER) < usual,
        _ => false,
    }
}

/// Whether two hosts answered the SYN: then nobody knows which of them the server is.
pub(super) fn disputed(case: &Case<'_>, row: &Teardown) -> bool {
    let second = case.connection.extra().is_some_and(|extra| extra.second_syn_ack.is_some());
    second && row.sender == Side::Server
}

/// Whether its distance is one of its sender's own segments, or nothing is known of these.
pub(super) fn alike(case: &Case<'_>, row: &Teardown) -> bool {
    let c = case.connection;
    let own = own_hops(c.side(row.sender));
    own.is_none_or(|own| chosen(c) || away(hops(row.ttl), own) == 0)
}

/// Whether the program of its sender set the TTL, which its kernel's replies do not have.
fn set_low(case: &Case<'_>, row: &Teardown) -> bool {
    let own = own_range(case.side(row.sender));
    own.is_some_and(|(_, highest)| highest <= SET_LOW) && row.ttl > SET_LOW
}

/// What the same side's other segments passed in this connection, and the distance that is
/// evidence.
fn within(case: &Case<'_>, row: &Teardown, own: (u8, u8)) -> Option<((u8, u8), u8)> {
    let c = case.connection;
    let side = c.side(row.sender);
    let host = case.context.host(c.addresses[row.sender]);
    let hops = hops(row.ttl);
    // What may be its own segments after all does not count against it.
    let doubted = c.extra().and_then(|extra| extra.foreign[row.sender]);
    let taken = doubted.is_some_and(|foreign| {
        let sure = foreign.signs.has(Signs::STAMP) || foreign.contradicted.get().is_some();
        crate::conn::hops(foreign.ttl) == hops && !sure && foreign.own_after == 0
    });
    let elsewhere = host.filter(|host| host.connections > 1);
    let path = elsewhere.is_some_and(|host| away(hops, (host.hops_low, host.hops_high)) == 0);
    if taken || path && side.alive < KNOWN {
        return None;
    }
    let spread = (own.1 - own.0).max(host.map_or(0, |host| host.hops_within));
    let steady = spread == 0 && !path;
    // Where all else passes routers, a segment with a TTL as it is sent comes from the next one.
    let next_to_us = hops == 0 && side.alive >= KNOWN;
    let known = elsewhere.is_some_and(|host| host.connections >= STEADY && host.one_path());
    let least = least(case);
    let needed =
        if steady && (known || next_to_us) { 1 } else { least.max(spread.saturating_add(1)) };
    Some((own, needed))
}

/// A single router more or less than a steady path of its sender in this connection: says something
/// of a reset that a device is likelier to have sent than a host.
pub(super) fn one_router(case: &Case<'_>, row: &Teardown) -> Option<Apart> {
    let c = case.connection;
    let (low, high) = own_hops(c.side(row.sender))?;
    let apart = Apart { hops: hops(row.ttl), usual: (low, high), connections: 1 };
    let chosen = chosen(c) || set_low(case, row);
    let known = row.ttl != 0 && low == high && !chosen && !disputed(case, row);
    (known && apart.distance() > 0).then_some(apart)
}

/// The same for a reset whose sender is known by one or two other connections: a distance that
/// another path may have, and says something beside another sign only.
pub(super) fn beyond_one_path(case: &Case<'_>, row: &Teardown) -> Option<Apart> {
    let c = case.connection;
    let host = case.context.host(c.addresses[row.sender])?;
    if row.ttl == 0 || chosen(c) || host.connections > 2 {
        return None;
    }
    let usual = (host.hops_low, host.hops_high);
    let apart = Apart { hops: hops(row.ttl), usual, connections: host.connections };
    (apart.distance() >= least(case)).then_some(apart)
}

/// What a host's segments passed in other connections, where it sent no other in this one.
fn between(case: &Case<'_>, side: Side) -> Option<((u8, u8), u8)> {
    let host = case.context.host(case.connection.addresses[side])?;
    let spread = host.hops_high - host.hops_low;
    let least = least(case);
    let needed = match host.connections {
        0 => return None,
        1 => least.max(FAR),
        2 => least.max(FAR_OF_TWO).max(spread.saturating_add(1)),
        many if many >= STEADY && spread == 0 => 1,
        _ => least.max(spread.saturating_add(1)),
    };
    Some(((host.hops_low, host.hops_high), needed))
}

/// The threshold, in whole routers.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // held within a byte
fn least(case: &Case<'_>) -> u8 {
    case.parameters.ttl_difference.ceil().clamp(1.0, 255.0) as u8
}
