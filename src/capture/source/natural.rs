//! The order of names in which people count: `x.pcap2` before `x.pcap10`.

use std::cmp::Ordering;
use std::ffi::OsStr;

/// Compares two names: runs of digits by their value, all else by its bytes.
pub(super) fn natural(a: &OsStr, b: &OsStr) -> Ordering {
    let (mut left, mut right) = (a.as_encoded_bytes(), b.as_encoded_bytes());
    while let ([first, left_rest @ ..], [second, right_rest @ ..]) = (left, right) {
        if first.is_ascii_digit() && second.is_ascii_digit() {
            let (one, left_rest) = number(left);
            let (other, right_rest) = number(right);
            let order = one.len().cmp(&other.len()).then_with(|| one.cmp(other));
            if order.is_ne() {
                return order;
            }
            (left, right) = (left_rest, right_rest);
        } else if first == second {
            (left, right) = (left_rest, right_rest);
        } else {
            return first.cmp(second);
        }
    }
    // Names that differ by zeros in front of numbers only are still two.
    left.len().cmp(&right.len()).then_with(|| a.cmp(b))
}

/// The digits that bytes begin with, without zeros in front, and what follows.
fn number(octets: &[u8]) -> (&[u8], &[u8]) {
    let end = octets.iter().position(|octet| !octet.is_ascii_digit()).unwrap_or(octets.len());
    let (digits, rest) = octets.split_at(end);
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    (digits.get(zeros..).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_by_their_value() {
        let mut names = ["x.pcap10", "x.pcap", "x.pcap2", "a10b2", "a10b10", "a9", "x.pcap02", "b"];
        names.sort_by(|a, b| natural(OsStr::new(a), OsStr::new(b)));
        let expected = ["a9", "a10b2", "a10b10", "b", "x.pcap", "x.pcap02", "x.pcap2", "x.pcap10"];
        assert_eq!(names, expected);
        let long = |digit: &str| format!("x{}", digit.repeat(300));
        assert_eq!(natural(OsStr::new(&long("1")), OsStr::new(&long("2"))), Ordering::Less);
    }
}
