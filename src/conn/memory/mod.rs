//! Where connections lie: unpacked or packed while they are followed, as rows when they have ended.

pub(super) mod eviction;
pub(super) mod index;
pub(super) mod limits;
pub(super) mod pack;
pub(super) mod prefetch;
pub(super) mod rows;
pub(super) mod store;
pub(super) mod stored;
