//! One TCP connection: the facts an observer can state, and no opinion.

use std::net::IpAddr;

use crate::conn::compat::tampering::{Half, Tampering};
use crate::conn::compat::zeek::Zeek;
use crate::conn::facts::counts::SegmentCounts;
use crate::conn::facts::endpoint::Endpoint;
use crate::conn::facts::extra::Extra;
use crate::conn::facts::reset::Kind;
use crate::conn::facts::silence::Silence;
use crate::conn::facts::syn_ack::SynAck;
use crate::conn::facts::teardown::Teardown;
use crate::conn::primitives::coder::{Base, Coder};
use crate::conn::primitives::optional::Moment;
use crate::conn::primitives::words::{BySide, EndedBy, Ending, Opening, Phase, Release, Side};
use crate::packet::{Address, PathId};

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
#[derive(Clone, Debug, Default)]
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
    /// What every segment counts for.
    pub counts: SegmentCounts,
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

impl Default for Over {
    /// As far as nothing is known.
    #[inline]
    fn default() -> Self {
        Self {
            release: Release::End,
            ending: Ending::Open,
            ending_raw: Ending::Open,
            ended_by: EndedBy::None,
            phase: Phase::Handshake,
            censored: false,
            deciding: None,
        }
    }
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
    /// Its fields but for what is rare, in the order in which they are coded: what the same
    /// connections lack stands together, in groups of eight.
    #[allow(clippy::too_many_lines)] // a list
    pub(in crate::conn) fn code(&mut self, coder: &mut impl Coder) {
        let Self {
            addresses,
            ports,
            paths,
            end,
            last_packet,
            over_since,
            syn_time,
            handshake_time,
            teardowns,
            extra,
            counts,
            ip_version,
            opening,
            completeness,
            zeek,
            endpoints,
            id,
            interface,
            file,
            first_packet_in_file,
            first_packet,
            start,
            last_syn_time,
            syn_timestamps,
            syn_ack,
            good_syn_ack_time,
            client_answer_time,
            first_fin_by,
            first_rst_by,
            simultaneous_close,
            bytes_after_first_fin,
            silence,
            idle_before_fin,
            superseded,
            replaced,
            stage: Over { release, ending, ending_raw, ended_by, phase, censored, deciding },
        } = self;
        [*id, *first_packet] = numbers([*id, *first_packet], coder);
        coder.plain(start);
        coder.bits(|bits| {
            let BySide { client, server } = &mut *ports;
            bits.plain(client, 16);
            bits.plain(server, 16);
            bits.plain(ip_version, 3);
        });
        for side in &mut *addresses {
            address(side, *ip_version, coder);
        }
        coder.bits(|bits| {
            bits.plain(opening, 2);
            bits.plain(completeness, 8);
            bits.plain(release, 3);
            bits.plain(ending, 4);
            bits.plain(ending_raw, 4);
            bits.plain(ended_by, 3);
            bits.plain(phase, 3);
            bits.plain(censored, 1);
            bits.plain(superseded, 1);
            bits.plain(replaced, 1);
            bits.plain(simultaneous_close, 1);
            bits.option(first_fin_by, 2);
            bits.option(first_rst_by, 2);
        });
        let (start, first_packet) = (*start, *first_packet);
        coder.near(end, start, i64::MIN);
        coder.same(last_packet, first_packet);
        coder.same(first_packet_in_file, first_packet);
        coder.moment(syn_time, start);
        coder.moment(last_syn_time, start);
        coder.moment(over_since, start);
        coder.bits(|bits| {
            bits.plain(interface, 32);
            bits.plain(file, 32);
        });
        let BySide { client, server } = endpoints;
        client.code(start, coder);
        server.code(start, coder);
        let base = Base {
            time: start,
            packet: first_packet,
            file: first_packet.wrapping_sub(*first_packet_in_file),
            seqs: BySide { client: client.base, server: server.base },
        };
        for path in paths {
            let mut number = path.map(|path| path.0);
            coder.option(&mut number);
            *path = number.map(PathId);
        }
        for stamp in syn_timestamps {
            let mut near = stamp.map(|stamp| client.timestamp.wrapping_sub(stamp));
            coder.option(&mut near);
            *stamp = near.map(|near| client.timestamp.wrapping_sub(near));
        }
        let answered = syn_ack.is_some()
            || good_syn_ack_time.is_some()
            || handshake_time.is_some()
            || client_answer_time.is_some();
        if coder.given(|| answered) {
            coder.moment(good_syn_ack_time, start);
            coder.moment(handshake_time, start);
            coder.moment(client_answer_time, start);
            if coder.given(|| syn_ack.is_some()) {
                let mut seen = syn_ack.unwrap_or_default();
                seen.code(good_syn_ack_time.get().unwrap_or(start), &base, coder);
                *syn_ack = Some(seen);
            }
        }
        let closed = deciding.is_some()
            || idle_before_fin.is_some()
            || (*bytes_after_first_fin != BySide::both(0));
        if coder.given(|| closed) {
            coder.option(deciding);
            for bytes in bytes_after_first_fin {
                coder.plain(bytes);
            }
            coder.moment(idle_before_fin, 0);
        }
        counts.code(coder);
        silence.code(start, coder);
        Extra::code_some(extra, &base, coder);
        zeek.code(&base, coder);
        for row in teardowns {
            row.code(*file, &base, coder);
        }
    }

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

    /// The rare facts, if there are any.
    pub fn extra(&self) -> Option<&Extra> {
        self.extra.as_deref()
    }
}

/// What comes before everything else: a connection's number and its first packet.
pub(crate) fn numbers(numbers: [u64; 2], coder: &mut impl Coder) -> [u64; 2] {
    numbers.map(|number| coder.word(number))
}

/// IPv4 addresses are short without their prefix.
fn address(address: &mut Address, version: u8, coder: &mut impl Coder) {
    let prefix = if version == 4 { 0xffff_u128 << 32 } else { 0 };
    address.0 ^= prefix;
    coder.halves(&mut address.0);
    address.0 ^= prefix;
}
