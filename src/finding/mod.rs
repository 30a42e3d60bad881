//! Findings: what happened to many connections at once, as stories rather than counts.
//!
//! Every connection is [sorted](sort) into exactly one kind, by what its cause says and by patterns
//! over all of them; each kind is told by the places where it happened, a few apart and the others
//! together. Some findings lie across: a host behind most of the trouble, what the capture does not
//! show. Each is [described](describe) by what its connections have in common, and they are
//! [ranked](tell) by what they weigh for a reader.
//!
//! What is given are facts; Python makes the sentences. The order of rows, batches and threads
//! decides nothing: groups are ranked by their size and then by names.

mod describe;
mod group;
mod idle;
mod kind;
pub mod reference;
mod rows;
mod scan;
mod sort;
mod tally;
mod tell;

pub use describe::Finding;
pub use idle::Limit;
pub use kind::{Declared, Kind, Severity};
pub use rows::{COLUMNS, Rows};
pub use tally::Tally;
pub use tell::{MOST, find};
