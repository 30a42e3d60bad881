//! The part of a file that lies in memory.

use super::source::Stream;

/// A sliding buffer over a stream. Ranges handed out stay valid until the next [`Window::fill`].
pub(crate) struct Window {
    stream: Stream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset in the stream of `buffer[0]`.
    base: u64,
    chunk: usize,
    /// Nothing is thrown away, so that [`Window::rewind`] can go back to the beginning.
    hold: bool,
}

impl Window {
    pub(crate) fn new(stream: Stream, chunk: usize) -> Self {
        Self { stream, buffer: Vec::new(), start: 0, end: 0, base: 0, chunk, hold: false }
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(crate) fn park(&mut self) {
        self.stream.park();
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
        self.base + self.start as u64
    }

    pub(crate) fn advance(&mut self, amount: usize) {
        self.start = self.start.saturating_add(amount).min(self.end);
    }

    /// Makes at least `want` bytes available; false when the stream ends before.
    ///
    /// Memory grows with what really comes, not with what a length field claims.
    pub(crate) fn fill(&mut self, want: usize) -> bool {
        while self.end - self.start < want {
            if self.stream.end().is_some() {
                return false;
            }
            self.make_room(want);
            let limit = self.buffer.len().min(self.end.saturating_add(self.chunk));
            self.end += self.stream.read(self.buffer.get_mut(self.end..limit).unwrap_or_default());
        }
        true
    }

    fn make_room(&mut self, want: usize) {
        if self.start > 0 && !self.hold {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            // A small file needs no more than itself, plus one byte to see its end.
            let whole = match self.stream.bytes_total() {
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
