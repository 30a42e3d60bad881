//! The `connections` table: one row per TCP connection.

/// Two columns from one declaration: `client_…` and `server_…`.
macro_rules! sides {
    (@text $side:ident $get:expr) => {
        Kind::Text(|row, out| super::write(row.connection, Side::$side, out, $get))
    };
    (@$kind:ident $side:ident $get:expr) => {
        Kind::$kind(&|row| super::read(row.connection, Side::$side, $get))
    };
    ($($need:ident $name:literal, $unit:literal, $doc:literal, $kind:ident, $get:expr;)+) => {
        &[$(
            Column::$need(
                concat!("client_", $name),
                $unit,
                concat!("Client: ", $doc),
                sides!(@$kind Client $get),
            ),
            Column::$need(
                concat!("server_", $name),
                $unit,
                concat!("Server: ", $doc),
                sides!(@$kind Server $get),
            ),
        )+]
    };
}

mod ending;
mod identity;
mod opening;
mod traffic;
mod trust;
mod verdict;

use super::column::{Group, Table};
use super::shared::Shared;
use crate::cause::Verdict;
use crate::conn::BySide;
use crate::conn::{Connection, Side};
use crate::packet::Path;

/// The table.
pub enum Connections {}

/// Columns that are kept beside those that were asked for: by them its packets are found again.
pub const KEPT: &[&str] = &[
    "connection_id",
    "client_ip",
    "client_port",
    "server_ip",
    "server_port",
    "first_packet",
    "last_packet",
    "client_packets",
    "server_packets",
    "icmp_errors",
    "deciding_packet",
];

/// What one row is made from.
#[derive(Clone, Copy)]
pub struct ConnectionRow<'a> {
    /// The facts.
    pub connection: &'a Connection,
    /// The judgement but for what it rests on, where a column tells something of it.
    pub verdict: Option<&'a Verdict>,
    /// What they refer to by number.
    pub shared: &'a Shared,
}

impl ConnectionRow<'_> {
    /// Where its first packet ran.
    fn path(&self) -> Option<&Path> {
        let BySide { client, server } = self.connection.paths;
        self.shared.path(client.or(server)?)
    }
}

impl Table for Connections {
    const NAME: &'static str = "connections";
    type Row<'a> = ConnectionRow<'a>;
    const GROUPS: &'static [Group<Self>] = &[
        Group { title: "Identity", columns: identity::COLUMNS },
        Group { title: "Opening", columns: opening::COLUMNS },
        Group { title: "Opening", columns: opening::OPTIONS },
        Group { title: "Traffic", columns: traffic::COLUMNS },
        Group { title: "Ending", columns: ending::COLUMNS },
        Group { title: "Ending", columns: ending::SIDES },
        Group { title: "Verdict", columns: verdict::COLUMNS },
        Group { title: "Trust", columns: trust::COLUMNS },
        Group { title: "Compatibility", columns: trust::COMPATIBILITY },
    ];
}

#[inline]
fn read<V>(c: &Connection, side: Side, get: impl Fn(&Connection, Side) -> Option<V>) -> Option<V> {
    get(c, side)
}

fn write(
    c: &Connection,
    side: Side,
    out: &mut String,
    write: fn(&Connection, Side, &mut String) -> Option<()>,
) -> Option<()> {
    write(c, side, out)
}
