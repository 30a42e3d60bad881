//! One TCP connection: the facts an observer can state, and no opinion.

use std::net::IpAddr;

use crate::base::numbers::numbers;
use crate::conn::compat::tampering::{Half, Tampering};
use crate::conn::compat::zeek::Zeek;
use crate::conn::facts::endpoint::Endpoint;
use crate::conn::facts::header::Foreign;
use crate::conn::facts::teardown::{Kind, Teardown};
use crate::conn::primitives::optional::Moment;
use crate::conn::primitives::words::{BySide, EndedBy, Ending, Opening, Phase, Release, Side};
use crate::packet::{Address, PathId, Seq};

numbers! {
    /// A reply comes within this time of what it answers, or within three round trips.
    window REPLY_TIME: i64 = 250_000_000;
}

/// An ICMP error that quoted a segment of this connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Icmp {
    /// Packet number.
    pub packet: u64,
    /// Nanoseconds since the epoch.
    pub time: i64,
    /// Who reported it.
    pub reporter: Address,
    /// 4 or 6.
    pub version: u8,
    /// ICMP type.
    pub kind: u8,
    /// ICMP code.
    pub code: u8,
    /// Which side sent the quoted segment.
    pub quoted: Side,
    /// The next hop's MTU, of an error that says that a segment was too big; 0 where it is not
    /// told.
    pub mtu: u32,
}

impl Icmp {
    /// Whether it says that the segment was too big for the path (RFC 1191, RFC 8201).
    pub fn too_big(&self) -> bool {
        if self.version == 4 { (self.kind, self.code) == (3, 4) } else { self.kind == 2 }
    }

    /// Whether it says that the destination cannot be reached (not: too big, time exceeded).
    pub fn unreachable(&self) -> bool {
        match self.version {
            4 => self.kind == 3 && self.code != 4,
            _ => self.kind == 1,
        }
    }
}

/// A full segment that goes again and again, where none of its size was ever acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stuck {
    /// Its position: the first byte that is not acknowledged.
    pub at: u64,
    /// Its payload.
    pub size: u32,
    /// The packet that repeated it first.
    pub packet: u64,
    /// And when.
    pub time: i64,
    /// How often it was repeated in full.
    pub times: u32,
    /// How often its first bytes went in a smaller segment.
    pub smaller: u32,
}

/// A TLS alert seen as the last record of a side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TlsAlert {
    /// Packet number.
    pub packet: u64,
    /// Time.
    pub time: i64,
    /// Level and description where they are not encrypted (RFC 8446 section 6).
    pub clear: Option<(u8, u8)>,
}

/// What only some connections have.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// TLS server name or HTTP host of the client's first payload.
    pub server_name: Option<Box<str>>,
    /// First ICMP error about it, and how many.
    pub icmp: Option<Icmp>,
    /// Number of ICMP errors.
    pub icmp_count: u32,
    /// Latest TLS alert of each side.
    pub tls_alert: BySide<Option<TlsAlert>>,
    /// Whether each side's first payload looked like TLS.
    pub tls: BySide<bool>,
    /// Initial sequence number of an earlier connection of the same addresses and ports.
    pub earlier_isn: Option<u32>,
    /// End of that connection (its latest packet).
    pub earlier_end: Option<i64>,
    /// Whether the earlier connection was still open when this one's SYN came.
    pub earlier_open: bool,
    /// Whether it had been closed by FINs of both sides.
    pub earlier_graceful: bool,
    /// Whether it had got a SYN-ACK and nothing more.
    pub earlier_in_handshake: bool,
    /// What the latest connection of these addresses and ports that had opened left behind.
    pub left: Option<Left>,
    /// SYN-ACKs with another initial sequence number than the first: packet and offset of the ACK.
    pub second_syn_ack: Option<SynAck>,
    /// Whether that one came although the client had sent one SYN and no reset.
    pub second_unasked: bool,
    /// SYN-ACKs that came again with a wrong checksum.
    pub damaged_syn_acks: u32,
    /// Whether the checksum of a SYN that came again after a SYN-ACK was right.
    pub sound_syn: bool,
    /// Pure acknowledgment that answered the SYN (challenge ACK): packet, relative ACK position.
    pub challenge_to_syn: Option<(u64, i64)>,
    /// Time from the client's first reset to its SYN with the same initial sequence number.
    pub syn_retry_after_reset: Option<i64>,
    /// MPTCP was offered.
    pub mptcp: bool,
    /// First ICMP error that says that a segment was too big for the path.
    pub too_big: Option<Icmp>,
    /// By side, the full segment that does not get through.
    pub stuck: BySide<Option<Stuck>>,
    /// By side, the silence before the first segment of its latest run of retransmissions or
    /// probes, where it was a second or more.
    pub silence_before_run: BySide<Option<i64>>,
    /// End of each side's latest segment that jumped further ahead than is believed at once.
    pub far: BySide<Option<Seq>>,
    /// By side, a segment that it may not have sent.
    pub foreign: BySide<Option<Foreign>>,
}

