//! Bytes to frames: files, pipes and compressed streams in, [`Frame`]s out.

mod frame;

pub use frame::{Direction, Frame, LinkType};
