//! One stage of a pass over a capture, for whoever measures the process from outside:
//!
//! ```text
//! cargo bench --bench stages -- STAGE FILE [THREADS [COLUMNS]]
//! ```
//!
//! Each stage contains those before it: `walk` reads the record headers of a little-endian pcap
//! with nothing of this crate, `frames` reads records, `decode` opens them, `track` follows the
//! connections, `tables` judges them and makes every table, `findings` tells what lies across them,
//! `scan` makes the tables in bounded memory. Of a reading in steps `digest` writes the
//! file's digest for eight buckets, `stitch` follows the connections of each, `judge` makes the tables
//! of connections: what they take beside `decode`, `track` and `tables` is what steps cost. One thread
//! is used unless told otherwise, and all columns are made: those of connections and, behind a `/`, of
//! teardowns are named with commas between them. A line of JSON tells what was found, and what the
//! findings alone took.
#![allow(clippy::print_stdout, clippy::expect_used)]

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_data::ArrayData;
use finrst::base::error::Error;
use finrst::capture::{ReadOptions, Reader, Source};
use finrst::engine::runs::{Held, Job, Most, Way, Writing, settle};
use finrst::engine::{self, Scan, Step};
use finrst::engine::{Options, Output, Session};
use finrst::finding::{Rows, find};
use finrst::packet::Decoder;
use finrst::table::connections::Connections;
use finrst::table::teardowns::Teardowns;
use finrst::table::{Columns, Selection};

const BUFFER: usize = 1 << 20;
/// Buckets of a reading in steps.
const BUCKETS: u32 = 8;

fn main() -> Result<(), Error> {
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let mut options = Options { threads: Some(1), ..Options::default() };
    let (stage, file) = match given.as_slice() {
        [stage, file] => (stage, file),
        [stage, file, threads, columns @ ..] if threads.parse::<usize>().is_ok() => {
            options.threads = threads.parse().ok();
            if let [names] = columns {
                options.columns = self::columns(names)?;
            }
            (stage, file)
        }
        _ => {
            println!(
                "stages: walk|frames|decode|track|tables|findings|scan|digest|stitch|judge FILE [THREADS [COLUMNS]]"
            );
            return Ok(());
        }
    };
    let line = match stage.as_str() {
        "walk" => format!("\"packets\":{}", walk(file)),
        "frames" => format!("\"packets\":{}", frames(file)?),
        "decode" => format!("\"segments\":{}", decode(file)?),
        "track" => format!("\"connections\":{}", track(file, options)?.connections.len()),
        "tables" => tables(track(file, options)?)?,
        "findings" => findings(track(file, options)?)?,
        "scan" => scan(file, options)?,
        "digest" | "stitch" | "judge" => steps(stage, file, &options)?,
        other => return Err(Error::Argument(format!("no stage '{other}'"))),
    };
    println!("{{{line}}}");
    // The system takes the memory back faster than the allocator gives it.
    std::process::exit(0);
}

fn walk(path: &str) -> u64 {
    let mut file = File::open(path).expect("a readable file");
    let mut buffer = vec![0_u8; BUFFER];
    let (mut at, mut end, mut packets) = (24, 0, 0);
    loop {
        while let Some(header) = buffer.get(at..end).and_then(|rest| rest.get(..16)) {
            let length = u32::from_le_bytes([header[8], header[9], header[10], header[11]]);
            let next = at + 16 + length as usize;
            if next > end {
                break;
            }
            packets += 1;
            at = next;
        }
        if at <= end {
            buffer.copy_within(at..end, 0);
            (at, end) = (0, end - at);
        }
        match file.read(&mut buffer[end..]).expect("a readable file") {
            0 => return packets,
            got => end += got,
        }
    }
}

fn reader(path: &str) -> Result<Reader, Error> {
    let options = ReadOptions { ahead: false, ..ReadOptions::default() };
    Reader::open(vec![Source::path(path)], options)
}

fn frames(path: &str) -> Result<usize, Error> {
    let (mut reader, mut count) = (reader(path)?, 0);
    while let Some(batch) = reader.next_batch()? {
        count += batch.len();
    }
    Ok(count)
}

fn decode(path: &str) -> Result<u64, Error> {
    let (mut reader, mut decoder, mut count) = (reader(path)?, Decoder::default(), 0);
    while let Some(batch) = reader.next_batch()? {
        for frame in &batch {
            let found = decoder.decode(&frame, frame.time.unwrap_or(0));
            count += u64::from(found.segment().is_some());
        }
    }
    Ok(count)
}

