//! See `finrst_fuzz::kept`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| finrst_fuzz::kept::run(data));
