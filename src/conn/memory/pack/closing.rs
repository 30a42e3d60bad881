//! The fields of a row of a FIN or RST.

use crate::conn::facts::teardown::{Mark, Teardown};
use crate::conn::primitives::coder::{Base, Bits, Coder, sparse};
use crate::conn::primitives::optional::{Moment, Number};

/// A number of bytes or nanoseconds that may be missing.
fn lapse(value: &mut Moment, coder: &mut impl Coder) {
    coder.moment(value, 0);
}

/// A row of a FIN or RST.
#[allow(clippy::too_many_lines)] // a list
pub(super) fn teardown(t: &mut Teardown, home: u32, base: &Base, coder: &mut impl Coder) {
    let Teardown {
        packet,
        packet_in_file,
        file,
        time,
        sender,
        kind,
        flags,
        sequence,
        acknowledgment,
        relative_sequence,
        ahead,
        relative_acknowledgment,
        window,
        ttl,
        ip_id,
        dont_fragment,
        flow_label,
        link_source_differs,
        header_length,
        payload_length,
        has_timestamp,
        timestamp_ok,
        mptcp,
        duplicate,
        retransmission_of,
        retransmissions,
        acked_at,
        acked_packet,
        unacked_bytes,
        form,
        reply_shape,
        trigger,
        trigger_packet,
        turnaround,
        answer_time,
        trigger_payload,
        trigger_old,
        trigger_relative_ack,
        sequence_check,
        effective,
        follow_up,
        challenged,
        ttl_delta,
        ip_id_delta,
        copies_peer,
        unread_bytes,
        peer_bytes_unacked,
        reason: _,
        payload_echo,
        sender_fin_before,
        peer_fin_before,
        sender_fin_time,
        sender_rst_before,
        idle,
        sender_idle,
        since_peer_data,
        since_own_data,
        probe_run,
        retransmission_run,
        peer_zero_window,
        sender_mark,
        peer_mark,
        sender_after,
        sender_progress_after,
        peer_after,
        peer_progress_after,
        sender_bytes_after,
    } = t;
    let switches = |bits: &mut Bits| {
        bits.plain(sender, 1);
        bits.plain(kind, 1);
        bits.plain(&mut flags.0, 16);
        bits.plain(sequence_check, 3);
        bits.option(form, 2);
        bits.option(trigger, 3);
        bits.option(timestamp_ok, 2);
        bits.option(effective, 2);
        for switch in [
            &mut *link_source_differs,
            &mut *has_timestamp,
            &mut *dont_fragment,
            &mut *duplicate,
            &mut *reply_shape,
            &mut *follow_up,
            &mut *challenged,
            &mut *copies_peer,
            &mut *payload_echo,
            &mut *sender_fin_before,
            &mut *peer_fin_before,
            &mut *sender_rst_before,
            &mut *trigger_old,
        ] {
            bits.plain(switch, 1);
        }
    };
    coder.bits(switches);
    coder.same(packet, base.packet);
    coder.near(time, base.time, i64::MIN);
    let from = base.seqs[*sender];
    coder.seq(sequence, from);
    coder.seq(acknowledgment, base.seqs[sender.peer()]);
    coder.moment(relative_sequence, i64::from(sequence.since(from)));
    lapse(ahead, coder);
    lapse(relative_acknowledgment, coder);

    coder.bits(|bits| {
        bits.plain(window, 16);
        bits.plain(ttl, 8);
        bits.plain(header_length, 8);
        bits.option(mptcp, 9);
        bits.option(ip_id, 17);
    });
    lapse(idle, coder);
    lapse(sender_idle, coder);
    lapse(since_peer_data, coder);
    lapse(since_own_data, coder);
    mark(sender_mark, coder);
    mark(peer_mark, coder);
    if coder
        .given(|| acked_at.is_some() || *acked_packet != Number::NONE || sender_fin_time.is_some())
    {
        coder.moment(acked_at, base.time);
        coder.number(acked_packet, base.packet);
        coder.moment(sender_fin_time, base.time);
    }
    sparse!(coder, payload_length, unacked_bytes, flow_label);
    let reset = (*trigger_packet != Number::NONE)
        || turnaround.is_some()
        || answer_time.is_some()
        || trigger_relative_ack.is_some()
        || ttl_delta.is_some()
        || ip_id_delta.is_some()
        || (*trigger_payload != 0)
        || ((*unread_bytes | *peer_bytes_unacked) != 0);
    if coder.given(|| reset) {
        coder.number(trigger_packet, base.packet);
        lapse(turnaround, coder);
        coder.moment(answer_time, turnaround.get().unwrap_or(0));
        coder.plain(trigger_payload);
        lapse(trigger_relative_ack, coder);
        coder.plain(unread_bytes);
        coder.plain(peer_bytes_unacked);
        let mut deltas = [ttl_delta.map(i64::from), ip_id_delta.map(i64::from)];
        for delta in &mut deltas {
            let mut moment = Moment::from(*delta);
            lapse(&mut moment, coder);
            *delta = moment.get();
        }
        *ttl_delta = deltas[0].and_then(|delta| i16::try_from(delta).ok());
        *ip_id_delta = deltas[1].and_then(|delta| i32::try_from(delta).ok());
    }
    coder.same(packet_in_file, packet.wrapping_sub(base.file));
    coder.same(file, u64::from(home));
    if coder.given(|| *retransmission_of != Number::NONE || peer_zero_window.is_some()) {
        coder.number(retransmission_of, base.packet);
        coder.moment(peer_zero_window, base.time);
    }
    sparse!(coder, retransmissions, probe_run, retransmission_run);
    sparse!(
        coder,
        sender_after,
        sender_progress_after,
        peer_after,
        peer_progress_after,
        sender_bytes_after
    );
}

fn mark(mark: &mut Mark, coder: &mut impl Coder) {
    let Mark { alive, progress, bytes } = mark;
    coder.bits(|bits| {
        bits.plain(alive, 32);
        bits.plain(progress, 32);
    });
    coder.plain(bytes);
}
