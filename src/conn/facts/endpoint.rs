//! One side of a connection, as an observer in between sees it.

use crate::conn::facts::header::{Sample, Traits};
use crate::conn::facts::trouble::Trouble;
use crate::conn::primitives::coder::{Coder, sparse};
use crate::conn::primitives::optional::Moment;
use crate::conn::primitives::plain::coded;
use crate::conn::primitives::ranges::Ranges;
use crate::packet::Seq;

coded! {
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

impl Fin {
    fn code(&mut self, start: i64, coder: &mut impl Coder) {
        let Self { at, time, acked_at } = self;
        coder.plain(at);
        coder.near(time, start, 0);
        coder.moment(acked_at, start);
    }
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

impl Endpoint {
    /// Its fields, in the order in which they are coded: what the same sides lack stands together,
    /// in groups of eight. Its counters of segments are near one another.
    #[allow(clippy::too_many_lines)] // a list
    pub(in crate::conn) fn code(&mut self, start: i64, coder: &mut impl Coder) {
        // Most sides spoke, which is sooner seen than that all is as it was in the beginning.
        if !coder.given(|| self.spoke() || *self != Self::default()) {
            return;
        }
        let Self {
            max_end,
            contiguous,
            acked,
            packets,
            bytes,
            unique_bytes,
            unanswered,
            last_time,
            last_data_time,
            rtt_probe,
            rtt_probe_time,
            min_rtt,
            max_rtt,
            zero_since,
            timestamp_time,
            ranges: _,
            below: _,
            window_minimum,
            base,
            data_packets,
            progress,
            alive,
            probe_run,
            retransmission_run,
            timestamp,
            without_timestamp,
            ip_id,
            window,
            ip_id_steps,
            ip_id_jumps,
            based,
            state,
            window_scale,
            ttl,
            syns,
            syn_acks,
            fins,
            rsts,
            largest,
            largest_end,
            fin,
            trouble,
            mss,
            syn_options,
            syn_window,
            syn_unusual,
            link_source,
            traits,
            doubtful,
            flow_label,
            sample,
        } = self;
        let mut closed = fin.is_some();
        let Ttl { syn, first, low, high, last } = ttl;
        coder.bits(|bits| {
            bits.plain(based, 1);
            bits.plain(state, 3);
            bits.plain(&mut closed, 1);
            bits.option(window_scale, 9);
            bits.option(mss, 17);
            bits.plain(syn_window, 16);
            bits.plain(syn_unusual, 6);
        });
        coder.bits(|bits| {
            for ttl in [&mut *syn, &mut *first, &mut *low, &mut *high, &mut *last] {
                bits.plain(ttl, 8);
            }
            bits.plain(&mut traits.0, 8);
            bits.plain(doubtful, 8);
        });
        coder.plain(&mut base.0);
        coder.plain(syn_options);
        coder.plain(packets);
        coder.near(last_time, start, 0);
        coder.plain(link_source);
        coder.plain(syns);
        coder.plain(max_end);
        coder.same(contiguous, *max_end);
        coder.same(acked, *max_end);
        coder.plain(timestamp);
        coder.moment(timestamp_time, *last_time);
        coder.bits(|bits| {
            bits.plain(window, 16);
            bits.option(ip_id, 17);
        });
        coder.bits(|bits| {
            bits.plain(ip_id_steps, 16);
            bits.plain(ip_id_jumps, 16);
        });
        coder.same(alive, *packets);
        coder.plain(progress);
        sparse!(coder, syn_acks, rsts);
        let measured = min_rtt.is_some()
            || window_minimum.is_some()
            || (*max_rtt != 0)
            || (*rtt_probe != 0)
            || (*rtt_probe_time != 0);
        if coder.given(|| measured) {
            coder.option(window_minimum);
            coder.moment(min_rtt, 0);
            coder.plain(max_rtt);
            coder.plain(rtt_probe);
            coder.near(rtt_probe_time, start, 0);
        }
        let sent = (*bytes | *unique_bytes | *unanswered) != 0
            || (*data_packets | *without_timestamp) != 0
            || *last_data_time != 0;
        if coder.given(|| sent) {
            coder.plain(bytes);
            coder.same(unique_bytes, *bytes);
            coder.plain(data_packets);
            coder.near(last_data_time, start, 0);
            coder.plain(unanswered);
            coder.plain(without_timestamp);
            coder.plain(largest);
            coder.plain(largest_end);
        }
        if coder.given(|| *sample != Sample::default() || *flow_label != 0) {
            coder.plain(flow_label);
            sample.code(*base, coder);
        }
        if coder.given(|| closed || *fins != 0) {
            let mut seen = fin.unwrap_or_default();
            coder.plain(fins);
            seen.code(start, coder);
            *fin = closed.then_some(seen);
        }
        sparse!(coder, probe_run, retransmission_run);
        if coder.given(|| trouble.is_some()) {
            trouble.get_or_insert_default().code(start, coder);
        }
        if coder.given(|| zero_since.is_some()) {
            coder.moment(zero_since, start);
        }
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

    /// So many of its segments were in doubt that all of them may look so.
    pub fn changed(&self) -> bool {
        self.doubtful >= Self::DOUBTFUL
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
}
