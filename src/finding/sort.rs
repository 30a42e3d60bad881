//! Which kind of finding each connection belongs to: exactly one.

use super::group::{Places, at, by, distinct};
use super::idle::{self, Limit};
use super::kind::Kind;
use super::rows::{Row, Rows, Shape};
use super::scan;
use crate::cause::{Cause, Class, names};

/// Half-open connections that make a flood.
const FLOOD: usize = 20;
/// SYNs to one service within a second that make one.
const POURING: usize = 50;
const SECOND: i64 = 1_000_000_000;
/// Sources that leave them.
const SOURCES: usize = 8;
/// Dropped SYNs that make a listener an overloaded one, where it accepts others meanwhile.
const DROPPED: usize = 3;
/// How long before and after an overload SYNs belong to it, in nanoseconds.
const NEARBY: i64 = 10_000_000_000;
/// How long after its end a service is not yet there again, in nanoseconds.
const DOWN: i64 = 300_000_000_000;
/// Refusals that may come before the last connection is gone, in nanoseconds.
const AMID: i64 = 1_000_000_000;

/// Every connection in one kind.
pub(super) struct Sorted {
    /// The places of each kind, in the order of [`Kind::ALL`].
    pub kinds: Vec<Places>,
    /// The limits that were found, with who met them; all of kind [`Kind::IdleLimit`].
    pub limits: Vec<(Limit, Places)>,
}

/// What causes say by themselves.
struct Said {
    kinds: Vec<Option<Kind>>,
    calm: Vec<bool>,
}

impl Said {
    fn new() -> Self {
        let class = |name: &str| Cause::named(name)?.rule().map(|rule| rule.class);
        // Of what is not decided, what may go on is no trouble.
        let calm = |name: &str| class(name) == Some(Class::Orderly) || name == "still_open";
        Self {
            kinds: names().into_iter().map(Kind::of_cause).collect(),
            calm: names().into_iter().map(calm).collect(),
        }
    }

    fn kind(&self, cause: Cause) -> Option<Kind> {
        self.kinds.get(cause.index()).copied().flatten()
    }

    fn calm(&self, cause: Cause) -> bool {
        self.calm.get(cause.index()).copied().unwrap_or_default()
    }
}

/// Sorts all connections.
pub(super) fn sort(rows: &Rows) -> Sorted {
    let said = Said::new();
    let mut kinds: Vec<Option<Kind>> = rows.rows.iter().map(|row| said.kind(row.cause)).collect();
    let of = |kinds: &[Option<Kind>], wanted: &dyn Fn(Option<Kind>, &Row) -> bool| -> Places {
        let all = (0..).zip(kinds.iter().zip(&rows.rows));
        all.filter(|(_, (kind, row))| wanted(**kind, row)).map(|(place, _)| place).collect()
    };
    let weak = |kind| {
        matches!(
            kind,
            None | Some(
                Kind::Scan | Kind::Firewall | Kind::Refused | Kind::Unanswered | Kind::ConnectLimit
            )
        )
    };
    let open = of(&kinds, &|kind, _| weak(kind));
    set(&mut kinds, &scan::probes(rows, &open), Kind::Scan);

    let half_open = of(&kinds, &|kind, row| {
        row.shape.failed() && matches!(kind, None | Some(Kind::Unanswered))
    });
    set(&mut kinds, &flooded(rows, &half_open), Kind::SynFlood);

    let unanswered = of(&kinds, &|kind, row| {
        row.shape == Shape::Unanswered && matches!(kind, None | Some(Kind::Unanswered))
    });
    let full = of(&kinds, &|kind, _| kind == Some(Kind::OverloadedListener));
    set(&mut kinds, &dropped(rows, &full, &unanswered), Kind::OverloadedListener);

    let ended = of(&kinds, &|kind, _| kind == Some(Kind::ServiceRestart));
    let refused = of(&kinds, &|kind, row| {
        kind == Some(Kind::Refused) || kind.is_none() && row.shape == Shape::Refused
    });
    set(&mut kinds, &refused_after(rows, &ended, &refused), Kind::ServiceRestart);

    let quiet = of(&kinds, &|kind, _| matches!(kind, None | Some(Kind::IdleLimit)));
    let limits = idle::limits(rows, &quiet);
    for (_, places) in &limits {
        set(&mut kinds, places, Kind::IdleLimit);
    }

    let mut sorted = vec![Places::new(); Kind::ALL.len()];
    for (place, (kind, row)) in (0..).zip(kinds.into_iter().zip(&rows.rows)) {
        let kind = kind.unwrap_or_else(|| otherwise(&said, row));
        if let Some(places) = sorted.get_mut(kind as usize) {
            places.push(place);
        }
    }
    Sorted { kinds: sorted, limits }
}

