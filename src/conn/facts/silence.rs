//! Silences within a connection.

use crate::base::numbers::numbers;
use crate::conn::primitives::coder::Coder;
use crate::conn::primitives::optional::Moment;
use crate::conn::primitives::words::Side;
use crate::packet::Segment;

numbers! {
    /// So long without a segment is a silence.
    window SILENCE: i64 = 1_000_000_000;
}

/// Silences of a second or more within a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    /// The longest after which both sides went on, in nanoseconds; 0 without one.
    pub survived: i64,
    /// One that a side has broken and the other not yet answered; 0 without one.
    pub broken: i64,
    /// That side.
    pub by: Side,
    /// Time of the latest payload by which a side began to speak after one.
    pub spoken: Moment,
    /// That side.
    pub speaker: Side,
}

impl Silence {
    /// Notes a segment that came so long after the latest before it.
    #[inline]
    pub(in crate::conn) fn note(&mut self, since: i64, segment: &Segment<'_>, sender: Side) {
        if since >= SILENCE || self.broken != 0 {
            self.note_odd(since, segment, sender);
        }
    }

    /// A silence is survived when the side that did not break it goes on as well.
    #[cold]
    fn note_odd(&mut self, since: i64, segment: &Segment<'_>, sender: Side) {
        if segment.flags.rst() {
            return;
        }
        if self.broken != 0 && self.by != sender {
            self.survived = self.survived.max(self.broken);
            self.broken = 0;
        }
        if since >= SILENCE {
            (self.broken, self.by) = (since, sender);
            // A single byte may be a keep-alive probe.
            if segment.payload_length > 1 {
                (self.spoken, self.speaker) = (segment.time.into(), sender);
            }
        }
    }

    pub(in crate::conn) fn code(&mut self, start: i64, coder: &mut impl Coder) {
        if coder.given(|| *self != Self::default()) {
            let Self { survived, broken, by, spoken, speaker } = self;
            coder.plain(survived);
            coder.plain(broken);
            coder.plain(by);
            coder.moment(spoken, start);
            coder.plain(speaker);
        }
    }
}
