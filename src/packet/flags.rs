//! TCP control bits (RFC 9293 section 3.1, RFC 3168, RFC 3540).

use std::fmt;
use std::sync::LazyLock;

/// The texts of all control bits there can be, by their number.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    const NAMES: [&str; 9] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"];
    let names = |bits: usize| {
        let all = NAMES.into_iter().enumerate();
        all.filter(|(bit, _)| bits & 1 << bit != 0).map(|(_, name)| name).collect::<Vec<_>>()
    };
    let texts = (0..1 << NAMES.len()).map(|bits| names(bits).join(","));
    texts.map(|text| if text.is_empty() { "none".to_owned() } else { text }).collect()
});

/// The control bits of one segment, as in the header: FIN is bit 0, CWR bit 7, AE bit 8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub u16);

impl Flags {
    /// No more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push.
    pub const PSH: Self = Self(0x08);
    /// The acknowledgment field is significant.
    pub const ACK: Self = Self(0x10);
    /// The urgent pointer is significant.
    pub const URG: Self = Self(0x20);
    /// ECN echo.
    pub const ECE: Self = Self(0x40);
    /// Congestion window reduced.
    pub const CWR: Self = Self(0x80);
    /// Accurate ECN (formerly the ECN nonce).
    pub const AE: Self = Self(0x100);

    /// Whether any bit of `other` is set.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets of bits.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// FIN is set.
    pub const fn fin(self) -> bool {
        self.any(Self::FIN)
    }

    /// SYN is set.
    pub const fn syn(self) -> bool {
        self.any(Self::SYN)
    }

    /// RST is set.
    pub const fn rst(self) -> bool {
        self.any(Self::RST)
    }

    /// ACK is set.
    pub const fn ack(self) -> bool {
        self.any(Self::ACK)
    }

    /// ACK is set, and neither SYN, FIN nor RST.
    pub const fn only_acks(self) -> bool {
        self.0 & 0x17 == Self::ACK.0
    }
}

impl Flags {
    /// Names joined by commas, from FIN upwards, as in `SYN,ACK` or `RST`; `none` without a bit.
    pub fn text(self) -> &'static str {
        TEXTS.get(self.place()).map_or("", String::as_str)
    }

    /// The place of that text among [`Self::texts`].
    pub fn place(self) -> usize {
        usize::from(self.0 & 0x1ff)
    }

    /// The texts of all flags there can be.
    pub fn texts() -> Vec<&'static str> {
        TEXTS.iter().map(String::as_str).collect()
    }
}

impl fmt::Display for Flags {
    /// As [`Flags::text`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}
