use super::Connections;
use crate::conn::{Side, seconds};
use crate::table::column::{Column, count, text};
use crate::table::shared::Shared;

type Kind = crate::table::column::Kind<Connections>;

pub(super) const COLUMNS: &[Column<Connections>] = &[
    Column::required(
        "connection_id",
        "",
        "Number of the connection, given at its first packet, from 0 upwards.",
        Kind::int64(&|row| count(row.connection.id)),
    ),
    Column::required(
        "client_ip",
        "",
        "Address of the initiator, in canonical text (RFC 5952).",
        Kind::Address(|row| Some(row.connection.ip(Side::Client))),
    ),
    Column::required(
        "client_port",
        "",
        "Port of the initiator.",
        Kind::uint16(&|row| Some(row.connection.port(Side::Client))),
    ),
    Column::required(
        "server_ip",
        "",
        "Address of the responder, in canonical text (RFC 5952).",
        Kind::Address(|row| Some(row.connection.ip(Side::Server))),
    ),
    Column::required(
        "server_port",
        "",
        "Port of the responder.",
        Kind::uint16(&|row| Some(row.connection.port(Side::Server))),
    ),
    Column::required(
        "ip_version",
        "",
        "4 or 6.",
        Kind::uint8(&|row| Some(row.connection.ip_version)),
    ),
    Column::optional(
        "vlan_id",
        "",
        "Outermost VLAN around the first packet.",
        Kind::uint16(&|row| row.path()?.vlans.first().copied()),
    ),
    Column::optional(
        "inner_vlan_id",
        "",
        "Innermost VLAN, where there are several.",
        Kind::uint16(&|row| row.path()?.vlans.split_first()?.1.last().copied()),
    ),
    Column::optional(
        "tunnel",
        "",
        "Tunnels around the first packet, outermost first, as in `gre/vxlan:42`.",
        Kind::Text(|row, out| {
            let tunnel = row.path()?.tunnel.as_str();
            (!tunnel.is_empty()).then(|| out.push_str(tunnel))
        }),
    ),
    Column::optional(
        "interface",
        "",
        "Name of the interface that captured the first packet.",
        Kind::named(Shared::interfaces, &|row| {
            row.shared.interface(row.connection.interface)?;
            row.shared.interfaces().place(row.connection.interface)
        }),
    ),
    Column::optional(
        "server_name",
        "",
        "TLS server name or HTTP host in the client's first payload.",
        Kind::Text(|row, out| text(row.connection.extra()?.server_name.as_deref()?, out)),
    ),
    Column::required(
        "first_packet",
        "",
        "Number of the first packet over the whole capture, from 1.",
        Kind::int64(&|row| count(row.connection.first_packet)),
    ),
    Column::required(
        "last_packet",
        "",
        "Number of the last packet over the whole capture.",
        Kind::int64(&|row| count(row.connection.last_packet)),
    ),
    Column::optional(
        "file",
        "",
        "File of the first packet.",
        Kind::named(Shared::files, &|row| row.shared.files().place(row.connection.file)),
    ),
    Column::required(
        "first_packet_in_file",
        "",
        "Number of the first packet in its file, from 1; only packets count.",
        Kind::int64(&|row| count(row.connection.first_packet_in_file)),
    ),
    Column::required(
        "start",
        "",
        "Capture time of the first packet.",
        Kind::time(&|row| Some(row.connection.start)),
    ),
    Column::required(
        "end",
        "",
        "Capture time of the last packet.",
        Kind::time(&|row| Some(row.connection.end)),
    ),
    Column::required(
        "duration_s",
        "s",
        "Time from the first to the last packet.",
        Kind::float64(&|row| {
            Some(seconds(row.connection.end.saturating_sub(row.connection.start)))
        }),
    ),
];