/// Those of connections and, behind a `/`, of teardowns.
fn columns(names: &str) -> Result<Columns, Error> {
    let list = |names: &str| -> Vec<String> {
        names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let (connections, teardowns) = names.split_once('/').unwrap_or((names, ""));
    Ok(Columns {
        connections: Selection::of::<Connections>(&list(connections))?,
        teardowns: Selection::of::<Teardowns>(&list(teardowns))?,
    })
}

fn track(path: &str, options: Options) -> Result<Output, Error> {
    let mut session = Session::open(vec![Source::path(path)], options)?;
    while session.step(1 << 22)? {}
    Ok(session.finish())
}

fn scan(path: &str, options: Options) -> Result<String, Error> {
    let mut scan = Scan::open(vec![Source::path(path)], options)?;
    let mut rows = [0, 0];
    loop {
        match scan.step(1 << 22)? {
            Step::More => {}
            Step::Pair(connections, teardowns) => {
                for (rows, made) in rows.iter_mut().zip([connections, teardowns]) {
                    *rows += made.batches.iter().map(RecordBatch::num_rows).sum::<usize>();
                }
            }
            Step::Done => break,
        }
    }
    Ok(format!("\"connections\":{},\"teardowns\":{}", rows[0], rows[1]))
}

/// A reading in steps, up to one of them.
fn steps(last: &str, path: &str, options: &Options) -> Result<String, Error> {
    let scratch = std::env::temp_dir().join(format!("finrst-stages-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).expect("a directory");
    let done = steps_in(&scratch, last, path, options);
    std::fs::remove_dir_all(&scratch).expect("the directory");
    done
}

fn steps_in(scratch: &Path, last: &str, path: &str, options: &Options) -> Result<String, Error> {
    let options = settle(options.clone(), None)?;
    let (fingerprint, seed, buckets, of) = (1, 9, BUCKETS, Some(1));
    let way = Way { options: options.clone(), fingerprint, seed, buckets, of };
    let digest = scratch.join("run.frd");
    let mut writing = Writing::open(vec![Source::path(path)], &digest, Vec::new(), way)?;
    while writing.step(1 << 22)? {}
    let (run, bytes) = writing.finish()?;
    if last == "digest" {
        return Ok(format!("\"packets\":{},\"digest_bytes\":{bytes}", run.head.frames()));
    }
    let job = Job::open(&[Held::File(digest)], None)?;
    let (mut connections, mut bytes, mut facts) = (0, 0, Vec::new());
    for bucket in 0..BUCKETS {
        let to = scratch.join(format!("{bucket}.frf"));
        let (known, length) = job.stitch(bucket, &options, &to, &|| true)?;
        connections += known.connections;
        bytes += length;
        facts.push(Held::File(to));
    }
    if last == "stitch" {
        return Ok(format!("\"connections\":{connections},\"facts_bytes\":{bytes}"));
    }
    let facts = job.facts(&facts)?;
    let (together, shared) = job.together(&facts, &options, Most::default(), &|| true)?;
    let metadata = engine::metadata(&options);
    let with = (&shared, &options, &metadata);
    let made = together.judge(&job.plan, &facts, (0, 0), with, &|| true)?;
    let rows = made
        .each_ref()
        .map(|made| -> usize { made.batches.iter().map(RecordBatch::num_rows).sum() });
    Ok(format!("\"connections\":{},\"teardowns\":{}", rows[0], rows[1]))
}

/// Enters the memory of a column, each piece once whoever shares it.
fn enter(column: &ArrayData, buffers: &mut HashMap<usize, usize>) {
    let nulls = column.nulls().map(NullBuffer::buffer);
    for buffer in column.buffers().iter().chain(nulls) {
        buffers.insert(buffer.data_ptr().as_ptr() as usize, buffer.capacity());
    }
    column.child_data().iter().for_each(|child| enter(child, buffers));
}

fn tables(output: Output) -> Result<String, Error> {
    let mut flags = [0_u64; 2];
    let connections = output.connections.len();
    let made = engine::tables(output, &HashMap::new(), &|| true)?;
    let kinds = made.iter().flat_map(|made| &made.batches).filter_map(|b| b.column_by_name("kind"));
    for kinds in kinds.filter_map(|kinds| kinds.as_any_dictionary_opt()) {
        let words = kinds.values().as_string::<i32>();
        for key in kinds.normalized_keys() {
            flags[usize::from(words.value(key) == "rst")] += 1;
        }
    }
    let mut buffers = HashMap::new();
    for column in made.iter().flat_map(|made| &made.batches).flat_map(RecordBatch::columns) {
        enter(&column.to_data(), &mut buffers);
    }
    let bytes: usize = buffers.values().sum();
    let [fins, rsts] = flags;
    Ok(format!(
        "\"connections\":{connections},\"fins\":{fins},\"rsts\":{rsts},\"table_bytes\":{bytes}"
    ))
}

fn findings(output: Output) -> Result<String, Error> {
    let made = engine::tables(output, &HashMap::new(), &|| true)?;
    let begin = Instant::now();
    let mut rows = Rows::default();
    let internal = |error: arrow_schema::ArrowError| Error::Internal(error.to_string());
    for batch in made.iter().find(|made| made.name == "connections").iter().flat_map(|m| &m.batches)
    {
        rows.add(batch).map_err(internal)?;
    }
    let read = begin.elapsed();
    let begin = Instant::now();
    let found = find(&rows).len();
    let told = begin.elapsed();
    Ok(format!(
        "\"connections\":{},\"findings\":{found},\"read_ms\":{},\"found_ms\":{}",
        rows.rows.len(),
        read.as_millis(),
        told.as_millis(),
    ))
}
