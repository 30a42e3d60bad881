//! The packets of chosen connections: a second pass over their source, by the engine that made the
//! first one and with its options.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::base::error::Error;
use crate::base::guard;
use crate::base::text::{file_name, printable};
use crate::capture::{Comments, FileSummary, Frame, Reader, Source, SourceFiles, Status, Writer};
use crate::conn::{Chosen, Limits, Seed, Trace, Traced, script};
use crate::engine::state::Saved;
use crate::engine::{Intake, Options, room_to_go_on};
use crate::packet::Decoded;
use crate::table::export::{Guard, Whole, Written};
use crate::table::packets::{PacketRow, Packets};
use crate::table::shared::Shared;
use crate::table::{Made, make};

/// Bytes read between two questions whether to carry on.
const SLICE: u64 = 1 << 20;

/// The segments of chosen connections as a table, in packet order, and the files they come from.
/// Sources and options are those with which the connections were found.
///
/// # Errors
/// When a source cannot be opened again, [`Error::Changed`] when connections have other packets
/// than before, or [`Error::Cancelled`].
pub fn table(
    sources: Vec<Source>,
    options: Options,
    chosen: Vec<Chosen>,
    proceed: &dyn Fn() -> bool,
) -> Result<(Made, SourceFiles), Error> {
    let (found, reader) = find(sources, options, chosen, proceed)?;
    Ok((made(&found, reader.files())?, reader.sources().clone()))
}

/// The same as they are.
///
/// # Errors
/// As [`table`].
pub fn segments(
    sources: Vec<Source>,
    options: Options,
    chosen: Vec<Chosen>,
    proceed: &dyn Fn() -> bool,
) -> Result<Vec<Traced>, Error> {
    find(sources, options, chosen, proceed).map(|(found, _)| found)
}

fn find(
    sources: Vec<Source>,
    options: Options,
    mut chosen: Vec<Chosen>,
    proceed: &dyn Fn() -> bool,
) -> Result<(Vec<Traced>, Reader), Error> {
    for chosen in &mut chosen {
        chosen.icmp_errors = None;
    }
    let mut found = Vec::new();
    let mut replay = Replay::open(sources, options, chosen)?;
    replay.run(proceed, |_, _, sighting| {
        if let Some(Sighting { segment: Some(segment), .. }) = sighting {
            found.push(segment);
        }
        Ok(())
    })?;
    Ok((found, replay.reader))
}

/// The same for a script (see [`crate::conn::script`]).
///
/// # Errors
/// As [`script::parse`], and [`Error::Changed`].
pub fn of_script(text: &str, chosen: Vec<Chosen>) -> Result<Made, Error> {
    let mut trace = Trace::new(chosen, &Limits::default(), Seed::random());
    let mut found = Vec::new();
    for packet in script::parse(text)? {
        match packet {
            script::Packet::Tcp(owned) => found.extend(trace.segment(&owned.segment())),
            script::Packet::Icmp(error) => {
                trace.icmp(&error);
            }
        }
    }
    trace.check()?;
    made(&found, &[])
}

/// Writes the packets of chosen connections, the ICMP errors about them, and of IP datagrams in
/// fragments all fragments, as pcapng; tells how many there were. What is said of packets goes with
/// them, and what is said of all into the section header. The file appears whole or not at all, and
/// takes the place of no source.
///
/// # Errors
/// When the system refuses, and those of [`table`]; [`Error::Exists`] for what is not replaced,
/// [`Error::Argument`] for a source that can be read but once.
pub fn save(
    sources: &[Source],
    options: &Options,
    chosen: &[Chosen],
    said: Option<(&str, &Comments)>,
    path: &Path,
    guard: &Guard,
    proceed: &dyn Fn() -> bool,
) -> Result<Written, Error> {
    let io = |source| Error::Io { file: file_name(path), source };
    // Fragments are known to be wanted when the last one comes: then all is written once more.
    let mut fragments: HashSet<u64> = HashSet::new();
    loop {
        let (known, mut packets) = (fragments.len(), 0);
        let mut replay = Replay::open(again(sources)?, options.clone(), chosen.to_vec())?;
        let mut guard = guard.clone();
        guard.sources.join(replay.reader.sources());
        let mut file = Whole::create(path, guard)?;
        let about = said.map(|(about, _)| about);
        let mut writer = Writer::new(BufWriter::new(&mut file), about).map_err(io)?;
        replay.intake.decoder.note_fragments();
        replay.run(proceed, |frame, time, sighting| {
            let wanted = sighting.is_some() || fragments.contains(&frame.number);
            fragments.extend(sighting.map(|sighting| sighting.fragments).unwrap_or_default());
            if wanted {
                packets += 1;
                let comments = said.map(|(_, comments)| comments.of(frame.number));
                writer.frame(frame, time, &comments.unwrap_or_default()).map_err(io)?;
            }
            Ok(())
        })?;
        writer.into_inner().flush().map_err(io)?;
        if fragments.len() == known {
            return Ok(Written { rows: packets, lost: file.commit()? });
        }
    }
}

