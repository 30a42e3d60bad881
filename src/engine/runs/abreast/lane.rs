//! What the caller has of a file that is read beside others.

use std::io::Cursor;

use super::packed::Stand;
use super::piece::Piece;
use crate::base::error::Error;
use crate::capture::NO_INTERFACE;
use crate::engine::runs::accounts::Wanted;
use crate::engine::runs::aside::{Aside, Asides};
use crate::engine::runs::broken;
use crate::engine::runs::line::{Line, Mark};

/// A file whose frames are put in order with those of others.
pub(super) struct Lane {
    line: Line<Cursor<Vec<u8>>>,
    asides: Asides<Cursor<Vec<u8>>>,
    /// What came of it last.
    pub piece: Piece,
    /// The packet of it that is next.
    pub stand: Stand,
    /// The next frame; none while the next piece is not at hand.
    pub next: Option<Mark>,
    /// By which time it stands in line.
    pub key: i64,
    /// Its interfaces among those of the capture.
    pub interfaces: Vec<u32>,
    /// Where in the capture the frames are that something is told of.
    pub wanted: Wanted,
    /// How many of the piece's were met.
    odd: usize,
}

impl Lane {
    /// One that stands in line by this time.
    pub(super) fn new(key: i64) -> Self {
        Self {
            line: Line::new(Cursor::default(), 1),
            asides: Asides::new(Cursor::default()),
            piece: Piece::default(),
            stand: Stand::default(),
            next: None,
            key,
            interfaces: Vec::new(),
            wanted: Wanted::new(),
            odd: 0,
        }
    }

    /// Goes on with the next piece, once everything of the one before was taken.
    pub(super) fn feed(&mut self, mut piece: Piece) -> Result<(), Error> {
        *self.line.source() = Cursor::new(std::mem::take(&mut piece.line));
        *self.asides.source() = Cursor::new(std::mem::take(&mut piece.asides));
        (self.piece, self.stand, self.odd) = (piece, Stand::default(), 0);
        self.advance()
    }

    /// Goes on to the next frame.
    pub(super) fn advance(&mut self) -> Result<(), Error> {
        self.next = self.line.next()?;
        if let Some(Mark { time: Some(time), .. }) = self.next {
            self.key = time;
        }
        Ok(())
    }

    /// Notes where in the capture a frame is, if something is told of it.
    pub(super) fn met(&mut self, mark: &Mark, number: u64, time: i64) {
        if self.piece.odd.get(self.odd) == Some(&mark.number) {
            self.odd += 1;
            self.wanted.insert(mark.number, Some((number, time, mark.time.is_some())));
        }
    }

    /// The frame of those set aside that is next, its interface among those of the capture.
    pub(super) fn aside(&mut self) -> Result<Aside, Error> {
        let aside = self.asides.next()?.ok_or_else(|| broken("frames set aside"))?;
        Ok(Aside { interface: self.interface(aside.interface)?, ..aside })
    }

    /// An interface of it among those of the capture.
    #[inline]
    pub(super) fn interface(&self, own: u32) -> Result<u32, Error> {
        if own == NO_INTERFACE {
            return Ok(own);
        }
        self.interfaces.get(own as usize).copied().ok_or_else(|| broken("an interface"))
    }
}
