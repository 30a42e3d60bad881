//! The packets of chosen connections: a second pass over their source.

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::capture::{FileSummary, Frame, ReadOptions, Reader, Source, SourceFiles, Writer};
use crate::conn::{Chosen, Trace, Traced, script};
use crate::error::{Error, file_name};
use crate::guard;
use crate::packet::{self, Decoded, Decoder};
use crate::table::export::{Guard, Whole, Written};
use crate::table::packets::{PacketRow, Packets};
use crate::table::shared::Shared;
use crate::table::{Made, make};

/// Bytes read between two questions whether to carry on.
const SLICE: u64 = 1 << 22;

/// The segments of chosen connections as a table, in packet order, and the files they come from.
///
/// # Errors
/// When a source cannot be opened again, or [`Error::Cancelled`].
pub fn table(
    sources: Vec<Source>,
    chosen: Vec<Chosen>,
    proceed: &dyn Fn() -> bool,
) -> Result<(Made, SourceFiles), Error> {
    let mut found = Vec::new();
    let mut reader = open(sources)?;
    let files = pass(&mut reader, chosen, proceed, |_, _, traced| {
        found.extend(traced);
        Ok(())
    })?;
    Ok((made(&found, &files)?, reader.sources().clone()))
}

/// The same for a script (see [`crate::conn::script`]).
///
/// # Errors
/// As [`script::parse`].
pub fn of_script(text: &str, chosen: Vec<Chosen>) -> Result<Made, Error> {
    let mut trace = Trace::new(chosen);
    let mut found = Vec::new();
    for packet in script::parse(text)? {
        if let script::Packet::Tcp(owned) = packet {
            found.extend(trace.segment(&owned.segment()));
        }
    }
    made(&found, &[])
}

/// Writes the packets of chosen connections, and the ICMP errors about them, as pcapng; tells how
/// many there were. The file appears whole or not at all, and takes the place of no source.
///
/// # Errors
/// When the system refuses, [`Error::Exists`] for what is not replaced, or [`Error::Cancelled`].
pub fn save(
    sources: Vec<Source>,
    chosen: Vec<Chosen>,
    path: &Path,
    mut guard: Guard,
    proceed: &dyn Fn() -> bool,
) -> Result<Written, Error> {
    let io = |source| Error::Io { file: file_name(path), source };
    let mut reader = open(sources)?;
    guard.sources.join(reader.sources());
    let mut file = Whole::create(path, guard)?;
    let mut packets = 0;
    let mut writer = Writer::new(BufWriter::new(&mut file)).map_err(io)?;
    pass(&mut reader, chosen, proceed, |frame, time, _| {
        packets += 1;
        writer.frame(frame, time).map_err(io)
    })?;
    writer.into_inner().flush().map_err(io)?;
    Ok(Written { rows: packets, lost: file.commit()? })
}

fn made(found: &[Traced], files: &[FileSummary]) -> Result<Made, Error> {
    let shared = Shared::new(files, &[], Vec::new());
    let rows: Vec<_> = found.iter().map(|segment| PacketRow { segment, shared: &shared }).collect();
    make::<Packets>(&rows, HashMap::new())
}

fn open(sources: Vec<Source>) -> Result<Reader, Error> {
    Reader::open(sources, ReadOptions::default())
}

/// Reads as far as the chosen connections go and hands out each packet of theirs: its frame, its
/// time, and its segment unless it is an ICMP error.
fn pass(
    reader: &mut Reader,
    chosen: Vec<Chosen>,
    proceed: &dyn Fn() -> bool,
    mut take: impl FnMut(&Frame<'_>, i64, Option<Traced>) -> Result<(), Error>,
) -> Result<Vec<FileSummary>, Error> {
    guard::room_for(0)?;
    let mut trace = Trace::new(chosen);
    let mut decoder = Decoder::new(packet::Limits::default());
    let (mut last_time, mut asked) = (0, 0);
    while let Some(batch) = reader.next_batch()? {
        let mut over = false;
        for frame in &batch {
            over = frame.number > trace.last_packet();
            if over {
                break;
            }
            let time = frame.time.unwrap_or(last_time);
            last_time = time;
            let found = decoder.decode(&frame, time);
            if let Some(segment) = found.segment() {
                if let Some(traced) = trace.segment(&segment) {
                    take(&frame, time, Some(traced))?;
                }
            } else if let Decoded::IcmpError(error) = found
                && trace.icmp(&error).is_some()
            {
                take(&frame, time, None)?;
            }
        }
        if over {
            break;
        }
        let read = reader.progress().bytes_read;
        if read >= asked {
            asked = read.saturating_add(SLICE);
            if !proceed() {
                return Err(Error::Cancelled);
            }
        }
    }
    Ok(reader.files().to_vec())
}
