//! The fields of a connection in the order in which they are coded: what the same connections
//! lack stands together, in groups of eight.

use crate::conn::facts::connection::{Connection, Over, Silence, Stage};
use crate::conn::facts::endpoint::State;
use crate::conn::facts::teardown::{Form, SequenceCheck, Trigger};
use crate::conn::follow::recent::Entry;
use crate::conn::memory::pack::closing::teardown;
use crate::conn::memory::pack::extra::{self, extra as extra_fields};
use crate::conn::memory::pack::side::endpoint;
use crate::conn::primitives::coder::{Base, Coder, coded, sparse};
use crate::conn::primitives::words::{BySide, EndedBy, Ending, Opening, Phase, Release, Side};
use crate::packet::{Address, PathId, Seq};

coded! {
    Side { Client, Server }
    Opening { Syn, SynAckFirst, MidStream }
    Ending {
        Stray, HandshakeUnanswered, HandshakeRefused, HandshakeAbandoned, HandshakeAbortedByServer,
        HandshakeIncomplete, Superseded, Graceful, ResetAfterFin, Reset, HalfClosed,
        PeerUnresponsive, Open,
    }
    EndedBy { Client, Server, Both, ThirdParty, None }
    Phase { Handshake, AfterHandshake, Data, Idle, Closing }
    Release { Closed, Idle, Reuse, Evicted, End }
    State { Silent, SynSent, SynAckSent, Open, FinSent, Reset }
    Form { Abort, Reply, Other }
    Trigger { Syn, SynAck, Ack, Probe, Data, Fin }
    SequenceCheck { Exact, FinMinusOne, InWindow, Old, Future, AcksSyn, Void, NotCheckable }
}

/// Everything of a connection but what is rare.
#[allow(clippy::too_many_lines)] // a list
pub(crate) fn connection(c: &mut Connection, coder: &mut impl Coder) {
    let Connection {
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
        cut_packets,
        time_backward,
        late_packets,
        ip_version,
        opening,
        completeness,
        oversized,
        inbound,
        outbound,
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
    } = c;
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
    endpoint(client, start, coder);
    endpoint(server, start, coder);
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
            extra::syn_ack(&mut seen, good_syn_ack_time.get().unwrap_or(start), &base, coder);
            *syn_ack = Some(seen);
        }
    }
    let closed = deciding.is_some()
        || idle_before_fin.is_some()
        || (*late_packets != 0)
        || (*bytes_after_first_fin != BySide::both(0));
    if coder.given(|| closed) {
        coder.option(deciding);
        for bytes in bytes_after_first_fin {
            coder.plain(bytes);
        }
        coder.moment(idle_before_fin, 0);
        coder.plain(late_packets);
    }
    sparse!(coder, cut_packets, time_backward);
    if coder.given(|| *silence != Silence::default()) {
        let Silence { survived, broken, by, spoken, speaker } = silence;
        coder.plain(survived);
        coder.plain(broken);
        coder.plain(by);
        coder.moment(spoken, start);
        coder.plain(speaker);
    }
    let BySide { client: large, server: large_back } = oversized;
    let BySide { client: into, server: into_back } = inbound;
    let BySide { client: out, server: out_back } = outbound;
    sparse!(coder, large, large_back, into, into_back, out, out_back);
    extra_fields(extra, &base, coder);
    zeek.code(&base, coder);
    for row in teardowns {
        teardown(row, *file, &base, coder);
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

/// What the next of the latest segments is expected to follow.
#[derive(Clone, Copy)]
pub(crate) struct Trail {
    packet: u64,
    time: i64,
    /// Next sequence numbers and latest identifications, by side.
    next: BySide<Seq>,
    ids: BySide<u16>,
}

impl Trail {
    /// From the beginning of a connection.
    pub(crate) fn of(c: &Connection<impl Stage>) -> Self {
        let next = c.endpoints.each_ref().map(|endpoint| endpoint.base);
        Self { packet: c.first_packet, time: c.start, next, ids: BySide::both(0) }
    }
}

/// One of the latest segments, and its mark.
pub(crate) fn segment(
    mark: &mut u32,
    entry: &mut Entry,
    trail: &mut Trail,
    coder: &mut impl Coder,
) {
    let mut has_id = entry.ip_id.is_some();
    coder.bits(|bits| {
        bits.plain(&mut entry.sender, 1);
        bits.plain(&mut has_id, 1);
        bits.plain(&mut entry.probe, 1);
        bits.plain(&mut entry.duplicate, 1);
        bits.plain(&mut entry.flags.0, 16);
    });
    let (side, peer) = (entry.sender, entry.sender.peer());
    coder.plain(&mut entry.payload);
    if has_id {
        let mut id = entry.ip_id.unwrap_or_default();
        coder.same(&mut id, u64::from(trail.ids[side]));
        trail.ids[side] = id;
        entry.ip_id = Some(id);
    }
    coder.plain(mark);
    coder.same(&mut entry.packet, trail.packet);
    coder.near(&mut entry.time, trail.time, i64::MIN);
    coder.seq(&mut entry.sequence, trail.next[side]);
    coder.seq(&mut entry.acknowledgment, trail.next[peer]);
    (trail.packet, trail.time, trail.next[side]) = (entry.packet, entry.time, entry.end());
}
