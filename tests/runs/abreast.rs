//! Files that are read at once: how it is done, and what may happen to them meanwhile.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use finrst::base::error::Error;
use finrst::capture::{ReadOptions, Source, Status};
use finrst::engine::runs::{Abreast, Done, Stop};
use finrst::engine::{Options, Output, Reading, Session};

use crate::cut::{Capture, Record};
use crate::hazards::{demo, within};
use crate::held::{File, abreast, alone, at_once, hold, named, opened, sources, told};
use crate::steps::Scratch;

/// The demonstration so many times, one behind the other in time.
fn long(times: i64) -> Capture {
    let demo = demo();
    let mut capture = demo.clone();
    capture.records.clear();
    for time in 0..times {
        let later = demo.records.iter().cloned().map(|mut record| {
            record.later(time * 600);
            record
        });
        capture.records.extend(later);
    }
    capture
}

/// Files of so many records each.
fn files(capture: &Capture, each: usize) -> Vec<File> {
    let at: Vec<usize> = (each..capture.records.len()).step_by(each).collect();
    named(capture.cut(&at))
}

/// The same records dealt out to so many files in turn.
fn dealt(capture: &Capture, files: usize) -> Vec<File> {
    let of = |file| -> Vec<&Record> { capture.records.iter().skip(file).step_by(files).collect() };
    named((0..files).map(|file| capture.piece(&of(file), false)).collect())
}

fn packed(octets: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(octets).unwrap();
    out.finish().unwrap()
}

/// Reads to the end, however that comes out.
fn ended(mut abreast: Abreast) -> Result<Output, Error> {
    loop {
        match abreast.step(1 << 20) {
            Ok(true) => {}
            Ok(false) => return abreast.finish(),
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Alone) => panic!("one reader is asked for"),
        }
    }
}

