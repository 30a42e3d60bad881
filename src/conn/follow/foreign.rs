//! Segments with payload or FIN that their claimed sender may not have sent: other bytes at the
//! same numbers, and headers unlike its own.

use crate::base::numbers::numbers;
use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::effect::Effect;
use crate::conn::facts::header::{Foreign, Sample, Signs, hops};
use crate::conn::follow::baseline::{contradicts, sample, signs};
use crate::conn::follow::recent::{Entry, Seen};
use crate::conn::primitives::words::Side;
use crate::packet::Segment;

numbers! {
    /// A capture puts segments out of order by so much at most.
    window REORDERED: i64 = 5_000_000;
}

/// What speaks against a segment that begins an answer, or that begins where the latest answer
/// began; before it is taken into the baselines.
#[inline]
pub(crate) fn before(
    c: &Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
) -> Option<Signs> {
    let endpoint = c.side(sender);
    let first = endpoint.unanswered > 0 || endpoint.unique_bytes == 0;
    let asked = first || endpoint.sample.sequence == segment.sequence;
    (asked && segment.payload_length > 0).then(|| compared(c, recent, segment, sender))
}

#[cold]
fn compared(
    c: &Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
) -> Signs {
    let peer_id = recent.backwards().find(|entry| entry.sender != sender);
    let peer_id = peer_id.and_then(|entry| entry.ip_id);
    let peer_stamps = c.side(sender.peer()).timestamp_time.is_some();
    signs(c.side(sender), peer_stamps, peer_id, segment)
}

/// Keeps what was found, once the segment is taken.
#[inline]
pub(crate) fn after(
    c: &mut Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
    found: Option<Signs>,
    effect: &Effect,
) {
    let doubted = c.endpoints[sender].doubtful > 0;
    if found.is_none() && !doubted {
        return;
    }
    if let Some(signs) = found.filter(|_| !segment.flags.rst()) {
        answer(c, recent, segment, sender, signs, effect);
    }
    if doubted {
        doubt(c, recent, segment, sender, effect);
    }
}

fn answer(
    c: &mut Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
    signs: Signs,
    effect: &Effect,
) {
    let known = c.endpoints[sender].sample;
    if contradicts(&known, segment) {
        let same = |packet: u64| packet != segment.packet;
        let first = recent
            .backwards()
            .filter(|entry| entry.sender == sender && entry.payload > 0 && same(entry.packet))
            .filter(|entry| entry.sequence == segment.sequence)
            .last();
        if let Some(first) = first {
            contradiction(c, &known, &first, segment, sender, signs);
        }
    } else if effect.fresh > 0 && segment.sequence != known.sequence {
        c.endpoints[sender].sample = sample(segment, signs);
    }
}

/// Two segments of a side have other bytes at the same numbers: the one that is less like its
/// side is the doubtful one; where both are equally so the earlier one, since who forges wants to be first.
fn contradiction(
    c: &mut Connection<impl Stage>,
    known: &Sample,
    first: &Entry,
    segment: &Segment<'_>,
    sender: Side,
    signs: Signs,
) {
    let foreign = &mut c.extra.get_or_insert_default().foreign[sender];
    let earlier = known.signs.count() >= signs.count();
    let (packet, other) =
        if earlier { (first.packet, segment.packet) } else { (segment.packet, first.packet) };
    let flags = if earlier { first.flags } else { segment.flags };
    let fresh = Foreign {
        packet,
        ttl: if earlier { known.ttl } else { segment.ttl },
        signs: if earlier { known.signs } else { signs },
        payload: true,
        fin: flags.fin(),
        sequence: segment.sequence,
        time: segment.time,
        ..Foreign::default()
    };
    let foreign = foreign.get_or_insert(fresh);
    if foreign.contradicted.get().is_none() {
        if foreign.packet == packet {
            foreign.contradicted = other.into();
        } else {
            *foreign = Foreign { contradicted: other.into(), ..fresh };
        }
    }
}

/// A segment that is not in the baselines of its side, or one that comes after such a segment.
fn doubt(
    c: &mut Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
    effect: &Effect,
) {
    let flags = segment.flags;
    if flags.rst() || flags.syn() {
        return;
    }
    let known = c.extra().and_then(|extra| extra.foreign[sender]);
    if !effect.foreign {
        if let (Some(_), Some(extra)) = (known, c.extra.as_deref_mut())
            && let Some(foreign) = &mut extra.foreign[sender]
        {
            // Its side may look so from there on.
            let unlike = hops(segment.ttl) != hops(foreign.ttl);
            foreign.own_after = foreign.own_after.saturating_add(u32::from(unlike));
            let apart = segment.time.saturating_sub(foreign.time) > REORDERED;
            let before = segment.sequence.since(foreign.sequence) <= 0;
            if segment.sequence_length() == 0 && !effect.probe && apart && before {
                foreign.denied = foreign.denied.get().unwrap_or(segment.packet).into();
            }
        }
        return;
    }
    let payload = segment.payload_length > 0;
    if let (true, Some(extra)) = (flags.fin(), c.extra.as_deref_mut())
        && let Some(foreign) = &mut extra.foreign[sender]
    {
        foreign.fin = true;
    }
    if known.is_none() && (payload || flags.fin()) {
        let signs = compared(c, recent, segment, sender);
        c.extra.get_or_insert_default().foreign[sender] = Some(Foreign {
            packet: segment.packet,
            ttl: segment.ttl,
            signs,
            payload,
            fin: flags.fin(),
            sequence: segment.sequence,
            time: segment.time,
            ..Foreign::default()
        });
    }
}
