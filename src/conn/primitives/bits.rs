//! Halves of numbers.

/// The two halves of a number, the higher first.
#[allow(clippy::cast_possible_truncation)] // that is what halves are
pub(crate) fn halves(number: u128) -> [u64; 2] {
    [(number >> 64) as u64, number as u64]
}

/// The higher half of an index entry or a hash.
#[allow(clippy::cast_possible_truncation)] // 32 bits are left
pub(crate) fn high(word: u64) -> u32 {
    (word >> 32) as u32
}

/// The lower half.
#[allow(clippy::cast_possible_truncation)] // that is what halves are
pub(crate) fn low(word: u64) -> u32 {
    word as u32
}
