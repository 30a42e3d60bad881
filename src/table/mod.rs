//! Rows to Arrow record batches, and these to files.
//!
//! Each table is a list of [`Column`]s in one file; schema, arrays, exports and documentation are
//! loops over that list.

pub mod build;
pub mod causes;
pub mod cells;
pub mod column;
pub mod connections;
pub mod doc;
pub mod export;
pub mod facts;
pub mod files;
mod fill;
pub mod interfaces;
pub mod ipc;
pub mod issues;
pub mod ledger;
pub mod names;
pub mod packets;
pub mod parameters;
pub mod pick;
pub mod selection;
pub mod shared;
mod sink;
pub mod summary;
pub mod teardowns;
pub mod text;
pub mod vocabulary;

pub use build::{CHUNK_ROWS, Filler, Layout, Made, make};
pub use column::{Column, Group, Kind, Table, columns};
pub use fill::BLOCK_ROWS;
pub use selection::{Columns, Selection};
pub use sink::{Shares, Texts};

#[cfg(test)]
mod tests;
