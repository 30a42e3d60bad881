//! Values and how many rows have them, the most frequent first.

use std::cmp::{Ordering, Reverse};

/// Hosts, services and names that a finding has by name.
const NAMED: usize = 5;

/// Values with the rows that have them: how many there are, and the most frequent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally<T> {
    /// Different values.
    pub distinct: usize,
    /// The most frequent first, equals by value: addresses by their numbers, words as they are declared.
    pub most: Vec<(T, usize)>,
}

/// The most frequent values, with their names; equals in an order.
pub(super) fn tally<K: Ord + Copy, T>(
    mut keys: Vec<K>,
    order: impl Fn(K, K) -> Ordering,
    name: impl Fn(K) -> T,
) -> Tally<T> {
    keys.sort_unstable();
    counted(keys.into_iter(), order, name)
}

/// The same of values of which equals stand together.
pub(super) fn counted<K: PartialEq + Copy, T>(
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

/// Counts at a place.
pub(super) fn count(counts: &mut [usize], place: usize) {
    if let Some(count) = counts.get_mut(place) {
        *count += 1;
    }
}

/// The most frequent of a few words, each counted at its place, equals in the order of the words.
pub(super) fn of_counts(counts: &[usize], words: &[&'static str]) -> Tally<&'static str> {
    let there = words.iter().zip(counts).filter(|(_, count)| **count > 0);
    let mut most: Vec<(&'static str, usize)> = there.map(|(word, count)| (*word, *count)).collect();
    most.sort_by_key(|&(_, count)| Reverse(count));
    let distinct = most.len();
    most.truncate(NAMED);
    Tally { distinct, most }
}
