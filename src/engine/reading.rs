//! One reading of a capture to its end: by one session, or of several files at once.

use super::runs::{Abreast, Stop};
use super::state::Saving;
use super::{Options, Output, Session};
use crate::base::error::Error;
use crate::base::guard;
use crate::capture::{FileSummary, Progress, Reader, Source, SourceFiles};

/// Bytes of all files below which one session reads them: it is done before others are there.
const ENOUGH: u64 = 2 << 20;

/// One reading of a capture to its end.
pub struct Reading {
    way: Way,
}

enum Way {
    Alone(Box<Session>),
    /// With what is read, for when it has to begin anew.
    Abreast(Box<Abreast>, Box<(Vec<Source>, Options)>),
}

impl Reading {
    /// Opens a capture.
    ///
    /// # Errors
    /// As [`Reader::open`], and [`Session::open`] where a reading goes on or is saved.
    pub fn open(sources: Vec<Source>, options: Options) -> Result<Self, Error> {
        guard::room_for(0)?;
        if options.resume.is_some() || options.leaves() {
            let way = Way::Alone(Box::new(Session::open(sources, options)?));
            return Ok(Self { way });
        }
        let options = options.settled();
        let copies: Option<Vec<Source>> = sources.iter().map(Source::copy).collect();
        let reader = Reader::open(sources, options.reading.clone())?;
        let Some(copies) = copies.filter(|_| is_for_several(&reader, &options)) else {
            let way = Way::Alone(Box::new(Session::of(reader, options)));
            return Ok(Self { way });
        };
        let threads = options.threads();
        let abreast = Abreast::of(reader, options.clone(), threads)?;
        Ok(Self { way: Way::Abreast(Box::new(abreast), Box::new((copies, options))) })
    }

    /// Reads on for about `budget` bytes; true while there is more.
    ///
    /// # Errors
    /// As [`Session::step`].
    pub fn step(&mut self, budget: u64) -> Result<bool, Error> {
        match &mut self.way {
            Way::Alone(session) => session.step(budget),
            Way::Abreast(abreast, again) => match abreast.step(budget) {
                Ok(more) => Ok(more),
                Err(Stop::Error(error)) => Err(error),
                Err(Stop::Alone) => {
                    let (sources, options) = std::mem::take(&mut **again);
                    self.way = Way::Alone(Box::new(Session::open(sources, options)?));
                    Ok(true)
                }
            },
        }
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        match &self.way {
            Way::Alone(session) => session.progress(),
            Way::Abreast(abreast, _) => abreast.progress(),
        }
    }

    /// The files that the capture lies in.
    pub fn sources(&self) -> &SourceFiles {
        match &self.way {
            Way::Alone(session) => session.sources(),
            Way::Abreast(abreast, _) => abreast.sources(),
        }
    }

    /// The files, in order, by what is known of them so far.
    pub fn files(&self) -> &[FileSummary] {
        match &self.way {
            Way::Alone(session) => session.described().0,
            Way::Abreast(abreast, _) => abreast.files(),
        }
    }

    /// Whether several files are read at once.
    pub fn is_abreast(&self) -> bool {
        matches!(self.way, Way::Abreast(..))
    }

    /// Lets go of everything and hands out what was found.
    ///
    /// # Errors
    /// [`Error::Argument`] where not everything was read.
    pub fn finish(self) -> Result<Output, Error> {
        match self.way {
            Way::Alone(session) => Ok(session.finish()),
            Way::Abreast(abreast, _) => abreast.finish(),
        }
    }

    /// See [`Session::give_up_saving`].
    pub fn give_up_saving(&mut self) {
        if let Way::Alone(session) = &mut self.way {
            session.give_up_saving();
        }
    }

    /// The same, and the state where it is to be saved: see [`Session::finish_and_save`].
    ///
    /// # Errors
    /// As [`Reading::finish`], and when the state cannot be written.
    pub fn finish_and_save(self) -> Result<(Output, Option<Saving>), Error> {
        match self.way {
            Way::Alone(session) => session.finish_and_save(),
            Way::Abreast(abreast, _) => Ok((abreast.finish()?, None)),
        }
    }
}

/// Whether files are read at once: there are several that can be, enough of them to be worth it, and
/// nothing makes what becomes of one connection depend on all others.
fn is_for_several(reader: &Reader, options: &Options) -> bool {
    let bytes: u64 = reader.files().iter().filter_map(|file| file.source_bytes).sum();
    let apart = !options.limits.hangs_together();
    options.threads() > 1 && apart && reader.has_parts() && bytes >= ENOUGH
}
