//! What the readers of a line share.

use std::collections::HashMap;

use crate::packet::Address;

/// Stands before what a segment is.
pub(super) const FLAGS: &str = ": Flags [";

/// What is wrong with a line.
pub(super) type Wrong = String;

/// Both ends, in the order in which the packet names them.
pub(super) type Way = ((Address, u16), (Address, u16));

pub(super) fn back((from, to): Way) -> Way {
    (to, from)
}

/// What is known by direction.
pub(super) type ByWay<T> = HashMap<Way, T>;
