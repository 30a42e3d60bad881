//! What only some connections have.

use crate::conn::facts::header::Foreign;
use crate::conn::facts::icmp::Icmp;
use crate::conn::facts::syn_ack::SynAck;
use crate::conn::primitives::coder::{Base, Coder};
use crate::conn::primitives::optional::Moment;
use crate::conn::primitives::words::BySide;
use crate::packet::Seq;

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

impl Stuck {
    fn code(&mut self, base: &Base, coder: &mut impl Coder) {
        let Self { at, size, packet, time, times, smaller } = self;
        coder.plain(at);
        coder.plain(size);
        coder.same(packet, base.packet);
        coder.near(time, base.time, i64::MIN);
        coder.plain(times);
        coder.plain(smaller);
    }
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

impl TlsAlert {
    fn code(&mut self, base: &Base, coder: &mut impl Coder) {
        let Self { packet, time, clear } = self;
        coder.same(packet, base.packet);
        coder.near(time, base.time, i64::MIN);
        let mut both = clear.map(|(level, what)| u16::from_be_bytes([level, what]));
        coder.option(&mut both);
        *clear = both.map(|both| both.to_be_bytes().into());
    }
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

impl Left {
    fn code(&mut self, base: &Base, coder: &mut impl Coder) {
        let Self { packet, end, next, fins } = self;
        coder.bits(|bits| {
            for fin in &mut *fins {
                bits.plain(fin, 1);
            }
        });
        coder.same(packet, base.packet);
        coder.near(end, base.time, i64::MIN);
        for number in next {
            coder.plain(number);
        }
    }
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

impl Extra {
    /// Everything of it, where there is one.
    pub(in crate::conn) fn code_some(
        extra: &mut Option<Box<Self>>,
        base: &Base,
        coder: &mut impl Coder,
    ) {
        if coder.given(|| extra.is_some()) {
            extra.get_or_insert_default().code(base, coder);
        }
    }

    #[allow(clippy::too_many_lines)] // a list
    fn code(&mut self, base: &Base, coder: &mut impl Coder) {
        let Self {
            server_name,
            icmp,
            icmp_count,
            tls_alert,
            tls: BySide { client: tls, server: tls_back },
            earlier_isn,
            earlier_end,
            earlier_open,
            earlier_graceful,
            earlier_in_handshake,
            left,
            second_syn_ack,
            second_unasked,
            damaged_syn_acks,
            sound_syn,
            challenge_to_syn,
            syn_retry_after_reset,
            mptcp,
            too_big,
            stuck: stuck_segments,
            silence_before_run: BySide { client: silence, server: silence_back },
            far: BySide { client: far, server: far_back },
            foreign,
        } = self;
        let mut there = [icmp.is_some(), tls_alert.client.is_some(), tls_alert.server.is_some()];
        let mut late = [
            earlier_end.is_some(),
            second_syn_ack.is_some(),
            challenge_to_syn.is_some(),
            syn_retry_after_reset.is_some(),
            left.is_some(),
            *damaged_syn_acks > 0,
        ];
        coder.bits(|bits| {
            for switch in [
                &mut *tls,
                &mut *tls_back,
                &mut *earlier_open,
                &mut *earlier_graceful,
                &mut *earlier_in_handshake,
                &mut *second_unasked,
                &mut *sound_syn,
                &mut *mptcp,
            ] {
                bits.plain(switch, 1);
            }
            for switch in there.iter_mut().chain(&mut late) {
                bits.plain(switch, 1);
            }
            bits.option(earlier_isn, 33);
        });
        for far in [far, far_back] {
            let mut number = far.map(|seq| seq.0);
            coder.option(&mut number);
            *far = number.map(Seq);
        }
        for silence in [silence, silence_back] {
            let mut moment = Moment::from(*silence);
            coder.moment(&mut moment, 0);
            *silence = moment.get();
        }
        if coder.given(|| too_big.is_some()) {
            too_big.get_or_insert_default().code(base, coder);
        }
        for segment in stuck_segments {
            if coder.given(|| segment.is_some()) {
                segment.get_or_insert_default().code(base, coder);
            }
        }
        coder.text(server_name);
        let [reported, alert, alert_back] = there;
        if reported {
            let mut known = icmp.unwrap_or_default();
            known.code(base, coder);
            coder.plain(icmp_count);
            *icmp = Some(known);
        }
        for (there, alert) in [alert, alert_back].into_iter().zip(tls_alert) {
            if there {
                let mut seen = alert.unwrap_or_default();
                seen.code(base, coder);
                *alert = Some(seen);
            }
        }
        for foreign in foreign {
            if coder.given(|| foreign.is_some()) {
                let mut seen = foreign.unwrap_or_default();
                seen.code(base, coder);
                *foreign = Some(seen);
            }
        }
        let [followed, again, challenged, retried, left_over, damaged] = late;
        if followed {
            let mut end = earlier_end.unwrap_or_default();
            coder.near(&mut end, base.time, i64::MIN);
            *earlier_end = Some(end);
        }
        if again {
            let mut seen: SynAck = second_syn_ack.unwrap_or_default();
            seen.code(base.time, base, coder);
            *second_syn_ack = Some(seen);
        }
        if challenged {
            let (mut packet, mut position) = challenge_to_syn.unwrap_or_default();
            coder.same(&mut packet, base.packet);
            coder.plain(&mut position);
            *challenge_to_syn = Some((packet, position));
        }
        if retried {
            let mut wait = syn_retry_after_reset.unwrap_or_default();
            coder.plain(&mut wait);
            *syn_retry_after_reset = Some(wait);
        }
        if left_over {
            let mut seen = left.unwrap_or_default();
            seen.code(base, coder);
            *left = Some(seen);
        }
        if damaged {
            coder.plain(damaged_syn_acks);
        }
    }
}
