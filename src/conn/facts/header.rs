//! What headers show of who sent a segment.

use crate::conn::primitives::coder::{Base, Coder};
use crate::conn::primitives::optional::Number;
use crate::packet::Seq;

/// How many routers a segment passed, by its TTL or hop limit: every system begins with one of
/// these, and no path is much longer than 30.
pub fn hops(ttl: u8) -> u8 {
    const INITIAL: [u8; 4] = [32, 64, 128, 255];
    INITIAL.into_iter().find(|&initial| ttl <= initial).unwrap_or(255) - ttl
}

/// Bits with names: `has`, `note` and `count` of each set are these.
macro_rules! marks {
    ($(#[doc = $doc:literal] $set:ident { $(#[doc = $said:literal] $name:ident = $bit:literal;)+ })+) => { $(
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $set(pub u8);

        impl $set {
            $(#[doc = $said] pub const $name: Self = Self($bit);)+

            /// Whether it has all of the other's.
            pub fn has(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Adds the other's where it applies.
            #[inline]
            pub fn note(&mut self, applies: bool, other: Self) {
                self.0 |= if applies { other.0 } else { 0 };
            }

            /// How many there are.
            pub fn count(self) -> u32 {
                self.0.count_ones()
            }
        }
    )+ };
}

marks! {
    /// What headers of a side's segments have shown, as bits; resets and doubtful segments left out.
    Traits {
        /// "Do not fragment" was set.
        DF = 1;
        /// It was not.
        NO_DF = 2;
        /// The IPv6 flow label changed.
        LABELS = 4;
        /// Its SYN or SYN-ACK had the IPv4 identification 0.
        SYN_ID_0 = 8;
    }
    /// How a segment differs from those that its claimed sender certainly sent, as bits.
    Signs {
        /// Another number of hops than any of them.
        HOPS = 1;
        /// No timestamp on a connection that uses them.
        STAMP = 2;
        /// "Do not fragment" cleared that was always set.
        DF = 4;
        /// Another IPv6 flow label.
        LABEL = 8;
        /// Another hardware address.
        LINK = 16;
        /// An identification that does not follow the last one, or is the peer's.
        ID = 32;
        /// A window of another size.
        WINDOW = 64;
    }
}

impl Traits {
    /// No segment of the side may be fragmented.
    pub fn never_fragments(self) -> bool {
        self.has(Self::DF) && !self.has(Self::NO_DF)
    }
}

/// The first segment with payload of a side after the peer's: what came again at its numbers must
/// have the same bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Its sequence number.
    pub sequence: Seq,
    /// By what its first bytes are known again: see [`Marks`](crate::packet::Marks).
    pub hash: u64,
    /// How many these are; 0 without one.
    pub octets: u8,
    /// TTL.
    pub ttl: u8,
    /// How it differs from what its side sent before.
    pub signs: Signs,
}

impl Sample {
    /// One of a side whose numbers begin here.
    pub(in crate::conn) fn code(&mut self, base: Seq, coder: &mut impl Coder) {
        let Self { sequence, hash, octets, ttl, signs } = self;
        coder.seq(sequence, base);
        coder.plain(hash);
        coder.bits(|bits| {
            bits.plain(octets, 8);
            bits.plain(ttl, 8);
            bits.plain(&mut signs.0, 8);
        });
    }
}

/// A segment with payload or FIN that its claimed sender may not have sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Packet number of the first one of its side.
    pub packet: u64,
    /// TTL.
    pub ttl: u8,
    /// How it differs from what its side sent before.
    pub signs: Signs,
    /// It had payload.
    pub payload: bool,
    /// It had a FIN, or one unlike its side followed it.
    pub fin: bool,
    /// Its sequence number.
    pub sequence: Seq,
    /// Its time.
    pub time: i64,
    /// Packet with other bytes at the same numbers.
    pub contradicted: Number,
    /// Packet of an acknowledgment of its side, well after it, that comes before it by its number.
    pub denied: Number,
    /// Segments of its side after it that came from elsewhere and are its own.
    pub own_after: u32,
}

impl Foreign {
    pub(in crate::conn) fn code(&mut self, base: &Base, coder: &mut impl Coder) {
        let Self {
            packet,
            ttl,
            signs,
            payload,
            fin,
            sequence,
            time,
            contradicted,
            denied,
            own_after,
        } = self;
        coder.same(packet, base.packet);
        coder.plain(&mut sequence.0);
        coder.near(time, base.time, i64::MIN);
        coder.bits(|bits| {
            bits.plain(ttl, 8);
            bits.plain(&mut signs.0, 8);
            bits.plain(payload, 1);
            bits.plain(fin, 1);
            bits.plain(own_after, 32);
        });
        coder.number(contradicted, base.packet);
        coder.number(denied, base.packet);
    }
}

/// What a SYN may ask for beyond MSS, window scale, SACK and timestamps, as bits.
pub mod unusual {
    /// TCP Fast Open.
    pub const FAST_OPEN: u8 = 1;
    /// Payload.
    pub const DATA: u8 = 2;
    /// Explicit congestion notification.
    pub const ECN: u8 = 4;
    /// Multipath TCP.
    pub const MULTIPATH: u8 = 8;
    /// Another option.
    pub const OPTION: u8 = 16;
    /// Flags that no host sends with a SYN.
    pub const FLAGS: u8 = 32;
}
