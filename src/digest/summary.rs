//! Files, interfaces, issues and names as bytes.

use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::Arc;

use super::wire::{Bad, Coder};
use crate::base::issue::{Issue, Issues, KINDS};
use crate::capture::{
    Blocks, Compression, Drops, FileSummary, Interface, LinkType, Section, Status,
};
use crate::hosts::{Host, Hosts, Origin, Seen};

const FORMATS: [&str; 3] = ["", "pcap", "pcapng"];
const ORDERS: [&str; 3] = ["", "little", "big"];
const RESOLUTIONS: [&str; 4] = ["", "us", "ns", "modified us"];
const COMPRESSIONS: [Compression; 6] = [
    Compression::None,
    Compression::Gzip,
    Compression::Zstd,
    Compression::Xz,
    Compression::Lz4,
    Compression::Bzip2,
];
const STATUSES: [Status; 8] = [
    Status::Reading,
    Status::Complete,
    Status::Empty,
    Status::TruncatedTail,
    Status::Recovered,
    Status::Corrupt,
    Status::Limit,
    Status::IoError,
];
const ORIGINS: [Origin; 3] = [Origin::Hosts, Origin::Dns, Origin::Block];

/// The summary of a file.
pub(crate) fn file<C: Coder>(coder: &mut C, file: &mut FileSummary) -> Result<(), Bad> {
    let FileSummary {
        name,
        path,
        format,
        byte_order,
        resolution,
        compression,
        source_bytes,
        status,
        stopped_at,
        bytes_total,
        bytes_headers,
        bytes_records_ok,
        bytes_skipped,
        bytes_tail,
        records,
        packets,
        blocks,
        records_bad,
        bytes_captured,
        bytes_original,
        first_time,
        last_time,
        time_backward,
        max_backstep,
        without_time,
        sections,
        hosts: names,
    } = file;
    coder.text(name)?;
    coder.option(path, self::path)?;
    coder.word(format, &FORMATS)?;
    coder.word(byte_order, &ORDERS)?;
    coder.word(resolution, &RESOLUTIONS)?;
    coder.word(compression, &COMPRESSIONS)?;
    coder.option(source_bytes, Coder::number)?;
    coder.word(status, &STATUSES)?;
    coder.option(stopped_at, Coder::number)?;
    let Blocks {
        sections: heads,
        interfaces,
        statistics,
        names: resolved,
        secrets,
        custom,
        events,
        unknown,
    } = blocks;
    for number in [
        bytes_total,
        bytes_headers,
        bytes_records_ok,
        bytes_skipped,
        bytes_tail,
        records,
        packets,
        heads,
        interfaces,
        statistics,
        resolved,
        secrets,
        custom,
        events,
        unknown,
        records_bad,
        bytes_captured,
        bytes_original,
        time_backward,
        max_backstep,
        without_time,
    ] {
        coder.number(number)?;
    }
    coder.option(first_time, Coder::signed)?;
    coder.option(last_time, Coder::signed)?;
    coder.list(sections, |coder, Section { hardware, os, application, comments }| {
        coder.text(hardware)?;
        coder.text(os)?;
        coder.text(application)?;
        coder.list(comments, Coder::text)
    })?;
    hosts(coder, names)
}

/// A path as the system has it. Where bytes are no path, one that is no text is left out.
fn path<C: Coder>(coder: &mut C, path: &mut PathBuf) -> Result<(), Bad> {
    let taken = std::mem::take(path).into_os_string();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        let mut octets = taken.into_vec();
        coder.octets(&mut octets)?;
        *path = std::ffi::OsString::from_vec(octets).into();
    }
    #[cfg(not(unix))]
    {
        let mut text = taken.into_string().unwrap_or_default();
        coder.text(&mut text)?;
        *path = text.into();
    }
    Ok(())
}

