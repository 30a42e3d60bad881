//! How the fields of a connection become words, and words fields: one list serves both.

use crate::conn::primitives::bits::halves;
use crate::conn::primitives::optional::{Moment, Number};
use crate::conn::primitives::plain::{Narrow, Plain, unzigzag, zigzag};
use crate::conn::primitives::words::BySide;
use crate::packet::Seq;

/// What distances are taken from.
#[derive(Clone, Copy)]
pub(crate) struct Base {
    /// Time of the first packet.
    pub time: i64,
    /// Number of the first packet.
    pub packet: u64,
    /// How far it is from its number in its file.
    pub file: u64,
    /// First sequence numbers, by side.
    pub seqs: BySide<Seq>,
}

/// What has the fields of a connection pass: it writes each, or reads it.
pub(crate) trait Coder {
    /// Whether it reads.
    const READS: bool;

    /// Writes this word and gives it back, or gives the one that was written.
    fn word(&mut self, word: u64) -> u64;

    /// Whether there is something of the part that follows. Where there is not, nothing of it is
    /// written, and whoever reads keeps the defaults.
    #[inline]
    fn given(&mut self, there: impl FnOnce() -> bool) -> bool {
        let word = if Self::READS { 0 } else { u64::from(there()) };
        self.word(word) != 0
    }

    /// A number or a code.
    #[inline]
    fn plain<T: Plain>(&mut self, value: &mut T) {
        *value = T::from_word(self.word(value.to_word()));
    }

    /// One that may be missing.
    #[inline]
    fn option<T: Narrow>(&mut self, value: &mut Option<T>) {
        *value = T::decode(self.word(T::code(*value)));
    }

    /// A number near another; `none` is the number that is coded as zero.
    #[inline]
    fn near(&mut self, value: &mut i64, base: i64, none: i64) {
        let distance = zigzag(value.wrapping_sub(base));
        let absent = zigzag(none.wrapping_sub(base));
        let word = match distance {
            _ if *value == none => 0,
            distance if distance < absent => distance + 1,
            distance => distance,
        };
        let word = self.word(word);
        *value = match word {
            0 => none,
            word if word <= absent => unzigzag(word - 1).wrapping_add(base),
            word => unzigzag(word).wrapping_add(base),
        };
    }

    /// A moment near another number.
    #[inline]
    fn moment(&mut self, value: &mut Moment, base: i64) {
        let mut raw = value.raw();
        self.near(&mut raw, base, i64::MIN);
        *value = Moment::from_raw(raw);
    }

    /// The number of a packet near another.
    #[inline]
    fn number(&mut self, value: &mut Number, base: u64) {
        let mut raw = value.get().unwrap_or(0).cast_signed();
        self.near(&mut raw, base.cast_signed(), 0);
        *value = raw.cast_unsigned().into();
    }

    /// A number that is most often another one.
    #[inline]
    fn same<T: Plain>(&mut self, value: &mut T, other: u64) {
        let distance = zigzag(value.to_word().wrapping_sub(other).cast_signed());
        let distance = unzigzag(self.word(distance)).cast_unsigned();
        *value = T::from_word(other.wrapping_add(distance));
    }

    /// Small fields that share a word: they are gathered, or scattered again.
    #[inline]
    fn bits(&mut self, mut fields: impl FnMut(&mut Bits)) {
        let mut gathered = Bits { word: 0, at: 0, scatter: false };
        if !Self::READS {
            fields(&mut gathered);
        }
        let word = self.word(gathered.word);
        if Self::READS {
            fields(&mut Bits { word, at: 0, scatter: true });
        }
    }

    /// A number of two words.
    #[inline]
    fn halves(&mut self, value: &mut u128) {
        let [high, low] = halves(*value);
        let (high, low) = (self.word(high), self.word(low));
        *value = u128::from(high) << 64 | u128::from(low);
    }

    /// A short text that may be missing.
    fn text(&mut self, text: &mut Option<Box<str>>) {
        let length = self.word(text.as_ref().map_or(0, |text| text.len() as u64 + 1));
        if Self::READS {
            let length = length.checked_sub(1).and_then(|length| usize::try_from(length).ok());
            *text = length.map(|length| {
                let words = (0..length.div_ceil(8)).map(|_| self.word(0).to_le_bytes());
                let octets: Vec<u8> = words.flatten().take(length).collect();
                String::from_utf8(octets).unwrap_or_default().into()
            });
        } else {
            for octets in text.iter().flat_map(|text| text.as_bytes().chunks(8)) {
                let mut word = [0; 8];
                word.iter_mut().zip(octets).for_each(|(place, octet)| *place = *octet);
                self.word(u64::from_le_bytes(word));
            }
        }
    }

    /// A sequence number near its side's first.
    #[inline]
    fn seq(&mut self, value: &mut Seq, base: Seq) {
        let distance = zigzag(i64::from(value.since(base)));
        let distance = unzigzag(self.word(distance));
        // Between -2^31 and 2^31, as it was written.
        *value = base.plus(u32::from_word(distance.cast_unsigned() & 0xffff_ffff));
    }
}

/// Fields of which most connections have none.
macro_rules! sparse {
    ($coder:expr, $($field:expr),+ $(,)?) => {
        if $coder.given(|| false $(| ($crate::conn::primitives::plain::Plain::to_word(*$field) != 0))+) {
            $($coder.plain($field);)+
        }
    };
}
pub(in crate::conn) use sparse;

/// Several small fields in one word, each with its bits.
pub(crate) struct Bits {
    word: u64,
    at: u32,
    scatter: bool,
}

impl Bits {
    /// A field that fits into so many bits.
    #[inline]
    pub(crate) fn plain<T: Plain>(&mut self, value: &mut T, bits: u32) {
        if self.scatter {
            *value = T::from_word(self.word >> self.at & ((1 << bits) - 1));
        } else {
            debug_assert!(value.to_word() < 1 << bits, "{bits} bits are too few");
            self.word |= value.to_word() << self.at;
        }
        self.at += bits;
    }

    /// One that may be missing, which takes a number more.
    #[inline]
    pub(crate) fn option<T: Narrow>(&mut self, value: &mut Option<T>, bits: u32) {
        let mut word = T::code(*value);
        self.plain(&mut word, bits);
        *value = T::decode(word);
    }
}
