//! A context of some addresses: what connections may ask of others is known by the addresses of both
//! their ends. It holds exactly what one of all addresses would say of these, though all connections
//! were shown to it, in their order; so a capture with more of them than there is memory for is
//! judged in pieces.

use std::collections::HashSet;

use super::client::MAX_ATTEMPTS;
use super::families::{self, CELLS};
use super::life::source;
use super::{Context, Map, Service};
use crate::conn::{Connection, Side};
use crate::packet::Address;

type Set<T> = HashSet<T, foldhash::fast::RandomState>;

/// What is remembered.
#[derive(Clone, Debug)]
pub enum Only {
    /// What some connections may ask for.
    Circle(Box<Circle>),
    /// What lies at a share of all addresses, as many as the others: `at` of `of`. The sums of all
    /// shares are those of a whole one.
    Share {
        /// Which.
        at: u64,
        /// Of how many.
        of: u64,
    },
}

/// What some connections may ask for.
#[derive(Clone, Debug, Default)]
pub struct Circle {
    addresses: Set<Address>,
    servers: Set<Address>,
    /// Services that their servers opened connections to.
    beyond: Set<Service>,
    /// Such services of which that was not known from the beginning.
    missed: Set<Service>,
    /// Moments about which they may have raced.
    cells: Set<i64>,
    /// Clients that may have more attempts than are remembered: how many they had so far.
    heavy: Map<Address, usize>,
}

impl Circle {
    /// Of no connection yet. `heavy` are clients, all among them that have more attempts than are
    /// remembered.
    pub fn new(heavy: &Heavy) -> Self {
        let heavy = heavy.counts.keys().map(|&client| (client, 0)).collect();
        Self { heavy, ..Self::default() }
    }

    /// Also of this one.
    pub fn add(&mut self, c: &Connection) {
        let (client, server) = (c.addresses.client, c.addresses.server);
        self.addresses.extend([client, server]);
        self.servers.insert(server);
        let here = families::cell(c.start);
        self.cells.extend(here.saturating_sub(CELLS)..=here.saturating_add(CELLS));
    }

    /// The same from the beginning, with what was found to be missing; `None` where nothing is.
    pub fn again(&mut self) -> Option<Self> {
        if self.missed.is_empty() {
            return None;
        }
        let mut again = std::mem::take(self);
        again.beyond = std::mem::take(&mut again.missed);
        again.heavy.values_mut().for_each(|count| *count = 0);
        Some(again)
    }
}

/// Clients that tried often: a bounded number, all among them that tried more often than are
/// remembered of one (Misra and Gries, 1982).
#[derive(Clone, Debug, Default)]
pub struct Heavy {
    counts: Map<Address, u64>,
    most: usize,
}

impl Heavy {
    /// None yet, of so many connections.
    pub fn of(connections: u64) -> Self {
        let most = usize::try_from(connections / MAX_ATTEMPTS as u64).unwrap_or(usize::MAX);
        Self { counts: Map::default(), most: most.saturating_add(1) }
    }

    /// Counts one of them.
    pub fn add(&mut self, c: &Connection) {
        if c.side(Side::Client).syns == 0 {
            return;
        }
        if let Some(count) = self.counts.get_mut(&c.addresses.client) {
            *count += 1;
        } else if self.counts.len() < self.most {
            self.counts.insert(c.addresses.client, 1);
        } else {
            self.counts.retain(|_, count| {
                *count -= 1;
                *count > 0
            });
        }
    }
}

impl Context {
    /// One of these addresses alone.
    pub fn only(only: Only) -> Self {
        Self { only: Some(only), ..Self::default() }
    }

    /// What it was asked to remember, if that was not all.
    pub fn take_only(&mut self) -> Option<Only> {
        self.only.take()
    }

    /// Whether what is summed over all connections is summed here.
    pub(super) fn sums(&self) -> bool {
        matches!(self.only, None | Some(Only::Share { at: 0, .. }))
    }

    /// Whether what lies at an address is remembered.
    pub(super) fn holds(&self, address: Address) -> bool {
        match &self.only {
            None => true,
            Some(Only::Circle(circle)) => circle.addresses.contains(&address),
            Some(Only::Share { at, of }) => share(address, *of) == *at,
        }
    }

    /// Whether what happened at a service is remembered.
    pub(super) fn holds_service(&self, service: Service) -> bool {
        let beyond = |circle: &Circle| circle.beyond.contains(&service);
        self.holds(service.0) || matches!(&self.only, Some(Only::Circle(circle)) if beyond(circle))
    }

    /// Whether connections that the capture does not show to begin are remembered: few are.
    pub(super) fn holds_bypasses(&self) -> bool {
        matches!(self.only, None | Some(Only::Circle(_) | Only::Share { at: 0, .. }))
    }

    /// Takes what is to be known of an attempt of a client that is none of those remembered.
    pub(super) fn pass(&mut self, c: &Connection) {
        let Some(Only::Circle(circle)) = &mut self.only else { return };
        let remembered = circle.heavy.get_mut(&c.addresses.client).is_none_or(|count| {
            *count += 1;
            *count <= MAX_ATTEMPTS
        });
        if remembered && circle.cells.contains(&families::cell(c.start)) {
            self.families.add(c);
        }
    }

    /// Notes where an attempt of a server led to that is remembered: the end of what it served may
    /// have followed from the end of this one.
    pub(super) fn note_beyond(&mut self, client: Address, service: Service) {
        let held = self.holds_service(service);
        if let Some(Only::Circle(circle)) = &mut self.only
            && !held
            && circle.servers.contains(&client)
        {
            circle.missed.insert(service);
        }
    }
}

/// Which share of so many an address lies in.
fn share(address: Address, of: u64) -> u64 {
    u64::from(source(address)) % of.max(1)
}
