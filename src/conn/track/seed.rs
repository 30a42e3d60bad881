//! The key of the hash of addresses and ports.

use std::hash::{BuildHasher, Hasher};

use crate::conn::facts::tuple::{Tuple, hash};
use crate::packet::{IcmpError, Segment};

/// What a known key is mixed with: the first bits of the fraction of pi. It must be none of the
/// numbers that the hash mixes its key with, or key zero would leave nothing of a tuple.
const SALT: u64 = 0x243f_6a88_85a3_08d3;

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
        Self(key ^ SALT)
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

#[cfg(test)]
mod tests {
    use super::{SALT, Seed};
    use crate::conn::facts::tuple::Tuple;
    use crate::packet::Address;

    /// Tuples for each slot, on average.
    const EACH: usize = 8;
    const SLOTS: usize = 512;

    /// The most that are in one slot, told by the upper bits, as shards and buckets are, and by the
    /// lower ones, as places in the index are.
    fn most(hashes: &[u32]) -> [usize; 2] {
        let (mut upper, mut lower) = ([0; SLOTS], [0; SLOTS]);
        for &hash in hashes {
            upper[(hash >> 23) as usize] += 1;
            lower[(hash & 511) as usize] += 1;
        }
        [upper, lower].map(|counts| counts.into_iter().max().unwrap())
    }

    #[test]
    fn tuples_are_spread_whatever_the_key_is() {
        let given = [0, 1, 2, 11, 255, 1 << 32, 0x9e37_79b9_7f4a_7c15, u64::MAX];
        // Keys that lack low, high or middle bits once the salt is in, or have all low ones.
        let other = 0x1319_8a2e_0370_7344_u64;
        let poor =
            [other << 24, other >> 24, other >> 35, other & !(0xff_ffff << 20), other | 0xff_ffff];
        for key in given.into_iter().chain(poor.map(|key| key ^ SALT)) {
            let seed = Seed::of(key);
            for net in [0xffff_0a00_0000, 0x2001_0db8 << 96] {
                // Hosts and ports of clients, and ports of the server that change with these or
                // against them.
                let kinds: [fn(u16) -> u16; 3] = [|_| 443, |port| port, |port| !port];
                for (hosts, ports, service_port) in
                    [(0, 1, 0), (1, 0, 0), (1, 1, 0), (256, 0, 0), (0, 1, 1), (0, 1, 2)]
                        .map(|(hosts, ports, which)| (hosts, ports, kinds[which]))
                {
                    let hash = |n: usize| {
                        let client = Address(net + (n * hosts) as u128);
                        let port = u16::try_from(40_000 + n * ports).unwrap();
                        let server = (Address(net + 3), service_port(port));
                        seed.hash_of(&Tuple::new(4, (client, port), server))
                    };
                    let hashes: Vec<u32> = (0..EACH * SLOTS).map(hash).collect();
                    let [upper, lower] = most(&hashes);
                    assert!(
                        upper.max(lower) < 4 * EACH,
                        "{key:x} {hosts} {ports}: {upper} {lower}"
                    );
                }
            }
        }
    }
}
