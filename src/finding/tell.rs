//! The findings, ranked, with the facts that their sentences are made of.

use std::cmp::{Ordering, Reverse};

use super::group::{Places, at, by, distinct, split};
use super::idle::Limit;
use super::kind::{Kind, Severity};
use super::rows::{NONE, Row, Rows, Shape, host, port};
use super::sort::{Sorted, sort};
use crate::cause::{Cause, Class, names};
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
    /// The most frequent first, equals by value: addresses by their numbers, words as they are declared.
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
    pub causes: Tally<&'static str>,
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

/// Services by their hosts, then by their ports.
fn by_address(rows: &Rows, a: u64, b: u64) -> Ordering {
    rows.hosts.order(host(a), host(b)).then_with(|| port(a).cmp(&port(b)))
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

/// The most frequent values, with their names; equals in an order.
fn tally<K: Ord + Copy, T>(
    mut keys: Vec<K>,
    order: impl Fn(K, K) -> Ordering,
    name: impl Fn(K) -> T,
) -> Tally<T> {
    keys.sort_unstable();
    counted(keys.into_iter(), order, name)
}

/// The same of values of which equals stand together.
fn counted<K: PartialEq + Copy, T>(
    keys: impl Iterator<Item = K>,
    order: impl Fn(K, K) -> Ordering,
    name: impl Fn(K) -> T,
) -> Tally<T> {
    let before = |(a, n): &(K, usize), (b, m): &(K, usize)| m.cmp(n).then_with(|| order(*a, *b));
    let (mut distinct, mut most) = (0, Vec::with_capacity(NAMED + 1));
    let mut enter = |one: (K, usize)| {
        distinct += 1;
        let place = most.partition_point(|other| before(other, &one).is_lt());
        if place < NAMED {
            most.insert(place, one);
            most.truncate(NAMED);
        }
    };
    let mut run: Option<(K, usize)> = None;
    for key in keys {
        run = match run {
            Some((same, count)) if same == key => Some((same, count + 1)),
            Some(other) => {
                enter(other);
                Some((key, 1))
            }
            None => Some((key, 1)),
        };
    }
    run.into_iter().for_each(enter);
    Tally { distinct, most: most.into_iter().map(|(key, count)| (name(key), count)).collect() }
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
    let (mut since, mut until) = (i64::MAX, i64::MIN);
    let (mut harmless, mut unanswered, mut refused, mut opened) = (0, 0, 0, 0);
    let mut lost = 0_i64;
    let cause_names = names();
    let mut causes = vec![0_usize; cause_names.len()];
    let mut ended_by = vec![0_usize; EndedBy::WORDS.len()];
    let mut clients = Vec::with_capacity(places.len());
    let mut services = Vec::with_capacity(places.len());
    let (mut asked_for, mut waits) = (Vec::new(), Vec::new());
    for row in all() {
        since = since.min(row.start);
        until = until.max(row.end);
        harmless += usize::from(row.harmless);
        unanswered += usize::from(row.shape == Shape::Unanswered);
        refused += usize::from(row.shape == Shape::Refused);
        opened += usize::from(row.answered && !row.shape.failed());
        lost = lost.saturating_add(row.lost);
        clients.push(row.client);
        services.push(row.service);
        count(&mut causes, row.cause.index());
        count(&mut ended_by, row.by.index());
        if row.name != NONE {
            asked_for.push(row.name);
        }
        if row.shape.failed() {
            waits.push(row.end.saturating_sub(row.start));
        }
    }
    let middle = waits.len() / 2;
    let waited = (!waits.is_empty()).then(|| {
        let (_, middle, _) = waits.select_nth_unstable(middle);
        crate::conn::seconds(*middle)
    });
    let causes = of_counts(&causes, &cause_names);
    // What most of them have shows what they have in common.
    let commonest = causes.most.first().and_then(|(name, _)| Cause::named(name));
    let common = |row: &&Row| commonest.is_none_or(|cause| row.cause == cause);
    let example = all().filter(common).max_by(|a, b| {
        let sure = a.confidence.total_cmp(&b.confidence);
        sure.then_with(|| b.id.cmp(&a.id))
    });
    let suspicious =
        |row: &Row| row.cause.rule().is_some_and(|rule| rule.class == Class::Suspicious);
    let severity = match kind {
        Kind::IdleLimit if lost > 0 => Severity::Costly,
        Kind::SameCause if all().any(suspicious) => Severity::Suspicious,
        _ => kind.declared().severity,
    };
    let text = |key: u64| rows.hosts.text(key);
    let order = |a: u64, b: u64| rows.hosts.order(a, b);
    let ports = services.iter().map(|&service| port(service)).collect();
    services.sort_unstable();
    let servers = counted(services.iter().map(|&service| host(service)), order, text);
    let of_limit = kind == Kind::IdleLimit;
    let silences = if of_limit { range(all().filter_map(|row| row.silence)) } else { None };
    Finding {
        kind,
        severity,
        limit: None,
        silences,
        clients: tally(clients, order, text),
        servers,
        services: counted(
            services.into_iter(),
            |a, b| by_address(rows, a, b),
            |key| (text(host(key)), port(key)),
        ),
        ports: tally(ports, |a, b| a.cmp(&b), |port| port),
        names: tally(
            asked_for,
            |a, b| rows.names.get(a).cmp(rows.names.get(b)),
            |key| rows.names.get(key).to_owned(),
        ),
        causes,
        since: if places.is_empty() { 0 } else { since },
        until: if places.is_empty() { 0 } else { until },
        harmless,
        unanswered,
        refused,
        opened,
        ended_by: of_counts(&ended_by, EndedBy::WORDS),
        lost,
        waited,
        example: example.map_or(0, |row| row.id),
        of: 0,
        rows: places,
    }
}

fn count(counts: &mut [usize], place: usize) {
    if let Some(count) = counts.get_mut(place) {
        *count += 1;
    }
}

/// The most frequent of a few words, each counted at its place, equals in the order of the words.
fn of_counts(counts: &[usize], words: &[&'static str]) -> Tally<&'static str> {
    let there = words.iter().zip(counts).filter(|(_, count)| **count > 0);
    let mut most: Vec<(&'static str, usize)> = there.map(|(word, count)| (*word, *count)).collect();
    most.sort_by_key(|&(_, count)| Reverse(count));
    let distinct = most.len();
    most.truncate(NAMED);
    Tally { distinct, most }
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
