//! What several files decoded at once cost beside one session: `cargo bench --bench abreast`.
//!
//! `FINRST_BENCH_FILES` names the directory that they lie in. Both are done in turns, and the least
//! time of each counts.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use finrst::capture::{ReadOptions, Reader, Source};
use finrst::engine::runs::{Abreast, Stop};
use finrst::engine::{Options, Output, Session};

fn options(threads: usize) -> Options {
    let reading = ReadOptions { ahead: threads > 1, ..ReadOptions::default() };
    Options { reading, threads: Some(threads), ..Options::default() }
}

fn alone(directory: &str, threads: usize) -> Output {
    let sources = vec![Source::path(directory)];
    let mut session = Session::open(sources, options(threads)).expect("captures");
    while session.step(1 << 20).expect("no error") {}
    session.finish()
}

fn abreast(directory: &str, threads: usize) -> Output {
    let options = options(threads);
    let reader = Reader::open(vec![Source::path(directory)], options.reading.clone());
    let abreast = Abreast::of(reader.expect("captures"), options, threads);
    let mut abreast = abreast.expect("several files");
    loop {
        match abreast.step(1 << 20) {
            Ok(true) => {}
            Ok(false) => return abreast.finish().expect("everything was read"),
            Err(Stop::Error(error)) => panic!("{error}"),
            Err(Stop::Alone) => panic!("one reader is asked for"),
        }
    }
}

fn timed(least: &mut Duration, work: impl FnOnce() -> Output) -> usize {
    let start = Instant::now();
    let done = black_box(work());
    *least = (*least).min(start.elapsed());
    done.connections.len()
}

fn main() {
    let Ok(directory) = std::env::var("FINRST_BENCH_FILES") else {
        println!("FINRST_BENCH_FILES names no directory");
        return;
    };
    let rounds = std::env::var("FINRST_BENCH_ROUNDS").ok().and_then(|n| n.parse().ok());
    for threads in [1, 2, 4] {
        let [mut one, mut many] = [Duration::MAX; 2];
        for _ in 0..rounds.unwrap_or(5) {
            let found = timed(&mut one, || alone(&directory, threads));
            assert_eq!(timed(&mut many, || abreast(&directory, threads)), found);
        }
        let [one, many] = [one, many].map(|time| time.as_secs_f64());
        println!(
            "{directory}, {threads} threads: one session {one:.3} s, at once {many:.3} s ({:.2} x)",
            one / many
        );
    }
}
