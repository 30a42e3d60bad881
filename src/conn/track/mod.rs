//! Which connection a segment belongs to, and how long a connection is followed.

pub(super) mod clock;
pub(super) mod deadlines;
pub(super) mod merge;
pub(super) mod orientation;
pub(super) mod parcel;
pub(super) mod play;
pub(super) mod seed;
pub(super) mod trace;
pub(super) mod tracker;
