//! One side of a connection, as an observer in between sees it.

use crate::conn::facts::header::{Sample, Traits};
use crate::conn::primitives::optional::Moment;
use crate::conn::primitives::ranges::Ranges;
use crate::packet::Seq;

/// What a side has shown of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// No segment yet.
    #[default]
    Silent,
    /// Sent a SYN.
    SynSent,
    /// Sent a SYN with ACK.
    SynAckSent,
    /// Takes part: its SYN was answered, or it sent anything but SYN, FIN and RST.
    Open,
    /// Sent a FIN.
    FinSent,
    /// Sent a reset.
    Reset,
}

/// The window of macOS, whose SYN-ACKs look like those of Linux and whose resets do not.
const MACOS_WINDOW: u16 = 65_535;

/// The end of a side's data: its FIN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fin {
    /// Relative sequence number of the FIN itself.
    pub at: u64,
    /// Time of the packet that first carried it.
    pub time: i64,
    /// When the peer first acknowledged it.
    pub acked_at: Moment,
}

/// A baseline of one header field of the segments that a side certainly sent itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ttl {
    /// On its SYN or SYN-ACK; 0 without one.
    pub syn: u8,
    /// On its first other segment (no reset); 0 without one.
    pub first: u8,
    /// Lowest and highest on its other segments.
    pub low: u8,
    /// See `low`.
    pub high: u8,
    /// On its latest other segment.
    pub last: u8,
}

/// One side: facts of its segments. Positions are bytes relative to its initial sequence number
/// (the SYN is byte 0, the first data byte 1), unwrapped to 64 bits.
///
/// In this order, so that segments of the peer change what would fill one cache line, its own two
/// more, and few of them any other.
#[derive(Clone, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Endpoint {
    /// First byte after the highest it sent; resets do not count.
    pub max_end: u64,
    /// First byte that the peer has not acknowledged (highest acceptable ACK of the peer).
    pub acked: u64,
    /// A segment whose round trip is being measured: first byte after it; 0 without one.
    pub rtt_probe: u64,
    /// Its time.
    pub rtt_probe_time: i64,
    /// New payload bytes of the peer since this side's latest payload.
    pub unanswered: u64,
    /// Lowest round trip from one of its segments to the acknowledgment, in nanoseconds.
    pub min_rtt: Moment,
    /// Initial sequence number; one before the first byte seen when no SYN was.
    pub base: Seq,
    /// Probes since the peer was last heard.
    pub probe_run: u32,
    /// Retransmissions since the peer was last heard.
    pub retransmission_run: u32,
    /// Whether `base` is known.
    pub based: bool,
    /// State by its own segments.
    pub state: State,
    /// Window scale shift from its SYN; `None` when its SYN was not seen or had none.
    pub window_scale: Option<u8>,
    /// First byte that was not seen: everything before it was.
    pub contiguous: u64,
    /// Segments.
    pub packets: u64,
    /// Payload bytes on the wire, retransmissions again.
    pub bytes: u64,
    /// Payload bytes, each counted once.
    pub unique_bytes: u64,
    /// Time of its latest segment that was no reset.
    pub last_time: i64,
    /// Time of its latest segment with payload.
    pub last_data_time: i64,
    /// What was seen above the first gap.
    pub ranges: Option<Box<Ranges>>,
    /// What was seen below the first byte, of a side whose SYN was not captured; see `sequence`.
    pub below: Option<Box<Ranges>>,
    /// Since when its window has been zero; `None` while it is open.
    pub zero_since: Moment,
    /// When it was sent.
    pub timestamp_time: Moment,
    /// Smallest window it advertised outside SYN and RST segments, scaled.
    pub window_minimum: Option<u32>,
    /// Segments with new payload.
    pub data_packets: u32,
    /// Segments and new bytes that show it carrying on: new data, a new acknowledgment, a SYN.
    pub progress: u32,
    /// Segments that were no resets.
    pub alive: u32,
    /// Latest timestamp value; see `timestamp_time`.
    pub timestamp: u32,
    /// Segments without a timestamp option after the handshake, resets left out.
    pub without_timestamp: u32,
    /// Latest non-zero IPv4 identification outside resets.
    pub ip_id: Option<u16>,
    /// Window field of its latest segment that is no reset.
    pub window: u16,
    /// How many of its identifications followed the one before within 2048.
    pub ip_id_steps: u16,
    /// How many of its identifications did not.
    pub ip_id_jumps: u16,
    /// TTL or hop limit baseline.
    pub ttl: Ttl,
    /// What its headers have shown.
    pub traits: Traits,
    /// Segments with payload or FIN left out of the baselines, because they may not be its own.
    pub doubtful: u8,
    /// IPv6 flow label of its first segment.
    pub flow_label: u32,
    /// See [`Sample`].
    pub sample: Sample,
    /// Highest round trip; see `min_rtt`.
    pub max_rtt: i64,
    /// First byte after the first full segment, or the first of the largest where none is full.
    pub largest_end: u64,
    /// Its FIN.
    pub fin: Option<Fin>,
    /// Source hardware address of its first segment, 0 where there is none.
    pub link_source: u64,
    /// What most sides have nothing of; it is read through the side.
    pub(in crate::conn) trouble: Option<Box<Trouble>>,
    /// SYN segments without ACK.
    pub syns: u32,
    /// SYN segments with ACK.
    pub syn_acks: u32,
    /// FIN segments.
    pub fins: u32,
    /// RST segments.
    pub rsts: u32,
    /// Payload of its largest segment.
    pub largest: u32,
    /// Bit set of the option kinds on its SYN (see [`crate::packet::Options::kinds`]).
    pub syn_options: u32,
    /// Maximum segment size option of its SYN.
    pub mss: Option<u16>,
    /// Window field of its SYN.
    pub syn_window: u16,
    /// What all of its SYNs ask for beyond the usual (see [`unusual`]).
    pub syn_unusual: u8,
}

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

