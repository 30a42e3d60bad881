//! The `teardowns` table: one row per FIN or RST segment, in packet order.

mod kinds;
mod segment;
mod verdict;

use super::column::{Group, Table};
use super::shared::Shared;
use crate::cause::Verdict;
use crate::conn::{Connection, Reset, Teardown};

/// The table.
pub enum Teardowns {}

/// What one row is made from.
#[derive(Clone, Copy)]
pub struct TeardownRow<'a> {
    /// The connection it belongs to.
    pub connection: &'a Connection,
    /// The segment.
    pub teardown: &'a Teardown,
    /// Its own judgement but for what it rests on, where a column tells something of it.
    pub verdict: Option<&'a Verdict>,
    /// How much speaks for its being injected; 0 for a FIN.
    pub injection: f64,
    /// What both refer to by number.
    pub shared: &'a Shared,
}

impl TeardownRow<'_> {
    /// The segment, if it is a FIN.
    fn fin(&self) -> Option<&Teardown> {
        self.teardown.is_fin().then_some(self.teardown)
    }

    /// What only a RST has, if it is one.
    fn rst(&self) -> Option<&Reset> {
        self.teardown.reset()
    }
}

impl Table for Teardowns {
    const NAME: &'static str = "teardowns";
    type Row<'a> = TeardownRow<'a>;
    const GROUPS: &'static [Group<Self>] = &[
        Group { title: "Segment", columns: segment::COLUMNS },
        Group { title: "FIN", columns: kinds::FIN },
        Group { title: "RST", columns: kinds::RST },
        Group { title: "Verdict", columns: verdict::COLUMNS },
    ];
}
