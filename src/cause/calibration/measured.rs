//! Made by `tests/lab/calibrate.py --write`.

/// What is left to doubt: nothing seen from outside is certain.
pub const RANGE: (f64, f64) = (0.05, 0.98);

/// Share that was right over all causes, in hundredths, by twentieths of stated confidence.
pub const ALL: [u8; 21] =
    [5, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 91, 95, 96, 96, 96, 98, 98, 98];

/// Cause, whether a guard applied, stated confidence in twentieths, share that was right in hundredths.
pub const MEASURED: &[(&str, bool, u8, u8)] = &[("server_close", false, 19, 98)];
