//! See `finrst_fuzz::tables`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| finrst_fuzz::tables::run(data));
