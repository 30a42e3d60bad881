//! Facts that a verdict rests on, each with its number and its packet.

use crate::conn::seconds;

/// One named fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Its name.
    pub fact: &'static str,
    /// Its number, where it has one.
    pub value: Option<f64>,
    /// Its text, where it has one.
    pub text: Option<Box<str>>,
    /// The packet that shows it.
    pub packet: Option<u64>,
}

impl Evidence {
    /// A fact that is true.
    pub fn of(fact: &'static str) -> Self {
        Self { fact, value: None, text: None, packet: None }
    }

    /// A count or a number of bytes.
    #[allow(clippy::cast_precision_loss)] // counts below 2^53
    pub fn count(fact: &'static str, value: u64) -> Self {
        Self { value: Some(value as f64), ..Self::of(fact) }
    }

    /// A signed difference.
    #[allow(clippy::cast_precision_loss)] // differences of sequence numbers
    pub fn difference(fact: &'static str, value: i64) -> Self {
        Self { value: Some(value as f64), ..Self::of(fact) }
    }

    /// A time in seconds; the fact's name ends in `_s`.
    pub fn time(fact: &'static str, nanoseconds: i64) -> Self {
        Self { value: Some(seconds(nanoseconds)), ..Self::of(fact) }
    }

    /// A number without a unit.
    pub fn number(fact: &'static str, value: f64) -> Self {
        Self { value: Some(value), ..Self::of(fact) }
    }

    /// A word.
    pub fn text(fact: &'static str, text: impl Into<Box<str>>) -> Self {
        Self { text: Some(text.into()), ..Self::of(fact) }
    }

    /// With the packet that shows it.
    #[must_use]
    pub fn at(mut self, packet: u64) -> Self {
        self.packet = Some(packet);
        self
    }

    /// With the packet that shows it, where it is known.
    #[must_use]
    pub fn maybe_at(mut self, packet: Option<u64>) -> Self {
        self.packet = packet;
        self
    }
}
