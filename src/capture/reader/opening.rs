//! How a capture is opened: which of its sources are captures, and in which order they are read.

use std::path::PathBuf;

use super::{Reader, Slot, Waiting};
use crate::base::error::Error;
use crate::base::issue::{Issues, NO_FILE};
use crate::capture::batch::Notes;
use crate::capture::blocks::Blocks;
use crate::capture::file::{CaptureFile, open};
use crate::capture::options::ReadOptions;
use crate::capture::order::{Rank, report_order};
use crate::capture::source::{Expanded, Object, Source, SourceFile, expand};
use crate::capture::summary::FileSummary;
use crate::hosts::{self, Hosts, Origin};

/// Interfaces of a capture, to equal shares of its files: whose are left out must not depend on
/// which file is read first. And the least share.
const MAX_INTERFACES: usize = 100_000;
const LEAST_SHARE: usize = 256;
/// Objects of a store whose beginnings are asked for ahead, to be put in order.
const PREPARED: usize = 16;
/// Bytes read when only the first packet's time is wanted.
const PEEK_CHUNK: usize = 4096;

/// A source that turned out to be a capture, before files are numbered.
struct Found {
    name: String,
    path: Option<PathBuf>,
    waiting: Waiting,
    time: Option<i64>,
    total: Option<u64>,
    rank: Rank,
    file: Option<SourceFile>,
}

/// The same, where there may be captures in directories that were not entered.
fn with_directories(error: Error) -> Error {
    match error {
        Error::NotACapture { file, reason } => {
            let deeper = "the directories beside it are entered with recursive=True (-r)";
            Error::NotACapture { file, reason: format!("{reason}; {deeper}") }
        }
        other => other,
    }
}

/// How many interfaces each of so many files may describe.
fn share(files: usize) -> usize {
    (MAX_INTERFACES / files.max(1)).max(LEAST_SHARE)
}

impl Reader {
    /// Opens a capture.
    ///
    /// # Errors
    /// [`Error::Io`] where a named source cannot be opened or read, [`Error::NotACapture`] where
    /// one is something else (files found through a directory or a pattern that are no captures
    /// become issues instead, unless none is left), [`Error::Argument`] for no source at all.
    pub fn open(sources: Vec<Source>, options: ReadOptions) -> Result<Self, Error> {
        if sources.is_empty() {
            return Err(Error::Argument("no source to read".into()));
        }
        let Expanded { entries, skipped } = expand(sources, options.recursive)?;
        let deeper = !skipped.is_empty() && !options.recursive;
        let mut reader = Self {
            share: share(entries.len()),
            blocks: options.keep_blocks.then(Blocks::default),
            ..Self::bare(options)
        };
        let single = entries.len() == 1;
        let mut found = Vec::with_capacity(entries.len());
        let mut refused = None;
        let objects: Vec<_> = entries.iter().map(|entry| entry.source.object()).collect();
        let prepare = |number| objects.get(number).into_iter().flatten().for_each(Object::prepare);
        (0..PREPARED).for_each(prepare);
        for (number, entry) in entries.into_iter().enumerate() {
            prepare(number + PREPARED);
            match reader.find(entry.source, single) {
                Ok(file) => found.push(Found { rank: entry.named, ..file }),
                Err(error) if entry.named.is_some() => return Err(error),
                Err(error) => {
                    let kind = match error {
                        Error::NotACapture { .. } => "not_a_capture",
                        _ => "unreadable",
                    };
                    reader.issues.add(NO_FILE, None, None, kind, || error.to_string());
                    refused.get_or_insert(error);
                }
            }
        }
        for (kind, detail) in skipped {
            reader.issues.add(NO_FILE, None, None, kind, || detail);
        }
        let said = |error| if deeper { with_directories(error) } else { error };
        if let (true, Some(error)) = (found.is_empty(), refused) {
            return Err(said(error));
        }
        reader.put_in_order(found);
        if single {
            // Errors of the only file are the caller's to see at once.
            reader.enter(0).map_err(said)?;
            reader.unopened = 1;
        }
        Ok(reader)
    }

    /// Makes sure of a source and finds out its first packet's time.
    fn find(&self, source: Source, single: bool) -> Result<Found, Error> {
        let (name, path) = (source.name(), source.own_path());
        let limit = self.options.max_uncompressed_bytes;
        if single {
            let window = open(source, self.options.chunk, limit)?;
            let total = window.stream().bytes_total();
            let file = window.file().cloned();
            let waiting = Waiting::Open(Box::new(window));
            return Ok(Found { name, path, waiting, time: None, total, rank: None, file });
        }
        let again = source.again();
        let chunk = self.options.chunk.min(if again.is_some() { PEEK_CHUNK } else { usize::MAX });
        let mut window = open(source, chunk, limit)?;
        let mut summary = FileSummary::default();
        let mut notes = Notes {
            file: 0,
            issues: &mut Issues::default(),
            interfaces: &mut Vec::new(),
            summary: &mut summary,
            alone: false,
            share: self.share,
            resync: self.options.resync,
            blocks: None,
        };
        let time = CaptureFile::peek_time(&mut window, &mut notes)
            .map_err(|reason| Error::NotACapture { file: name.clone(), reason })?;
        let total = window.stream().bytes_total();
        let file = window.file().cloned();
        let waiting = match again {
            Some(source) => Waiting::Closed(source, window.stamp()),
            None => Waiting::Open(Box::new(window)),
        };
        Ok(Found { name, path, waiting, time, total, rank: None, file })
    }

    fn put_in_order(&mut self, mut found: Vec<Found>) {
        // A file without any time stands with the one that was named before it.
        let mut last = i64::MIN;
        let mut keyed: Vec<(i64, Found)> = found
            .drain(..)
            .map(|file| {
                last = file.time.unwrap_or(last);
                (last, file)
            })
            .collect();
        keyed.sort_by_key(|(time, _)| *time);
        let ranks: Vec<Rank> = keyed.iter().map(|(_, file)| file.rank).collect();
        let all = self.options.of.unwrap_or(0).max(keyed.len()).max(1);
        self.share = share(all);
        self.share_of_names = hosts::MOST / all;
        self.alone = all == 1;
        self.lineup = keyed.iter().map(|(time, file)| (*time, file.rank)).collect();
        for (key, file) in keyed {
            file.file.into_iter().for_each(|file| self.sources.add(file));
            self.slots.push(Slot::new(file.waiting, key));
            self.summaries.push(FileSummary {
                name: file.name,
                path: file.path,
                source_bytes: file.total,
                hosts: Hosts::new(Origin::Block, self.share_of_names),
                ..FileSummary::default()
            });
        }
        report_order(&ranks, &self.summaries, &mut self.issues);
    }
}
