//! The letters of Zeek's history.

use super::{Packet, Zeek};
use crate::conn::compat::zeek::half::{State, Tally};
use crate::conn::compat::zeek::history::History;
use crate::packet::Seq;

/// Bits of [`Half::once`].
pub(super) const DATA: u8 = 4;
pub(super) const ACK: u8 = 8;
const SYN: u8 = 16;
const FIN: u8 = 32;
const RST: u8 = 64;

impl Zeek {
    pub(super) fn push(&mut self, letter: u8) {
        self.history.push(letter);
    }

    pub(super) fn letter(&mut self, packet: &Packet, is_orig: bool, end: Seq) {
        let flags = packet.flags;
        let start = self.half(is_orig).start;
        let relative = packet.sequence.0.wrapping_sub(start.0);
        let (letter, bit) = if flags.syn() && (flags.fin() || flags.rst()) {
            (b'Q', 1)
        } else if flags.fin() && flags.rst() {
            (b'I', 2)
        } else if flags.syn() {
            if self.repeats(is_orig, SYN, relative) {
                return;
            }
            (if flags.ack() { b'H' } else { b'S' }, 0)
        } else if flags.fin() {
            if self.repeats(is_orig, FIN, end.0.wrapping_sub(start.0)) {
                return;
            }
            (b'F', 0)
        } else if flags.rst() {
            if self.repeats(is_orig, RST, relative) {
                return;
            }
            (b'R', 0)
        } else if packet.payload > 0 {
            (b'D', DATA)
        } else if flags.ack() {
            (b'A', ACK)
        } else {
            return;
        };
        if bit != 0 {
            let half = self.half_mut(is_orig);
            if half.once & bit != 0 {
                return;
            }
            half.once |= bit;
        }
        let mut is_orig = is_orig;
        if self.history.letters() == b"H" && matches!(letter, b'A' | b'D') {
            self.history = History::default();
            self.flip();
            self.push(b'h');
            is_orig = !is_orig;
        }
        self.push_of(is_orig, letter);
    }

    /// Notes a letter with this bit at a number; whether the same was given before.
    fn repeats(&mut self, is_orig: bool, bit: u8, number: u32) -> bool {
        let tally = self.tally_mut(is_orig);
        let last = match bit {
            SYN => &mut tally.last_syn,
            FIN => &mut tally.last_fin,
            _ => &mut tally.last_rst,
        };
        let same = std::mem::replace(last, number) == number;
        let half = self.half_mut(is_orig);
        let repeats = half.once & bit != 0 && same;
        half.once |= bit;
        repeats
    }

    /// The originator's letters are capitals.
    fn push_of(&mut self, is_orig: bool, letter: u8) {
        self.push(if is_orig { letter } else { letter.to_ascii_lowercase() });
    }

    /// Counts something of an endpoint, and gives its letter at the first, tenth, ... occurrence.
    pub(super) fn logarithmic(
        &mut self,
        letter: u8,
        is_orig: bool,
        count: impl Fn(&mut Tally) -> &mut u32,
    ) {
        let count = count(self.tally_mut(is_orig));
        *count += 1;
        if is_power_of_ten(*count) {
            self.push_of(is_orig, letter);
        }
    }

    pub(super) fn zero_window(&mut self, packet: &Packet, is_orig: bool) {
        let quiet = packet.window != 0
            || packet.flags.rst()
            || self.half(!is_orig).state == State::Closed
            || self.half(is_orig).state == State::Reset;
        if !quiet {
            self.logarithmic(b'W', is_orig, |tally| &mut tally.zero_windows);
        }
    }

    pub(super) fn reset_of_an_attempt(&self) -> bool {
        let letters = self.history.letters();
        let letters = letters.strip_prefix(b"^").unwrap_or(letters);
        let Some((b'S', rest)) = letters.split_first() else { return false };
        rest.iter().take_while(|letter| !b"HAFGIQ".contains(letter)).any(|&letter| letter == b'R')
    }
}

/// Zeek repeats some letters at the first, tenth, hundredth, ... occurrence.
fn is_power_of_ten(count: u32) -> bool {
    count > 0 && 10_u32.checked_pow(count.ilog10()) == Some(count)
}
