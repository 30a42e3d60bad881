//! What a side repeats without an answer: how long it had been quiet before, and whether it is a
//! full segment that does not get through.

use crate::base::numbers::numbers;
use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::effect::Effect;
use crate::conn::facts::endpoint::Endpoint;
use crate::conn::facts::extra::Stuck;
use crate::conn::follow::recent::Seen;
use crate::conn::primitives::words::Side;
use crate::packet::Segment;

numbers! {
    /// A silence that is worth telling.
    window SILENCE: i64 = 1_000_000_000;
    /// Bytes by which a full segment may be shorter than the maximum segment size that the hosts
    /// agreed on: options, and a path whose MTU its sender knows to be a little smaller.
    size SHORTER: u32 = 100;
    /// The least that a full segment has where no such size is known.
    size LEAST: u32 = 1000;
}

/// Notes a segment or probe that its side sends again, once its effect is settled.
pub(in crate::conn) fn note(
    c: &mut Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
    effect: &Effect,
) {
    if !(effect.retransmission || effect.probe) || segment.flags.syn() {
        return;
    }
    let endpoint = c.side(sender);
    if endpoint.retransmission_run + endpoint.probe_run == 1 {
        let quiet =
            silence(recent, segment, sender, effect.probe).filter(|&quiet| quiet >= SILENCE);
        if quiet.is_some() || c.extra.is_some() {
            c.extra.get_or_insert_default().silence_before_run[sender] = quiet;
        }
    }
    if effect.retransmission && segment.payload_length > 0 {
        stuck(c, segment, sender);
    }
}

/// How long nothing had come before the segment was sent for the first time.
fn silence(recent: Seen<'_>, segment: &Segment<'_>, sender: Side, probe: bool) -> Option<i64> {
    let mut backwards = recent.backwards();
    let first = if probe {
        segment.time
    } else {
        backwards.find(|e| e.sender == sender && e.sequence == segment.sequence)?.time
    };
    Some(first.saturating_sub(backwards.next()?.time).max(0))
}

/// The first bytes that are not acknowledged go again, in a segment as large as any, and none so
/// large was ever acknowledged.
fn stuck(c: &mut Connection<impl Stage>, segment: &Segment<'_>, sender: Side) {
    let (endpoint, peer) = (c.side(sender), c.side(sender.peer()));
    let at = endpoint.acked;
    let first = endpoint.position(segment.sequence) == at.cast_signed();
    let known = c.extra().and_then(|extra| extra.stuck[sender]);
    let same = known.filter(|known| known.at == at && first);
    let full = first && at < endpoint.largest_end && is_full(endpoint, peer, segment);
    if !full && same.is_none() {
        return;
    }
    let mut stuck = same.unwrap_or(Stuck {
        at,
        size: segment.payload_length,
        packet: segment.packet,
        time: segment.time,
        times: 0,
        smaller: 0,
    });
    if full {
        stuck.times += 1;
    } else {
        stuck.smaller += 1;
    }
    c.extra.get_or_insert_default().stuck[sender] = Some(stuck);
}

/// As large as the hosts agreed on, and not to be put into fragments.
fn is_full(endpoint: &Endpoint, peer: &Endpoint, segment: &Segment<'_>) -> bool {
    let least = full_size(endpoint, peer).unwrap_or(endpoint.largest.max(LEAST));
    segment.payload_length >= least && (segment.dont_fragment || segment.ip_version == 6)
}

/// From how many bytes on a segment of a side is full, where the hosts said it.
fn full_size(endpoint: &Endpoint, peer: &Endpoint) -> Option<u32> {
    let sizes = [endpoint.mss, peer.mss].into_iter().flatten();
    Some(u32::from(sizes.min()?).saturating_sub(SHORTER).max(LEAST / 2))
}

/// Notes the end of the first segment that is larger than those before it; beyond a full segment
/// none is larger.
#[cold]
pub(in crate::conn) fn grow(endpoint: &mut Endpoint, peer: &Endpoint, payload: u32, end: u64) {
    if full_size(endpoint, peer).is_none_or(|full| endpoint.largest < full) {
        endpoint.largest_end = end;
    }
    endpoint.largest = payload;
}
