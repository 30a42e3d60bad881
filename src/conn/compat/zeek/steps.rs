//! How a segment changes Zeek's two endpoints.

use super::{Packet, TOO_LARGE, Zeek};
use crate::conn::compat::zeek::half::State;
use crate::packet::{Flags, Seq};

impl Zeek {
    pub(super) fn base(&mut self, is_orig: bool, flags: Flags, sequence: Seq, end: Seq) {
        let half = self.half_mut(is_orig);
        if !half.based {
            half.based = true;
            half.start = if flags.syn() { sequence } else { sequence.minus(1) };
            half.acked = half.start;
            half.last = if flags.syn() { end } else { sequence };
            return;
        }
        if !flags.syn() {
            return;
        }
        let rebase = match half.state {
            State::SynSent | State::SynAckSent => sequence != half.start,
            State::Established | State::Partial => true,
            State::Reset => half.previous == State::Inactive,
            _ => false,
        };
        if rebase {
            half.start = sequence;
            half.acked = sequence;
            half.last = end;
        }
    }

    pub(super) fn acknowledge(&mut self, is_orig: bool, flags: Flags, ack: Seq) {
        let peer = self.half_mut(!is_orig);
        if !peer.based {
            peer.based = true;
            peer.start = ack.minus(1);
            peer.acked = ack;
            peer.last = ack;
        } else if !flags.rst() {
            peer.note_acknowledgment(ack);
        }
    }

    pub(super) fn advance(&mut self, is_orig: bool, flags: Flags, end: Seq, payload: u32) {
        let half = self.half_mut(is_orig);
        let jump = end.since(half.last);
        if (flags.syn() || flags.rst()) && jump.saturating_abs() > TOO_LARGE {
            return;
        }
        if flags.fin() && half.last == half.start.plus(1) {
            half.last = end;
        } else if half.state == State::Reset {
        } else if jump > 0 {
            half.last = end;
        } else if payload > 0 {
            self.logarithmic(b'T', is_orig, |tally| &mut tally.retransmissions);
        }
    }

    /// The state machine; true when this segment closes its side.
    pub(super) fn step(&mut self, is_orig: bool, packet: &Packet, length: u32) -> bool {
        let flags = packet.flags;
        let state = self.half(is_orig).state;
        let peer = self.half(!is_orig).state;
        match state {
            State::Inactive => {
                if flags.syn() {
                    self.open(is_orig, packet);
                    false
                } else if flags.fin() {
                    self.half_mut(is_orig).set(State::Closed);
                    true
                } else if flags.rst() {
                    self.half_mut(is_orig).set(State::Reset);
                    true
                } else {
                    if !is_orig && length == 0 && peer == State::SynSent {
                        return false;
                    }
                    let open = flags.ack() && peer == State::Established;
                    self.half_mut(is_orig).set(if open {
                        State::Established
                    } else {
                        State::Partial
                    });
                    false
                }
            }
            State::SynSent | State::SynAckSent | State::Established | State::Partial => {
                let attempted = matches!(state, State::SynSent | State::SynAckSent);
                if !attempted
                    && flags.syn()
                    && !flags.ack()
                    && state == State::Partial
                    && peer == State::Inactive
                {
                    self.half_mut(is_orig).set(State::SynSent);
                }
                if flags.rst() {
                    self.half_mut(is_orig).set(State::Reset);
                    return true;
                }
                if flags.fin() {
                    self.half_mut(is_orig).set(State::Closed);
                    let other = self.half_mut(!is_orig);
                    if !attempted && other.state == State::Reset && other.previous == State::Closed
                    {
                        other.set(State::Closed);
                    }
                    return true;
                }
                false
            }
            State::Closed => {
                if flags.rst() && peer != State::Closed {
                    self.half_mut(is_orig).set(State::Reset);
                }
                flags.rst()
            }
            State::Reset => false,
        }
    }

    fn open(&mut self, is_orig: bool, packet: &Packet) {
        if is_orig {
            let state = if packet.flags.ack() { State::SynAckSent } else { State::SynSent };
            self.half_mut(true).set(state);
            return;
        }
        let peer = *self.half(true);
        if !packet.flags.ack() && peer.state == State::SynAckSent && packet.sequence == peer.start {
            self.flip();
            self.half_mut(false).set(State::Established);
            self.half_mut(true).set(State::Established);
            return;
        }
        if peer.state == State::SynSent {
            self.half_mut(true).set(State::Established);
        }
        self.half_mut(false).set(State::Established);
    }
}
