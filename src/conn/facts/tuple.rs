//! Addresses and ports, and their hash.

use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::primitives::bits::{halves, high, low};
use crate::packet::Address;

/// Addresses and ports without a direction: the lower endpoint first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tuple {
    low: (Address, u16),
    high: (Address, u16),
    version: u8,
}

impl Tuple {
    /// Of two endpoints in either order.
    pub(crate) fn new(version: u8, one: (Address, u16), other: (Address, u16)) -> Self {
        let (low, high) = if one <= other { (one, other) } else { (other, one) };
        Self { low, high, version }
    }

    /// See [`hash`].
    pub(crate) fn hash(&self, seed: u64) -> u32 {
        hash(self.version, self.low, self.high, seed)
    }
}

/// A hash of two endpoints in either order, keyed by `seed`, so that nobody can choose colliding
/// tuples.
#[inline]
pub(crate) fn hash(version: u8, one: (Address, u16), other: (Address, u16), seed: u64) -> u32 {
    // The product does not tell which of them came first, and needs no comparison for that. A sum
    // of two products would: ports that change against each other cancel out of it with some keys.
    let both = folded(endpoint(one, seed), endpoint(other, seed));
    let mixed = folded(both ^ u64::from(version), 0x9e37_79b9_7f4a_7c15 ^ seed);
    high(mixed) ^ low(mixed)
}

/// The port comes after the address was mixed: together both have more bits than a word.
fn endpoint((address, port): (Address, u16), seed: u64) -> u64 {
    let [high, low] = halves(address.0);
    folded(high ^ seed, low ^ seed.rotate_left(29)) ^ u64::from(port)
}

/// The 128-bit product of two words, folded.
fn folded(a: u64, b: u64) -> u64 {
    let [high, low] = halves(u128::from(a).wrapping_mul(u128::from(b)));
    high ^ low
}

/// The tuple of a connection.
pub(crate) fn tuple_of(c: &Connection<impl Stage>) -> Tuple {
    Tuple::new(
        c.ip_version,
        (c.addresses.client, c.ports.client),
        (c.addresses.server, c.ports.server),
    )
}
