//! The findings, ranked, with the facts that their sentences are made of.

use std::cmp::Reverse;

use super::group::{Places, at, by, split};
use super::idle::Limit;
use super::kind::{Kind, Severity};
use super::rows::{NONE, Row, Rows, Shape};
use super::sort::{Sorted, sort};
use crate::cause::Class;
use crate::conn::EndedBy;
use crate::table::vocabulary::Vocabulary;

/// Findings at most; the last one adds up what would be beyond.
pub const MOST: usize = 20;
/// Hosts, services and names that a finding has by name.
const NAMED: usize = 5;
/// Troubled connections from which one host may be behind most of them.
const TROUBLED: usize = 10;

/// Values with the rows that have them: how many there are, and the most frequent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally<T> {
    /// Different values.
    pub distinct: usize,
    /// The most frequent first, equals by value.
    pub most: Vec<(T, usize)>,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What it tells.
    pub kind: Kind,
    /// How much it matters.
    pub severity: Severity,
    /// Its connections: rows by their number, ascending.
    pub rows: Places,
    /// The idle limit, or how long clients wait.
    pub limit: Option<Limit>,
    /// The shortest and the longest silence before the close, of an idle limit.
    pub silences: Option<(f64, f64)>,
    /// Clients.
    pub clients: Tally<String>,
    /// Addresses of servers.
    pub servers: Tally<String>,
    /// Servers with their ports.
    pub services: Tally<(String, u16)>,
    /// Ports of servers.
    pub ports: Tally<u16>,
    /// Names that clients asked for.
    pub names: Tally<String>,
    /// Causes.
    pub causes: Tally<String>,
    /// When the first one began, in nanoseconds since the epoch.
    pub since: i64,
    /// When the last packet of any came.
    pub until: i64,
    /// Connections that were not lost by it: over, with nothing missing.
    pub harmless: usize,
    /// Connections whose SYN nobody answered.
    pub unanswered: usize,
    /// Connections whose SYN was answered by a reset.
    pub refused: usize,
    /// Connections that became open.
    pub opened: usize,
    /// Who ended them.
    pub ended_by: Tally<&'static str>,
    /// Payload that resets threw away, in bytes.
    pub lost: i64,
    /// How long clients waited for a handshake that came to nothing: the middle, in seconds.
    pub waited: Option<f64>,
    /// `connection_id` of the connection that shows it most surely, among those of the commonest
    /// cause.
    pub example: i64,
    /// Of a sum: how many findings it adds up; of one host's part: how many connections had trouble.
    pub of: usize,
}

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
    let service = |(host, port): (u32, u16)| (rows.hosts.get(host).to_owned(), port);
    let by_service = |places: &[u32]| {
        split(
            rows,
            places,
            |row| Some(row.service),
            |key| rows.services.get(key as usize).copied().map(service),
        )
    };
    let by_port = |places: &[u32]| split(rows, places, |row| Some(rows.port(row)), |port| port);
    let host = |key: u32| rows.hosts.get(key).to_owned();
    let by_client = |places: &[u32]| split(rows, places, |row| Some(row.client), host);
    let by_name = |places: &[u32]| {
        let name = |row: &Row| (row.name != NONE).then_some(row.name);
        split(rows, places, name, |key| rows.names.get(key).to_owned())
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
            let groups = by(rows, places.iter().copied(), 1, |row| Some(row.cause.index()));
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
    let host = |key: u32| rows.hosts.get(key).to_owned();
    let clients = super::group::distinct(rows, places, |row| row.client);
    let servers = super::group::distinct(rows, places, |row| rows.server(row));
    if servers < clients {
        split(rows, places, |row| Some(rows.server(row)), host)
    } else {
        split(rows, places, |row| Some(row.client), host)
    }
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
    let costly = Kind::ALL.iter().filter(|kind| kind.declared().severity == Severity::Costly);
    let troubled = costly.filter_map(|&kind| sorted.kinds.get(kind as usize));
    let mut troubled: Places = troubled.flatten().copied().collect();
    troubled.sort_unstable();
    if troubled.len() < TROUBLED {
        return None;
    }
    let host_of = |row: &Row, client: bool| if client { row.client } else { rows.server(row) };
    for client in [false, true] {
        let mut counts = vec![(0_usize, 0_usize); rows.hosts.len()];
        for row in &rows.rows {
            if let Some(count) = counts.get_mut(host_of(row, client) as usize) {
                count.0 += 1;
            }
        }
        for (_, row) in at(rows, &troubled) {
            if let Some(count) = counts.get_mut(host_of(row, client) as usize) {
                count.1 += 1;
            }
        }
        let most = (0_u32..)
            .zip(&counts)
            .max_by_key(|(host, (_, troubled))| (*troubled, Reverse(rows.hosts.get(*host))));
        let Some((host, &(own, trouble))) = most else { continue };
        let calm = own - trouble;
        let others = rows.rows.len() - troubled.len();
        // Most of the trouble, no finding of its own, and at most a quarter of the rest.
        let stands_out = trouble * 2 > troubled.len() && calm * 4 <= others && others > 0;
        let mut places = troubled.clone();
        places.retain(|&place| {
            rows.rows.get(place as usize).is_some_and(|row| host_of(row, client) == host)
        });
        let kinds = sorted
            .kinds
            .iter()
            .filter(|kind| kind.iter().any(|place| places.binary_search(place).is_ok()));
        if stands_out && kinds.count() > 1 {
            return Some((places, troubled.len()));
        }
    }
    None
}

