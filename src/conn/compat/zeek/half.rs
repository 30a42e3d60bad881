//! One endpoint as Zeek has it.

use super::TOO_LARGE;
use crate::conn::primitives::coder::{Coder, sparse};
use crate::conn::primitives::plain::coded;
use crate::packet::Seq;

coded! {
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) enum State {
        #[default]
        Inactive,
        SynSent,
        SynAckSent,
        Partial,
        Established,
        Closed,
        Reset,
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Half {
    pub state: State,
    pub previous: State,
    pub based: bool,
    pub start: Seq,
    pub last: Seq,
    pub acked: Seq,
    pub fin_seen: bool,
    pub did_close: bool,
    /// Letters given once in this direction, one bit each.
    pub once: u8,
}

/// What few segments change of an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tally {
    /// Relative sequence numbers of the last SYN, FIN and RST that gave a letter, where
    /// [`Half::once`] has the bit.
    pub last_syn: u32,
    pub last_fin: u32,
    pub last_rst: u32,
    pub retransmissions: u32,
    pub zero_windows: u32,
    pub gaps: u32,
}

impl Half {
    pub(super) fn set(&mut self, state: State) {
        if self.state != state {
            self.previous = self.state;
            self.state = state;
        }
    }

    /// Its bytes up to here are acknowledged.
    pub(super) fn note_acknowledgment(&mut self, ack: Seq) {
        let jump = ack.since(self.acked);
        let odd = ack.0 == 0 && jump.saturating_abs() > TOO_LARGE;
        if jump > 0 && !odd {
            self.acked = ack;
        }
    }

    pub(super) fn code(&mut self, tally: &mut Tally, base: Seq, coder: &mut impl Coder) {
        let Self { state, previous, based, start, last, acked, fin_seen, did_close, once } = self;
        let Tally { last_syn, last_fin, last_rst, retransmissions, zero_windows, gaps } = tally;
        coder.bits(|bits| {
            bits.plain(state, 3);
            bits.plain(previous, 3);
            bits.plain(based, 1);
            bits.plain(fin_seen, 1);
            bits.plain(did_close, 1);
            bits.plain(once, 8);
        });
        for seen in [start, last, acked] {
            coder.seq(seen, base);
        }
        sparse!(coder, last_syn, last_fin, last_rst);
        sparse!(coder, retransmissions, zero_windows, gaps);
    }

    pub(super) fn inactive(&self) -> bool {
        matches!(self.state, State::Inactive | State::Partial)
    }

    /// Zeek's byte count of a side.
    pub(super) fn size(&self, peer: &Self) -> u32 {
        if self.previous == State::SynSent
            && self.state == State::Reset
            && peer.state == State::Inactive
            && self.acked.since(self.start) > 1
        {
            return 0;
        }
        let top = if self.acked.after(self.last) { self.acked } else { self.last };
        let mut size = top.0.wrapping_sub(self.start.0);
        size = size.saturating_sub(1);
        if self.fin_seen {
            size = size.saturating_sub(1);
        }
        size
    }
}
