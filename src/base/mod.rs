//! The ground floor: what every layer may use.

pub mod error;
pub(crate) mod few;
pub mod guard;
pub mod issue;
pub mod numbers;
pub(crate) mod parallel;
pub mod text;
