//! One finding: the facts of its connections that its sentences are made of.

use std::cmp::Ordering;

use super::group::{Places, at};
use super::idle::Limit;
use super::kind::{Kind, Severity};
use super::rows::{NONE, Row, Rows, Shape, host, port};
use super::tally::{Tally, count, counted, of_counts, tally};
use crate::cause::{Cause, Class, names};
use crate::conn::EndedBy;
use crate::table::vocabulary::Vocabulary;

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
    /// `connection_id` of the connection that shows it most surely, among those that ended as most
    /// of the commonest cause did.
    pub example: i64,
    /// Of a sum: how many findings it adds up; of one host's part: how many connections had trouble.
    pub of: usize,
}

/// What some connections have in common.
pub(super) fn described(rows: &Rows, kind: Kind, places: Places) -> Finding {
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
    let example = typical(|| all().filter(common));
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

/// The surest of those that ended as most did, the first of equals: of a scan one of its many
/// unanswered attempts, not the one that happened to be refused.
fn typical<'a, I: Iterator<Item = &'a Row>>(rows: impl Fn() -> I) -> Option<&'a Row> {
    let mut shapes = [0_usize; Shape::COUNT];
    for row in rows() {
        count(&mut shapes, row.shape as usize);
    }
    let most = shapes.iter().max().copied().unwrap_or(0);
    let as_most = |row: &&Row| shapes.get(row.shape as usize) == Some(&most);
    rows().filter(as_most).max_by(|a, b| {
        let sure = a.confidence.total_cmp(&b.confidence);
        sure.then_with(|| b.id.cmp(&a.id))
    })
}

/// Services by their hosts, then by their ports.
pub(super) fn by_address(rows: &Rows, a: u64, b: u64) -> Ordering {
    rows.hosts.order(host(a), host(b)).then_with(|| port(a).cmp(&port(b)))
}

/// The smallest and the largest.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}