#[test]
fn files_are_decoded_at_the_same_time() {
    let capture = long(400);
    let files = files(&capture, capture.records.len() / 8);
    let room = 1 << 30;
    let mut abreast = opened(&files, &Options::default(), 4, room);
    // The first step has the others begin; then nothing is taken, and they read on without the
    // caller.
    abreast.step(1).ok().unwrap();
    for _ in 0..6000 {
        if abreast.done().busy > 1 {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let Done { busy, threads, .. } = abreast.done();
    assert_eq!(threads, 3);
    assert!((2..=4).contains(&busy), "{busy} files at a time");
    hold("at once", ended(abreast).unwrap(), &told(alone(&files, &Options::default())));
}

#[test]
fn as_many_are_open_as_there_is_use_for_and_what_waits_is_bounded() {
    let capture = long(40);
    let options = Options::default();
    let room = 200_000;
    // In sequence: a thousand files, and a few of them at a time.
    let each = capture.records.len().div_ceil(1000);
    let sequence = files(&capture, each);
    assert!(sequence.len() > 900);
    let wanted = told(alone(&sequence, &options));
    for threads in [1, 2, 8] {
        let (found, done) = abreast(&sequence, &options, threads, room).unwrap();
        hold("in sequence", found, &wanted);
        // One more begins while the last frames of the one before are taken, or at the same time.
        assert!(done.open <= threads + 4 && done.busy <= threads, "{done:?}");
        assert!(done.threads < threads && done.held < room + threads * 100_000, "{done:?}");
    }
    // All at once: each has to be open, and has a piece at hand.
    let dealt = dealt(&capture, 300);
    let wanted = told(alone(&dealt, &options));
    for threads in [1, 2, 8] {
        let (found, done) = abreast(&dealt, &options, threads, room).unwrap();
        hold("dealt out", found, &wanted);
        assert!(done.open == 300 && done.threads < threads, "{done:?}");
        assert!(done.held < 4 << 20, "{done:?}");
    }
    // Nobody takes anything: the others stop by themselves.
    let few = files(&long(400), 40_000);
    let mut abreast = opened(&few, &options, 4, room);
    abreast.step(1).ok().unwrap();
    let mut before = abreast.done();
    loop {
        std::thread::sleep(Duration::from_millis(300));
        let now = abreast.done();
        if now == before && now.held > room / 2 {
            break;
        }
        before = now;
    }
    // As many pieces more as threads were at work when the room was taken.
    assert!(before.held <= room + 4 * 150_000, "{before:?}");
    hold("late", ended(abreast).unwrap(), &told(alone(&few, &options)));
}

#[test]
fn whoever_gives_up_waits_for_nobody() {
    let files = files(&long(400), 20_000);
    for (threads, steps) in [(1, 3), (2, 1), (4, 2), (8, 9)] {
        let mut abreast = opened(&files, &Options::default(), threads, 1 << 20);
        for _ in 0..steps {
            assert!(abreast.step(1 << 16).ok().unwrap());
        }
        assert!(matches!(abreast.finish(), Err(Error::Argument(_))));
    }
}

#[test]
fn packed_damaged_and_cut_files_are_told_of_as_by_one_reader() {
    let capture = long(30);
    let plain = files(&capture, capture.records.len() / 6);
    let pack = |octets: &Vec<u8>| packed(octets);
    let mut hostile: Vec<File> = Vec::new();
    for (at, (name, octets)) in plain.iter().enumerate() {
        let mut octets = if at % 2 == 0 { pack(octets) } else { octets.clone() };
        let length = octets.len();
        match at {
            // Cut in the middle, damaged in the middle, with bytes behind it.
            1 | 2 => octets.truncate(length * 2 / 3),
            3 => octets[length / 2..length / 2 + 400].fill(0xee),
            4 => octets[length / 2] ^= 0x55,
            _ => octets.extend([7; 90]),
        }
        hostile.push((name.clone(), octets));
    }
    for (resync, limit, chunk) in
        [(false, None, 1 << 18), (true, None, 999), (false, Some(50_000), 17)]
    {
        let reading =
            ReadOptions { resync, max_uncompressed_bytes: limit, chunk, ..ReadOptions::default() };
        let options = Options { reading, ..Options::default() };
        let whole = alone(&hostile, &options);
        assert!(whole.files.iter().any(|file| file.status > Status::Empty));
        let wanted = told(whole);
        at_once("hostile", &hostile, &options, &wanted);
        at_once("hostile", &hostile, &options, &wanted);
    }
    // Strict reading refuses the same file, in the same words.
    let options = Options { strict: true, ..Options::default() };
    let error = ended(opened(&hostile, &options, 4, 1 << 20)).map(drop).unwrap_err();
    let mut session = Session::open(sources(&hostile), options).unwrap();
    let said = loop {
        match session.step(1 << 20) {
            Ok(more) => assert!(more),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Damaged { .. }), "{error:?}");
    assert_eq!(error.to_string(), said.to_string());
}

/// Files on the disk.
fn written(scratch: &Scratch, files: &[File]) -> Vec<PathBuf> {
    let path = |(name, octets): &File| {
        let path = scratch.file(&format!("{name}.pcap"));
        fs::write(&path, octets).unwrap();
        path
    };
    files.iter().map(path).collect()
}

fn reading(paths: &[PathBuf], threads: usize) -> Reading {
    let options = Options { threads: Some(threads), ..Options::default() };
    Reading::open(paths.iter().map(Source::path).collect(), options).unwrap()
}

fn read(mut reading: Reading) -> Output {
    while reading.step(1 << 20).unwrap() {}
    reading.finish().unwrap()
}

#[test]
fn a_file_that_goes_or_grows_meanwhile_is_told_of_as_by_one_reader() {
    let capture = long(400);
    let all = files(&capture, capture.records.len() / 5);
    let happens: [fn(&[PathBuf]); 3] = [
        |paths| fs::remove_file(&paths[3]).unwrap(),
        |paths| fs::write(&paths[2], b"no capture any more").unwrap(),
        |paths| {
            let octets = fs::read(&paths[4]).unwrap();
            fs::write(&paths[4], [&octets[..], &octets[24..]].concat()).unwrap();
        },
    ];
    for (at, happens) in happens.iter().enumerate() {
        let scratch = Scratch::new();
        let found = |threads| {
            let paths = written(&scratch, &all);
            let reading = reading(&paths, threads);
            assert_eq!(reading.is_abreast(), threads > 1);
            happens(&paths);
            read(reading)
        };
        let wanted = found(1);
        let kind = if at < 2 { "io_error" } else { "file_changed" };
        assert_eq!(wanted.issues.count(kind), 1, "{kind}");
        hold(kind, found(4), &told(wanted));
    }
}

/// The same packets in seven VLANs in turn.
fn in_seven(mut capture: Capture) -> Capture {
    for (at, record) in capture.records.iter_mut().enumerate() {
        *record = within(record, &[u16::try_from(at % 7 + 1).unwrap()]);
    }
    capture
}

#[test]
fn more_paths_than_are_told_apart_are_read_by_one_reader() {
    let files = files(&in_seven(demo()), 40);
    let mut options = Options::default();
    let wanted = told(alone(&files, &options));
    at_once("seven paths", &files, &options, &wanted);
    for paths in [2, 5, 7] {
        options.decoding.paths = paths;
        for threads in [1, 4] {
            assert!(abreast(&files, &options, threads, 1 << 20).is_none(), "{paths}");
        }
    }
    // Which begins anew by itself.
    let files = self::files(&in_seven(long(400)), 30_000);
    options.decoding.paths = 5;
    options.threads = Some(4);
    let mut reading = Reading::open(sources(&files), options.clone()).unwrap();
    assert!(reading.is_abreast());
    while reading.step(1 << 20).unwrap() {}
    assert!(!reading.is_abreast());
    let found = reading.finish().unwrap();
    assert!(found.issues.count("too_many_paths") > 0);
    hold("five paths", found, &told(alone(&files, &options)));
}

#[test]
fn one_session_reads_where_files_cannot_be_read_apart_or_one_depends_on_all() {
    let scratch = Scratch::new();
    let capture = long(400);
    let paths = written(&scratch, &files(&capture, capture.records.len() / 3));
    let sources = || paths.iter().map(Source::path).collect::<Vec<_>>();
    let many = Options { threads: Some(4), ..Options::default() };
    let abreast =
        |sources, options: &Options| Reading::open(sources, options.clone()).unwrap().is_abreast();
    assert!(abreast(sources(), &many));
    assert!(abreast(vec![Source::path(&scratch.0)], &many), "a directory");
    assert!(!abreast(sources(), &Options { threads: Some(1), ..Options::default() }));
    assert!(!abreast(vec![Source::path(&paths[0])], &many), "one file");
    let limited = Options { memory_limit: Some(1 << 30), ..many.clone() };
    assert!(!abreast(sources(), &limited));
    let mut limited = many.clone();
    limited.limits.connections = Some(9);
    assert!(!abreast(sources(), &limited));
    let mut stream = sources();
    let octets = fs::File::open(&paths[2]).unwrap();
    stream[2] = Source::reader("stream", Box::new(octets), None);
    assert!(!abreast(stream, &many), "a stream among them");
    let small = written(&scratch, &files(&demo(), 40));
    assert!(!abreast(small.iter().map(Source::path).collect(), &many), "small files");
}

#[test]
fn how_far_it_came_is_told_and_ends_where_one_session_ends() {
    let scratch = Scratch::new();
    let capture = long(400);
    let paths = written(&scratch, &files(&capture, capture.records.len() / 5));
    let end = |threads| {
        let mut reading = reading(&paths, threads);
        let mut before = reading.progress();
        while reading.step(1 << 18).unwrap() {
            let now = reading.progress();
            assert!(now.bytes_read >= before.bytes_read && now.packets >= before.packets);
            assert!(now.bytes_total.is_some_and(|total| now.bytes_read <= total));
            before = now;
        }
        reading.progress()
    };
    assert_eq!(end(1), end(4));
    assert_eq!(end(4).packets, capture.records.len() as u64);
}
