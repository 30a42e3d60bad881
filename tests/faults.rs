//! Goal R15: faults put in at every place: reads and sinks that fail, limits that are reached,
//! clocks that jump. Always an error or a status, and the accounts add up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_possible_truncation)]

use std::io::{self, Cursor, Read, Write};

use arrow_array::RecordBatch;
use finrst::base::error::Error;
use finrst::capture::{Source, Status};
use finrst::conn::Limits;
use finrst::engine::{Options, Output};
use finrst::engine::{metadata, tables};
use finrst::table::export::{Format, to};

#[path = "support/mod.rs"]
mod support;
use support::{check_accounts, data, read};

fn demo() -> Vec<u8> {
    std::fs::read(data("demo.pcap")).unwrap()
}

fn plain(bytes: &[u8]) -> Output {
    read(vec![Source::bytes("demo", bytes)], Options::default()).unwrap()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// Fails behind so many bytes; before that it is interrupted at every other call.
struct Failing {
    bytes: Cursor<Vec<u8>>,
    calls: usize,
    kind: Option<io::ErrorKind>,
}

impl Failing {
    fn source(bytes: &[u8], kind: Option<io::ErrorKind>) -> Source {
        let reader = Self { bytes: Cursor::new(bytes.to_vec()), calls: 0, kind };
        Source::reader("failing", Box::new(reader), None)
    }
}

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls % 2 == 1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let few = out.len().min(700);
        match (self.bytes.read(&mut out[..few])?, self.kind) {
            (0, Some(kind)) => Err(kind.into()),
            (n, _) => Ok(n),
        }
    }
}

#[test]
fn reads_that_fail_at_any_octet() {
    let kinds = [
        io::ErrorKind::Other,
        io::ErrorKind::UnexpectedEof,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::WouldBlock,
        io::ErrorKind::PermissionDenied,
    ];
    let whole = plain(&demo());
    let mut cases = 0;
    for bytes in [demo(), packed(&demo())] {
        for (number, at) in (0..bytes.len()).step_by(bytes.len() / 60).enumerate() {
            cases += 1;
            let kind = kinds[number % kinds.len()];
            let failing = Failing::source(&bytes[..at], Some(kind));
            match read(vec![failing], Options::default()) {
                Err(Error::Io { .. }) => assert!(at < 1000, "{kind} at {at}"),
                Err(error) => panic!("{kind} at {at}: {error}"),
                Ok(output) => {
                    check_accounts(&output, "failing");
                    assert_eq!(output.files[0].status, Status::IoError, "{kind} at {at}");
                    assert_eq!(output.issues.count("io_error"), 1);
                    assert!(output.files[0].packets <= whole.files[0].packets);
                }
            }
        }
    }
    assert!(cases >= 120);
}

#[test]
fn interrupted_and_short_reads_change_nothing() {
    let whole = plain(&demo());
    let output = read(vec![Failing::source(&demo(), None)], Options::default()).unwrap();
    assert_eq!(format!("{:?}", output.connections), format!("{:?}", whole.connections));
    assert_eq!(output.files[0].status, Status::Complete);
}

/// Takes so many bytes and no more.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn sinks_that_fail_at_any_octet() {
    let metadata = metadata(&Options::default());
    let made = tables(plain(&demo()), &metadata, &|| true).unwrap();
    let mut failed = 0;
    for format in [Format::Arrow, Format::Csv { formula_guard: true }, Format::JsonLines] {
        for table in &made {
            let write = |out: &mut dyn Write| {
                let mut batches = table.batches.iter().cloned().map(Ok);
                to(out, format, &table.schema, &mut batches, &|| true)
            };
            let mut whole = Vec::new();
            let rows = write(&mut whole).unwrap();
            assert_eq!(
                rows as usize,
                table.batches.iter().map(RecordBatch::num_rows).sum::<usize>()
            );
            // An empty table is nothing at all in JSON lines.
            for part in (0..20).filter(|_| !whole.is_empty()) {
                let error = write(&mut Full(whole.len() * part / 20)).unwrap_err();
                assert!(error.to_string().contains("storage"), "{error}");
                failed += 1;
            }
        }
    }
    assert!(failed >= 300, "{failed}");
}

#[test]
fn limits_that_are_reached_at_any_packet() {
    let whole = plain(&demo());
    for most in 1..40 {
        for keep in [true, false] {
            let limits = [
                Limits { connections: Some(most), keep, ..Limits::default() },
                Limits { memory: Some(u64::from(most) * 400), keep, ..Limits::default() },
                Limits { teardowns: most, keep, ..Limits::default() },
            ];
            for limits in limits {
                let options = Options { limits, ..Options::default() };
                let mut session =
                    finrst::engine::Session::open(vec![Source::path(data("demo.pcap"))], options)
                        .unwrap();
                let mut rows = Vec::new();
                while session.step(500).unwrap() {
                    rows.extend(&session.take());
                }
                rows.extend(&session.take());
                let mut output = session.finish();
                let evicted = output.counts.released[finrst::conn::Release::Evicted as usize];
                assert_eq!(output.issues.count("evicted"), evicted, "evictions are counted");
                rows.extend(&output.connections);
                output.connections = rows.into();
                check_accounts(&output, "limited");
                assert!(output.connections.len() >= whole.connections.len());
            }
        }
    }
}

#[test]
fn clocks_that_jump_at_any_packet() {
    let bytes = demo();
    let mut at = 24;
    let mut jumped = 0;
    while let Some(length) = bytes.get(at + 8..at + 12) {
        let length = u32::from_le_bytes(length.try_into().unwrap());
        for seconds in [0_u32, 1, 1_700_000_000, 1 << 31, u32::MAX] {
            let mut bytes = bytes.clone();
            bytes[at..at + 4].copy_from_slice(&seconds.to_le_bytes());
            let output = plain(&bytes);
            check_accounts(&output, "a clock that jumps");
            assert_eq!(output.files[0].packets, 164);
            assert!(output.connections.iter().all(|c| c.start <= c.end));
            let file = &output.files[0];
            assert_eq!(file.time_backward > 0, output.issues.count("time_backward") > 0);
            jumped += 1;
        }
        at += 16 + length as usize;
    }
    assert_eq!(jumped, 164 * 5);
}
