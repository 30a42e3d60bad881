//! Rows by what they share.

use std::cmp::Ordering;

use super::rows::{Row, Rows};

/// Rows of a finding, by their places.
pub(super) type Places = Vec<u32>;

/// Places that findings of one kind are told for, at most; the others are told together.
const APART: usize = 3;
/// What one of them must have of all, at least: one in so many.
const SHARE: usize = 10;
/// And how many rows.
const FEW: usize = 3;

/// The rows at some places.
pub(super) fn at<'a>(rows: &'a Rows, places: &'a [u32]) -> impl Iterator<Item = (u32, &'a Row)> {
    places.iter().filter_map(|&place| Some((place, rows.rows.get(place as usize)?)))
}

/// Rows with their keys, ascending: the key, and below it the place. One number sorts in half the
/// time of a pair.
fn keyed(
    rows: &Rows,
    places: impl IntoIterator<Item = u32>,
    key: impl Fn(&Row) -> Option<u64>,
) -> Vec<u128> {
    let keyed = places.into_iter().filter_map(|place| {
        let key = key(rows.rows.get(place as usize)?)?;
        Some(u128::from(key) << u32::BITS | u128::from(place))
    });
    let mut keyed: Vec<u128> = keyed.collect();
    keyed.sort_unstable();
    keyed
}

fn key_of(keyed: u128) -> u64 {
    u64::try_from(keyed >> u32::BITS).unwrap_or(u64::MAX)
}

fn place_of(keyed: u128) -> u32 {
    u32::try_from(keyed & u128::from(u32::MAX)).unwrap_or(u32::MAX)
}

fn runs(keyed: &[u128]) -> impl Iterator<Item = (u64, &[u128])> {
    let runs = keyed.chunk_by(|&a, &b| key_of(a) == key_of(b));
    runs.filter_map(|run| Some((key_of(*run.first()?), run)))
}

fn places_of(run: &[u128]) -> Places {
    run.iter().map(|&one| place_of(one)).collect()
}

/// Groups rows by a key, each group in the order of the rows, groups in the order of their keys;
/// those with fewer rows than `least` are left out.
pub(super) fn by(
    rows: &Rows,
    places: impl IntoIterator<Item = u32>,
    least: usize,
    key: impl Fn(&Row) -> Option<u64>,
) -> Vec<(u64, Places)> {
    let keyed = keyed(rows, places, key);
    let groups = runs(&keyed).filter(|(_, group)| group.len() >= least);
    groups.map(|(key, group)| (key, places_of(group))).collect()
}

/// How many different values a key has.
pub(super) fn distinct(rows: &Rows, places: &[u32], key: impl Fn(&Row) -> u64) -> usize {
    let mut keys: Vec<u64> = at(rows, places).map(|(_, row)| key(row)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len()
}

/// Splits rows by a key, where a few of its values have most of them; the rest comes last.
///
/// Values of as many rows come in the order of what they stand for, so that the order of rows
/// decides nothing.
pub(super) fn split(
    rows: &Rows,
    places: &[u32],
    key: impl Fn(&Row) -> Option<u64>,
    order: impl Fn(u64, u64) -> Ordering,
) -> (Vec<Places>, Places) {
    let keyed = keyed(rows, places.iter().copied(), &key);
    let values = runs(&keyed).take(APART + 1).count();
    // Where there are few values, each is told; else those only that have a share of all.
    let all = values <= APART && keyed.len() == places.len();
    let least = if all { 1 } else { FEW.max(places.len().div_ceil(SHARE)) };
    let mut groups: Vec<(u64, &[u128])> =
        runs(&keyed).filter(|(_, group)| group.len() >= least).collect();
    groups.sort_unstable_by(|(a, own), (b, other)| {
        other.len().cmp(&own.len()).then_with(|| order(*a, *b))
    });
    groups.truncate(APART);
    let kept = |row: &Row| key(row).is_some_and(|own| groups.iter().any(|(key, _)| *key == own));
    let left = at(rows, places).filter(|(_, row)| !kept(row)).map(|(place, _)| place).collect();
    (groups.iter().map(|(_, group)| places_of(group)).collect(), left)
}
