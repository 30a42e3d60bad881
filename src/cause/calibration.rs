//! How often a cause was right where its rule stated this confidence: measured in laboratories.
//!
//! A rule states how sure it is, the guards change that by what the capture lacks, and both
//! together are looked up here, for this cause, else for all causes together. Where the
//! laboratories have nothing to say, what was stated holds.
//! `tests/lab/calibrate.py` makes the list, and tells how it does on families of scenarios that it
//! was not made from.

mod measured;

use std::sync::OnceLock;

use super::rivals::in_parts;
use super::{Cause, names};
use measured::{DOUBTFUL, RANGE, SURE};

/// Stated confidences are told apart in steps of a twentieth.
const STEPS: usize = 20;

/// The frequency for a confidence that the rule of this cause states, guards included. `share` is
/// how much of the difference is taken (see `Parameters::calibration`).
pub fn frequency(cause: Cause, stated: f64, share: f64) -> f64 {
    static TABLE: OnceLock<Vec<[Option<f64>; STEPS + 1]>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let said_of = |name: &str| {
            let mut row = [None; STEPS + 1];
            for &(_, step, hundredths) in measured::MEASURED.iter().filter(|cell| cell.0 == name) {
                if let Some(cell) = row.get_mut(usize::from(step)) {
                    *cell = Some(f64::from(hundredths) / 100.0);
                }
            }
            row
        };
        let all = said_of(measured::ALL);
        let rows = names().into_iter().map(said_of);
        rows.map(|row| std::array::from_fn(|step| row[step].or(all[step]))).collect()
    });
    let cell = table.get(cause.index()).and_then(|row| row.get(step(stated)));
    let right = cell.copied().flatten().unwrap_or(stated);
    let right = if stated < SURE { right.min(DOUBTFUL) } else { right };
    (stated + (right - stated) * share).clamp(RANGE.0, RANGE.1)
}

fn step(stated: f64) -> usize {
    in_parts(stated, 20.0) as usize
}

#[cfg(test)]
mod tests {
    use super::{STEPS, frequency, measured, step};
    use crate::cause::Cause;

    #[test]
    fn the_list_names_causes_once_for_each_step() {
        let mut seen = std::collections::BTreeSet::new();
        for &(name, twentieths, hundredths) in measured::MEASURED {
            assert!(name == measured::ALL || Cause::named(name).is_some(), "{name}");
            assert!(usize::from(twentieths) <= STEPS && hundredths <= 100, "{name}");
            assert!(seen.insert((name, twentieths)), "{name} {twentieths}");
        }
        assert!(!seen.is_empty());
    }

    #[test]
    fn what_was_measured_takes_the_place_of_what_was_stated() {
        let named = |cell: &&(&str, u8, u8)| cell.0 != measured::ALL && cell.1 >= 16;
        let &(name, twentieths, hundredths) = measured::MEASURED.iter().find(named).unwrap();
        let cause = Cause::named(name).unwrap();
        let stated = f64::from(twentieths) / 20.0;
        let right = (f64::from(hundredths) / 100.0).clamp(0.05, 0.98);
        assert!((frequency(cause, stated, 1.0) - right).abs() < 1e-9);
        assert!((frequency(cause, stated, 0.0) - stated).abs() < 1e-9);
        assert!((frequency(Cause::UNDETERMINED, 0.4, 1.0) - 0.4).abs() < 1e-9);
    }

    #[test]
    fn steps_are_twentieths() {
        assert_eq!([0.0, 0.024, 0.026, 0.5, 0.97, 0.98, 1.0].map(step), [0, 0, 1, 10, 19, 20, 20]);
    }
}
