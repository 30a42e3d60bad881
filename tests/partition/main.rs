//! What a second pass gives of connections is what the first one gave them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod captures;
mod events;
mod saved;
#[path = "../support/mod.rs"]
mod support;
#[allow(dead_code)]
#[path = "../support/partition.rs"]
mod whole;
