//! What every segment counts for, copies included.

use crate::base::numbers::numbers;
use crate::capture::Direction;
use crate::conn::primitives::coder::{Coder, sparse};
use crate::conn::primitives::words::{BySide, Side};
use crate::packet::Segment;

numbers! {
    /// A segment larger than this was merged or not yet split by the capturing host.
    size LARGEST_ON_A_WIRE: u32 = 9000;
}

/// Counts of a connection's segments that most of them leave at zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct SegmentCounts {
    /// Packets whose payload the snap length cut.
    pub cut_packets: u32,
    /// Segments in which the time went back.
    pub time_backward: u32,
    /// Packets after the connection was over.
    pub late_packets: u32,
    /// Segments whose length exceeds any wire's (local offload), by side.
    pub oversized: BySide<u32>,
    /// Segments whose direction the interface stated: inbound and outbound, by side.
    pub inbound: BySide<u32>,
    /// See `inbound`.
    pub outbound: BySide<u32>,
}

impl SegmentCounts {
    /// Counts a segment of a connection whose latest came at this time.
    #[inline]
    pub(in crate::conn) fn note(
        &mut self,
        segment: &Segment<'_>,
        sender: Side,
        end: i64,
        late: bool,
    ) {
        self.time_backward += u32::from(segment.time < end);
        self.late_packets += u32::from(late);
        match segment.direction {
            Direction::Inbound => self.inbound[sender] += 1,
            Direction::Outbound => self.outbound[sender] += 1,
            Direction::Unknown => {}
        }
        self.oversized[sender] += u32::from(segment.payload_length > LARGEST_ON_A_WIRE);
        self.cut_packets += u32::from(segment.payload.captured() < segment.payload_length);
    }

    pub(in crate::conn) fn code(&mut self, coder: &mut impl Coder) {
        let Self {
            cut_packets,
            time_backward,
            late_packets,
            oversized: BySide { client: large, server: large_back },
            inbound: BySide { client: into, server: into_back },
            outbound: BySide { client: out, server: out_back },
        } = self;
        sparse!(coder, cut_packets, time_backward, late_packets);
        sparse!(coder, large, large_back, into, into_back, out, out_back);
    }
}
