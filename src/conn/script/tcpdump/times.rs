//! The times that tcpdump prints before its lines, and which of its options made them.

use super::line::Wrong;
use crate::conn::script::player::START;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;
/// As many times that never go back are hardly differences.
const ENOUGH: usize = 5;

/// A time as it was printed, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printed {
    /// `15:00:00.000000`: of a day, or since another line.
    Clock(i64),
    /// `2026-11-24 15:00:00.000000` (`-tttt`).
    Date(i64),
    /// `1795327206.565156` (`-tt`).
    Epoch(i64),
}

/// The time at the beginning of a line.
pub(super) fn of(line: &str) -> Option<Printed> {
    let mut words = line.split_ascii_whitespace();
    let first = words.next()?;
    if let Some(day) = date(first) {
        return clock(words.next()?).map(|time| Printed::Date(day.saturating_add(time)));
    }
    if let Some(time) = clock(first) {
        return Some(Printed::Clock(time));
    }
    let (seconds, fraction) = first.split_once('.')?;
    let seconds: i64 = digits(seconds, 10).then(|| seconds.parse().ok())??;
    Some(Printed::Epoch(seconds.checked_mul(SECOND)?.checked_add(nanoseconds(fraction)?)?))
}

fn digits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `HH:MM:SS.ffffff`, with a sign where a packet is older than the one before it.
fn clock(word: &str) -> Option<i64> {
    let (sign, word) = word.strip_prefix('-').map_or((1, word), |rest| (-1, rest));
    let (whole, fraction) = word.split_once('.')?;
    let mut parts = whole.split(':');
    let mut part = || parts.next().filter(|text| digits(text, 4))?.parse::<i64>().ok();
    let (hours, minutes, seconds) = (part()?, part()?, part()?);
    if parts.next().is_some() {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60 + seconds;
    Some(sign * (seconds * SECOND + nanoseconds(fraction)?))
}

fn nanoseconds(fraction: &str) -> Option<i64> {
    if !digits(fraction, 9) {
        return None;
    }
    let scale = 10_i64.pow(u32::try_from(9 - fraction.len()).ok()?);
    Some(fraction.parse::<i64>().ok()? * scale)
}

/// `YYYY-MM-DD`, since 1970.
fn date(word: &str) -> Option<i64> {
    let mut parts = word.split('-');
    let mut part = |length: usize| {
        parts
            .next()
            .filter(|text| text.len() == length && digits(text, length))?
            .parse::<i64>()
            .ok()
    };
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March: the day that leap years have more is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    (days - 719_468).checked_mul(DAY)
}

/// Nanoseconds since the epoch of all lines; else the place of one that has another kind of time.
pub(super) fn resolved(heads: &[&str]) -> Result<Vec<i64>, (usize, Wrong)> {
    let times: Vec<Printed> = heads.iter().filter_map(|head| of(head)).collect();
    let same = |a: &Printed, b: &Printed| std::mem::discriminant(a) == std::mem::discriminant(b);
    if let Some(first) = times.first()
        && let Some(at) = times.iter().position(|time| !same(time, first))
    {
        return Err((at, "its time is of another kind than that of the first line".into()));
    }
    let clocks: Vec<i64> = times
        .iter()
        .map(|time| match *time {
            Printed::Clock(time) | Printed::Date(time) | Printed::Epoch(time) => time,
        })
        .collect();
    if !matches!(times.first(), Some(Printed::Clock(_))) {
        return Ok(clocks);
    }
    let relative = clocks.first() == Some(&0);
    let rising = clocks.windows(2).all(|pair| matches!(pair, [a, b] if a <= b));
    let mut distinct = clocks.clone();
    distinct.dedup();
    Ok(match (relative, rising && distinct.len() >= ENOUGH) {
        (true, true) => clocks.iter().map(|time| START.saturating_add(*time)).collect(),
        (true, false) => sums(&clocks),
        (false, _) => of_days(&clocks),
    })
}

/// Of differences (`-ttt`).
fn sums(clocks: &[i64]) -> Vec<i64> {
    let mut time = START;
    clocks
        .iter()
        .map(|step| {
            time = time.saturating_add(*step);
            time
        })
        .collect()
}

/// Of times of day: one that is half a day earlier than the one before it is of the next.
fn of_days(clocks: &[i64]) -> Vec<i64> {
    let (mut day, mut before) = (START, i64::MIN);
    clocks
        .iter()
        .map(|&clock| {
            if before.saturating_sub(clock) > DAY / 2 {
                day = day.saturating_add(DAY);
            }
            before = clock;
            day.saturating_add(clock)
        })
        .collect()
}
