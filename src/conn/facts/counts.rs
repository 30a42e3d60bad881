//! What every segment counts for, copies included.

use crate::base::numbers::numbers;
use crate::capture::Direction;
use crate::conn::primitives::coder::{Coder, sparse};
use crate::conn::primitives::words::{BySide, Side};
use crate::packet::{Flags, Segment};

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
    /// Segments outside the handshake that echo congestion (ECE, RFC 3168 section 6.1.3), by side.
    pub echoed_congestion: BySide<u32>,
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
        let echoes = segment.flags.any(Flags::ECE) && !segment.flags.syn();
        self.echoed_congestion[sender] += u32::from(echoes);
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
            echoed_congestion: BySide { client: echoed, server: echoed_back },
        } = self;
        sparse!(coder, cut_packets, time_backward, late_packets);
        sparse!(coder, large, large_back, into, into_back, out, out_back);
        sparse!(coder, echoed, echoed_back);
    }
}

#[cfg(test)]
mod tests {
    use crate::conn::track::play::play;

    #[test]
    fn an_echo_of_congestion_is_no_offer_of_it() {
        let script = "> SEW, < S.E, > ., > P. 10, < E., < PE. 5, > ., > W. 5";
        let c = play(script).unwrap().remove(0);
        assert_eq!(c.counts.echoed_congestion.pair(), [0, 2]);
    }
}
