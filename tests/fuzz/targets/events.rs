//! See `finrst_fuzz::events`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| finrst_fuzz::events::run(data));
