//! Sequence number arithmetic, modulo 2^32 (RFC 9293 section 3.4).

/// A sequence or acknowledgment number as it stands in a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seq(pub u32);

impl Seq {
    /// The number `n` bytes further on.
    #[must_use]
    pub const fn plus(self, n: u32) -> Self {
        Self(self.0.wrapping_add(n))
    }

    /// The number `n` bytes before.
    #[must_use]
    pub const fn minus(self, n: u32) -> Self {
        Self(self.0.wrapping_sub(n))
    }

    /// The signed distance from `other` to this number: positive when this one is later.
    pub const fn since(self, other: Self) -> i32 {
        self.0.wrapping_sub(other.0).cast_signed()
    }

    /// Whether this number comes after `other`.
    pub const fn after(self, other: Self) -> bool {
        self.since(other) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::Seq;

    #[test]
    fn order_holds_across_the_wrap() {
        let before = Seq(u32::MAX - 3);
        let after = before.plus(10);
        assert_eq!(after, Seq(6));
        assert!(after.after(before));
        assert!(!before.after(after));
        assert_eq!(after.since(before), 10);
        assert_eq!(before.since(after), -10);
        assert_eq!(after.minus(10), before);
    }
}
