//! Frames of every link type, tunnel and extension, built from bytes, down to their segment.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail loudly")]

mod build;
mod fragments;
mod hostile;
mod links;
mod names;
mod network;
mod tunnels;
