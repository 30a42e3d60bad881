//! A capture read in runs, by one or by many: the rows are those of one reader.
//!
//! Each run is some files, read once (`run`); its packets go to buckets by their tuples, and what
//! puts them in order stays in a line of all frames (`line`). How runs lie to each other is a plan
//! (`plan`). One bucket of all runs then goes through one tracker (`stitch`): a connection depends on
//! the packets of its addresses and ports and on the capture's time at each, and on nothing else.
//! Where runs share no time and nothing is odd, number and time of a packet follow from its run;
//! else they are told by going through the lines as one reader would have read the files (`walk`).
//! What no run can know alone, fragments of IP datagrams above all, is set aside whole (`aside`) and
//! told then.
//!
//! In one process several files are read at once (`abreast`), each a run: nothing is written, and the
//! order of frames is found while they come.

mod abreast;
mod accounts;
mod aside;
pub(super) mod chest;
mod facts;
mod frd;
mod held;
mod job;
mod line;
mod plan;
mod run;
mod stitch;
mod survey;
mod together;
mod walk;

pub use abreast::{Abreast, Done, Stop};
pub use accounts::{Accounts, accounts};
#[doc(hidden)]
pub use chest::forged;
pub use facts::{Bucketed, Facts};
pub use held::Held;
pub use job::{Job, Way, Writing};
pub use plan::{Plan, State, Surveyed};
pub use run::{Head, Place, Run, RunReader, Sink, refuse, settle};
pub use stitch::{AllPaths, Runs, stitch};
pub use survey::{Found, Survey, survey};
pub use together::{Most, Together};
pub use walk::Frames;

use crate::base::error::Error;

/// What is read back is not what was written.
fn broken(what: &str) -> Error {
    let reason = format!("{what} in it cannot be read");
    Error::State { file: "a digest".to_owned(), reason }
}
