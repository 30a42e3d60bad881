//! How often a cause was right where its rule stated this confidence: measured on labelled connections.
//!
//! A rule states how sure it is, the guards change that by what the capture lacks, and both
//! together are looked up here: for this cause, with or without guards, else for all causes together,
//! which is where a rule begins of which little is known. It says how sure a verdict is and never which:
//! what decides is what the rules state.
//! `tests/lab/calibrate.py` makes the list, and tells how it does on families of scenarios that it
//! was not made from.

mod measured;

use std::sync::OnceLock;

use super::rivals::in_parts;
use super::{Cause, names};
use measured::{ALL, MEASURED, RANGE};

/// Stated confidences are told apart in steps of a twentieth.
const STEPS: usize = 20;

/// The frequencies of a cause by step.
struct Frequencies {
    /// Where the capture lacks nothing.
    whole: [f64; STEPS + 1],
    /// Where a guard applied.
    guarded: [f64; STEPS + 1],
}

/// The frequency for a confidence that the rule of this cause states, guards included, and whether
/// one applied. `share` is how much of the difference is taken (see `Parameters::calibration`).
pub(super) fn frequency(cause: Cause, guarded: bool, stated: f64, share: f64) -> f64 {
    static TABLE: OnceLock<Vec<Frequencies>> = OnceLock::new();
    let table = TABLE.get_or_init(|| names().into_iter().map(frequencies).collect());
    let of = |by: &Frequencies| {
        let by = if guarded { &by.guarded } else { &by.whole };
        by.get(step(stated)).copied()
    };
    let measured = table.get(cause.index()).and_then(of);
    let right = measured.unwrap_or(stated);
    (stated + (right - stated) * share).clamp(RANGE.0, RANGE.1)
}

fn frequencies(cause: &str) -> Frequencies {
    let all = ALL.map(|hundredths| f64::from(hundredths) / 100.0);
    let mut found = Frequencies { whole: all, guarded: all };
    for &(_, guarded, step, hundredths) in MEASURED.iter().filter(|cell| cell.0 == cause) {
        let by = if guarded { &mut found.guarded } else { &mut found.whole };
        if let Some(cell) = by.get_mut(usize::from(step)) {
            *cell = f64::from(hundredths) / 100.0;
        }
    }
    found
}

fn step(stated: f64) -> usize {
    in_parts(stated, 20.0) as usize
}

#[cfg(test)]
mod tests {
    use super::{ALL, MEASURED, STEPS, frequency, step};
    use crate::cause::Cause;

    #[test]
    fn the_list_names_causes_once_for_each_step() {
        let mut seen = std::collections::BTreeSet::new();
        for &(name, guarded, twentieths, hundredths) in MEASURED {
            assert!(Cause::named(name).is_some(), "{name}");
            assert!(usize::from(twentieths) <= STEPS && hundredths <= 100, "{name}");
            assert!(seen.insert((name, guarded, twentieths)), "{name} {twentieths}");
        }
        assert!(!seen.is_empty());
    }

    #[test]
    fn what_was_measured_takes_the_place_of_what_was_stated() {
        for &(name, guarded, twentieths, hundredths) in MEASURED {
            let cause = Cause::named(name).unwrap();
            let (stated, right) = (f64::from(twentieths) / 20.0, f64::from(hundredths) / 100.0);
            assert!((frequency(cause, guarded, stated, 1.0) - right).abs() < 1e-9);
            let most = stated.clamp(0.05, 0.98);
            assert!((frequency(cause, guarded, stated, 0.0) - most).abs() < 1e-9);
        }
    }

    #[test]
    fn who_states_more_is_right_as_often_at_least_over_all_causes() {
        assert!(ALL.is_sorted(), "{ALL:?}");
        // Of `undetermined` no laboratory says anything.
        let right = frequency(Cause::UNDETERMINED, false, 0.4, 1.0);
        assert!((right - f64::from(ALL[8]) / 100.0).abs() < 1e-9);
    }

    #[test]
    fn steps_are_twentieths() {
        assert_eq!([0.0, 0.024, 0.026, 0.5, 0.97, 0.98, 1.0].map(step), [0, 0, 1, 10, 19, 20, 20]);
    }
}
