//! What a side's own segments look like, and which segments may not be its own.
//!
//! Whoever forges a segment hits upon the numbers, seldom upon all else: so the baselines of a side
//! come from segments that it certainly sent (its SYN, and where timestamps are in use those that
//! carry one), and forged ones do not become the measure of others.

use crate::base::numbers::numbers;
use crate::conn::facts::effect::Effect;
use crate::conn::facts::endpoint::Endpoint;
use crate::conn::facts::header::{Sample, Signs, Traits, hops};
use crate::packet::{Marks, Options, Segment};

numbers! {
    /// How many identifications a step forward may skip and still follow its predecessor.
    count IP_ID_STEP: u16 = 2048;
    /// Routers that paths of one host differ by, at most, and a segment still passes for its own.
    count PATHS: u8 = 3;
    /// Windows that differ by this factor are not one host's a moment later.
    fraction WINDOWS: u64 = 4;
}

/// Takes a segment, no reset, into the baselines of its side, unless its sender is in doubt.
#[inline]
pub(crate) fn baseline(
    endpoint: &mut Endpoint,
    peer_stamps: bool,
    segment: &Segment<'_>,
    effect: &mut Effect,
) {
    if segment.flags.syn() {
        endpoint.traits.note(segment.ip_id == Some(0), Traits::SYN_ID_0);
    } else {
        let stamp = Options::timestamps(segment.options);
        let stampless = stamp.is_none() && peer_stamps && endpoint.timestamp_time.is_some();
        let ttl = endpoint.ttl;
        let usual = if ttl.first == 0 { ttl.syn } else { ttl.last };
        endpoint.without_timestamp += u32::from(stamp.is_none() && !segment.options_cut());
        if (stampless || segment.ttl != usual) && doubtful(endpoint, stampless, segment, effect) {
            effect.foreign = true;
            endpoint.doubtful += 1;
            return;
        }
        let ttl = &mut endpoint.ttl;
        if ttl.first == 0 {
            (ttl.first, ttl.low, ttl.high) = (segment.ttl, segment.ttl, segment.ttl);
        }
        ttl.low = ttl.low.min(segment.ttl);
        ttl.high = ttl.high.max(segment.ttl);
        ttl.last = segment.ttl;
        if let Some((value, _)) = stamp {
            (endpoint.timestamp, endpoint.timestamp_time) = (value, segment.time.into());
        }
    }
    let traits = &mut endpoint.traits;
    if *traits == Traits::default() || !(traits.has(Traits::DF) || traits.has(Traits::NO_DF)) {
        endpoint.flow_label = segment.flow_label;
    }
    traits.note(segment.flow_label != endpoint.flow_label, Traits::LABELS);
    traits.note(segment.dont_fragment, Traits::DF);
    traits.note(!segment.dont_fragment, Traits::NO_DF);
    if let Some(id) = segment.ip_id.filter(|&id| id != 0) {
        match endpoint.ip_id {
            Some(last) if id.wrapping_sub(last) <= IP_ID_STEP => {
                endpoint.ip_id_steps = endpoint.ip_id_steps.saturating_add(1);
            }
            Some(_) => endpoint.ip_id_jumps = endpoint.ip_id_jumps.saturating_add(1),
            None => {}
        }
        endpoint.ip_id = Some(id);
    }
}

/// Whether a segment may come from somebody else: it has no timestamp where its side stamps, or,
/// where nothing is stamped, it brings payload or a FIN from another distance than its side's SYN.
#[cold]
fn doubtful(endpoint: &Endpoint, stampless: bool, segment: &Segment<'_>, effect: &Effect) -> bool {
    if endpoint.changed() || segment.options_cut() || effect.probe {
        return false;
    }
    if stampless {
        return true;
    }
    let ttl = endpoint.ttl;
    let stamps = endpoint.timestamp_time.is_some();
    if stamps || ttl.syn == 0 || segment.payload_length == 0 && !segment.flags.fin() {
        return false;
    }
    let known = ttl.first != 0 && (ttl.low..=ttl.high).contains(&segment.ttl);
    !known && hops(segment.ttl).abs_diff(hops(ttl.syn)) > PATHS
}

/// How a segment differs from what its side sent before; the peer's latest identification is given.
pub(crate) fn signs(
    endpoint: &Endpoint,
    peer_stamps: bool,
    peer_id: Option<u16>,
    segment: &Segment<'_>,
) -> Signs {
    let mut signs = Signs::default();
    if !endpoint.spoke() {
        return signs;
    }
    let ttl = endpoint.ttl;
    let own = [ttl.syn, ttl.first, ttl.low, ttl.high].into_iter().filter(|&ttl| ttl != 0);
    let near = own.map(hops).any(|own| own == hops(segment.ttl));
    signs.note(!near, Signs::HOPS);
    let stamped = Options::timestamps(segment.options).is_some() || segment.options_cut();
    signs.note(peer_stamps && endpoint.timestamp_time.is_some() && !stamped, Signs::STAMP);
    let traits = endpoint.traits;
    signs.note(
        traits.never_fragments() && segment.ip_id.is_some() && !segment.dont_fragment,
        Signs::DF,
    );
    let label = !traits.has(Traits::LABELS) && endpoint.flow_label != segment.flow_label;
    signs.note(label, Signs::LABEL);
    let linked = endpoint.link_source != 0 && segment.link_source != 0;
    signs.note(linked && endpoint.link_source != segment.link_source, Signs::LINK);
    signs.note(odd_id(endpoint, peer_id, segment), Signs::ID);
    let only_syn = ttl.first == 0;
    let usual = if only_syn { u64::from(endpoint.syn_window) } else { endpoint.scaled_window() };
    let window = u64::from(segment.window) << endpoint.window_scale.unwrap_or(0);
    let far = window > usual.saturating_mul(WINDOWS) || usual > window.saturating_mul(WINDOWS);
    signs.note(far && usual > 0 && window > 0, Signs::WINDOW);
    signs
}

fn odd_id(endpoint: &Endpoint, peer_id: Option<u16>, segment: &Segment<'_>) -> bool {
    let (Some(id), Some(last)) = (segment.ip_id, endpoint.ip_id) else { return false };
    let follows = id.wrapping_sub(last) <= IP_ID_STEP || last.wrapping_sub(id) <= 64;
    let copied = id != 0 && peer_id == Some(id) && !follows;
    copied || endpoint.counts_identifications() && !follows
}

/// Remembers by what the first segment of an answer is known again.
pub(crate) fn sample(segment: &Segment<'_>, signs: Signs) -> Sample {
    let Marks { bits, octets } = segment.payload.marks();
    Sample { sequence: segment.sequence, hash: bits, octets, ttl: segment.ttl, signs }
}

/// Whether a segment that begins where the remembered one began has other bytes than it.
pub(crate) fn contradicts(sample: &Sample, segment: &Segment<'_>) -> bool {
    let marks = Marks { bits: sample.hash, octets: sample.octets };
    sample.sequence == segment.sequence && marks.contradict(segment.payload.marks())
}
