//! Values as text: addresses, times, and cutting to a limit.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes kept of one free text. With the rows of a chunk this keeps the 32-bit offsets of
/// Arrow's `utf8` from overflowing.
pub const TEXT_OCTETS: usize = 1 << 16;

/// The longest start of a text that has at most `limit` bytes.
pub fn cut(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The decimal text of every byte with a dot behind it and zeros, and its length without these.
#[expect(clippy::indexing_slicing, reason = "a table made when the program is built")]
static OCTETS: [([u8; 4], usize); 256] = {
    let (mut texts, mut n) = ([([0; 4], 1); 256], 0_u8);
    loop {
        let digits = [n / 100, n / 10 % 10, n % 10];
        let length = if n < 10 {
            1
        } else if n < 100 {
            2
        } else {
            3
        };
        let mut at = 0;
        while at < length {
            texts[n as usize].0[at] = b'0' + digits[3 - length + at];
            at += 1;
        }
        texts[n as usize].0[length] = b'.';
        texts[n as usize].1 = length;
        if n == 255 {
            break texts;
        }
        n += 1;
    }
};

/// Appends the canonical text of an address (RFC 5952), in ASCII.
pub fn address(ip: IpAddr, out: &mut Vec<u8>) {
    match ip {
        IpAddr::V4(ip) => v4(ip, out),
        IpAddr::V6(ip) => v6(ip, out),
    }
}

#[expect(clippy::indexing_slicing, reason = "four numbers of three digits with dots fit")]
fn v4(ip: Ipv4Addr, out: &mut Vec<u8>) {
    // As one number, of which the first character is the lowest byte.
    let (mut text, mut bits) = (0_u128, 0);
    for octet in ip.octets() {
        let (digits, length) = OCTETS[usize::from(octet)];
        text |= u128::from(u32::from_le_bytes(digits)) << bits;
        bits += 8 * (length + 1);
    }
    out.extend_from_slice(&text.to_le_bytes()[..bits / 8 - 1]);
}

#[expect(clippy::indexing_slicing, reason = "eight groups of four digits with colons fit")]
fn v6(ip: Ipv6Addr, out: &mut Vec<u8>) {
    if let Some(mapped) = ip.to_ipv4_mapped() {
        out.extend_from_slice(b"::ffff:");
        return v4(mapped, out);
    }
    let groups = ip.segments();
    // The first of the longest runs of two or more groups that are 0 is left out.
    let (mut left_out, mut from) = (0..0, 0);
    for (at, group) in groups.into_iter().enumerate() {
        if group != 0 {
            from = at + 1;
        } else if at - from + 1 > left_out.len().max(1) {
            left_out = from..at + 1;
        }
    }
    let (mut text, mut end) = ([b':'; 40], 0);
    for (at, group) in groups.into_iter().enumerate() {
        if left_out.contains(&at) {
            // A colon for the groups, after that of the group before.
            end += usize::from(at == left_out.start) + usize::from(at == 0);
            continue;
        }
        for digit in (0..4).rev().skip_while(|digit| *digit > 0 && group >> (4 * digit) == 0) {
            text[end] = b"0123456789abcdef"[usize::from(group >> (4 * digit) & 0xf)];
            end += 1;
        }
        end += 1;
    }
    // A colon behind the last group is no part of it.
    let end = if left_out.end == groups.len() { end } else { end - 1 };
    out.extend_from_slice(&text[..end]);
}

/// Appends formatted text; a `String` takes everything, so there is no error to hand on.
pub fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// Appends nanoseconds since the epoch as `2023-11-14T22:13:20.000000000Z`.
pub fn time(nanoseconds: i64, out: &mut String) {
    let (day, rest) = (nanoseconds.div_euclid(DAY), nanoseconds.rem_euclid(DAY));
    let (year, month, date) = civil(day);
    let (second, fraction) = (rest / 1_000_000_000, rest % 1_000_000_000);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    put(
        out,
        format_args!(
            "{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z"
        ),
    );
}

const DAY: i64 = 86_400 * 1_000_000_000;

/// Year, month and day of a day number, 1970-01-01 being 0, in the Gregorian calendar.
fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468; // days since 0000-03-01
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_based = (5 * of_year + 2) / 153;
    let date = of_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    (year + era * 400 + i64::from(month <= 2), month, date)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    fn address(text: &str) -> String {
        let mut out = Vec::new();
        super::address(text.parse::<IpAddr>().unwrap(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn addresses_are_canonical() {
        for octet in 0..=255 {
            assert_eq!(address(&format!("10.{octet}.0.{octet}")), format!("10.{octet}.0.{octet}"));
        }
        for text in ["0.0.0.0", "255.255.255.255", "10.0.100.9", "192.168.1.20"] {
            assert_eq!(address(text), text);
        }
        assert_eq!(address("2001:DB8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
        assert_eq!(address("2001:db8:0:1:1:1:1:1"), "2001:db8:0:1:1:1:1:1");
        assert_eq!(address("::FFFF:1.2.3.4"), "::ffff:1.2.3.4");
    }

    #[test]
    fn addresses_with_groups_that_are_0_are_those_of_the_standard_library() {
        for zero in 0..=255_u8 {
            for other in [1_u16, 0x2c, 0x3af, 0xffff] {
                let groups: [u16; 8] =
                    std::array::from_fn(|at| if zero >> at & 1 == 1 { 0_u16 } else { other });
                let text = IpAddr::from(groups).to_string();
                assert_eq!(address(&text), text);
            }
        }
    }

    #[test]
    fn times_cover_the_whole_range() {
        let text = |n| {
            let mut out = String::new();
            super::time(n, &mut out);
            out
        };
        assert_eq!(text(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(text(1_700_000_000_123_456_789), "2023-11-14T22:13:20.123456789Z");
        assert_eq!(text(951_782_400_000_000_000), "2000-02-29T00:00:00.000000000Z");
        assert_eq!(text(i64::MAX), "2262-04-11T23:47:16.854775807Z");
        assert_eq!(text(i64::MIN), "1677-09-21T00:12:43.145224192Z");
    }

    #[test]
    fn cuts_between_characters() {
        assert_eq!(super::cut("aäb", 2), "a");
        assert_eq!(super::cut("aäb", 3), "aä");
        assert_eq!(super::cut("aäb", 9), "aäb");
    }
}
