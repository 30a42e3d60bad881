//! The fields of a row of a FIN or RST.

use crate::conn::facts::teardown::{Mark, Reset, Teardown, What};
use crate::conn::primitives::coder::{Base, Coder, sparse};
use crate::conn::primitives::optional::{Moment, Number};

/// A number of bytes or nanoseconds that may be missing.
fn lapse(value: &mut Moment, coder: &mut impl Coder) {
    coder.moment(value, 0);
}

/// A small number that may be missing.
fn difference<T: Copy + Into<i64> + TryFrom<i64>>(value: &mut Option<T>, coder: &mut impl Coder) {
    let mut moment = Moment::from(value.map(Into::into));
    lapse(&mut moment, coder);
    *value = moment.get().and_then(|number| T::try_from(number).ok());
}

/// A row of a FIN or RST.
pub(super) fn teardown(t: &mut Teardown, home: u32, base: &Base, coder: &mut impl Coder) {
    let Teardown {
        packet,
        packet_in_file,
        file,
        time,
        sender,
        flags,
        sequence,
        acknowledgment,
        relative_sequence,
        relative_acknowledgment,
        window,
        ttl,
        ip_id,
        payload_length,
        duplicate,
        retransmission_of,
        retransmissions,
        acked_at,
        acked_packet,
        unacked_bytes,
        sender_fin_before,
        peer_fin_before,
        idle,
        since_peer_data,
        since_own_data,
        what,
    } = t;
    let mut is_reset = matches!(what, What::Rst(_));
    coder.bits(|bits| {
        bits.plain(sender, 1);
        bits.plain(&mut is_reset, 1);
        bits.plain(&mut flags.0, 16);
        bits.plain(duplicate, 1);
        bits.plain(sender_fin_before, 1);
        bits.plain(peer_fin_before, 1);
        bits.plain(window, 16);
        bits.plain(ttl, 8);
        bits.option(ip_id, 17);
    });
    coder.same(packet, base.packet);
    coder.near(time, base.time, i64::MIN);
    let from = base.seqs[*sender];
    coder.seq(sequence, from);
    coder.seq(acknowledgment, base.seqs[sender.peer()]);
    coder.moment(relative_sequence, i64::from(sequence.since(from)));
    lapse(relative_acknowledgment, coder);
    lapse(idle, coder);
    lapse(since_peer_data, coder);
    lapse(since_own_data, coder);
    if coder.given(|| acked_at.is_some() || *acked_packet != Number::NONE) {
        coder.moment(acked_at, base.time);
        coder.number(acked_packet, base.packet);
    }
    sparse!(coder, payload_length, unacked_bytes);
    coder.same(packet_in_file, packet.wrapping_sub(base.file));
    coder.same(file, u64::from(home));
    if coder.given(|| *retransmission_of != Number::NONE || *retransmissions != 0) {
        coder.number(retransmission_of, base.packet);
        coder.plain(retransmissions);
    }
    if is_reset {
        let mut rst = match std::mem::take(what) {
            What::Rst(rst) => rst,
            What::Fin => Box::default(),
        };
        reset(&mut rst, base, coder);
        *what = What::Rst(rst);
    }
}

/// What only a RST has.
fn reset(reset: &mut Reset, base: &Base, coder: &mut impl Coder) {
    let Reset {
        kind: _,
        form,
        reply_shape,
        trigger,
        trigger_old,
        sequence_check,
        effective,
        follow_up,
        challenged,
        copies_peer,
        payload_echo,
        timestamp_ok,
        has_timestamp,
        mptcp,
        dont_fragment,
        link_source_differs,
        header_length,
        sender_rst_before,
        ttl_delta,
        ip_id_delta,
        flow_label,
        trigger_payload,
        probe_run,
        retransmission_run,
        trigger_packet,
        turnaround,
        answer_time,
        trigger_relative_ack,
        ahead,
        unread_bytes,
        peer_bytes_unacked,
        reason: _,
        sender_fin_time,
        sender_idle,
        peer_zero_window,
        sender_mark,
        peer_mark,
        sender_bytes_after,
        sender_after,
        sender_progress_after,
    } = reset;
    coder.bits(|bits| {
        bits.plain(sequence_check, 3);
        bits.option(form, 2);
        bits.option(trigger, 3);
        bits.option(timestamp_ok, 2);
        bits.option(effective, 2);
        bits.plain(header_length, 8);
        bits.option(mptcp, 9);
        for switch in [
            &mut *link_source_differs,
            &mut *has_timestamp,
            &mut *dont_fragment,
            &mut *reply_shape,
            &mut *follow_up,
            &mut *challenged,
            &mut *copies_peer,
            &mut *payload_echo,
            &mut *sender_rst_before,
            &mut *trigger_old,
        ] {
            bits.plain(switch, 1);
        }
    });
    lapse(ahead, coder);
    lapse(sender_idle, coder);
    mark(sender_mark, coder);
    mark(peer_mark, coder);
    let answers = (*trigger_packet != Number::NONE)
        || turnaround.is_some()
        || answer_time.is_some()
        || trigger_relative_ack.is_some()
        || (*trigger_payload != 0);
    if coder.given(|| answers) {
        coder.number(trigger_packet, base.packet);
        lapse(turnaround, coder);
        coder.moment(answer_time, turnaround.get().unwrap_or(0));
        coder.plain(trigger_payload);
        lapse(trigger_relative_ack, coder);
    }
    if coder.given(|| ttl_delta.is_some() || ip_id_delta.is_some()) {
        difference(ttl_delta, coder);
        difference(ip_id_delta, coder);
    }
    if coder.given(|| sender_fin_time.is_some() || peer_zero_window.is_some()) {
        coder.moment(sender_fin_time, base.time);
        lapse(peer_zero_window, coder);
    }
    sparse!(coder, unread_bytes, peer_bytes_unacked, flow_label);
    sparse!(coder, probe_run, retransmission_run);
    sparse!(coder, sender_after, sender_progress_after, sender_bytes_after);
}

fn mark(mark: &mut Mark, coder: &mut impl Coder) {
    let Mark { alive, progress, bytes } = mark;
    coder.bits(|bits| {
        bits.plain(alive, 32);
        bits.plain(progress, 32);
    });
    coder.plain(bytes);
}
