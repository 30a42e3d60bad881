//! A copy of a capture with comments on its packets: a second pass over its source, in the order
//! of the first one.

use std::io::{BufWriter, Write};
use std::path::Path;

use crate::base::error::Error;
use crate::base::guard;
use crate::capture::{Annotator, Comments, Placed, Progress, Reader, Source};
use crate::engine::again::unread;
use crate::engine::state::Saved;
use crate::engine::{Options, room_to_go_on};
use crate::table::export::{Guard, Whole};

/// Bytes that are gathered before the system is asked to write.
const BUFFER: usize = 1 << 18;

/// What became of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Packets in it.
    pub packets: u64,
    /// Comments in it, and those that found no room.
    pub placed: Placed,
    /// What of the replaced file's owner and group could not be kept.
    pub lost: Option<String>,
}

/// A copy in the making; dropped without [`Annotation::commit`], it leaves nothing behind.
pub struct Annotation {
    reader: Reader,
    copy: Annotator<BufWriter<Whole>>,
    name: String,
    comments: Comments,
    /// The comment that comes next.
    next: usize,
    last_time: i64,
    /// Bytes read when memory is asked for next.
    asked_at: u64,
}

impl Annotation {
    /// Begins a copy of a capture, read as it was read, in a file (standard output without a path). `about` says in every section what made it.
    ///
    /// # Errors
    /// When a source cannot be opened again or the system refuses; [`Error::Exists`] for what is not
    /// replaced.
    pub fn open(
        sources: Vec<Source>,
        options: Options,
        about: &str,
        path: Option<&Path>,
        mut guard: Guard,
    ) -> Result<Self, Error> {
        guard::room_for(0)?;
        let mut options = options.settled();
        Saved::resumed(&mut options)?;
        let mut reading = options.reading;
        reading.keep_blocks = true;
        let reader = Reader::open(sources, reading)?;
        guard.sources.join(reader.sources());
        let file = match path {
            Some(path) => Whole::create(path, guard)?,
            None => Whole::standard_output(guard)?,
        };
        let names: Vec<String> = reader.files().iter().map(|file| file.name.clone()).collect();
        Ok(Self {
            name: file.name().to_owned(),
            copy: Annotator::new(BufWriter::with_capacity(BUFFER, file), about, &names),
            reader,
            comments: Comments::default(),
            next: 0,
            last_time: 0,
            asked_at: 0,
        })
    }

    /// The comments, before the first step.
    pub fn comments(&mut self) -> &mut Comments {
        &mut self.comments
    }

    /// How far copying has come.
    pub fn progress(&self) -> Progress {
        self.reader.progress()
    }

    /// Copies about `budget` bytes of the source; true while there is more.
    ///
    /// # Errors
    /// When the system refuses; [`Error::Changed`] for another packet than was commented on.
    pub fn step(&mut self, budget: u64) -> Result<bool, Error> {
        self.comments.sort();
        let until = self.reader.progress().bytes_read.saturating_add(budget);
        loop {
            let progress = self.reader.progress();
            if progress.bytes_read >= until {
                return Ok(true);
            }
            if progress.bytes_read >= self.asked_at {
                room_to_go_on(progress)?;
                self.asked_at = progress.bytes_read.saturating_add(1 << 20);
            }
            if !self.batch()? {
                return Ok(false);
            }
        }
    }

    fn batch(&mut self) -> Result<bool, Error> {
        let Self { reader, copy, name, comments, next, last_time, .. } = self;
        let io = |source| Error::Io { file: name.clone(), source };
        let Some(batch) = reader.next_batch()? else { return Ok(false) };
        copy.pass(&batch).map_err(io)?;
        let mut texts = Vec::new();
        for (index, frame) in batch.iter().enumerate() {
            let time = frame.time.unwrap_or(*last_time);
            *last_time = time;
            texts.clear();
            while let Some(comment) = comments.get(*next).filter(|c| c.packet <= frame.number) {
                if comment.packet != frame.number || !comment.is_at(time) {
                    return Err(changed(&format!("packet {} is another one", comment.packet)));
                }
                texts.push(comment.text);
                *next += 1;
            }
            copy.frame(&batch, index, &frame, &texts).map_err(io)?;
        }
        Ok(true)
    }

    /// Makes the copy appear, if it has as many packets as there were.
    ///
    /// # Errors
    /// When the system refuses, also to read on where it did the first time, [`Error::Exists`], and
    /// [`Error::Changed`].
    pub fn commit(self, packets: u64) -> Result<Copied, Error> {
        let found = self.reader.progress().packets;
        if found != packets {
            let others = changed(&format!("it has {found} packets instead of {packets}"));
            return Err(unread(&self.reader).unwrap_or(others));
        }
        if self.comments.get(self.next).is_some() {
            return Err(Error::Argument("a comment on a packet that is not there".into()));
        }
        let io = |source| Error::Io { file: self.name.clone(), source };
        let (mut out, placed) = self.copy.finish().map_err(io)?;
        out.flush().map_err(io)?;
        let file = out.into_inner().map_err(|error| io(error.into_error()))?;
        Ok(Copied { packets, placed, lost: file.commit()? })
    }
}

fn changed(what: &str) -> Error {
    Error::Changed(format!(
        "read again, the source gives other packets than before: {what}; has it changed?"
    ))
}