fn set(kinds: &mut [Option<Kind>], places: &[u32], kind: Kind) {
    for &place in places {
        if let Some(slot) = kinds.get_mut(place as usize) {
            *slot = Some(kind);
        }
    }
}

/// The kind of a connection that no story takes.
fn otherwise(said: &Said, row: &Row) -> Kind {
    let calm = said.calm(row.cause);
    match row.shape {
        Shape::Reset if row.harmless => Kind::HarmlessReset,
        Shape::Open if calm || row.harmless => Kind::StillOpen,
        _ if calm || row.harmless => Kind::InOrder,
        _ if row.cause == Cause::UNDETERMINED => Kind::Unexplained,
        _ => Kind::SameCause,
    }
}

/// Connections of services that many sources leave half open, or at which SYNs pour in once each.
fn flooded(rows: &Rows, failed: &[u32]) -> Places {
    let half = |row: &Row| row.shape == Shape::Unopened && row.answered && !row.client_said;
    let once = |row: &Row| row.shape == Shape::Unanswered && row.start == row.end;
    let half = by(rows, failed.iter().copied(), FLOOD, |row| half(row).then_some(row.service));
    let half =
        half.into_iter().filter(|(_, group)| distinct(rows, group, |row| row.client) >= SOURCES);
    let once = by(rows, failed.iter().copied(), POURING, |row| once(row).then_some(row.service));
    let once = once.into_iter().filter(|(_, group)| pours(rows, group));
    half.chain(once).flat_map(|(_, group)| group).collect()
}

/// Whether so many came in a second, at least.
fn pours(rows: &Rows, places: &[u32]) -> bool {
    let mut starts: Vec<i64> = at(rows, places).map(|(_, row)| row.start).collect();
    starts.sort_unstable();
    starts.windows(POURING).any(|window| match (window.first(), window.last()) {
        (Some(first), Some(last)) => last.saturating_sub(*first) <= SECOND,
        _ => false,
    })
}

/// A service, and from when to when.
type Span = (u64, i64, i64);

/// SYNs that a listener dropped: where it is known to be full, or accepts others meanwhile.
fn dropped(rows: &Rows, full: &[u32], unanswered: &[u32]) -> Places {
    let mut full = spans(rows, full, 1);
    let suspects = spans(rows, unanswered, DROPPED);
    let mut accepts = vec![false; suspects.len()];
    if !suspects.is_empty() {
        for row in rows.rows.iter().filter(|row| row.answered && !row.shape.failed()) {
            if let Ok(place) = suspects.binary_search_by_key(&row.service, |(key, ..)| *key)
                && let (Some((_, from, to)), Some(accepts)) =
                    (suspects.get(place), accepts.get_mut(place))
            {
                *accepts |= (*from..=*to).contains(&row.start);
            }
        }
    }
    let suspects = suspects.into_iter().zip(accepts);
    full.extend(suspects.filter(|(_, accepts)| *accepts).map(|(span, _)| span));
    full.sort_unstable();
    within(rows, unanswered, &full)
}

/// Refusals of services that had ended their connections shortly before.
fn refused_after(rows: &Rows, ended: &[u32], refused: &[u32]) -> Places {
    if ended.is_empty() {
        return Places::new();
    }
    let groups = by(rows, ended.iter().copied(), 1, |row| Some(row.service));
    let spans = groups.into_iter().map(|(service, group)| {
        let ends = || at(rows, &group).map(|(_, row)| row.end);
        let first = ends().min().unwrap_or(i64::MAX).saturating_sub(AMID);
        (service, first, ends().max().unwrap_or(i64::MIN).saturating_add(DOWN))
    });
    within(rows, refused, &spans.collect::<Vec<_>>())
}

/// From when to when each service had these connections, and some time around it, ascending; of
/// services that had so many at least.
fn spans(rows: &Rows, places: &[u32], least: usize) -> Vec<Span> {
    let groups = by(rows, places.iter().copied(), least, |row| Some(row.service));
    let spans = groups.into_iter().map(|(service, group)| {
        let starts = || at(rows, &group).map(|(_, row)| row.start);
        let first = starts().min().unwrap_or(i64::MAX).saturating_sub(NEARBY);
        (service, first, starts().max().unwrap_or(i64::MIN).saturating_add(NEARBY))
    });
    spans.collect()
}

/// The rows that start within a span of their service.
fn within(rows: &Rows, places: &[u32], spans: &[Span]) -> Places {
    let inside = |row: &Row| {
        let own = spans.partition_point(|&(other, ..)| other < row.service);
        let mut own = spans.iter().skip(own).take_while(|(other, ..)| *other == row.service);
        own.any(|(_, from, to)| row.start >= *from && row.start <= *to)
    };
    at(rows, places).filter(|(_, row)| inside(row)).map(|(place, _)| place).collect()
}
