//! Segments to connections: facts only, no causes.

mod ahead;
mod belonging;
mod clock;
mod compact;
mod connection;
mod ending;
mod endpoint;
mod history;
mod index;
mod limits;
mod live;
mod merge;
mod moment;
mod parcel;
mod payload;
mod places;
mod ranges;
mod recent;
mod reset;
mod room;
mod rows;
pub mod script;
mod seed;
mod sequence;
mod store;
mod tampering;
mod teardown;
mod trace;
mod tracker;
mod tuple;
mod vantage;
mod wheel;
mod wireshark;
mod zeek;

pub use clock::Clock;
pub use connection::{
    Connection, EndedBy, Ending, Extra, Icmp, Opening, Phase, Release, Side, SynAck, TlsAlert,
    seconds,
};
pub use endpoint::{Endpoint, Fin, State, Ttl};
pub use limits::Limits;
pub use merge::finish;
pub use moment::Moment;
pub use parcel::Parcel;
pub use payload::alert_name;
pub use reset::SEARCHED;
pub use rows::{Groups, Opened, Rows};
pub use seed::Seed;
pub use store::AHEAD;
pub use tampering::Tampering;
pub use teardown::{Form, Kind, Reason, SequenceCheck, Teardown, Trigger};
pub use trace::{Chosen, Trace, Traced};
pub use tracker::{Counts, Tracker};
pub use vantage::{Vantage, VantageBasis};
