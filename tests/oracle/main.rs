//! Every shared capture against what tshark, Zeek and the laboratory say of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad;
mod lab;
#[path = "../support/mod.rs"]
mod support;
mod tshark;
mod zeek;
