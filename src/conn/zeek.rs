//! Zeek's `conn_state` and `history`, for comparison with Zeek's logs; never finrst's own verdict.
//!
//! The rules are those of Zeek 8's TCP analyzer: two endpoint states, never a check of sequence
//! numbers, timers of five seconds. Where Zeek would have removed its record and begun another,
//! these values stay those of its first record.

use super::compact::{Base, Coder, coded, sparse};
use super::connection::Side;
use super::history::{History, More};
use crate::packet::{Flags, Seq};

/// A jump in sequence numbers that Zeek does not believe.
const TOO_LARGE: i32 = 1 << 20;
/// Bits of [`Half::once`].
const DATA: u8 = 4;
const ACK: u8 = 8;
const SYN: u8 = 16;
const FIN: u8 = 32;
const RST: u8 = 64;
/// Zeek's close, attempt and reset delays.
const DELAY: i64 = 5_000_000_000;

/// Server ports Zeek takes for likely ones when it guesses a direction.
const LIKELY_SERVER_PORTS: [u16; 49] = [
    21, 22, 25, 53, 79, 80, 81, 88, 135, 139, 143, 389, 443, 445, 465, 502, 514, 563, 585, 587,
    614, 631, 636, 989, 990, 992, 993, 995, 1080, 1434, 1883, 2811, 3128, 3268, 3306, 3389, 5222,
    5223, 5269, 5432, 6379, 6666, 6667, 6668, 6669, 8000, 8080, 8888, 20000,
];

/// Whether Zeek expects a server at this port.
pub fn likely_server_port(port: u16) -> bool {
    LIKELY_SERVER_PORTS.contains(&port)
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Inactive,
    SynSent,
    SynAckSent,
    Partial,
    Established,
    Closed,
    Reset,
}

coded! {
    State { Inactive, SynSent, SynAckSent, Partial, Established, Closed, Reset }
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Half {
    state: State,
    previous: State,
    based: bool,
    start: Seq,
    last: Seq,
    acked: Seq,
    fin_seen: bool,
    did_close: bool,
    /// Letters given once in this direction, one bit each.
    once: u8,
    /// Relative sequence numbers of the last SYN, FIN and RST that gave a letter, where
    /// [`Half::once`] has the bit.
    last_syn: u32,
    last_fin: u32,
    last_rst: u32,
    retransmissions: u32,
    zero_windows: u32,
    gaps: u32,
}

/// What Zeek's analyzer needs of one segment.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    /// Who sent it.
    pub sender: Side,
    /// Control bits.
    pub flags: Flags,
    /// Sequence number.
    pub sequence: Seq,
    /// Acknowledgment field.
    pub acknowledgment: Seq,
    /// Window field.
    pub window: u16,
    /// Payload octets.
    pub payload: u32,
    /// Nanoseconds since the epoch.
    pub time: i64,
    /// It acknowledges octets of the peer that were never seen.
    pub reveals_gap: bool,
}

/// The two endpoint states and the history string.
#[derive(Clone, Debug, Default)]
pub struct Zeek {
    originator: Side,
    halves: [Half; 2],
    history: History,
    first_time: i64,
    last_time: i64,
    frozen: bool,
}

impl Half {
    fn set(&mut self, state: State) {
        if self.state != state {
            self.previous = self.state;
            self.state = state;
        }
    }

    /// Its octets up to here are acknowledged.
    fn note_acknowledgment(&mut self, ack: Seq) {
        let jump = ack.since(self.acked);
        let odd = ack.0 == 0 && jump.saturating_abs() > TOO_LARGE;
        if jump > 0 && !odd {
            self.acked = ack;
        }
    }

