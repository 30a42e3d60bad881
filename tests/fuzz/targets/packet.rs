//! See `finrst_fuzz::packet`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| finrst_fuzz::packet::run(data));
