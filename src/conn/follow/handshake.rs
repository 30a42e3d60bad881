//! What SYNs and SYN-ACKs say.

use crate::conn::facts::connection::{Connection, Extra, SynAck};
use crate::conn::follow::teardowns;
use crate::conn::primitives::words::{Opening, Side};
use crate::packet::{Options, Segment};

/// What the SYN of a side says, kept for the fingerprint and the options.
pub fn note_syn(c: &mut Connection, segment: &Segment<'_>, sender: Side) {
    let options = Options::parse(segment.options);
    let side = sender.index();
    let endpoint = &mut c.endpoints[side];
    let first = endpoint.syns + endpoint.syn_acks == 1;
    if first {
        endpoint.window_scale = options.window_scale;
        endpoint.mss = options.mss;
        endpoint.syn_options = options.kinds;
        endpoint.syn_window = segment.window;
        endpoint.ttl.syn = segment.ttl;
    }
    if let Some((value, _)) = options.timestamps {
        (endpoint.timestamp, endpoint.timestamp_time) = (value, segment.time.into());
        if sender == Side::Client && !segment.flags.ack() {
            let slot = usize::from(c.syn_timestamps[0].is_some());
            c.syn_timestamps[slot] = Some(value);
        }
    }
    if options.mptcp.is_some() {
        c.extra.get_or_insert_default().mptcp = true;
    }
    if segment.flags.ack() {
        note_syn_ack(c, segment, sender, &options);
    } else if sender == Side::Client {
        note_client_syn(c, segment);
    }
}

fn note_client_syn(c: &mut Connection, segment: &Segment<'_>) {
    if c.syn_time.is_none() {
        c.syn_time = segment.time.into();
        if c.opening == Opening::SynAckFirst {
            c.opening = Opening::Syn;
        }
    }
    if c.good_syn_ack_time.is_none() {
        c.last_syn_time = segment.time.into();
    }
    let mut first = c.teardowns.iter().take(teardowns::SEARCHED);
    let reset = first.find(|t| t.sender == Side::Client && t.flags.rst());
    if let Some(reset) = reset {
        let wait = segment.time.saturating_sub(reset.time);
        let extra = c.extra.get_or_insert_default();
        extra.syn_retry_after_reset.get_or_insert(wait);
    }
}

fn note_syn_ack(c: &mut Connection, segment: &Segment<'_>, sender: Side, options: &Options) {
    let peer = c.side(sender.peer());
    let position = peer.position(segment.acknowledgment);
    let syn_seen = peer.syns > 0;
    let fits = !syn_seen || (1..=peer.max_end.max(1).cast_signed()).contains(&position);
    let seen = SynAck {
        packet: segment.packet,
        time: segment.time,
        ack_offset: if fits { 0 } else { position - 1 },
        sequence: segment.sequence.0,
        ttl: segment.ttl,
        window: segment.window,
        options: options.kinds,
        echo: options.timestamps.map(|(_, echo)| echo),
    };
    match &c.syn_ack {
        None => c.syn_ack = Some(seen),
        Some(first) if first.sequence != seen.sequence || first.ack_offset != seen.ack_offset => {
            let extra: &mut Extra = c.extra.get_or_insert_default();
            extra.second_syn_ack.get_or_insert(seen);
        }
        Some(_) => {}
    }
    if fits && syn_seen {
        c.good_syn_ack_time.or_set(segment.time);
    }
}
