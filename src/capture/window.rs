//! The part of a file that lies in memory.

use super::source::{Ahead, Piece, SourceFile, Stamp, Stream};
use super::supply::Supply;

/// Pieces smaller than this are not worth handing from thread to thread.
const LEAST_AHEAD: usize = 16 * 1024;

/// A sliding buffer over a stream. Ranges handed out stay valid until the next [`Window::fill`].
pub(crate) struct Window {
    supply: Supply,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the stream of `buffer[0]`, modulo 2^64: room in front of the first piece of a
    /// stream that is read ahead lies before its beginning.
    base: u64,
    chunk: usize,
    /// Nothing is thrown away, so that [`Window::rewind`] can go back to the beginning.
    hold: bool,
}

impl Window {
    pub(crate) fn new(stream: Stream, chunk: usize) -> Self {
        let supply = Supply::Here(stream);
        Self { supply, buffer: Vec::new(), start: 0, end: 0, base: 0, chunk, hold: false }
    }

    pub(crate) fn stream(&self) -> &Supply {
        &self.supply
    }

    /// How the file changed while it was read, once everything was taken.
    pub(crate) fn change(&mut self) -> Option<String> {
        self.supply.change()
    }

    /// The file as it was before it was read; nothing where a thread reads it.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        if let Supply::Here(stream) = &self.supply { stream.stamp() } else { None }
    }

    /// Which file it is, if it is one; nothing where a thread reads it.
    pub(crate) fn file(&self) -> Option<&SourceFile> {
        if let Supply::Here(stream) = &self.supply { stream.file() } else { None }
    }

    /// Takes an earlier look at the same file for the state before it was read.
    pub(crate) fn date_back(&mut self, stamp: Stamp) {
        if let Supply::Here(stream) = &mut self.supply {
            stream.date_back(stamp);
        }
    }

    /// Gives the file handle back, unless a thread reads from it.
    pub(crate) fn park(&mut self) {
        if let Supply::Here(stream) = &mut self.supply {
            stream.park();
        }
    }

    /// Has the stream read on a thread of its own from here on; false where that is not worth it.
    pub(crate) fn run_ahead(&mut self) -> bool {
        let worth = matches!(&self.supply, Supply::Here(s) if s.is_worth_reading_ahead());
        if !worth || self.hold || self.chunk < LEAST_AHEAD {
            return false;
        }
        self.supply = match std::mem::replace(&mut self.supply, Supply::Nothing) {
            Supply::Here(stream) => match Ahead::start(stream, self.chunk) {
                Ok(ahead) => Supply::Ahead(ahead),
                Err(stream) => Supply::Here(stream),
            },
            other => other,
        };
        matches!(self.supply, Supply::Ahead(_))
    }

    /// The bytes at hand, from the present position on.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// The whole buffer, into which [`Window::position`] points.
    pub(crate) fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Index of the present position in [`Window::buffer`].
    pub(crate) fn position(&self) -> usize {
        self.start
    }

    /// Offset of the present position in the stream.
    pub(crate) fn offset(&self) -> u64 {
        self.base.wrapping_add(self.start as u64)
    }

    pub(crate) fn advance(&mut self, amount: usize) {
        self.start = self.start.saturating_add(amount).min(self.end);
    }

    /// Makes at least `want` bytes available; false when the stream ends before.
    ///
    /// Memory grows with what really comes, not with what a length field claims.
    pub(crate) fn fill(&mut self, want: usize) -> bool {
        while self.end - self.start < want {
            if self.supply.end().is_some() {
                return false;
            }
            if let Supply::Ahead(ahead) = &mut self.supply {
                let Some(piece) = ahead.next() else { return false };
                self.go_on(piece);
                continue;
            }
            self.make_room(want);
            let limit = self.buffer.len().min(self.end.saturating_add(self.chunk));
            let room = self.buffer.get_mut(self.end..limit).unwrap_or_default();
            if let Supply::Here(stream) = &mut self.supply {
                self.end += stream.read(room);
            }
        }
        true
    }

    /// Goes on with a piece that was read ahead: what is left of the one before is put in front of
    /// it, so that every record lies in one stretch.
    fn go_on(&mut self, piece: Piece) {
        let offset = self.offset();
        let left = self.end - self.start;
        let Piece { mut buffer, start, end, .. } = piece;
        let used = if let Some(begin) = start.checked_sub(left) {
            if let (Some(to), Some(from)) =
                (buffer.get_mut(begin..start), self.buffer.get(self.start..self.end))
            {
                to.copy_from_slice(from);
            }
            (self.start, self.end) = (begin, end);
            std::mem::replace(&mut self.buffer, buffer)
        } else {
            self.buffer.truncate(self.end);
            self.buffer.drain(..self.start);
            self.buffer.extend_from_slice(buffer.get(start..end).unwrap_or_default());
            (self.start, self.end) = (0, self.buffer.len());
            buffer
        };
        self.base = offset.wrapping_sub(self.start as u64);
        if let Supply::Ahead(ahead) = &self.supply {
            ahead.give_back(used);
        }
    }

    fn make_room(&mut self, want: usize) {
        if self.start > 0 && !self.hold {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base = self.offset();
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            // A small file needs no more than itself, plus one byte to see its end.
            let whole = match self.supply.bytes_total() {
                Some(total) if self.buffer.is_empty() => {
                    usize::try_from(total).map_or(usize::MAX, |total| total.max(64) + 1)
                }
                _ => usize::MAX,
            };
            let doubled = self.buffer.len().saturating_mul(2).min(self.start.saturating_add(want));
            let size = doubled.max(self.chunk.min(whole)).max(self.buffer.len() + 1);
            self.buffer.resize(size, 0);
        }
    }

    pub(crate) fn hold(&mut self) {
        self.hold = true;
    }

    /// Back to the beginning, after [`Window::hold`].
    pub(crate) fn rewind(&mut self) {
        self.start = 0;
        self.hold = false;
    }

    /// Throws away everything to the end, at most about `budget` bytes at a time; gives how much,
    /// and whether the end was reached.
    pub(crate) fn drain(&mut self, budget: u64) -> (u64, bool) {
        let mut drained = 0;
        loop {
            let held = self.end - self.start;
            self.advance(held);
            drained += held as u64;
            if drained >= budget {
                return (drained, false);
            }
            if !self.fill(1) {
                return (drained, true);
            }
        }
    }
}
