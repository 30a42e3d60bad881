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
    pub fn take<'a>(&mut self, frame: &Frame<'a>, options: &Options) -> Decoded<'a> {
        let mut decoded = self.open(frame);
        self.sift(frame, &mut decoded, options);
        decoded
    }

    /// What the next frame is, which is to be sifted then. In two steps, since what is returned is
    /// large and would be copied by whoever changes it.
    #[inline]
    pub(super) fn open<'a>(&mut self, frame: &Frame<'a>) -> Decoded<'a> {
        self.last_time = frame.time.unwrap_or(self.last_time);
        self.decoder.decode(frame, self.last_time)
    }

    /// Leaves out what does not take part, and counts it.
    #[inline]
    pub(super) fn sift(&mut self, frame: &Frame<'_>, decoded: &mut Decoded<'_>, options: &Options) {
        let first = *self.first_time.get_or_insert(self.last_time);
        if options.selects() && !self.takes_part(decoded, options, first) {
            let class = decoded.class();
            let class = if class == Class::Tcp { Class::Filtered } else { class };
            *decoded = Decoded::Other(class);
        }
        self.ledger.add(frame.file, decoded.class());
    }

    /// Kept out of [`Intake::sift`], which every packet goes through and most readings need no more
    /// of.
    #[inline(never)]
    fn takes_part(&self, decoded: &Decoded<'_>, options: &Options, first: i64) -> bool {
        is_inside(options, self.last_time, first) && options.keeps(decoded, self.decoder.paths())
    }
}

impl Options {
    /// Whether anything is left out.
    #[inline]
    fn selects(&self) -> bool {
        self.filter.is_some() || self.start.is_some() || self.end.is_some()
    }

    /// Whether the filter lets a packet pass.
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
