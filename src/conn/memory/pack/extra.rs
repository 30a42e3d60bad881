//! The fields that only some connections have.

use crate::conn::facts::connection::{Extra, Icmp, Left, Stuck, SynAck, TlsAlert};
use crate::conn::facts::header::Foreign;
use crate::conn::primitives::coder::{Base, Coder};
use crate::conn::primitives::optional::Moment;
use crate::conn::primitives::words::BySide;
use crate::packet::Seq;

/// Everything of it, where there is one.
#[allow(clippy::too_many_lines)] // a list
pub(super) fn extra(extra: &mut Option<Box<Extra>>, base: &Base, coder: &mut impl Coder) {
    if !coder.given(|| extra.is_some()) {
        return;
    }
    let Extra {
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
    } = &mut **extra.get_or_insert_default();
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
        message(too_big.get_or_insert_default(), base, coder);
    }
    for segment in stuck_segments {
        if coder.given(|| segment.is_some()) {
            stuck(segment.get_or_insert_default(), base, coder);
        }
    }
    coder.text(server_name);
    let [reported, alert, alert_back] = there;
    if reported {
        let mut known = icmp.unwrap_or_default();
        message(&mut known, base, coder);
        coder.plain(icmp_count);
        *icmp = Some(known);
    }
    for (there, alert) in [alert, alert_back].into_iter().zip(tls_alert) {
        if there {
            let TlsAlert { mut packet, mut time, mut clear } = alert.unwrap_or_default();
            coder.same(&mut packet, base.packet);
            coder.near(&mut time, base.time, i64::MIN);
            let mut both = clear.map(|(level, what)| u16::from_be_bytes([level, what]));
            coder.option(&mut both);
            clear = both.map(|both| both.to_be_bytes().into());
            *alert = Some(TlsAlert { packet, time, clear });
        }
    }
    for foreign in foreign {
        if coder.given(|| foreign.is_some()) {
            let mut seen = foreign.unwrap_or_default();
            odd(&mut seen, base, coder);
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
        syn_ack(&mut seen, base.time, base, coder);
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
        let Left { mut packet, mut end, mut next, mut fins } = left.unwrap_or_default();
        coder.bits(|bits| {
            for fin in &mut fins {
                bits.plain(fin, 1);
            }
        });
        coder.same(&mut packet, base.packet);
        coder.near(&mut end, base.time, i64::MIN);
        for number in &mut next {
            coder.plain(number);
        }
        *left = Some(Left { packet, end, next, fins });
    }
    if damaged {
        coder.plain(damaged_syn_acks);
    }
}

fn odd(foreign: &mut Foreign, base: &Base, coder: &mut impl Coder) {
    let Foreign {
        packet,
        ttl,
        signs,
        payload,
        fin,
        sequence,
        time,
        contradicted,
        denied,
        own_after,
    } = foreign;
    coder.same(packet, base.packet);
    coder.plain(&mut sequence.0);
    coder.near(time, base.time, i64::MIN);
    coder.bits(|bits| {
        bits.plain(ttl, 8);
        bits.plain(&mut signs.0, 8);
        bits.plain(payload, 1);
        bits.plain(fin, 1);
        bits.plain(own_after, 32);
    });
    coder.number(contradicted, base.packet);
    coder.number(denied, base.packet);
}

fn stuck(segment: &mut Stuck, base: &Base, coder: &mut impl Coder) {
    let Stuck { at, size, packet, time, times, smaller } = segment;
    coder.plain(at);
    coder.plain(size);
    coder.same(packet, base.packet);
    coder.near(time, base.time, i64::MIN);
    coder.plain(times);
    coder.plain(smaller);
}

fn message(icmp: &mut Icmp, base: &Base, coder: &mut impl Coder) {
    let Icmp { packet, time, reporter, version, kind, code, quoted, mtu } = icmp;
    coder.plain(mtu);
    coder.bits(|bits| {
        bits.plain(version, 8);
        bits.plain(kind, 8);
        bits.plain(code, 8);
        bits.plain(quoted, 1);
    });
    coder.same(packet, base.packet);
    coder.near(time, base.time, i64::MIN);
    coder.halves(&mut reporter.0);
}

/// A SYN-ACK, expected at a time.
pub(crate) fn syn_ack(seen: &mut SynAck, expected: i64, base: &Base, coder: &mut impl Coder) {
    let SynAck { packet, time, ack_offset, sequence, ttl, window, options, echo } = seen;
    coder.bits(|bits| {
        bits.plain(ttl, 8);
        bits.plain(window, 16);
        bits.option(echo, 33);
    });
    coder.same(packet, base.packet);
    coder.near(time, expected, i64::MIN);
    coder.plain(ack_offset);
    let mut number = Seq(*sequence);
    coder.seq(&mut number, base.seqs.server);
    *sequence = number.0;
    coder.plain(options);
}
