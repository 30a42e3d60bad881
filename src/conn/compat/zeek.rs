//! Zeek's `conn_state` and `history`, for comparison with Zeek's logs; never finrst's own verdict.
//!
//! The rules are those of Zeek 8's TCP analyzer: two endpoint states, never a check of sequence
//! numbers, timers of five seconds. Where Zeek would have removed its record and begun another,
//! these values stay those of its first record.

mod half;
pub(in crate::conn) mod history;
mod letters;
mod steps;

use half::{Half, State, Tally};
use letters::{ACK, DATA};

use crate::conn::compat::zeek::history::{History, More};
use crate::conn::primitives::coder::{Base, Coder};
use crate::conn::primitives::ports::likely_server_port;
use crate::conn::primitives::words::{BySide, Side};
use crate::packet::{Flags, Seq};

/// A jump in sequence numbers that Zeek does not believe.
const TOO_LARGE: i32 = 1 << 20;
/// Zeek's close, attempt and reset delays.
const DELAY: i64 = 5_000_000_000;

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
    /// Payload bytes.
    pub payload: u32,
    /// Nanoseconds since the epoch.
    pub time: i64,
    /// It acknowledges bytes of the peer that were never seen.
    pub reveals_gap: bool,
}

/// The two endpoint states and the history string; what most segments read or change first.
#[derive(Clone, Debug, Default)]
#[repr(C)]
pub struct Zeek {
    /// The originator's in place of the client's, the responder's in place of the server's.
    halves: BySide<Half>,
    last_time: i64,
    first_time: i64,
    originator: Side,
    frozen: bool,
    tallies: BySide<Tally>,
    history: History,
}

/// Where the originator's or the responder's stands.
const fn seat(orig: bool) -> Side {
    if orig { Side::Client } else { Side::Server }
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
        let mut zeek =
            Self { originator: first, first_time: time, last_time: time, ..Self::default() };
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
    pub(in crate::conn) fn take_letters(&mut self) -> Option<Box<More>> {
        self.history.take_more()
    }

    /// Puts them back.
    pub(in crate::conn) fn put_letters(&mut self, more: Option<Box<More>>) {
        self.history.put_more(more);
    }

    /// Codes everything else.
    pub(in crate::conn) fn code(&mut self, base: &Base, coder: &mut impl Coder) {
        let Self { halves, last_time, first_time, originator, frozen, tallies, history } = self;
        coder.bits(|bits| {
            bits.plain(originator, 1);
            bits.plain(frozen, 1);
        });
        coder.near(first_time, base.time, i64::MIN);
        coder.near(last_time, base.time, i64::MIN);
        history.code(coder);
        let seqs = [*originator, originator.peer()].map(|side| base.seqs[side]);
        for ((half, tally), seq) in halves.iter_mut().zip(tallies).zip(seqs) {
            if coder.given(|| *half != Half::default() || *tally != Tally::default()) {
                half.code(tally, seq, coder);
            }
        }
    }

    /// Reads a part that every segment changes.
    pub(in crate::conn) fn touch(&self) -> u64 {
        self.last_time.cast_unsigned()
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
    pub(in crate::conn) fn carry_on(&mut self, packet: &Packet) -> bool {
        let (half, peer) = self.halves.split_mut(seat(packet.sender == self.originator));
        let established = half.state == State::Established && peer.state == State::Established;
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
    pub(in crate::conn) fn work(&mut self, packet: &Packet) {
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
        if self.halves.iter().any(|half| half.state != State::Closed) {
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
            self.logarithmic(b'G', !is_orig, |tally| &mut tally.gaps);
        }
        if closes {
            self.half_mut(is_orig).did_close = true;
        }
    }

    fn half(&self, orig: bool) -> &Half {
        &self.halves[seat(orig)]
    }

    fn half_mut(&mut self, orig: bool) -> &mut Half {
        &mut self.halves[seat(orig)]
    }

    fn tally_mut(&mut self, orig: bool) -> &mut Tally {
        &mut self.tallies[seat(orig)]
    }

    fn flip(&mut self) {
        self.halves.swap();
        self.tallies.swap();
        self.originator = self.originator.peer();
        self.push(b'^');
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

    /// The originator's and the responder's byte counts as Zeek has them.
    pub fn sizes(&self) -> (u32, u32) {
        let (o, r) = (self.half(true), self.half(false));
        (o.size(r), r.size(o))
    }
}
