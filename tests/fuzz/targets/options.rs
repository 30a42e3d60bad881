//! See `finrst_fuzz::options`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| finrst_fuzz::options::run(data));
