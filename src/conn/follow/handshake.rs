//! What SYNs and SYN-ACKs say.

use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::extra::Extra;
use crate::conn::facts::header::unusual;
use crate::conn::facts::syn_ack::SynAck;
use crate::conn::follow::teardowns;
use crate::conn::primitives::words::{Opening, Side};
use crate::packet::{Flags, Options, Segment, checksum};

/// What the SYN of a side says, kept for the fingerprint and the options.
pub(crate) fn note_syn(c: &mut Connection<impl Stage>, segment: &Segment<'_>, sender: Side) {
    let options = Options::parse(segment.options);
    let endpoint = &mut c.endpoints[sender];
    let first = endpoint.syns + endpoint.syn_acks == 1;
    if first {
        endpoint.window_scale = options.window_scale;
        endpoint.mss = options.mss;
        endpoint.syn_options = options.kinds;
        endpoint.syn_window = segment.window;
        endpoint.ttl.syn = segment.ttl;
        endpoint.syn_unusual = unusual(segment, &options);
    } else if endpoint.syn_unusual != 0 {
        endpoint.syn_unusual &= unusual(segment, &options);
    }
    if let Some((value, _)) = options.timestamps {
        (endpoint.timestamp, endpoint.timestamp_time) = (value, segment.time.into());
        if sender == Side::Client && !segment.flags.ack() {
            let [first, latest] = &mut c.syn_timestamps;
            *if first.is_some() { latest } else { first } = Some(value);
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

/// What a SYN asks for beyond the usual.
fn unusual(segment: &Segment<'_>, options: &Options) -> u8 {
    const USUAL: u32 = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8 | 1 << 30;
    let bit = |there: bool, bit: u8| if there { bit } else { 0 };
    let has = |flags: Flags| segment.flags.0 & flags.0 == flags.0;
    bit(options.fast_open, unusual::FAST_OPEN)
        | bit(segment.payload_length > 0, unusual::DATA)
        | bit(has(Flags::ECE.with(Flags::CWR)), unusual::ECN)
        | bit(options.mptcp.is_some(), unusual::MULTIPATH)
        | bit(options.kinds & !USUAL != 0, unusual::OPTION)
        | bit(has(Flags::FIN) || has(Flags::URG), unusual::FLAGS)
}

fn note_client_syn(c: &mut Connection<impl Stage>, segment: &Segment<'_>) {
    if c.syn_time.is_none() {
        c.syn_time = segment.time.into();
        if c.opening == Opening::SynAckFirst {
            c.opening = Opening::Syn;
        }
    }
    if c.good_syn_ack_time.is_none() {
        c.last_syn_time = segment.time.into();
    }
    if c.syn_ack.is_some() && checksum::sound(segment) == Some(true) {
        c.extra.get_or_insert_default().sound_syn = true;
    }
    let mut first = c.teardowns.iter().take(teardowns::SEARCHED);
    let reset = first.find(|t| t.sender == Side::Client && t.flags.rst());
    if let Some(reset) = reset {
        let wait = segment.time.saturating_sub(reset.time);
        let extra = c.extra.get_or_insert_default();
        extra.syn_retry_after_reset.get_or_insert(wait);
    }
}

fn note_syn_ack(
    c: &mut Connection<impl Stage>,
    segment: &Segment<'_>,
    sender: Side,
    options: &Options,
) {
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
    let unasked = peer.syns <= 1 && peer.rsts == 0;
    if c.syn_ack.is_some() && checksum::sound(segment) == Some(false) {
        c.extra.get_or_insert_default().damaged_syn_acks += 1;
    }
    match &c.syn_ack {
        None => c.syn_ack = Some(seen),
        Some(first) if first.sequence != seen.sequence || first.ack_offset != seen.ack_offset => {
            let extra: &mut Extra = c.extra.get_or_insert_default();
            if extra.second_syn_ack.is_none() {
                (extra.second_syn_ack, extra.second_unasked) = (Some(seen), unasked);
            }
        }
        Some(_) => {}
    }
    if fits && syn_seen {
        c.good_syn_ack_time.or_set(segment.time);
    }
}
