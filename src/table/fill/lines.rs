//! A column of texts while rows are added.

use std::net::IpAddr;

use arrow_array::StringArray;
use arrow_schema::ArrowError;

use super::strings::Strings;
use crate::table::text::{TEXT_OCTETS, address, cut};

/// Bytes for which there is room in a row at first.
const USUAL: usize = 16;

/// Texts, some of them missing.
pub(crate) struct Lines {
    texts: Strings,
    /// Room for the text of one row.
    line: String,
}

impl Lines {
    pub(crate) fn new(rows: usize) -> Self {
        Self { texts: Strings::new(rows, USUAL), line: String::new() }
    }

    /// Adds what is written for each row, or nothing.
    pub(crate) fn add<R>(&mut self, rows: &[R], write: impl Fn(&R, &mut String) -> Option<()>) {
        for row in rows {
            self.line.clear();
            match write(row, &mut self.line) {
                Some(()) => self.texts.push(cut(&self.line, TEXT_OCTETS)),
                None => self.texts.push_missing(),
            }
        }
    }

    /// Adds an address of each row, or nothing.
    pub(crate) fn add_addresses<R>(&mut self, rows: &[R], get: impl Fn(&R) -> Option<IpAddr>) {
        for row in rows {
            match get(row) {
                Some(ip) => self.texts.write(|octets| address(ip, octets)),
                None => self.texts.push_missing(),
            }
        }
    }

    pub(crate) fn finish(self) -> Result<StringArray, ArrowError> {
        self.texts.finish()
    }
}
