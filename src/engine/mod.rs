//! Going through a capture: bytes in, judged rows out.
//!
//! A [`Session`] reads: every frame goes through one intake (what takes part, what the ledger
//! counts) to the trackers, on one thread or on several. What it found is an [`Output`], and
//! [`tables`] judges it and makes the tables; a [`Scan`] hands out rows while it reads, in bounded
//! memory. [`again`] goes back for the packets of chosen connections and [`annotate`] for a copy
//! with comments, both through the same intake with the same options. [`played`] makes a capture of a
//! script. What a reading may be told is declared once in [`OPTIONS`].

pub mod again;
pub mod annotate;
mod intake;
mod judge;
mod ledger;
mod options;
mod output;
mod pass;
pub mod played;
mod reading;
pub mod runs;
mod scan;
mod session;
mod shards;
pub mod state;
mod tables;

pub(crate) use intake::Intake;
pub use ledger::Ledger;
pub use options::{Bound, Declared, OPTIONS, Options, OptionsReference, Slot};
pub use output::Output;
pub use reading::Reading;
pub use scan::{MEMORY_LIMIT, Scan, SoFar, Step};
pub use session::Session;
pub(crate) use session::room_to_go_on;
pub use tables::{Metadata, SCHEMA_VERSION, metadata, tables};
