//! The fields of a side.

use crate::conn::facts::endpoint::{Endpoint, Fin, Trouble, Ttl};
use crate::conn::facts::header::Sample;
use crate::conn::primitives::coder::{Coder, sparse};

/// One side. Its counters of segments are near one another.
#[allow(clippy::too_many_lines)] // a list
pub(super) fn endpoint(e: &mut Endpoint, start: i64, coder: &mut impl Coder) {
    // Most sides spoke, which is sooner seen than that all is as it was in the beginning.
    if !coder.given(|| e.spoke() || *e != Endpoint::default()) {
        return;
    }
    let Endpoint {
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
    } = e;
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
        let Sample { sequence, hash, octets, ttl, signs } = sample;
        coder.plain(flow_label);
        coder.seq(sequence, *base);
        coder.plain(hash);
        coder.bits(|bits| {
            bits.plain(octets, 8);
            bits.plain(ttl, 8);
            bits.plain(&mut signs.0, 8);
        });
    }
    if coder.given(|| closed || *fins != 0) {
        let Fin { mut at, mut time, mut acked_at } = fin.unwrap_or_default();
        coder.plain(fins);
        coder.plain(&mut at);
        coder.near(&mut time, start, 0);
        coder.moment(&mut acked_at, start);
        *fin = closed.then_some(Fin { at, time, acked_at });
    }
    sparse!(coder, probe_run, retransmission_run);
    if coder.given(|| trouble.is_some()) {
        went_wrong(trouble.get_or_insert_default(), start, coder);
    }
    if coder.given(|| zero_since.is_some()) {
        coder.moment(zero_since, start);
    }
}

/// What went wrong on the way to or from it.
fn went_wrong(trouble: &mut Trouble, start: i64, coder: &mut impl Coder) {
    let Trouble {
        retransmitted_bytes,
        repeated_ack,
        run_since,
        unseen_acked,
        retransmitted_packets,
        out_of_order,
        duplicate_acks,
        zero_windows,
        duplicates,
        probes,
        longest_run,
    } = trouble;
    sparse!(coder, retransmitted_packets, retransmitted_bytes, out_of_order, longest_run);
    sparse!(coder, duplicate_acks, zero_windows, duplicates, probes);
    sparse!(coder, repeated_ack, unseen_acked);
    coder.near(run_since, start, 0);
}
