//! Frames to segments: link, network and transport headers.
//!
//! [`Decoder::decode`] opens a frame layer by layer, in a loop and never by recursion, down to
//! the innermost TCP segment. Whatever it is not ends in one [`Class`] that the ledger counts.
//! [`frame`] goes the way back, for scripts that become captures.

pub mod checksum;
mod class;
mod decoded;
mod decoder;
mod dns;
mod ethernet;
mod flags;
mod fragments;
pub mod frame;
mod icmp;
mod link;
mod memory;
mod names;
mod network;
mod options;
mod part;
mod paths;
mod payload;
mod plain;
mod segment;
mod seq;
mod tcp;
mod tunnel;
mod walk;
mod wireless;

pub use class::Class;
pub use decoded::{Decoded, Reassembled};
pub use decoder::{Decoder, Limits};
pub use flags::Flags;
pub use fragments::Unfinished;
pub(crate) use memory::names_left_out;
pub use names::link_name;
pub use options::Options;
pub use paths::{Path, Paths};
pub use payload::{Alert, Facts, MARKED, MAX_NAME, MAX_TEXT, Marks, Payload, Told};
pub use segment::{Address, IcmpError, PathId, Segment};
pub use seq::Seq;
