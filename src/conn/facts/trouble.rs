//! What went wrong on the way to or from a side.

use crate::conn::primitives::coder::{Coder, sparse};

/// What went wrong on the way to or from a side: made when the first of it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// Payload bytes sent again.
    pub retransmitted_bytes: u64,
    /// The position that its latest duplicate acknowledgment repeated: something beyond it came.
    pub repeated_ack: u64,
    /// When the current run of probes or retransmissions began.
    pub run_since: i64,
    /// Bytes the peer acknowledged that the capture never saw.
    pub unseen_acked: u64,
    /// Segments with payload, SYN or FIN that brought nothing new.
    pub retransmitted_packets: u32,
    /// Segments that filled a gap after later bytes had been seen.
    pub out_of_order: u32,
    /// Pure acknowledgments that repeat the previous one while data was outstanding.
    pub duplicate_acks: u32,
    /// Segments that closed the window.
    pub zero_windows: u32,
    /// Exact copies made by the capture (mirror ports, the `any` device).
    pub duplicates: u32,
    /// Keep-alive (and zero window) probes.
    pub probes: u32,
    /// The longest run of probes and retransmissions that went unanswered.
    pub longest_run: u32,
}

impl Trouble {
    /// What is read of a side that has none.
    pub const NONE: Self = Self {
        retransmitted_bytes: 0,
        repeated_ack: 0,
        run_since: 0,
        unseen_acked: 0,
        retransmitted_packets: 0,
        out_of_order: 0,
        duplicate_acks: 0,
        zero_windows: 0,
        duplicates: 0,
        probes: 0,
        longest_run: 0,
    };
}

impl Default for Trouble {
    /// None yet.
    fn default() -> Self {
        Self::NONE
    }
}

impl Trouble {
    pub(in crate::conn) fn code(&mut self, start: i64, coder: &mut impl Coder) {
        let Self {
            retransmitted_bytes,
            repeated_ack,
            run_since,
            unseen_acked,
            retransmitted_packets,
            out_of_order,
            duplicate_acks,
            zero_windows,
            duplicates,
            probes,
            longest_run,
        } = self;
        sparse!(coder, retransmitted_packets, retransmitted_bytes, out_of_order, longest_run);
        sparse!(coder, duplicate_acks, zero_windows, duplicates, probes);
        sparse!(coder, repeated_ack, unseen_acked);
        coder.near(run_since, start, 0);
    }
}