/// What a connection left behind for the next one of its addresses and ports. Sides are those of
/// the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Number of its latest packet over the capture.
    pub packet: u64,
    /// Time of that packet.
    pub end: i64,
    /// The sequence numbers that each side would have gone on with.
    pub next: BySide<u32>,
    /// Whether each side had sent a FIN.
    pub fins: BySide<bool>,
}

/// A SYN-ACK as the observer saw it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SynAck {
    /// Packet number.
    pub packet: u64,
    /// Time.
    pub time: i64,
    /// Acknowledgment minus the client's initial sequence number plus one: 0 when it fits.
    pub ack_offset: i64,
    /// Its sequence number.
    pub sequence: u32,
    /// TTL.
    pub ttl: u8,
    /// Window field.
    pub window: u16,
    /// Bit set of option kinds.
    pub options: u32,
    /// Timestamp echo.
    pub echo: Option<u32>,
}

/// Silences of a second or more within a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    /// The longest after which both sides went on, in nanoseconds; 0 without one.
    pub survived: i64,
    /// One that a side has broken and the other not yet answered; 0 without one.
    pub broken: i64,
    /// That side.
    pub by: Side,
    /// Time of the latest payload by which a side began to speak after one.
    pub spoken: Moment,
    /// That side.
    pub speaker: Side,
}

