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

/// Groups rows by a key, each group in the order of the rows, groups in the order of their keys.
pub fn by<K: Ord + Copy>(
    rows: &Rows,
    places: impl IntoIterator<Item = u32>,
    key: impl Fn(&Row) -> Option<K>,
) -> Vec<(K, Places)> {
    let keyed =
        places.into_iter().filter_map(|place| Some((key(rows.rows.get(place as usize)?)?, place)));
    let mut keyed: Vec<(K, u32)> = keyed.collect();
    keyed.sort_unstable();
    let groups = keyed.chunk_by(|(a, _), (b, _)| a == b);
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
    let mut groups = by(rows, places.iter().copied(), &key);
    let keyed: usize = groups.iter().map(|(_, group)| group.len()).sum();
    groups.sort_by_cached_key(|(key, group)| (std::cmp::Reverse(group.len()), name(*key)));
    let all = groups.len() <= APART && keyed == places.len();
    let enough = |group: &Places| all || group.len() >= FEW && group.len() * SHARE >= places.len();
    let kept = groups.iter().take(APART).take_while(|(_, group)| enough(group)).count();
    let rest = groups.split_off(kept);
    let mut left: Places = rest.into_iter().flat_map(|(_, group)| group).collect();
    left.extend(at(rows, places).filter(|(_, row)| key(row).is_none()).map(|(place, _)| place));
    left.sort_unstable();
    (groups.into_iter().map(|(_, group)| group).collect(), left)
}
