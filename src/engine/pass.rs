//! From a batch of frames to the trackers.

use super::shards::{Coming, Shards};
use super::{Intake, Options};
use crate::capture::Batch;
use crate::conn;
use crate::packet::{Decoded, Segment};

/// What a batch of frames runs through.
pub(super) struct Pass<'s> {
    pub intake: &'s mut Intake,
    pub shards: &'s mut Shards,
    pub options: &'s Options,
    /// How many files and interfaces there were before.
    pub before: [u32; 2],
}

impl Pass<'_> {
    pub(super) fn batch(&mut self, batch: &Batch<'_>) {
        let mut ahead: Vec<Coming<'_>> = Vec::with_capacity(conn::PREFETCHED);
        for frame in batch {
            // A segment is large: it is looked at where it was made.
            let mut decoded = self.intake.open(&frame);
            self.intake.sift(&frame, &mut decoded, self.options);
            match &mut decoded {
                Decoded::Tcp(segment) => {
                    self.place(segment);
                    self.shards.take(segment, &mut ahead);
                }
                Decoded::Reassembled(whole) => {
                    self.shards.flush(&mut ahead);
                    let mut alone = Vec::with_capacity(1);
                    let mut segment = whole.segment();
                    self.place(&mut segment);
                    self.shards.take(&segment, &mut alone);
                    self.shards.flush(&mut alone);
                }
                Decoded::IcmpError(error) => {
                    self.shards.flush(&mut ahead);
                    self.shards.icmp(error);
                }
                Decoded::Other(_) => {}
            }
        }
        self.shards.flush(&mut ahead);
    }

    /// Numbers file and interface of a segment over all readings.
    #[inline]
    fn place(&self, segment: &mut Segment<'_>) {
        let [files, interfaces] = self.before;
        segment.file = segment.file.saturating_add(files);
        // None stays none.
        segment.interface = segment.interface.saturating_add(interfaces);
    }
}
