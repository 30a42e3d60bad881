//! Idle limits: many connections that one side ends after the same silence.
//!
//! A limit is a tight cluster of silences with little around it. Silences of one service are looked
//! at first, then what is left by port, then by the client and by the side that closed alone: a box
//! on the path ends those of many services.

use super::group::{Places, at, by};
use super::rows::{Row, Rows};
use crate::conn::Side;

/// Silences that are shorter are no waiting, in seconds.
const SHORTEST: f64 = 1.0;
/// Connections that make a limit.
const FEWEST: usize = 5;
/// Width of a cluster, relative to the silence.
const WIDTH: f64 = 0.01;
/// And in seconds, at least and at most.
const WIDTHS: (f64, f64) = (0.05, 1.0);
/// What counts as around a cluster: this much less and more.
const AROUND: f64 = 1.3;
/// Closes within so many seconds are one moment.
const AT_ONCE: f64 = 0.05;
/// And within so many times that by which the silences differ.
const LONGER: f64 = 2.0;
/// Limits of one group at most.
const LIMITS: usize = 4;

/// The silences of a cluster, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// Who closes.
    pub closer: Side,
    /// The middle one.
    pub seconds: f64,
    /// The shortest.
    pub low: f64,
    /// The longest.
    pub high: f64,
}

fn width(silence: f64) -> f64 {
    (silence * WIDTH).clamp(WIDTHS.0, WIDTHS.1)
}

/// Clusters of ascending silences: where each begins and ends.
pub(super) fn clusters(silences: &[f64]) -> Vec<(usize, usize)> {
    let mut free = vec![true; silences.len()];
    let mut found = Vec::new();
    while found.len() < LIMITS {
        let Some((begin, end)) = densest(silences, &free) else { break };
        free.iter_mut().take(end).skip(begin).for_each(|free| *free = false);
        found.push((begin, end));
    }
    found.sort_unstable();
    found
}

/// The window with most silences, the earliest of equals, if it stands out.
#[expect(
    clippy::indexing_slicing,
    reason = "`begin` and `end` run from 0 to the number of silences"
)]
fn densest(silences: &[f64], free: &[bool]) -> Option<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    let mut end = 0;
    for begin in 0..silences.len() {
        end = end.max(begin);
        while end < silences.len()
            && free[end]
            && silences[end] - silences[begin] <= width(silences[begin])
        {
            end += 1;
        }
        if free[begin]
            && end - begin >= FEWEST
            && best.is_none_or(|(from, to)| end - begin > to - from)
            && stands_out(silences, begin, end)
        {
            best = Some((begin, end));
        }
    }
    best
}

/// Whether two of three silences thereabouts are in the window.
fn stands_out(silences: &[f64], begin: usize, end: usize) -> bool {
    let (Some(&low), Some(&high)) = (silences.get(begin), silences.get(end - 1)) else {
        return false;
    };
    let from = silences.partition_point(|&silence| silence < low / AROUND);
    let to = silences.partition_point(|&silence| silence <= high * AROUND);
    (end - begin) * 3 >= (to - from) * 2
}

/// The limits among rows, and which rows met each.
pub(super) fn limits(rows: &Rows, places: &[u32]) -> Vec<(Limit, Places)> {
    let waited = |place: &u32| {
        rows.rows.get(*place as usize).is_some_and(|row| {
            row.closer.is_some()
                && !row.shape.failed()
                && row.silence.is_some_and(|silence| silence >= SHORTEST)
        })
    };
    let mut left: Places = places.iter().copied().filter(waited).collect();
    let mut found = Vec::new();
    let keys: [fn(&Row) -> u64; 4] =
        [|row| row.service, |row| row.port().into(), |row| row.client, |_| 0];
    for key in keys {
        let groups = by(rows, left.iter().copied(), FEWEST, |row| {
            Some(key(row) << 1 | row.closer.map_or(0, Side::index) as u64)
        });
        let mut taken = Vec::new();
        for (_, group) in groups {
            taken.extend(of_group(rows, &group));
        }
        let mut gone: Places = taken.iter().flat_map(|(_, members)| members.clone()).collect();
        gone.sort_unstable();
        left.retain(|place| gone.binary_search(place).is_err());
        found.extend(taken);
    }
    merged(rows, found)
}

