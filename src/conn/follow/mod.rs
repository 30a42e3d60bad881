//! One segment becomes facts.

pub(super) mod baseline;
pub(super) mod ending;
pub(super) mod foreign;
pub(super) mod form;
pub(super) mod handshake;
pub(super) mod payload;
pub(super) mod recent;
pub(super) mod sequence;
pub(super) mod stall;
pub(super) mod step;
pub(super) mod teardowns;
