//! What is known of a connection: its two sides, its FINs and RSTs, where it was captured.

pub(super) mod connection;
pub(super) mod endpoint;
pub(super) mod header;
pub(super) mod teardown;
pub(super) mod tuple;
pub(super) mod vantage;
