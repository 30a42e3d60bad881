//! Capture time: from a file's units to nanoseconds since the Unix epoch.

use std::fmt;

const NANOS: i128 = 1_000_000_000;

/// What one unit of a pcapng timestamp is (`if_tsresol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resolution(pub(crate) u8);

impl Default for Resolution {
    /// Microseconds, where the file does not say.
    fn default() -> Self {
        Self(6)
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.0 & 0x7f;
        match (self.0 & 0x80 == 0, exponent) {
            (true, 0) => f.write_str("s"),
            (true, 3) => f.write_str("ms"),
            (true, 6) => f.write_str("us"),
            (true, 9) => f.write_str("ns"),
            (true, _) => write!(f, "10^-{exponent} s"),
            (false, _) => write!(f, "2^-{exponent} s"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Unit {
    /// So many nanoseconds.
    Nanos(u64),
    /// So many make a nanosecond.
    Parts(u64),
    /// 2^-n seconds.
    Binary(u8),
    /// Too fine for 64 bits to reach a nanosecond.
    Nothing,
}

/// Turns the timestamps of one interface into nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    unit: Unit,
    offset: i128,
}

impl Clock {
    /// A clock of `if_tsresol` and `if_tsoffset` (seconds to add).
    pub(crate) fn new(resolution: Resolution, offset: i64) -> Self {
        let exponent = resolution.0 & 0x7f;
        let unit = if resolution.0 & 0x80 != 0 {
            Unit::Binary(exponent)
        } else if let Some(zeros) = 9_u32.checked_sub(exponent.into()) {
            Unit::Nanos(10_u64.pow(zeros))
        } else {
            10_u64.checked_pow(u32::from(exponent) - 9).map_or(Unit::Nothing, Unit::Parts)
        };
        Self { unit, offset: i128::from(offset) * NANOS }
    }

    /// Nanoseconds since the epoch, rounded down; `None` outside the years 1677 to 2262.
    #[inline]
    pub(crate) fn nanos(&self, stamp: u64) -> Option<i64> {
        if let (Unit::Nanos(factor), 0) = (self.unit, self.offset) {
            return stamp.checked_mul(factor).and_then(|nanos| i64::try_from(nanos).ok());
        }
        let nanos = match self.unit {
            Unit::Nanos(factor) => i128::from(stamp) * i128::from(factor),
            Unit::Parts(parts) => i128::from(stamp / parts),
            Unit::Binary(bits) => (i128::from(stamp) * NANOS) >> bits,
            Unit::Nothing => 0,
        };
        i64::try_from(nanos + self.offset).ok()
    }
}

/// Nanoseconds of classic pcap's seconds and fraction, which always fit. A fraction beyond a second
/// is carried; one of a minute or more means nothing and is left out.
#[inline]
pub(crate) fn seconds_and(seconds: u32, fraction: u32, nanos_per_unit: u32) -> i64 {
    let fraction = i64::from(fraction) * i64::from(nanos_per_unit);
    let fraction = if fraction < 60_000_000_000 { fraction } else { 0 };
    i64::from(seconds) * 1_000_000_000 + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, in integers wide enough for the exponents that need it.
    fn reference(resolution: u8, offset: i64, stamp: u64) -> Option<i64> {
        let exponent = u32::from(resolution & 0x7f);
        let base: u128 = if resolution & 0x80 == 0 { 10 } else { 2 };
        let scaled = u128::from(stamp) * 1_000_000_000;
        // Where the divisor does not fit, it is larger than any dividend.
        let nanos = base.checked_pow(exponent).map_or(0, |units| scaled / units);
        let nanos = i128::try_from(nanos).ok()? + i128::from(offset) * 1_000_000_000;
        i64::try_from(nanos).ok()
    }

    #[test]
    fn all_resolutions_agree_with_the_definition() {
        let offsets = [0, 1, -3600, 1 << 33, i64::MAX, i64::MIN];
        let stamps = [0, 1, 999_999, 1_700_000_000_123_456, u64::MAX / 3, 1 << 63, u64::MAX];
        for resolution in 0..=u8::MAX {
            for offset in offsets {
                let clock = Clock::new(Resolution(resolution), offset);
                for stamp in stamps {
                    assert_eq!(
                        clock.nanos(stamp),
                        reference(resolution, offset, stamp),
                        "resolution {resolution:#x}, offset {offset}, stamp {stamp}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_absurd_fraction_of_a_second_is_left_out() {
        assert_eq!(seconds_and(5, 999_999, 1000), 5_999_999_000);
        assert_eq!(seconds_and(5, 2_000_000, 1000), 7_000_000_000);
        assert_eq!(seconds_and(5, 1 << 31, 1000), 5_000_000_000);
    }

    #[test]
    fn resolutions_have_names() {
        let names = [6, 9, 12, 0x94].map(|r| Resolution(r).to_string());
        assert_eq!(names, ["us", "ns", "10^-12 s", "2^-20 s"]);
    }
}