    fn code(&mut self, base: Seq, coder: &mut impl Coder) {
        let Self {
            state,
            previous,
            based,
            start,
            last,
            acked,
            fin_seen,
            did_close,
            once,
            last_syn,
            last_fin,
            last_rst,
            retransmissions,
            zero_windows,
            gaps,
        } = self;
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

    fn inactive(&self) -> bool {
        matches!(self.state, State::Inactive | State::Partial)
    }

    /// Zeek's byte count of a side.
    fn size(&self, peer: &Self) -> u32 {
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

impl Zeek {
    /// A record begun by a segment of the first sender, which this crate calls `first`.
    pub fn new(
        first: Side,
        flags: Flags,
        source_port: u16,
        destination_port: u16,
        time: i64,
    ) -> Self {
        let mut zeek = Self {
            originator: first,
            halves: [Half::default(); 2],
            history: History::default(),
            first_time: time,
            last_time: time,
            frozen: false,
        };
        let pure_syn = flags.syn() && !flags.ack();
        if !pure_syn {
            let from = likely_server_port(source_port);
            let to = likely_server_port(destination_port);
            if from && (!to || (!flags.syn() && source_port < destination_port)) {
                zeek.flip();
            }
        }
        zeek
    }

    /// The history string: upper case by the originator, lower case by the responder.
    pub fn history(&self) -> &str {
        std::str::from_utf8(self.history.letters()).unwrap_or_default()
    }

    /// Takes out the letters that are not kept in place.
    pub(super) fn take_letters(&mut self) -> Option<Box<More>> {
        self.history.take_more()
    }

    /// Puts them back.
    pub(super) fn put_letters(&mut self, more: Option<Box<More>>) {
        self.history.put_more(more);
    }

    /// Codes everything else.
    pub(super) fn code(&mut self, base: &Base, coder: &mut impl Coder) {
        let Self { originator, halves, history, first_time, last_time, frozen } = self;
        coder.bits(|bits| {
            bits.plain(originator, 1);
            bits.plain(frozen, 1);
        });
        coder.near(first_time, base.time, i64::MIN);
        coder.near(last_time, base.time, i64::MIN);
        history.code(coder);
        for (half, seq) in halves.iter_mut().zip([originator.index(), originator.peer().index()]) {
            if coder.given(*half != Half::default()) {
                half.code(base.seqs[seq], coder);
            }
        }
    }

    /// Reads a part that every segment changes.
    pub(super) fn touch(&self) -> u64 {
        u64::from(self.halves[0].gaps) ^ u64::from(self.halves[1].gaps)
    }

    /// Which side Zeek takes for the originator.
    pub fn originator(&self) -> Side {
        self.originator
    }

    /// Zeek's `conn_state`.
    pub fn conn_state(&self) -> &'static str {
        let (o, r) = (self.half(true), self.half(false));
        let before_open = matches!(o.state, State::SynSent | State::SynAckSent);
        if r.state == State::Reset {
            let both_empty = o.size(r) == 0 && r.size(o) == 0;
            return if before_open || (o.state == State::Reset && both_empty) {
                "REJ"
            } else if o.inactive() {
                "RSTRH"
            } else {
                "RSTR"
            };
        }
        if o.state == State::Reset {
            return match r.inactive() {
                true if self.reset_of_an_attempt() => "RSTOS0",
                true => "OTH",
                false => "RSTO",
            };
        }
        match (o.state == State::Closed, r.state == State::Closed) {
            (true, true) => "SF",
            (true, false) => {
                if r.inactive() {
                    "SH"
                } else {
                    "S2"
                }
            }
            (false, true) => {
                if o.inactive() {
                    "SHR"
                } else {
                    "S3"
                }
            }
            (false, false) => match (o.state, r.state) {
                (State::SynSent, State::Inactive) => "S0",
                (State::Established, State::Established) => "S1",
                _ => "OTH",
            },
        }
    }

    /// Takes one segment.
    #[inline]
    pub fn take(&mut self, packet: &Packet) {
        if !self.carry_on(packet) {
            self.work(packet);
        }
    }

    /// Takes a segment of an established connection that gives no letter and changes no state;
    /// false for any other, which [`Zeek::work`] takes with the same result and more.
    #[inline]
    pub(super) fn carry_on(&mut self, packet: &Packet) -> bool {
        let at = usize::from(packet.sender != self.originator);
        let [o, r] = &mut self.halves;
        let established = o.state == State::Established && r.state == State::Established;
        let (half, peer) = if at == 0 { (o, r) } else { (r, o) };
        let bit = if packet.payload > 0 { DATA } else { ACK };
        let end = packet.sequence.plus(packet.payload);
        let plain = established
            && packet.flags.only_acks()
            && !self.frozen
            && !packet.reveals_gap
            && packet.window != 0
            && half.based
            && peer.based
            && half.once & bit != 0
            && (packet.payload == 0 || end.after(half.last))
            && !(half.did_close || peer.did_close);
        if plain {
            self.last_time = self.last_time.max(packet.time);
            peer.note_acknowledgment(packet.acknowledgment);
            if end.after(half.last) {
                half.last = end;
            }
        }
        plain
    }

    /// Takes one segment, in the order in which Zeek works on it.
    pub(super) fn work(&mut self, packet: &Packet) {
        if self.frozen || self.removed_by(packet.time) {
            self.frozen = true;
            return;
        }
        let flags = packet.flags;
        let is_orig = packet.sender == self.originator;
        let payload = if flags.rst() { 0 } else { packet.payload };
        let length =
            payload.saturating_add(u32::from(flags.syn())).saturating_add(u32::from(flags.fin()));
        let end = packet.sequence.plus(length);
        self.base(is_orig, flags, packet.sequence, end);
        self.letter(packet, is_orig, end);
        let is_orig = packet.sender == self.originator;
        self.zero_window(packet, is_orig);
        if !(self.halves[0].state == State::Closed && self.halves[1].state == State::Closed) {
            self.last_time = self.last_time.max(packet.time);
        }
        if flags.fin() {
            self.half_mut(is_orig).fin_seen = true;
        }
        if flags.ack() {
            self.acknowledge(is_orig, flags, packet.acknowledgment);
        }
        self.advance(is_orig, flags, end, packet.payload);
        let closes = self.step(is_orig, packet, length);
        let is_orig = packet.sender == self.originator;
        if packet.reveals_gap && self.both_open() {
            self.half_mut(!is_orig).gaps += 1;
            let count = self.half(!is_orig).gaps;
            self.logarithmic(b'G', !is_orig, count);
        }
        if closes {
            self.half_mut(is_orig).did_close = true;
        }
    }

    fn half(&self, orig: bool) -> &Half {
        &self.halves[usize::from(!orig)]
    }

    fn half_mut(&mut self, orig: bool) -> &mut Half {
        &mut self.halves[usize::from(!orig)]
    }

    fn flip(&mut self) {
        self.halves.swap(0, 1);
        self.originator = self.originator.peer();
        self.push(b'^');
    }

    fn push(&mut self, letter: u8) {
        self.history.push(letter);
    }

    fn reset_of_an_attempt(&self) -> bool {
        let letters = self.history.letters();
        let letters = letters.strip_prefix(b"^").unwrap_or(letters);
        let Some((b'S', rest)) = letters.split_first() else { return false };
        rest.iter().take_while(|letter| !b"HAFGIQ".contains(letter)).any(|&letter| letter == b'R')
    }

    /// Whether Zeek's timers would have removed the record before this time.
    fn removed_by(&self, time: i64) -> bool {
        let (o, r) = (self.half(true), self.half(false));
        if o.state == State::SynSent && r.state == State::Inactive {
            return time.saturating_sub(self.first_time) > DELAY;
        }
        let complete = (o.did_close && r.did_close)
            || o.state == State::Reset
            || r.state == State::Reset
            || (o.did_close && r.inactive())
            || (r.did_close && o.inactive());
        complete && time.saturating_sub(self.last_time) > DELAY
    }

    fn both_open(&self) -> bool {
        self.halves.iter().all(|half| {
            half.state == State::Established
                || (half.state == State::Closed && half.previous == State::Established)
        })
    }

    fn base(&mut self, is_orig: bool, flags: Flags, sequence: Seq, end: Seq) {
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

    fn letter(&mut self, packet: &Packet, is_orig: bool, end: Seq) {
        let flags = packet.flags;
        let start = self.half(is_orig).start;
        let relative = packet.sequence.0.wrapping_sub(start.0);
        let (letter, bit) = if flags.syn() && (flags.fin() || flags.rst()) {
            (b'Q', 1)
        } else if flags.fin() && flags.rst() {
            (b'I', 2)
        } else if flags.syn() {
            let half = self.half_mut(is_orig);
            if half.once & SYN != 0 && half.last_syn == relative {
                return;
            }
            half.once |= SYN;
            half.last_syn = relative;
            (if flags.ack() { b'H' } else { b'S' }, 0)
        } else if flags.fin() {
            let mark = end.0.wrapping_sub(start.0);
            let half = self.half_mut(is_orig);
            if half.once & FIN != 0 && half.last_fin == mark {
                return;
            }
            half.once |= FIN;
            half.last_fin = mark;
            (b'F', 0)
        } else if flags.rst() {
            let half = self.half_mut(is_orig);
            if half.once & RST != 0 && half.last_rst == relative {
                return;
            }
            half.once |= RST;
            half.last_rst = relative;
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
        self.push(if is_orig { letter } else { letter.to_ascii_lowercase() });
    }

    fn logarithmic(&mut self, letter: u8, is_orig: bool, count: u32) {
        if is_power_of_ten(count) {
            self.push(if is_orig { letter } else { letter.to_ascii_lowercase() });
        }
    }

    fn zero_window(&mut self, packet: &Packet, is_orig: bool) {
        let quiet = packet.window != 0
            || packet.flags.rst()
            || self.half(!is_orig).state == State::Closed
            || self.half(is_orig).state == State::Reset;
        if !quiet {
            self.half_mut(is_orig).zero_windows += 1;
            let count = self.half(is_orig).zero_windows;
            self.logarithmic(b'W', is_orig, count);
        }
    }

    fn acknowledge(&mut self, is_orig: bool, flags: Flags, ack: Seq) {
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

    fn advance(&mut self, is_orig: bool, flags: Flags, end: Seq, payload: u32) {
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
            half.retransmissions += 1;
            let count = half.retransmissions;
            self.logarithmic(b'T', is_orig, count);
        }
    }

    /// The state machine; true when this segment closes its side.
    fn step(&mut self, is_orig: bool, packet: &Packet, length: u32) -> bool {
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

    /// The originator's and the responder's byte counts as Zeek has them.
    pub fn sizes(&self) -> (u32, u32) {
        let (o, r) = (self.half(true), self.half(false));
        (o.size(r), r.size(o))
    }
}

/// Zeek repeats some letters at the first, tenth, hundredth, ... occurrence.
fn is_power_of_ten(count: u32) -> bool {
    count > 0 && 10_u32.checked_pow(count.ilog10()) == Some(count)
}
