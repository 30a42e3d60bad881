//! Rows by what they share.

use super::rows::{Row, Rows};

/// Rows of a finding, by their places.
pub type Places = Vec<u32>;

/// Places that findings of one kind are told for, at most; the others are told together.
const APART: usize = 3;
/// What one of them must have of all, at least: one in so many.
const SHARE: usize = 10;
/// And how many rows.
const FEW: usize = 3;

/// The rows at some places.
pub fn at<'a>(rows: &'a Rows, places: &'a [u32]) -> impl Iterator<Item = (u32, &'a Row)> {
    places.iter().filter_map(|&place| Some((place, rows.rows.get(place as usize)?)))
}

/// Rows with their keys, ascending.
fn keyed<K: Ord + Copy>(
    rows: &Rows,
    places: impl IntoIterator<Item = u32>,
    key: impl Fn(&Row) -> Option<K>,
) -> Vec<(K, u32)> {
    let keyed =
        places.into_iter().filter_map(|place| Some((key(rows.rows.get(place as usize)?)?, place)));
    let mut keyed: Vec<(K, u32)> = keyed.collect();
    keyed.sort_unstable();
    keyed
}

fn runs<K: PartialEq + Copy>(keyed: &[(K, u32)]) -> impl Iterator<Item = &[(K, u32)]> {
    keyed.chunk_by(|(a, _), (b, _)| a == b)
}

/// Groups rows by a key, each group in the order of the rows, groups in the order of their keys;
/// those with fewer rows than `least` are left out.
pub fn by<K: Ord + Copy>(
    rows: &Rows,
    places: impl IntoIterator<Item = u32>,
    least: usize,
    key: impl Fn(&Row) -> Option<K>,
) -> Vec<(K, Places)> {
    let keyed = keyed(rows, places, key);
    let groups = runs(&keyed).filter(|group| group.len() >= least);
    let groups = groups.filter_map(|group| {
        Some((group.first()?.0, group.iter().map(|&(_, place)| place).collect()))
    });
    groups.collect()
}

/// How many different values a key has.
pub fn distinct<K: Ord>(rows: &Rows, places: &[u32], key: impl Fn(&Row) -> K) -> usize {
    let mut keys: Vec<K> = at(rows, places).map(|(_, row)| key(row)).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len()
}

/// Splits rows by a key, where a few of its values have most of them; the rest comes last.
///
/// Values are compared by what they stand for, so that the order of rows decides nothing.
pub fn split<K: Ord + Copy, N: Ord>(
    rows: &Rows,
    places: &[u32],
    key: impl Fn(&Row) -> Option<K>,
    name: impl Fn(K) -> N,
) -> (Vec<Places>, Places) {
    let keyed = keyed(rows, places.iter().copied(), &key);
    let values = runs(&keyed).take(APART + 1).count();
    // Where there are few values, each is told; else those only that have a share of all.
    let all = values <= APART && keyed.len() == places.len();
    let least = if all { 1 } else { FEW.max(places.len().div_ceil(SHARE)) };
    let mut groups: Vec<(K, &[(K, u32)])> = runs(&keyed)
        .filter(|group| group.len() >= least)
        .filter_map(|group| Some((group.first()?.0, group)))
        .collect();
    groups.sort_by_cached_key(|(key, group)| (std::cmp::Reverse(group.len()), name(*key)));
    groups.truncate(APART);
    let kept = |row: &Row| key(row).is_some_and(|own| groups.iter().any(|(key, _)| *key == own));
    let left = at(rows, places).filter(|(_, row)| !kept(row)).map(|(place, _)| place).collect();
    let group = |(_, group): (K, &[(K, u32)])| group.iter().map(|&(_, place)| place).collect();
    (groups.iter().copied().map(group).collect(), left)
}
