//! What the fuzz targets do with their bytes, and what must hold whatever these are.
//!
//! Shared with `tests/hostile.rs`, which replays every input that ever failed.

pub mod digest;
pub mod events;
pub mod file;
pub mod hold;
pub mod kept;
pub mod mutate;
pub mod options;
pub mod packet;
pub mod tables;
