//! Numbers and small enumerations as words.

/// Fields that are a word.
pub(crate) trait Plain: Copy {
    fn to_word(self) -> u64;
    fn from_word(word: u64) -> Self;
}

/// Fields of which there is a word left for a missing one.
pub(crate) trait Narrow: Plain {
    /// The word for one that may be missing.
    #[inline]
    fn code(value: Option<Self>) -> u64 {
        value.map_or(0, |value| value.to_word() + 1)
    }

    /// The same backwards.
    #[inline]
    fn decode(word: u64) -> Option<Self> {
        word.checked_sub(1).map(Self::from_word)
    }
}

macro_rules! plain {
    ($($type:ty),*) => { $(
        impl Plain for $type {
            #[inline]
            fn to_word(self) -> u64 {
                u64::from(self)
            }
            #[inline]
            #[allow(clippy::cast_possible_truncation)] // it was written by `to_word`
            fn from_word(word: u64) -> Self {
                word as Self
            }
        }
    )* };
}
plain!(u8, u16, u32, u64);
impl Narrow for bool {}
impl Narrow for u8 {}
impl Narrow for u16 {}
impl Narrow for u32 {}

impl Plain for bool {
    fn to_word(self) -> u64 {
        u64::from(self)
    }
    fn from_word(word: u64) -> Self {
        word != 0
    }
}

impl Plain for i64 {
    #[inline]
    fn to_word(self) -> u64 {
        zigzag(self)
    }
    #[inline]
    fn from_word(word: u64) -> Self {
        unzigzag(word)
    }
}

/// Declares small enumerations that are coded as their number.
macro_rules! coded {
    ($(
        $(#[$meta:meta])*
        $vis:vis enum $type:ident { $( $(#[$about:meta])* $variant:ident ),* $(,)? }
    )*) => { $(
        $(#[$meta])*
        $vis enum $type { $( $(#[$about])* $variant ),* }

        impl $crate::conn::primitives::plain::Plain for $type {
            #[inline]
            fn to_word(self) -> u64 {
                self as u64
            }
            #[inline]
            fn from_word(word: u64) -> Self {
                const COUNT: usize = [$($type::$variant),*].len();
                const ALL: [$type; COUNT] = [$($type::$variant),*];
                usize::try_from(word).ok().and_then(|at| ALL.get(at)).copied().unwrap_or(ALL[0])
            }
        }
        impl $crate::conn::primitives::plain::Narrow for $type {}
    )* };
}
pub(in crate::conn) use coded;

pub(in crate::conn) fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

pub(in crate::conn) fn unzigzag(word: u64) -> i64 {
    (word >> 1).cast_signed() ^ -(word & 1).cast_signed()
}
