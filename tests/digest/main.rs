//! Digests: connections made of one are those made of the captures, and none that is damaged is
//! taken for whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing test says where

mod captures;
mod damage;
mod made;
#[path = "../support/mod.rs"]
mod support;
