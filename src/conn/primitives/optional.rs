//! Numbers that may be missing, in eight bytes each: connections hold many.

use std::fmt;
use std::num::NonZeroU64;

/// The number of a packet, or nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Number(Option<NonZeroU64>);

impl Number {
    /// Nothing.
    pub const NONE: Self = Self(None);

    /// The number, if there is one.
    #[inline]
    pub fn get(self) -> Option<u64> {
        self.0.map(NonZeroU64::get)
    }
}

impl From<u64> for Number {
    /// Packets are counted from 1.
    #[inline]
    fn from(packet: u64) -> Self {
        Self(NonZeroU64::new(packet))
    }
}

/// Nanoseconds or bytes with a sign, or nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Moment(i64);

impl Moment {
    /// Nothing.
    pub const NONE: Self = Self(i64::MIN);

    /// The nanoseconds, if there are any.
    #[inline]
    pub const fn get(self) -> Option<i64> {
        if self.0 == i64::MIN { None } else { Some(self.0) }
    }

    /// Whether there is one.
    #[inline]
    pub const fn is_some(self) -> bool {
        self.0 != i64::MIN
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_none(self) -> bool {
        self.0 == i64::MIN
    }

    /// As it is kept: the lowest number stands for nothing.
    #[inline]
    pub(in crate::conn) const fn raw(self) -> i64 {
        self.0
    }

    /// The same backwards.
    #[inline]
    pub(in crate::conn) const fn from_raw(raw: i64) -> Self {
        Self(raw)
    }

    /// Takes this value, unless there is one.
    #[inline]
    pub fn or_set(&mut self, nanoseconds: i64) {
        if self.is_none() {
            *self = nanoseconds.into();
        }
    }
}

impl From<i64> for Moment {
    /// The lowest number stands for nothing and is never meant.
    #[inline]
    fn from(nanoseconds: i64) -> Self {
        Self(nanoseconds.max(i64::MIN + 1))
    }
}

impl From<Option<i64>> for Moment {
    #[inline]
    fn from(value: Option<i64>) -> Self {
        value.map_or(Self::NONE, Self::from)
    }
}

impl Default for Moment {
    #[inline]
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}
