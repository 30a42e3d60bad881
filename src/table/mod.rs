//! Rows to Arrow record batches, and these to files.
//!
//! Each table is a list of [`Column`]s in one file; schema, arrays, exports and documentation are
//! loops over that list.

pub mod build;
pub mod cells;
pub mod column;
pub mod export;
mod sink;
pub mod text;

pub use build::{Batches, CHUNK_ROWS};
pub use column::{Column, Group, Kind, Table, columns};
pub use sink::{Facts, Texts};
