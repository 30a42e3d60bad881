//! Made by `tests/lab/calibrate.py --write`.

/// Cause, stated confidence in twentieths, share that was right in hundredths.
pub const MEASURED: &[(&str, u8, u8)] = &[("port_closed", 19, 97)];