fn of_group(rows: &Rows, group: &[u32]) -> Vec<(Limit, Places)> {
    let silences = at(rows, group).filter_map(|(place, row)| Some((row.silence?, place)));
    let mut silences: Vec<(f64, u32)> = silences.collect();
    silences.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let ascending: Vec<f64> = silences.iter().map(|&(silence, _)| silence).collect();
    let closer = at(rows, group).find_map(|(_, row)| row.closer);
    let found = clusters(&ascending).into_iter().filter_map(|(begin, end)| {
        let members = silences.get(begin..end)?;
        let mut places: Places = members.iter().map(|&(_, place)| place).collect();
        places.sort_unstable();
        // A service that ends all at once is told by its cause.
        if closer == Some(Side::Client) && at_once(rows, &places, ascending.get(begin..end)?) {
            return None;
        }
        Some((limit(closer?, ascending.get(begin..end)?)?, places))
    });
    found.collect()
}

/// Whether they were closed at one moment, more so than they were silent for one time: a client that
/// leaves closes all that it has.
fn at_once(rows: &Rows, places: &[u32], silences: &[f64]) -> bool {
    let closed = || at(rows, places).filter_map(|(_, row)| row.closed);
    let (Some(first), Some(last)) = (closed().min(), closed().max()) else { return false };
    let (Some(low), Some(high)) = (silences.first(), silences.last()) else { return false };
    let moment = crate::conn::seconds(last.saturating_sub(first));
    moment < AT_ONCE.max(LONGER * (high - low))
}

fn limit(closer: Side, ascending: &[f64]) -> Option<Limit> {
    Some(Limit {
        closer,
        seconds: *ascending.get(ascending.len() / 2)?,
        low: *ascending.first()?,
        high: *ascending.last()?,
    })
}

/// One limit for all services of one port, or of one host, that have the same.
fn merged(rows: &Rows, found: Vec<(Limit, Places)>) -> Vec<(Limit, Places)> {
    let mut all: Vec<(Limit, Places)> = Vec::new();
    for (limit, places) in found {
        let first =
            |places: &[u32]| at(rows, places).next().map(|(_, row)| (row.port(), row.server()));
        let own = first(&places);
        let same = all.iter_mut().find(|(other, members)| {
            other.closer == limit.closer
                && (other.seconds - limit.seconds).abs() <= width(limit.seconds) / 2.0
                && first(members).zip(own).is_some_and(|(a, b)| a.0 == b.0 || a.1 == b.1)
        });
        match same {
            Some((_, members)) => members.extend(places),
            None => all.push((limit, places)),
        }
    }
    for (limit, places) in &mut all {
        places.sort_unstable();
        let silences = at(rows, places).filter_map(|(_, row)| row.silence);
        let mut silences: Vec<f64> = silences.collect();
        silences.sort_unstable_by(f64::total_cmp);
        *limit = self::limit(limit.closer, &silences).unwrap_or(*limit);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::clusters;

    fn sorted(silences: impl IntoIterator<Item = f64>) -> Vec<f64> {
        let mut silences: Vec<f64> = silences.into_iter().collect();
        silences.sort_unstable_by(f64::total_cmp);
        silences
    }

    #[test]
    fn silences_of_one_length_are_a_limit_and_two_lengths_two() {
        let sixty = (0..10).map(|n| 60.0 + f64::from(n) / 1000.0);
        let five = (0..6).map(|n| 5.0 + f64::from(n) / 1000.0);
        let spread = [1.5, 2.9, 8.0, 14.0, 33.0, 130.0];
        let silences = sorted(sixty.chain(five).chain(spread));
        let found = clusters(&silences);
        assert_eq!(found.iter().map(|(a, b)| b - a).collect::<Vec<_>>(), [6, 10]);
    }

    #[test]
    fn silences_that_are_spread_widely_are_none() {
        assert_eq!(clusters(&sorted((0..100).map(|n| 1.0 + f64::from(n) * 0.7))), []);
        let doubled = (0..40).map(|n| 1.0 * 1.07_f64.powi(n));
        assert_eq!(clusters(&sorted(doubled)), []);
    }

    #[test]
    fn four_of_one_length_may_be_chance() {
        assert_eq!(clusters(&[60.0, 60.0, 60.0, 60.0]), []);
        assert_eq!(clusters(&[60.0; 5]), [(0, 5)]);
    }
}
