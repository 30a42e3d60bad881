//! Lines as tcpdump prints them, played as a script: with `-n`, with any of its times but `-t`, with
//! absolute (`-S`) or relative numbers.
//!
//! What a line does not tell is not made up but where tcpdump itself lets one work it out: the
//! number of a bare ACK, which it does not print, is the next of its sender. Without `-v` there is
//! no TTL and no IP identification; payload bytes are never there.

mod fields;
mod line;
mod numbers;
mod times;

use self::fields::Fields;
use self::line::FLAGS;
use self::numbers::Numbers;
use super::{Owned, Packet};
use crate::base::error::Error;
use crate::base::text::printable;
use crate::packet::{PathId, Payload, Segment, Seq, checksum};

/// Lines of one text.
const MAX_LINES: usize = 1_000_000;
/// What tcpdump says beside packets.
const BANNERS: [&str; 7] =
    ["reading from ", "listening on ", "tcpdump: ", "dropped privs", "Warning: ", "Got ", "^C"];
const COUNTS: [&str; 4] =
    [" captured", " received by filter", " dropped by kernel", " dropped by interface"];

/// Tunnels whose inner packet stands on a line of its own.
const TUNNELS: [&str; 2] = ["VXLAN", "Geneve"];

/// One packet as it was printed.
struct Record<'a> {
    /// Number of its first line, from 1.
    line: usize,
    /// Begins with its time.
    first: &'a str,
    /// Before the addresses: with `-v` the IP header, with `-e` that of the link.
    head: &'a str,
    /// From the addresses on.
    body: &'a str,
}

/// Whether a text is tcpdump's output and no script.
pub(super) fn is_output(text: &str) -> bool {
    let first = text.trim_start();
    !first.starts_with(['>', '<', '(', '!']) && text.lines().any(is_line)
}

/// Whether a line, or what is left of it before its first comma, is one that tcpdump prints.
pub(super) fn is_line(text: &str) -> bool {
    text.contains(FLAGS)
        || text.contains(" IP ")
        || text.contains(" IP6 ")
        || text.starts_with("IP ")
        || text.starts_with("IP6 ")
}

/// The segments that the lines tell of, numbered as the packets that were printed.
///
/// # Errors
/// `Error::Argument` that names the line and what it lacks.
pub(super) fn parse(text: &str) -> Result<Vec<Packet>, Error> {
    let records = records(text)?;
    let times = times::resolved(&records.iter().map(|r| r.first).collect::<Vec<_>>())
        .map_err(|(at, reason)| wrong(records.get(at).map_or(0, |r| r.line), &reason))?;
    let mut found = Vec::new();
    for (at, record) in records.iter().enumerate() {
        let fields = Fields::read(record.head, record.body);
        if let Some(fields) = fields.map_err(|reason| wrong(record.line, &reason))? {
            found.push((at, fields));
        }
    }
    let absolute = numbers::are_absolute(found.iter().map(|(_, fields)| fields));
    let mut numbers = Numbers::new(absolute, found.iter().map(|(_, fields)| fields));
    let mut packets = Vec::with_capacity(found.len());
    for (at, fields) in found {
        let line = records.get(at).map_or(0, |record| record.line);
        let (sequence, acknowledgment, options) =
            numbers.settle(&fields).map_err(|reason| wrong(line, &reason))?;
        let number = u64::try_from(at).unwrap_or(0) + 1;
        let time = times.get(at).copied().unwrap_or(0);
        packets.push(packet(number, time, &fields, sequence, acknowledgment, options));
    }
    Ok(packets)
}

fn wrong(line: usize, reason: &str) -> Error {
    Error::Argument(format!("line {line} of tcpdump's output: {}", printable(reason)))
}

/// Puts together what belongs to one packet: with `-v` its addresses stand on a second line.
fn records(text: &str) -> Result<Vec<Record<'_>>, Error> {
    let mut found: Vec<Record<'_>> = Vec::new();
    for (index, whole) in text.lines().enumerate() {
        let line = index + 1;
        if line > MAX_LINES {
            return Err(wrong(line, &format!("there are more than {MAX_LINES}")));
        }
        let said = whole.trim();
        if times::of(said).is_some() {
            let (head, body) = split(said);
            found.push(Record { line, first: said, head, body });
        } else if whole.starts_with(char::is_whitespace) {
            // Of the packet before it: its addresses, or bytes of it, which are not looked at.
            match found.last_mut() {
                Some(record) if record.body.is_empty() => {
                    let (header, body) = split(said);
                    record.body = body;
                    // That of a packet within it.
                    record.head = if header.is_empty() { record.head } else { header };
                }
                Some(_) => {}
                None if said.is_empty() => {}
                None => return Err(wrong(line, "the first line of this packet is missing")),
            }
        } else if is_line(said)
            && let Some(tunnel) = found.last_mut()
            && TUNNELS.iter().any(|name| tunnel.body.contains(name))
        {
            (tunnel.head, tunnel.body) = split(said);
        } else if is_line(said) {
            return Err(wrong(line, "it has no time: print without -t"));
        } else if !said.is_empty()
            && !BANNERS.iter().any(|banner| said.starts_with(banner))
            && !COUNTS.iter().any(|count| said.ends_with(count))
        {
            return Err(wrong(line, "none that tcpdump prints of a packet's headers"));
        }
    }
    Ok(found)
}

/// What stands before the addresses, and the rest; no rest where they stand on a line of their own.
fn split(line: &str) -> (&str, &str) {
    let end = line.find(FLAGS).unwrap_or(line.len());
    if end == line.len() && line.contains("(tos ") && line.ends_with(')') {
        return (line, "");
    }
    let before = line.get(..end).unwrap_or_default();
    let at = match before.rfind(" > ") {
        // One word before the sign: where the packet came from.
        Some(sign) => before.get(..sign).and_then(|b| b.rfind(' ')).map_or(0, |space| space + 1),
        None => line.len(),
    };
    line.split_at(at)
}

fn packet(
    number: u64,
    time: i64,
    fields: &Fields<'_>,
    sequence: Seq,
    acknowledgment: Seq,
    options: Vec<u8>,
) -> Packet {
    let header_length = u8::try_from(20 + options.len()).unwrap_or(60);
    let template = Segment {
        packet: number,
        packet_in_file: number,
        file: 0,
        interface: 0,
        time,
        path: PathId(0),
        direction: fields.direction,
        link_source: fields.link_source,
        ip_version: fields.version,
        source: fields.source.0,
        destination: fields.destination.0,
        ttl: fields.ttl.unwrap_or(UNKNOWN_TTL),
        ip_id: fields.id,
        dont_fragment: fields.dont_fragment,
        traffic_class: 0,
        flow_label: 0,
        source_port: fields.source.1,
        destination_port: fields.destination.1,
        sequence,
        acknowledgment,
        flags: fields.flags,
        window: fields.window,
        checksum: 0,
        header_length,
        options: &[],
        payload_length: fields.length,
        payload: Payload::default(),
    };
    let mut owned = Owned { template, options, payload: Vec::new() };
    owned.template.checksum = fields.checksum.unwrap_or_else(|| checksum::right(&owned.segment()));
    Packet::Tcp(Box::new(owned))
}

/// One for all, so that nothing is concluded from it.
const UNKNOWN_TTL: u8 = 64;