fn again(sources: &[Source]) -> Result<Vec<Source>, Error> {
    let once = |source: &Source| {
        Error::Argument(format!("{} can be read only once", printable(&source.name())))
    };
    sources.iter().map(|source| source.copy().ok_or_else(|| once(source))).collect()
}

fn made(found: &[Traced], files: &[FileSummary]) -> Result<Made, Error> {
    let shared = Shared::new(files, &[], Vec::new());
    let rows: Vec<_> = found.iter().map(|segment| PacketRow { segment, shared: &shared }).collect();
    make::<Packets>(&rows, HashMap::new())
}

/// What of the source could not be read this time: then it is no wonder that packets are missing.
pub(super) fn unread(reader: &Reader) -> Option<Error> {
    let files = (0..).zip(reader.files());
    let (index, file) = files.into_iter().find(|(_, file)| file.status == Status::IoError)?;
    let issues = reader.issues().examples();
    let why = issues.iter().find(|issue| issue.file == index && issue.kind == "io_error")?;
    Some(Error::Io { file: file.name.clone(), source: io::Error::other(why.detail.clone()) })
}

/// A packet of a chosen connection.
struct Sighting {
    /// Its segment; none in an ICMP error.
    segment: Option<Traced>,
    /// Earlier packets with fragments of its datagram, where they are noted.
    fragments: Vec<u64>,
}

/// A second pass over a capture.
struct Replay {
    reader: Reader,
    intake: Intake,
    options: Options,
    trace: Trace,
}

impl Replay {
    fn open(sources: Vec<Source>, options: Options, chosen: Vec<Chosen>) -> Result<Self, Error> {
        guard::room_for(0)?;
        let mut options = options.settled();
        let mut intake = Intake::new(options.decoding);
        let mut trace = Trace::new(chosen, &options.limits, options.seed());
        if let Some(saved) = Saved::resumed(&mut options)? {
            saved.standing.begin(saved.name(), &mut intake, &options)?;
            trace.resume(saved.standing.clock, saved.standing.connections);
            saved.followed(|followed| {
                trace.carry_on(followed);
                Ok(())
            })?;
        }
        let reader = Reader::open(sources, options.reading.clone())?;
        Ok(Self { reader, intake, options, trace })
    }

    /// Reads as far as the chosen connections go and hands out each packet: its frame, its time,
    /// and what it is to a chosen connection.
    fn run(
        &mut self,
        proceed: &dyn Fn() -> bool,
        mut take: impl FnMut(&Frame<'_>, i64, Option<Sighting>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let Self { reader, intake, options, trace } = self;
        let mut asked = 0;
        loop {
            let progress = reader.progress();
            if progress.bytes_read >= asked {
                asked = progress.bytes_read.saturating_add(SLICE);
                if !proceed() {
                    return Err(Error::Cancelled);
                }
                room_to_go_on(progress)?;
            }
            let Some(batch) = reader.next_batch()? else { break };
            for frame in &batch {
                if trace.is_over(frame.number) {
                    return trace.check();
                }
                let decoded = intake.take(&frame, options);
                let fragments = intake.decoder.take_noted();
                let (segment, known) = match (decoded.segment(), &decoded) {
                    (Some(segment), _) => {
                        let traced = trace.segment(&segment);
                        let known = traced.is_some();
                        (traced, known)
                    }
                    (None, Decoded::IcmpError(error)) => (None, trace.icmp(error).is_some()),
                    _ => (None, false),
                };
                let sighting = known.then_some(Sighting { segment, fragments });
                take(&frame, intake.time(), sighting)?;
            }
        }
        trace.check().map_err(|error| unread(reader).unwrap_or(error))
    }
}
