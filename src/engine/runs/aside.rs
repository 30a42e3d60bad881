//! Frames that cannot be told from their run alone, whole: IP fragments, of which others may be in
//! another run, and frames without a time where only some of the time takes part. They are decoded
//! once all runs are known, one after the other as one reader would have them.

use std::io::Read;

use super::broken;
use super::line::Octets;
use crate::base::error::Error;
use crate::capture::{Direction, Frame, LinkType};
use crate::digest::wire::put;

/// A frame that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Aside {
    pub interface: u32,
    pub link: LinkType,
    pub direction: Direction,
    pub original_length: u32,
    pub data: Vec<u8>,
}

/// Writes one.
pub(super) fn add(octets: &mut Vec<u8>, frame: &Frame<'_>) {
    for word in [
        u64::from(frame.interface),
        u64::from(frame.link.0),
        frame.direction as u64,
        u64::from(frame.original_length),
        frame.data.len() as u64,
    ] {
        put(octets, word);
    }
    octets.extend_from_slice(frame.data);
}

/// Reads those of a run.
pub(super) struct Asides<R>(Octets<R>);

impl<R: Read> Asides<R> {
    pub(super) fn new(octets: R) -> Self {
        Self(Octets::new(octets))
    }

    /// Where their bytes come from: more may come once all were read.
    pub(super) fn source(&mut self) -> &mut R {
        self.0.source()
    }

    /// The next one.
    ///
    /// # Errors
    /// Where the bytes cannot be read or are none.
    pub(super) fn next(&mut self) -> Result<Option<Aside>, Error> {
        const WHAT: &str = "a frame";
        let Some(interface) = self.0.word()? else { return Ok(None) };
        let mut word = || self.0.word()?.ok_or_else(|| broken(WHAT));
        let (link, direction, original, length) = (word()?, word()?, word()?, word()?);
        let number = |word: u64| u32::try_from(word).map_err(|_| broken(WHAT));
        Ok(Some(Aside {
            interface: number(interface)?,
            link: LinkType(u16::try_from(link).map_err(|_| broken(WHAT))?),
            direction: match direction {
                0 => Direction::Unknown,
                1 => Direction::Inbound,
                2 => Direction::Outbound,
                _ => return Err(broken(WHAT)),
            },
            original_length: number(original)?,
            data: self.0.some(number(length)? as usize)?,
        }))
    }
}
