//! Which findings there are, and in which order.

use std::cmp::Reverse;

use super::describe::{Finding, by_address, described};
use super::group::{Places, at, by, distinct, split};
use super::idle::Limit;
use super::kind::{Kind, Severity};
use super::rows::{NONE, Row, Rows};
use super::sort::{Sorted, sort};

/// Findings at most; the last one adds up what would be beyond.
pub const MOST: usize = 20;
/// Troubled connections from which one host may be behind most of them.
const TROUBLED: usize = 10;

/// All findings, the gravest first, [`MOST`] at most.
pub fn find(rows: &Rows) -> Vec<Finding> {
    let sorted = sort(rows);
    let mut found = Vec::new();
    for &kind in Kind::ALL {
        let places = sorted.kinds.get(kind as usize).map_or(&[][..], Vec::as_slice);
        found.extend(told(rows, &sorted, kind, places));
    }
    found.extend(across(rows, &sorted));
    found.sort_by_cached_key(|finding| {
        let tier = match finding.severity {
            Severity::Suspicious => finding.kind as usize,
            _ => usize::from(finding.kind == Kind::Unexplained),
        };
        let named = finding.services.most.first().cloned();
        (finding.severity, tier, Reverse(finding.rows.len()), finding.kind, finding.since, named)
    });
    if found.len() > MOST {
        let rest = found.split_off(MOST - 1);
        found.push(sum(rows, rest));
    }
    found
}

/// The findings of one kind.
fn told(rows: &Rows, sorted: &Sorted, kind: Kind, places: &[u32]) -> Vec<Finding> {
    if places.is_empty() {
        return Vec::new();
    }
    let by_service = |places: &[u32]| {
        split(rows, places, |row| Some(row.service), |a, b| by_address(rows, a, b))
    };
    let by_port =
        |places: &[u32]| split(rows, places, |row| Some(row.port().into()), |a, b| a.cmp(&b));
    let by_client =
        |places: &[u32]| split(rows, places, |row| Some(row.client), |a, b| rows.hosts.order(a, b));
    let by_name = |places: &[u32]| {
        let name = |row: &Row| (row.name != NONE).then_some(row.name.into());
        split(rows, places, name, |a, b| named(rows, a).cmp(named(rows, b)))
    };
    let (mut groups, left) = match kind {
        Kind::Scan | Kind::ConnectLimit => by_client(places),
        Kind::FilteredName => by_name(places),
        Kind::Injection => by_path(rows, places),
        Kind::SynFlood | Kind::OverloadedListener | Kind::ServiceRestart | Kind::KeepaliveRace => {
            by_service(places)
        }
        Kind::Firewall | Kind::Refused | Kind::Unanswered => {
            let (mut groups, left) = by_service(places);
            if left.is_empty() {
                (groups, left)
            } else {
                let (ports, left) = by_port(&left);
                groups.extend(ports);
                (groups, left)
            }
        }
        Kind::SameCause => {
            let groups = by(rows, places.iter().copied(), 1, |row| Some(row.cause.index() as u64));
            (groups.into_iter().map(|(_, group)| group).collect(), Places::new())
        }
        Kind::IdleLimit => return limits(rows, sorted, places, by_service),
        _ => (vec![places.to_vec()], Places::new()),
    };
    groups.push(left);
    let groups = groups.into_iter().filter(|group| !group.is_empty());
    groups
        .map(|group| {
            let mut one = described(rows, kind, group);
            if kind == Kind::ConnectLimit {
                one.limit = waits(rows, &one.rows);
            }
            one
        })
        .collect()
}

/// Each limit, and those whose silence another sign called too long.
fn limits(
    rows: &Rows,
    sorted: &Sorted,
    places: &[u32],
    by_service: impl Fn(&[u32]) -> (Vec<Places>, Places),
) -> Vec<Finding> {
    let with = |limit: &Limit, group: Places| {
        let mut one = described(rows, Kind::IdleLimit, group);
        one.limit = Some(*limit);
        one
    };
    let mut found: Vec<Finding> =
        sorted.limits.iter().map(|(limit, group)| with(limit, group.clone())).collect();
    let mut told: Places = sorted.limits.iter().flat_map(|(_, group)| group.clone()).collect();
    told.sort_unstable();
    let left: Places =
        places.iter().copied().filter(|place| told.binary_search(place).is_err()).collect();
    let (mut groups, left) = by_service(&left);
    groups.push(left);
    let groups = groups.into_iter().filter(|group| !group.is_empty());
    found.extend(groups.map(|group| described(rows, Kind::IdleLimit, group)));
    found
}