/// The most frequent values, with their names.
fn tally<K: Ord + Copy, T: Ord>(keys: impl Iterator<Item = K>, name: impl Fn(K) -> T) -> Tally<T> {
    let mut keys: Vec<K> = keys.collect();
    keys.sort_unstable();
    let mut counts: Vec<(usize, K)> =
        keys.chunk_by(|a, b| a == b).filter_map(|run| Some((run.len(), *run.first()?))).collect();
    let distinct = counts.len();
    counts.sort_unstable_by_key(|&(count, _)| Reverse(count));
    // Names are made for those only that can be among the first.
    let least = counts.get(NAMED - 1).map_or(0, |&(count, _)| count);
    counts.retain(|&(count, _)| count >= least);
    let mut most: Vec<(T, usize)> =
        counts.into_iter().map(|(count, key)| (name(key), count)).collect();
    most.sort_unstable_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
    most.truncate(NAMED);
    Tally { distinct, most }
}

/// The smallest and the largest.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

fn described(rows: &Rows, kind: Kind, places: Places) -> Finding {
    let all = || at(rows, &places).map(|(_, row)| row);
    let host = |key: u32| rows.hosts.get(key).to_owned();
    let count = |wanted: fn(&Row) -> bool| all().filter(|row| wanted(row)).count();
    let service = |key: u32| {
        let found = rows.services.get(key as usize).copied().unwrap_or((NONE, 0));
        (host(found.0), found.1)
    };
    let named = all().filter(|row| row.name != NONE).map(|row| row.name);
    let mut causes = tally(all().map(|row| row.cause.index()), |index| index);
    // What most of them have shows what they have in common.
    let commonest = causes.most.first().map(|&(index, _)| index);
    let cause_names = crate::cause::names();
    let causes_named = causes.most.drain(..).map(|(index, count)| {
        (cause_names.get(index).copied().unwrap_or_default().to_owned(), count)
    });
    let most = causes_named.collect();
    let causes = Tally { distinct: causes.distinct, most };
    let mut waits: Vec<i64> = all()
        .filter(|row| row.shape.failed())
        .map(|row| row.end.saturating_sub(row.start))
        .collect();
    let middle = waits.len() / 2;
    let waited = (!waits.is_empty()).then(|| {
        let (_, middle, _) = waits.select_nth_unstable(middle);
        crate::conn::seconds(*middle)
    });
    let common = |row: &&Row| Some(row.cause.index()) == commonest;
    let example = all().filter(common).max_by(|a, b| {
        let sure = a.confidence.total_cmp(&b.confidence);
        sure.then_with(|| b.id.cmp(&a.id))
    });
    let suspicious =
        |row: &Row| row.cause.rule().is_some_and(|rule| rule.class == Class::Suspicious);
    let lost = all().fold(0_i64, |sum, row| sum.saturating_add(row.lost));
    let severity = match kind {
        Kind::IdleLimit if lost > 0 => Severity::Costly,
        Kind::SameCause if all().any(suspicious) => Severity::Suspicious,
        _ => kind.declared().severity,
    };
    let (clients, services) =
        (tally(all().map(|row| row.client), host), tally(all().map(|row| row.service), service));
    let servers = tally(all().map(|row| rows.server(row)), host);
    let ports = tally(all().map(|row| rows.port(row)), |port| port);
    Finding {
        kind,
        severity,
        limit: None,
        silences: (kind == Kind::IdleLimit)
            .then(|| range(all().filter_map(|row| row.silence)))
            .flatten(),
        clients,
        servers,
        services,
        ports,
        names: tally(named, |key| rows.names.get(key).to_owned()),
        causes,
        since: all().map(|row| row.start).min().unwrap_or(0),
        until: all().map(|row| row.end).max().unwrap_or(0),
        harmless: count(|row| row.harmless),
        unanswered: count(|row| row.shape == Shape::Unanswered),
        refused: count(|row| row.shape == Shape::Refused),
        opened: count(|row| row.answered && !row.shape.failed()),
        ended_by: tally(all().map(|row| row.by.index()), |by| {
            EndedBy::WORDS.get(by).copied().unwrap_or_default()
        }),
        lost,
        waited,
        example: example.map_or(0, |row| row.id),
        of: 0,
        rows: places,
    }
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