/// An interface.
pub(crate) fn interface<C: Coder>(coder: &mut C, interface: &mut Interface) -> Result<(), Bad> {
    let Interface {
        file,
        section,
        id_in_section,
        link: LinkType(link),
        name,
        description,
        filter,
        os,
        snap_length,
        fcs_length,
        resolution,
        packets,
        drops,
    } = interface;
    for number in [file, section, id_in_section, snap_length] {
        coder.plain(number)?;
    }
    coder.plain(link)?;
    for text in [name, description, filter, os, resolution] {
        coder.text(text)?;
    }
    coder.option(fcs_length, Coder::plain)?;
    coder.number(packets)?;
    let Drops {
        received,
        interface_dropped,
        filter_accepted,
        os_dropped,
        delivered,
        between_packets,
    } = drops;
    for number in [received, interface_dropped, filter_accepted, os_dropped, delivered] {
        coder.option(number, Coder::number)?;
    }
    coder.number(between_packets)
}

/// All issues.
pub(crate) fn issues<C: Coder>(coder: &mut C, issues: &mut Issues) -> Result<(), Bad> {
    let mut counts: Vec<(u32, &'static str, u64)> = issues.counts().collect();
    coder.list(&mut counts, |coder, (file, kind, count)| {
        coder.plain(file)?;
        coder.word(kind, &KINDS)?;
        coder.count(count)
    })?;
    let mut examples: Vec<Example> = issues.examples().into_iter().cloned().map(Example).collect();
    coder.list(&mut examples, |coder, Example(Issue { file, offset, packet, kind, detail })| {
        coder.plain(file)?;
        coder.option(offset, Coder::number)?;
        coder.option(packet, Coder::number)?;
        coder.word(kind, &KINDS)?;
        coder.text(detail)
    })?;
    *issues = Issues::of(counts, examples.into_iter().map(|Example(issue)| issue));
    Ok(())
}

struct Example(Issue);

impl Default for Example {
    fn default() -> Self {
        let detail = String::new();
        Self(Issue { file: 0, offset: None, packet: None, kind: "", detail })
    }
}

/// All names of one origin.
pub(crate) fn hosts<C: Coder>(coder: &mut C, hosts: &mut Hosts) -> Result<(), Bad> {
    let (mut origin, mut most) = hosts.bounds();
    coder.word(&mut origin, &ORIGINS)?;
    coder.plain(&mut most)?;
    let mut rows: Vec<Row> = hosts.rows().iter().cloned().map(|row| Row(Some(row))).collect();
    coder.list(&mut rows, |coder, Row(row)| {
        let known = row.take();
        let mut ip = known.as_ref().map(|row| row.address);
        let mut name = known.as_ref().map_or_else(String::new, |row| row.name.to_string());
        let (mut seen, mut count) =
            known.map_or_else(Default::default, |row| (row.seen, row.count));
        address(coder, &mut ip)?;
        coder.text(&mut name)?;
        let Seen { client, time, packet } = &mut seen;
        address(coder, client)?;
        coder.option(time, Coder::signed)?;
        coder.option(packet, Coder::number)?;
        coder.count(&mut count)?;
        let address = ip.ok_or(Bad("a name has no address"))?;
        *row = Some(Host { address, name: Arc::from(name), origin, seen, count });
        Ok(())
    })?;
    *hosts = Hosts::of(origin, most, rows.into_iter().filter_map(|Row(row)| row));
    Ok(())
}

#[derive(Default)]
struct Row(Option<Host>);

/// An address that may be missing; one of IPv4 as it is mapped into IPv6.
fn address<C: Coder>(coder: &mut C, address: &mut Option<IpAddr>) -> Result<(), Bad> {
    let mut kind: u8 = match address {
        None => 0,
        Some(IpAddr::V4(_)) => 4,
        Some(IpAddr::V6(_)) => 6,
    };
    coder.plain(&mut kind)?;
    let mut number = match address {
        None => 0,
        Some(IpAddr::V4(ip)) => u128::from(ip.to_bits()),
        Some(IpAddr::V6(ip)) => ip.to_bits(),
    };
    if kind != 0 {
        let mut octets = number.to_le_bytes().to_vec();
        coder.octets(&mut octets)?;
        number = u128::from_le_bytes(
            octets.try_into().map_err(|_| Bad("an address has another length"))?,
        );
    }
    *address = match kind {
        0 => None,
        4 => Some(IpAddr::V4(
            u32::try_from(number).map_err(|_| Bad("an address is too large"))?.into(),
        )),
        6 => Some(IpAddr::V6(Ipv6Addr::from_bits(number))),
        _ => return Err(Bad("an address of no version")),
    };
    Ok(())
}
