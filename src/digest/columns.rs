//! The columns of a block: which there are, and what is in them.

use super::Place;
use super::model::Traits;
use super::wire::{Bad, Cursor, put, unzigzag, zigzag};
use crate::packet::{Address, IcmpError, PathId};

/// Numbers of an ICMP error.
pub(super) const ICMP_WORDS: usize = 17;

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// The columns of a block.
        #[derive(Debug, Default)]
        pub(super) struct Columns<T> {
            $($(#[$doc])* pub $name: T,)+
            /// The numbers of ICMP errors, a column each.
            pub icmp: [T; ICMP_WORDS],
        }

        impl<T> Columns<T> {
            /// All of them, in the order in which they are written.
            pub(super) fn each(&mut self) -> impl Iterator<Item = &mut T> {
                [$(&mut self.$name),+].into_iter().chain(&mut self.icmp)
            }
        }
    };
}

columns! {
    /// Which form the packet has, and those that were not known: see [`super::forms`].
    forms,
    forms_new,
    /// Who sends, where neither end sent the segment before: how many talks began since they did,
    /// and which side it is.
    who,
    /// The ends of who is new.
    ends,
    /// Time since the segment before.
    time,
    /// How far the position is from that of the segment before.
    position,
    /// Where packet number and key are not as expected.
    numbers,
    checksum,
    sequence,
    acknowledgment,
    window,
    length,
    id,
    id_near,
    /// Which traits, and those that were not known.
    traits,
    traits_new,
    /// Which shape of options, and those that were not known.
    shapes,
    shapes_new,
    /// Timestamps, the first of a side, and echoes.
    stamps,
    stamps_new,
    echoes,
    /// Edges of SACK blocks.
    edges,
    /// How much of a payload was captured, its marks, and what is known of it.
    captured,
    marks,
    words,
}

/// A version of IP in the column `ends`: four, with addresses in full.
pub(super) const LONG_FOUR: u8 = 104;

/// Stands for a span that is told in full behind it.
const FULL: u64 = u64::MAX - 1;

/// Writes a span of time: whole microseconds take less room.
#[inline]
pub(super) fn put_span(out: &mut Vec<u8>, nanoseconds: i64) {
    if nanoseconds % 1000 == 0 {
        put(out, zigzag(nanoseconds / 1000) << 1);
    } else if nanoseconds.unsigned_abs() < 1 << 60 {
        put(out, zigzag(nanoseconds) << 1 | 1);
    } else {
        put(out, FULL);
        put(out, zigzag(nanoseconds));
    }
}

/// Reads one.
#[inline]
pub(super) fn span<B: AsRef<[u8]>>(cursor: &mut Cursor<B>) -> Result<i64, Bad> {
    let word = cursor.number()?;
    Ok(if word & 1 == 1 {
        unzigzag(word >> 1)
    } else if word == FULL {
        unzigzag(cursor.number()?)
    } else {
        unzigzag(word >> 1).wrapping_mul(1000)
    })
}

impl Traits {
    pub(super) fn words(&self) -> [u64; 8] {
        [
            self.file.into(),
            self.interface.into(),
            self.path.0.into(),
            self.link_source,
            self.flow_label.into(),
            self.ttl.into(),
            self.traffic_class.into(),
            self.bits.into(),
        ]
    }
}

pub(super) fn halves(address: Address) -> [u64; 2] {
    let high = u64::try_from(address.0 >> 64).unwrap_or(0);
    [high, u64::try_from(address.0 & u128::from(u64::MAX)).unwrap_or(0)]
}

/// The numbers of an ICMP error.
pub(super) fn of_icmp(place: Place, e: &IcmpError) -> [u64; ICMP_WORDS] {
    let ([r0, r1], [s0, s1]) = (halves(e.reporter), halves(e.source));
    let [d0, d1] = halves(e.destination);
    let PathId(path) = e.path;
    [
        place.key.cast_unsigned(),
        place.position,
        place.file.into(),
        e.packet,
        e.time.cast_unsigned(),
        path.into(),
        r0,
        r1,
        u64::from(e.ip_version) << 24
            | u64::from(e.kind) << 16
            | u64::from(e.code) << 8
            | u64::from(e.ttl),
        s0,
        s1,
        d0,
        d1,
        e.source_port.into(),
        e.destination_port.into(),
        e.sequence.0.into(),
        e.mtu.into(),
    ]
}