impl std::ops::Deref for Endpoint {
    type Target = Trouble;

    #[inline]
    fn deref(&self) -> &Trouble {
        static NONE: Trouble = Trouble::NONE;
        self.trouble.as_deref().unwrap_or(&NONE)
    }
}

impl Endpoint {
    /// Doubtful segments of a side until its segments are taken to look so.
    pub const DOUBTFUL: u8 = 8;

    /// What went wrong, to add to it.
    #[inline]
    pub(in crate::conn) fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_default()
    }

    /// Its IPv4 identifications count its segments.
    pub fn counts_identifications(&self) -> bool {
        self.ip_id_steps >= 2 && self.ip_id_jumps == 0
    }

    /// Its SYN-ACK is Linux's over IPv4: not to be fragmented, identification 0. So is that of macOS,
    /// but for its window.
    pub fn answers_like_linux(&self) -> bool {
        self.syn_acks > 0
            && self.traits.never_fragments()
            && self.traits.has(Traits::SYN_ID_0)
            && self.syn_window != MACOS_WINDOW
            && self.ttl.syn <= 64
    }

    /// Gaps above the first that were folded because there were too many.
    pub fn folded(&self) -> u64 {
        self.ranges.as_deref().map_or(0, |ranges| ranges.folded)
    }

    /// The position of a sequence number near the highest sent: negative before the base.
    pub fn position(&self, seq: Seq) -> i64 {
        let top = self.base.plus(truncate(self.max_end));
        self.max_end.cast_signed().saturating_add(i64::from(seq.since(top)))
    }

    /// The position of an acknowledgment of this side's bytes.
    pub fn ack_position(&self, ack: Seq) -> i64 {
        self.position(ack)
    }

    /// So many of its segments were in doubt that all of them may look so.
    pub fn changed(&self) -> bool {
        self.doubtful >= Self::DOUBTFUL
    }

    /// Bytes sent and not yet acknowledged; SYN and FIN left out.
    pub fn unacked(&self) -> u64 {
        let mut end = self.max_end;
        if let Some(fin) = self.fin
            && end == fin.at + 1
        {
            end = fin.at;
        }
        end.saturating_sub(self.acked.max(1))
    }

    /// The advertised window in bytes.
    pub fn scaled_window(&self) -> u64 {
        u64::from(self.window) << self.window_scale.unwrap_or(0)
    }

    /// Whether every segment after the handshake carried a timestamp.
    pub fn stamps(&self) -> bool {
        self.timestamp_time.is_some() && self.without_timestamp == 0
    }

    /// Whether it sent anything.
    pub fn spoke(&self) -> bool {
        self.packets > 0
    }

    /// Bytes missing from the capture below the highest sent.
    pub fn missing_bytes(&self) -> u64 {
        let syn = 1;
        let fin = u64::from(self.fin.is_some_and(|fin| fin.at < self.max_end));
        if !self.based {
            return 0;
        }
        let below = self.below.as_deref().map_or(0, Ranges::octets);
        let above = self.unique_bytes.saturating_sub(below);
        self.max_end.saturating_sub(syn + fin).saturating_sub(above)
    }

    /// Bytes that the peer acknowledged and the capture never saw.
    pub fn lost_bytes(&self) -> u64 {
        self.holes(self.acked)
    }

    /// Whether all bytes from one position to another were seen.
    pub fn saw(&self, from: u64, to: u64) -> bool {
        let fin = self.fin.is_some_and(|fin| fin.at + 1 == to);
        let (to, contiguous) = (to - u64::from(fin), self.contiguous);
        to <= contiguous || self.ranges.as_deref().is_some_and(|ranges| ranges.hold(from, to))
    }

    /// Bytes below a position that were not seen.
    fn holes(&self, position: u64) -> u64 {
        let from = self.contiguous.max(1);
        let seen = self.ranges.as_deref().map_or(0, |ranges| ranges.octets_below(position));
        let fin = self.fin.is_some_and(|fin| (from..position).contains(&fin.at));
        position.saturating_sub(from).saturating_sub(seen).saturating_sub(u64::from(fin))
    }
}

/// The low 32 bits of a position.
pub(crate) fn truncate(position: u64) -> u32 {
    u32::try_from(position & 0xffff_ffff).unwrap_or(0)
}