/// One connection: what its segments said, and, of one that is over, how it ended.
///
/// Whoever follows it takes it at any [`Stage`], and so can neither read how it ended nor have it
/// judged. Only those that are [`Over`], as where no stage is named, are judged and make rows.
///
/// ```compile_fail
/// fn early(c: &finrst::conn::Connection<impl finrst::conn::Stage>) -> finrst::conn::Ending {
///     c.ending
/// }
/// ```
///
/// In this order, so that what every segment reads or changes lies together. (Not aligned to cache
/// lines: the allocator does not use the memory of large aligned pieces again.)
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Connection<S = Over> {
    /// Addresses by side.
    pub addresses: BySide<Address>,
    /// Ports by side.
    pub ports: BySide<u16>,
    /// 4 or 6.
    pub ip_version: u8,
    /// How the capture shows its beginning.
    pub opening: Opening,
    /// Wireshark's conversation completeness.
    pub completeness: u8,
    /// VLANs and tunnels by direction (of the sender); `None` until that side spoke.
    pub paths: BySide<Option<PathId>>,
    /// Time of the latest packet, never before `start`.
    pub end: i64,
    /// Number of the latest packet over the capture.
    pub last_packet: u64,
    /// When it was over: both FINs acknowledged or the first reset.
    pub over_since: Moment,
    /// Time of the first SYN.
    pub syn_time: Moment,
    /// Time of the client's acknowledgment that completes the handshake.
    pub handshake_time: Moment,
    /// Its FIN and RST segments, in packet order.
    pub teardowns: Vec<Teardown>,
    /// What only some have.
    pub extra: Option<Box<Extra>>,
    /// The two sides.
    pub endpoints: BySide<Endpoint>,
    /// Zeek's state and history.
    pub zeek: Zeek,
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
    /// Given at the first packet, from 0 upwards.
    pub id: u64,
    /// Interface of the first packet.
    pub interface: u32,
    /// File of the first packet.
    pub file: u32,
    /// Number of the first packet in that file.
    pub first_packet_in_file: u64,
    /// Number of the first packet over the capture.
    pub first_packet: u64,
    /// Time of the first packet.
    pub start: i64,
    /// Time of the latest SYN before the SYN-ACK.
    pub last_syn_time: Moment,
    /// Timestamp values of the client's first and latest SYN.
    pub syn_timestamps: [Option<u32>; 2],
    /// The first SYN-ACK.
    pub syn_ack: Option<SynAck>,
    /// Time of the first SYN-ACK that acknowledges the SYN.
    pub good_syn_ack_time: Moment,
    /// Time of the client's first acknowledgment or reset after its SYN.
    pub client_answer_time: Moment,
    /// First FIN's sender.
    pub first_fin_by: Option<Side>,
    /// First RST's sender.
    pub first_rst_by: Option<Side>,
    /// FINs whose acknowledgment numbers show that they crossed.
    pub simultaneous_close: bool,
    /// New payload bytes of each side after the first FIN.
    pub bytes_after_first_fin: BySide<u64>,
    /// Silences within it.
    pub silence: Silence,
    /// Silence before the first FIN.
    pub idle_before_fin: Moment,
    /// A later connection of the same addresses and ports replaced it while it was open.
    pub superseded: bool,
    /// A later connection of the same addresses and ports began; only late segments come.
    pub replaced: bool,
    /// How it ended. Memory has the room for it from the start, so that a connection becomes a row
    /// where it lies, and hands it out at a stage that is not told until it is over.
    pub(in crate::conn) stage: S,
}

/// How far a connection is.
pub trait Stage {}

impl Stage for Over {}

/// A connection is over, or as it would be were it over now: how it ended, by
/// [`ending`](crate::conn::follow::ending). It is read through the connection.
#[derive(Clone, Debug)]
pub struct Over {
    /// Why it was let go.
    pub release: Release,
    /// How it ended; resets without effect left out.
    pub ending: Ending,
    /// How it ended if every reset counts.
    pub ending_raw: Ending,
    /// Who sent the segment that decided the ending, before any judgement.
    pub ended_by: EndedBy,
    /// Phase in which it ended.
    pub phase: Phase,
    /// The capture ended too early to know.
    pub censored: bool,
    /// Index into `teardowns` of the deciding segment.
    pub deciding: Option<u32>,
}

impl std::ops::Deref for Connection {
    type Target = Over;

    #[inline]
    fn deref(&self) -> &Over {
        &self.stage
    }
}

impl std::ops::DerefMut for Connection {
    #[inline]
    fn deref_mut(&mut self) -> &mut Over {
        &mut self.stage
    }
}

impl Connection {
    /// The tampering signature of the client's half. Silence counts only where the capture went on
    /// long enough to tell it from its own end.
    pub fn tampering(&self) -> Tampering {
        let client = self.side(Side::Client);
        let sent = |kind| {
            let own = |row: &&Teardown| row.sender == Side::Client && !row.duplicate;
            self.teardowns.iter().filter(own).any(|row| row.kind == kind)
        };
        let half = Half {
            syns: client.syns,
            packets: client.packets,
            data_packets: client.data_packets,
            handshake: self.handshake_time.is_some(),
            fin: sent(Kind::Fin),
            reset: sent(Kind::Rst),
            silence_counts: !self.censored && self.ending != Ending::Superseded,
        };
        half.signature()
    }

