//! From a batch of frames to the trackers.

use super::shards::{Coming, Shards};
use super::{Bound, Ledger, Options};
use crate::capture::Batch;
use crate::conn;
use crate::packet::{Class, Decoded, Decoder, Segment};

/// What a batch of frames runs through.
pub struct Pass<'s> {
    pub decoder: &'s mut Decoder,
    pub shards: &'s mut Shards,
    pub ledger: &'s mut Ledger,
    pub options: &'s Options,
    pub first_time: &'s mut Option<i64>,
    pub last_time: &'s mut i64,
}

impl Pass<'_> {
    pub fn batch(&mut self, batch: &Batch<'_>) {
        let mut ahead: Vec<Coming<'_>> = Vec::with_capacity(conn::AHEAD);
        for frame in batch {
            let time = frame.time.unwrap_or(*self.last_time);
            *self.last_time = time;
            let first = *self.first_time.get_or_insert(time);
            let decoded = self.decoder.decode(&frame, time);
            let mut class = decoded.class();
            let inside = self.inside(time, first);
            match &decoded {
                Decoded::Tcp(segment) => {
                    if inside && self.keeps(segment) {
                        self.shards.take(segment, &mut ahead);
                    } else {
                        class = Class::Filtered;
                    }
                }
                Decoded::Reassembled(whole) => {
                    self.shards.flush(&mut ahead);
                    let segment = whole.segment();
                    if inside && self.keeps(&segment) {
                        let mut alone = Vec::with_capacity(1);
                        self.shards.take(&segment, &mut alone);
                        self.shards.flush(&mut alone);
                    } else {
                        class = Class::Filtered;
                    }
                }
                Decoded::IcmpError(error) => {
                    self.shards.flush(&mut ahead);
                    let filter = self.options.filter.as_ref();
                    let kept = filter.is_none_or(|f| f.matches_icmp(error, self.decoder.paths()));
                    if inside && kept {
                        self.shards.icmp(error);
                    }
                }
                Decoded::Other(_) => {}
            }
            self.ledger.add(frame.file, class);
        }
        self.shards.flush(&mut ahead);
    }

    fn keeps(&self, segment: &Segment<'_>) -> bool {
        self.options.filter.as_ref().is_none_or(|f| f.matches(segment, self.decoder.paths()))
    }

    fn inside(&self, time: i64, first: i64) -> bool {
        let at = |bound: Bound| match bound {
            Bound::At(at) => at,
            Bound::After(offset) => first.saturating_add(offset),
        };
        self.options.start.is_none_or(|bound| time >= at(bound))
            && self.options.end.is_none_or(|bound| time < at(bound))
    }
}
