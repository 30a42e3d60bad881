//! See `finrst_fuzz::file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| finrst_fuzz::file::run(data));