/// Forged packets by the end of the path that the connections share.
fn by_path(rows: &Rows, places: &[u32]) -> (Vec<Places>, Places) {
    let order = |a, b| rows.hosts.order(a, b);
    if distinct(rows, places, Row::server) < distinct(rows, places, |row| row.client) {
        split(rows, places, |row| Some(row.server()), order)
    } else {
        split(rows, places, |row| Some(row.client), order)
    }
}

fn named(rows: &Rows, name: u64) -> &str {
    rows.names.get(u32::try_from(name).unwrap_or(NONE))
}

/// How long clients waited, where half of them or more waited for the same time.
fn waits(rows: &Rows, places: &[u32]) -> Option<Limit> {
    let mut waits: Vec<f64> = at(rows, places).filter_map(|(_, row)| row.wait).collect();
    waits.sort_unstable_by(f64::total_cmp);
    let middle = *waits.get(waits.len() / 2)?;
    let near = |wait: &&f64| (**wait - middle).abs() <= middle * 0.02;
    let near: Vec<f64> = waits.iter().filter(near).copied().collect();
    (near.len() >= 2 && near.len() * 2 >= places.len()).then_some(Limit {
        closer: crate::conn::Side::Client,
        seconds: middle,
        low: *near.first()?,
        high: *near.last()?,
    })
}

/// Findings whose connections are told in others, too.
fn across(rows: &Rows, sorted: &Sorted) -> Vec<Finding> {
    let all = |wanted: fn(&Row) -> bool| -> Places {
        let all = (0..).zip(&rows.rows);
        all.filter(|(_, row)| wanted(row)).map(|(place, _)| place).collect()
    };
    let limits = [
        (Kind::OneSided, all(|row| row.one_sided)),
        (Kind::CaptureGaps, all(|row| row.gaps)),
        (Kind::BegunBefore, all(|row| !row.begun)),
    ];
    let mut found: Vec<Finding> = limits
        .into_iter()
        .filter(|(_, places)| !places.is_empty())
        .map(|(kind, places)| described(rows, kind, places))
        .collect();
    found.extend(
        busiest(rows, sorted)
            .map(|(places, of)| Finding { of, ..described(rows, Kind::BusiestHost, places) }),
    );
    found
}

/// The connections of one host that has most of the trouble, and much less of the rest.
fn busiest(rows: &Rows, sorted: &Sorted) -> Option<(Places, usize)> {
    let costly = || {
        let costly = Kind::ALL.iter().filter(|kind| kind.declared().severity == Severity::Costly);
        costly.filter_map(|&kind| sorted.kinds.get(kind as usize))
    };
    let mut troubled: Places = costly().flatten().copied().collect();
    troubled.sort_unstable();
    if troubled.len() < TROUBLED {
        return None;
    }
    let sides: [fn(&Row) -> u64; 2] = [Row::server, |row| row.client];
    for host_of in sides {
        let Some(host) = majority(at(rows, &troubled).map(|(_, row)| host_of(row))) else {
            continue;
        };
        let own = |places: &[u32]| -> Places {
            let own = at(rows, places).filter(|(_, row)| host_of(row) == host);
            own.map(|(place, _)| place).collect()
        };
        let places = own(&troubled);
        let all = rows.rows.iter().filter(|row| host_of(row) == host).count();
        let (calm, others) = (all - places.len(), rows.rows.len() - troubled.len());
        // Most of the trouble, no finding of its own, and at most a quarter of the rest.
        let stands_out = places.len() * 2 > troubled.len() && calm * 4 <= others && others > 0;
        if stands_out && costly().filter(|kind| !own(kind).is_empty()).count() > 1 {
            return Some((places, troubled.len()));
        }
    }
    None
}

/// The value that more than half have, if there is one (Boyer and Moore); else any.
fn majority(values: impl Iterator<Item = u64>) -> Option<u64> {
    let (mut most, mut lead) = (None, 0_usize);
    for value in values {
        if most == Some(value) {
            lead += 1;
        } else if lead == 0 {
            (most, lead) = (Some(value), 1);
        } else {
            lead -= 1;
        }
    }
    most
}

/// One finding for all that are too many; it weighs as its gravest.
fn sum(rows: &Rows, rest: Vec<Finding>) -> Finding {
    let (summed, severity) = (rest.len(), rest.iter().map(|one| one.severity).min());
    let mut places: Places = rest.into_iter().flat_map(|one| one.rows).collect();
    places.sort_unstable();
    places.dedup();
    let mut one = described(rows, Kind::Rest, places);
    one.severity = severity.unwrap_or(one.severity);
    one.of = summed;
    one
}
