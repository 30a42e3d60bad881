//! Segments to connections: facts only, no causes.

mod compat;
mod facts;
mod follow;
mod memory;
mod primitives;
pub mod script;
mod track;

pub use compat::tampering::Tampering;
pub use facts::connection::{Connection, Extra, Icmp, SynAck, TlsAlert, seconds};
pub use facts::endpoint::{Endpoint, Fin, State, Ttl};
pub use facts::teardown::{Form, Kind, Reason, SequenceCheck, Teardown, Trigger};
pub use facts::vantage::{Vantage, VantageBasis};
pub use follow::payload::alert_name;
pub use follow::teardowns::SEARCHED;
pub use memory::limits::Limits;
pub use memory::rows::{Groups, Opened, Rows};
pub use memory::store::AHEAD;
pub use primitives::optional::Moment;
pub use primitives::words::{EndedBy, Ending, Opening, Phase, Release, Side};
pub use track::clock::Clock;
pub use track::merge::finish;
pub use track::parcel::Parcel;
pub use track::play::play;
pub use track::seed::Seed;
pub use track::trace::{Chosen, Trace, Traced};
pub use track::tracker::{Counts, Tracker};
