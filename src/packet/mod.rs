//! Frames to segments: link, network and transport headers.

mod class;
mod flags;
mod options;
mod segment;
mod seq;

pub use class::Class;
pub use flags::Flags;
pub use options::Options;
pub use segment::{Address, IcmpError, PathId, Segment};
pub use seq::Seq;
