//! What is known of a connection: its two sides, its FINs and RSTs, where it was captured. What a file
//! declares, it codes as well, so that connections can be packed.

pub(super) mod connection;
pub(super) mod counts;
pub(super) mod effect;
pub(super) mod endpoint;
pub(super) mod extra;
pub(super) mod header;
pub(super) mod icmp;
pub(super) mod reset;
pub(super) mod silence;
pub(super) mod space;
pub(super) mod syn_ack;
pub(super) mod teardown;
pub(super) mod timing;
pub(super) mod trouble;
pub(super) mod tuple;
pub(super) mod vantage;
