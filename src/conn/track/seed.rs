//! The key of the hash of addresses and ports.

use std::hash::{BuildHasher, Hasher};

use crate::conn::facts::tuple::{Tuple, hash};
use crate::packet::{IcmpError, Segment};

/// Drawn at random, so that nobody can choose colliding tuples; nothing else depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Seed(u64);

impl Seed {
    /// Another one each time.
    pub fn random() -> Self {
        Self(foldhash::fast::RandomState::default().build_hasher().finish())
    }

    /// A known one. Not the key itself: with zero, which is what most people give, products of the
    /// hash would be small, and tuples would lie together.
    pub fn of(key: u64) -> Self {
        Self(key ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// The hash of a tuple.
    pub(in crate::conn) fn hash_of(self, tuple: &Tuple) -> u32 {
        tuple.hash(self.0)
    }

    /// The hash of a segment's tuple.
    #[inline]
    pub fn hash(self, segment: &Segment<'_>) -> u32 {
        let source = (segment.source, segment.source_port);
        let destination = (segment.destination, segment.destination_port);
        hash(segment.ip_version, source, destination, self.0)
    }

    /// The hash of the tuple that an ICMP error quotes.
    pub fn hash_quoted(self, error: &IcmpError) -> u32 {
        self.hash_of(&quoted(error))
    }
}

/// The tuple of the segment that an ICMP error is about.
pub(in crate::conn) fn quoted(error: &IcmpError) -> Tuple {
    let source = (error.source, error.source_port);
    Tuple::new(error.ip_version, source, (error.destination, error.destination_port))
}
