//! What of a capture takes part: the one place that decides it, for every pass.

use super::{Bound, Ledger, Options};
use crate::capture::Frame;
use crate::packet::{self, Class, Decoded, Decoder, Paths};

/// Turns frames into the segments and ICMP errors that take part, in the order of the capture.
pub struct Intake {
    pub decoder: Decoder,
    pub ledger: Ledger,
    first_time: Option<i64>,
    last_time: i64,
}

impl Intake {
    /// One that has seen nothing.
    pub fn new(decoding: packet::Limits) -> Self {
        let (decoder, ledger) = (Decoder::new(decoding), Ledger::default());
        Self { decoder, ledger, first_time: None, last_time: 0 }
    }

    /// Goes on behind other captures: the time of their first frame and of their latest.
    pub fn go_on(&mut self, (first, last): (Option<i64>, i64)) {
        (self.first_time, self.last_time) = (first, last);
    }

    /// See [`Intake::go_on`].
    pub fn times(&self) -> (Option<i64>, i64) {
        (self.first_time, self.last_time)
    }

    /// The time of the latest frame, or of the one before it that has one.
    pub fn time(&self) -> i64 {
        self.last_time
    }

    /// What the next frame is; what the filter or the bounds leave out is
    /// [`Other`](Decoded::Other).
    #[inline]
    pub fn take<'a>(&mut self, frame: &Frame<'a>, options: &Options) -> Decoded<'a> {
        let time = frame.time.unwrap_or(self.last_time);
        self.last_time = time;
        let first = *self.first_time.get_or_insert(time);
        // The one that is returned, in which a segment is made in its place.
        let mut decoded = self.decoder.decode(frame, time);
        let mut class = decoded.class();
        if !(is_inside(options, time, first) && options.keeps(&decoded, self.decoder.paths())) {
            class = if class == Class::Tcp { Class::Filtered } else { class };
            decoded = Decoded::Other(class);
        }
        self.ledger.add(frame.file, class);
        decoded
    }
}

impl Options {
    /// Whether the filter lets a packet pass.
    #[inline]
    pub(super) fn keeps(&self, decoded: &Decoded<'_>, paths: &Paths) -> bool {
        let Some(filter) = &self.filter else { return true };
        match decoded {
            Decoded::Tcp(segment) => filter.matches(segment, paths),
            Decoded::Reassembled(whole) => filter.matches(&whole.segment(), paths),
            Decoded::IcmpError(error) => filter.matches_icmp(error, paths),
            Decoded::Other(_) => true,
        }
    }
}

/// Whether a moment takes part, in a capture that begins at `first`.
pub(super) fn is_inside(options: &Options, time: i64, first: i64) -> bool {
    let at = |bound: Bound| match bound {
        Bound::At(at) => at,
        Bound::After(offset) => first.saturating_add(offset),
    };
    options.start.is_none_or(|bound| time >= at(bound))
        && options.end.is_none_or(|bound| time < at(bound))
}