    /// The segment that decided the ending.
    pub fn deciding(&self) -> Option<&Teardown> {
        self.teardowns.get(usize::try_from(self.deciding?).ok()?)
    }

    /// A lower bound of the payload bytes of a side that a reset threw away: sent, never
    /// acknowledged. 0 without an effective reset.
    pub fn bytes_lost(&self, side: Side) -> u64 {
        let reset = self
            .teardowns
            .iter()
            .any(|t| !t.is_fin() && t.effective != Some(false) && !t.duplicate);
        if reset { self.side(side).unacked() } else { 0 }
    }
}

impl<S> Connection<S> {
    /// One side.
    pub fn side(&self, side: Side) -> &Endpoint {
        &self.endpoints[side]
    }

    /// The address of a side.
    pub fn ip(&self, side: Side) -> IpAddr {
        self.addresses[side].ip(self.ip_version)
    }

    /// The port of a side.
    pub fn port(&self, side: Side) -> u16 {
        self.ports[side]
    }

    /// Whether both directions were captured.
    pub fn two_sided(&self) -> bool {
        self.endpoints.iter().all(Endpoint::spoke)
    }

    /// From the first SYN to the client's first acknowledgment or reset: how long it waited,
    /// nearly the same wherever the capture was made.
    pub fn client_wait(&self) -> Option<i64> {
        Some(self.client_answer_time.get()?.saturating_sub(self.syn_time.get()?).max(0))
    }

    /// From the first SYN to the latest before the SYN-ACK: the part of the client's wait that went
    /// by before anybody answered.
    pub fn syn_retry(&self) -> Option<i64> {
        self.good_syn_ack_time.get()?;
        Some(self.last_syn_time.get()?.saturating_sub(self.syn_time.get()?))
    }

    /// From the SYN that it acknowledges (the latest before it) to the SYN-ACK.
    pub fn syn_ack_delay(&self) -> Option<i64> {
        Some(self.good_syn_ack_time.get()?.saturating_sub(self.last_syn_time.get()?).max(0))
    }

    /// From the SYN-ACK to the client's acknowledgment.
    pub fn ack_delay(&self) -> Option<i64> {
        Some(self.handshake_time.get()?.saturating_sub(self.good_syn_ack_time.get()?).max(0))
    }

    /// The round trip of the handshake as far as it was seen.
    pub fn handshake_rtt(&self) -> i64 {
        self.syn_ack_delay().unwrap_or(0).saturating_add(self.ack_delay().unwrap_or(0))
    }

    /// How long after a segment its answer still comes.
    pub fn reply_time(&self) -> i64 {
        let BySide { client, server } = &self.endpoints;
        let round_trip = client.max_rtt.max(server.max_rtt).max(self.handshake_rtt());
        REPLY_TIME.max(round_trip.saturating_mul(3))
    }

    /// The smallest round trip known: handshake parts and data with its acknowledgment, both
    /// halves of the path added. `None` when there is no sample.
    pub fn min_rtt(&self) -> Option<i64> {
        let data = match (self.endpoints.client.min_rtt.get(), self.endpoints.server.min_rtt.get())
        {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (one, other) => one.or(other),
        };
        let handshake = match (self.syn_ack_delay(), self.ack_delay()) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            _ => None,
        };
        match (data, handshake) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }

    /// The rare facts, if there are any.
    pub fn extra(&self) -> Option<&Extra> {
        self.extra.as_deref()
    }
}

/// Seconds as nanoseconds.
#[allow(clippy::cast_possible_truncation)] // saturates
pub fn nanoseconds(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}

/// Nanoseconds as seconds.
#[allow(clippy::cast_precision_loss)] // exact to a nanosecond below 50 days
pub fn seconds(nanoseconds: i64) -> f64 {
    nanoseconds as f64 / 1e9
}
