//! A capture read in runs gives the tables of one reader, every column of every table.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing test says where

#[path = "../support/mod.rs"]
mod support;

mod abreast;
mod cut;
mod days;
mod everywhere;
mod files;
mod hazards;
mod held;
mod random;
mod resumed;
mod steps;
