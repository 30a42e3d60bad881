//! Wireshark's conversation completeness (`tcp.completeness`, final value, rules of 4.0.17).

use crate::packet::Flags;

/// Its bits.
const SYN: u8 = 1;
const SYN_ACK: u8 = 2;
const ACK: u8 = 4;
const DATA: u8 = 8;
const FIN: u8 = 16;
const RST: u8 = 32;

/// What the segment that creates a conversation contributes: a pure SYN its bit and its payload's
/// (TCP Fast Open), any other what it would contribute later.
pub(crate) fn first(flags: Flags, payload: u32) -> u8 {
    let pure_syn = flags.syn() && !flags.ack();
    let opening = if payload > 0 { SYN | DATA } else { SYN };
    later(flags, payload) | if pure_syn { opening } else { 0 }
}

/// What any later segment adds. Payload without ACK, or on a SYN-ACK, does not count as data.
pub(crate) fn later(flags: Flags, payload: u32) -> u8 {
    let mut bits = 0;
    if flags.ack() {
        bits |= match (flags.syn(), payload) {
            (true, _) => SYN_ACK,
            (false, 0) => ACK,
            (false, _) => DATA,
        };
    }
    if flags.fin() && flags.ack() {
        bits |= FIN;
    }
    if flags.rst() {
        bits |= RST;
    }
    bits
}
