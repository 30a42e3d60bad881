//! The layers one by one, on one capture in memory: `cargo bench --bench layers`.
//!
//! `FINRST_BENCH_CAPTURE` names an uncompressed little-endian pcap; without it the demonstration
//! capture is repeated, an hour later each time. `judge` and `columns` begin with connections that
//! were followed.
#![allow(clippy::expect_used, missing_docs)]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use finrst::capture::{ReadOptions, Reader, Source};
use finrst::cause::{self, Verdict};
use finrst::conn::Connection;
use finrst::engine::{Options, Output, Session};
use finrst::packet::Decoder;
use finrst::table::connections::{ConnectionRow, Connections};
use finrst::table::shared::Shared;
use finrst::table::{CHUNK_ROWS, Layout};

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/demo.pcap");
const ROUNDS: u32 = 400;
const HEADER: usize = 24;

fn capture() -> Vec<u8> {
    if let Some(path) = std::env::var_os("FINRST_BENCH_CAPTURE") {
        return std::fs::read(path).expect("a capture");
    }
    let demo = std::fs::read(DEMO).expect("the demonstration capture");
    let (header, records) = demo.split_at(HEADER);
    let mut out = header.to_vec();
    for round in 0..ROUNDS {
        let mut rest = records;
        while let Some((head, after)) = rest.split_at_checked(16) {
            let word = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().expect("four"));
            let (seconds, length) = (word(0) + round * 3600, word(8) as usize);
            out.extend(seconds.to_le_bytes());
            out.extend(&head[4..]);
            out.extend(&after[..length]);
            rest = &after[length..];
        }
    }
    out
}

fn walk(bytes: &[u8]) -> usize {
    let (mut at, mut packets) = (HEADER, 0);
    while let Some(head) = bytes.get(at..at + 16) {
        at += 16 + u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
        packets += 1;
    }
    packets
}

fn reader(source: Source) -> Reader {
    Reader::open(vec![source], ReadOptions::default()).expect("a capture")
}

fn decode(source: Source) -> u64 {
    let (mut reader, mut decoder, mut segments) = (reader(source), Decoder::default(), 0);
    while let Some(batch) = reader.next_batch().expect("no error") {
        for frame in &batch {
            let found = decoder.decode(&frame, frame.time.unwrap_or(0));
            segments += u64::from(found.segment().is_some());
        }
    }
    segments
}

fn track(source: Source) -> Output {
    let options = Options { threads: Some(1), ..Options::default() };
    let mut session = Session::open(vec![source], options).expect("a capture");
    while session.step(1 << 22).expect("no error") {}
    session.finish()
}

fn judge(connections: &[Connection], output: &Output) -> Vec<Verdict> {
    let all = connections.iter();
    all.map(|c| cause::judge(c, &output.context, &output.parameters)).collect()
}

fn columns(connections: &[Connection], verdicts: &[Verdict], shared: &Shared) -> usize {
    let rows: Vec<_> = connections
        .iter()
        .zip(verdicts)
        .map(|(connection, verdict)| ConnectionRow { connection, verdict: Some(verdict), shared })
        .collect();
    let all = finrst::table::columns::<Connections>().collect();
    let layout = Layout::of(all, shared, HashMap::new());
    let batches = rows.chunks(CHUNK_ROWS).map(|chunk| {
        let mut batch = layout.batch(chunk.len());
        for verdict in chunk.iter().filter_map(|row| row.verdict) {
            batch.evidence(&verdict.evidence);
        }
        batch.add(chunk);
        batch.finish().expect("a batch")
    });
    batches.count()
}

fn layers(criterion: &mut Criterion) {
    let bytes = Arc::new(capture());
    let source = || Source::Bytes { name: "bench".to_owned(), data: Arc::clone(&bytes) };
    let packets = walk(&bytes) as u64;
    let mut group = criterion.benchmark_group("packets");
    group.throughput(Throughput::Elements(packets));
    group.bench_function("walk", |bench| bench.iter(|| walk(black_box(&bytes))));
    group.bench_function("decode", |bench| bench.iter(|| decode(source())));
    group.bench_function("track", |bench| bench.iter(|| track(source()).connections.len()));
    group.finish();
    let output = track(source());
    let all: Vec<_> = output.connections.iter().collect();
    let verdicts = judge(&all, &output);
    let shared = Shared::new(&output.files, &output.interfaces, output.paths.clone());
    let mut group = criterion.benchmark_group("connections");
    group.throughput(Throughput::Elements(verdicts.len() as u64));
    group.bench_function("judge", |bench| bench.iter(|| judge(black_box(&all), &output).len()));
    group.bench_function("columns", |bench| {
        bench.iter(|| columns(black_box(&all), &verdicts, &shared));
    });
    group.finish();
}

criterion_group!(benches, layers);
criterion_main!(benches);
