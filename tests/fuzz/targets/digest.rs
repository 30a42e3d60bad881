//! See `finrst_fuzz::digest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| finrst_fuzz::digest::run(data));
