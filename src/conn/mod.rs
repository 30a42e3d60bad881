//! Segments to connections: facts only, no causes.
//!
//! A segment comes to the [`Tracker`], which knows the connection it belongs to or begins one. The
//! connection lies in memory unpacked, or packed where nothing came for a while. The segment is
//! held against what is known, and changes it: numbers first, then, for a FIN or RST, a row of its
//! own that still sees the state before, then the states of both sides. When a connection is over,
//! or the capture is, what it came to is decided once, and it becomes a row.
//!
//! | room | what is in it |
//! |---|---|
//! | `primitives` | words, numbers that may be missing, ranges, a slab, how facts are coded |
//! | `script` | conversations in a line |
//! | `compat` | what Zeek, Wireshark and a published method would say |
//! | `facts` | the connection, its sides, its FINs and RSTs |
//! | `follow` | one segment becomes facts; how a connection ended |
//! | `memory` | where connections lie: store, slots, packing, rows |
//! | `track` | which connection, how long, in which order |
//!
//! Each imports from those above it in this list only (`tests/layers.rs`).
//!
//! *Open, close, reset, form* are TCP's words; memory has its own: a connection is **packed** and
//! **unpacked**, **evicted** when there is no room, lies in a **slab**, and becomes a **row** when it
//! is **let go**, for the reason that its row calls *release*. A **side** is client or server. A
//! **teardown** is a FIN or RST; a reset's **form** is how it looks (an abort or a reply); its
//! **trigger** is the segment that it answers. **Late** is what comes after a connection's end.

mod compat;
mod facts;
mod follow;
mod memory;
mod primitives;
pub mod script;
mod track;

pub use compat::tampering::Tampering;
pub use facts::connection::{Connection, Over, Stage};
pub use facts::counts::SegmentCounts;
pub use facts::endpoint::{Endpoint, Fin, State, Ttl};
pub use facts::extra::{Extra, Left, Stuck, TlsAlert};
pub use facts::header::{Foreign, Sample, Signs, Traits, hops, unusual};
pub use facts::icmp::Icmp;
pub use facts::reset::{Kind, Reason, Reset};
pub use facts::silence::Silence;
pub use facts::syn_ack::SynAck;
pub use facts::teardown::{Teardown, What};
pub use facts::timing::{nanoseconds, seconds};
pub use facts::trouble::Trouble;
pub use facts::vantage::{Vantage, VantageBasis};
pub use follow::payload::alert_name;
pub use follow::teardowns::SEARCHED;
pub use memory::limits::{HELD_WHOLE, Limits};
pub(crate) use memory::rows::Unpacker;
pub use memory::rows::{Groups, Rows};
pub use memory::store::PREFETCHED;
pub use memory::stored::{Followed, load, load_followed, store};
pub use primitives::optional::Moment;
pub use primitives::words::{
    BySide, EndedBy, Ending, Form, Opening, Phase, Release, SequenceCheck, Side, Trigger,
};
pub use track::clock::Clock;
pub use track::merge::{finish, finish_part};
pub use track::parcel::Parcel;
pub use track::play::play;
pub use track::seed::Seed;
pub use track::trace::{Chosen, Trace, Traced};
pub use track::tracker::{Counts, Remaining, Tracker};

use crate::base::numbers::Number;

/// The numbers by which facts are told from each other, by the file that states them.
pub(crate) const NUMBERS: [(&str, &[Number]); 11] = [
    ("ending", follow::ending::NUMBERS),
    ("reply", facts::timing::NUMBERS),
    ("counts", facts::counts::NUMBERS),
    ("silence", facts::silence::NUMBERS),
    ("form", follow::form::NUMBERS),
    ("teardowns", follow::teardowns::NUMBERS),
    ("step", follow::step::NUMBERS),
    ("sequence", follow::sequence::NUMBERS),
    ("stall", follow::stall::NUMBERS),
    ("baseline", follow::baseline::NUMBERS),
    ("foreign", follow::foreign::NUMBERS),
];
