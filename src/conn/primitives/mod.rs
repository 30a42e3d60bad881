//! What facts are made of: words, numbers, ranges, and how they are coded.

pub(super) mod bits;
pub(super) mod coder;
pub(super) mod optional;
pub(super) mod plain;
pub(super) mod ports;
pub(super) mod ranges;
pub(super) mod slab;
pub(super) mod words;
