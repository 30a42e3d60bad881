//! How every TCP connection in a capture ended, who ended it, and why.
//!
//! The way of the data, each layer knowing only those before it:
//!
//! | module | turns | into |
//! |---|---|---|
//! | [`capture`] | bytes | frames: when, which interface, which bytes |
//! | [`packet`] | frames | TCP segments and ICMP errors, or a class that the ledger counts |
//! | [`filter`] | segments | those that were asked for |
//! | [`digest`] | segments | a file of what connections are made of, and back |
//! | [`conn`] | segments | connections and teardowns: facts only |
//! | [`cause`] | connections | verdicts: why, with evidence |
//! | [`table`] | rows | Arrow record batches, and these into files |
//! | [`finding`] | tables of connections | findings: what happened to many of them |
//!
//! [`engine`] joins them and goes through captures; [`base`] is the ground that all stand on; only the
//! bindings (feature `python`) know of Python.

// What is printed belongs to the callers, and no row may depend on when it is made.
#![warn(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_methods)]
// What lies beyond the end is no panic: an index stands only where it is proven in sight, and told why.
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]
// What is `pub` can be reached from outside (what tests share with `tests/` is `pub` there, too).
#![cfg_attr(not(test), warn(unreachable_pub))]

pub mod base;
pub mod capture;
pub mod cause;
pub mod conn;
pub mod digest;
pub mod engine;
pub mod filter;
pub mod finding;
pub mod hosts;
pub mod packet;
pub mod table;

#[cfg(feature = "python")]
mod python;
