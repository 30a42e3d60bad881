//! Files that move while they are read, pipes that stall or break, and things that are no files:
//! a clear error or status, and what had been read is kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::cast_possible_truncation)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::time::Duration;

use flate2::write::GzEncoder;

use finrst::base::error::Error;
use finrst::capture::{ReadOptions, Source, Status};
use finrst::engine::{Options, Output, Session};

/// Packets of the capture that is moved.
const PACKETS: u32 = 400;

/// A directory that goes with the test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("finrst-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("capture.pcap")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// A classic capture of raw IP packets, each a SYN from another port.
fn capture(packets: u32) -> Vec<u8> {
    let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(65_535_u32.to_le_bytes());
    bytes.extend(101_u32.to_le_bytes());
    (0..packets).for_each(|n| bytes.extend(record(n)));
    bytes
}

fn record(n: u32) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    packet.extend([(n >> 8) as u8 | 0x40, n as u8, 1, 187]);
    packet.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 255, 255, 0, 0, 0, 0]);
    let mut record = (1_700_000_000 + n).to_le_bytes().to_vec();
    record.extend(0_u32.to_le_bytes());
    record.extend(40_u32.to_le_bytes());
    record.extend(40_u32.to_le_bytes());
    record.extend(packet);
    record
}

/// Opens with small reads, takes one step, lets `meddle` happen, reads on.
fn meddled(source: Source, meddle: impl FnOnce()) -> Output {
    let reading = ReadOptions { chunk: 512, ..ReadOptions::default() };
    let mut session =
        Session::open(vec![source], Options { reading, ..Options::default() }).unwrap();
    assert!(session.step(2000).unwrap());
    meddle();
    while session.step(4096).unwrap() {}
    session.finish()
}

fn checked(output: &Output) -> (Status, u64) {
    let file = &output.files[0];
    assert!(file.adds_up(), "{file:?}");
    assert_eq!(output.connections.len() as u64, file.packets);
    (file.status, file.packets)
}

#[test]
fn a_file_cut_while_it_is_read_keeps_what_came_before() {
    let place = Place::new("cut");
    for cut in [0, 24, 30, 3000, 5001, 9999] {
        fs::write(place.file(), capture(PACKETS)).unwrap();
        let output = meddled(Source::path(place.file()), || {
            OpenOptions::new().write(true).open(place.file()).unwrap().set_len(cut).unwrap();
        });
        let (status, packets) = checked(&output);
        assert!(matches!(status, Status::Complete | Status::TruncatedTail), "{cut}: {status}");
        assert!((1..u64::from(PACKETS)).contains(&packets), "{cut}: {packets}");
    }
}

#[test]
fn a_file_that_grows_gives_a_prefix_of_what_it_becomes() {
    let place = Place::new("grow");
    for half in [0, 1, 20, 55] {
        fs::write(place.file(), capture(PACKETS)).unwrap();
        let output = meddled(Source::path(place.file()), || {
            let mut file = OpenOptions::new().append(true).open(place.file()).unwrap();
            file.write_all(&record(PACKETS)).unwrap();
            file.write_all(&record(PACKETS + 1)[..half]).unwrap();
        });
        let (status, packets) = checked(&output);
        assert!(packets >= u64::from(PACKETS), "{packets}");
        let expected = if half == 0 { Status::Complete } else { Status::TruncatedTail };
        assert!(status == expected || packets == u64::from(PACKETS), "{half}: {status}");
    }
}

/// What is said of files that changed.
fn changes(output: &Output) -> Vec<&str> {
    let changed = output.issues.examples().into_iter().filter(|issue| issue.kind == "file_changed");
    changed.map(|issue| &issue.detail[..]).collect()
}

#[test]
fn a_file_that_changes_while_it_is_read_is_told() {
    let place = Place::new("change");
    let long = capture(PACKETS).len() as u64;
    let write = |from: u64, bytes: &[u8]| {
        let mut file = OpenOptions::new().write(true).open(place.file()).unwrap();
        // Clocks of file systems may stand still for some milliseconds.
        std::thread::sleep(Duration::from_millis(20));
        file.seek(SeekFrom::Start(from)).unwrap();
        file.write_all(bytes).unwrap();
    };
    fs::write(place.file(), capture(PACKETS)).unwrap();
    assert_eq!(changes(&meddled(Source::path(place.file()), || {})), [] as [&str; 0]);
    let output = meddled(Source::path(place.file()), || write(long, &record(PACKETS)));
    let said = format!("it had {long} bytes when it was opened and {} at the end", long + 56);
    assert_eq!(changes(&output), [said]);
    let output = meddled(Source::path(place.file()), || write(long - 1, &[0]));
    assert_eq!(changes(&output), ["it was written to while it was read; its size stayed"]);
    // One that takes the name is another file.
    let output = meddled(Source::path(place.file()), || {
        fs::write(place.0.join("other"), b"not a capture at all").unwrap();
        fs::rename(place.0.join("other"), place.file()).unwrap();
    });
    assert_eq!(changes(&output), [] as [&str; 0]);
}

#[test]
fn a_change_is_told_by_the_thread_that_reads_ahead_and_behind_damage() {
    let place = Place::new("change-ahead");
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(&capture(60_000)).unwrap();
    let mut damaged = packed.finish().unwrap();
    let last = damaged.len() - 1;
    damaged[last / 2..last / 2 + 70_000].fill(0xff);
    for bytes in [capture(60_000), damaged] {
        for ahead in [false, true] {
            fs::write(place.file(), &bytes).unwrap();
            let reading = ReadOptions { chunk: 16 * 1024, ahead, ..ReadOptions::default() };
            let options = Options { reading, threads: Some(2), ..Options::default() };
            let mut session = Session::open(vec![Source::path(place.file())], options).unwrap();
            assert!(session.step(1).unwrap());
            OpenOptions::new().append(true).open(place.file()).unwrap().write_all(&[0]).unwrap();
            while session.step(1 << 20).unwrap() {}
            let output = session.finish();
            assert_eq!(changes(&output).len(), 1, "{ahead}: {:?}", output.files[0].status);
        }
    }
}

#[test]
fn a_file_that_changes_before_its_turn_among_several_is_told() {
    let place = Place::new("change-turn");
    let later = capture(2 * PACKETS)[24 + 56 * PACKETS as usize..].to_vec();
    fs::write(place.file(), capture(PACKETS)).unwrap();
    let second = place.0.join("second.pcap");
    fs::write(&second, [&capture(0)[..], &later].concat()).unwrap();
    let sources = vec![Source::path(place.file()), Source::path(&second)];
    let mut session = Session::open(sources, Options::default()).unwrap();
    fs::write(&second, [&capture(0)[..], &later[..later.len() - 56]].concat()).unwrap();
    while session.step(4096).unwrap() {}
    let output = session.finish();
    assert_eq!(changes(&output).len(), 1);
    assert_eq!(output.files[1].packets, u64::from(PACKETS) - 1);
}

#[test]
fn a_file_removed_or_replaced_while_it_is_read_is_read_on() {
    let place = Place::new("remove");
    fs::write(place.file(), capture(PACKETS)).unwrap();
    let output = meddled(Source::path(place.file()), || fs::remove_file(place.file()).unwrap());
    assert_eq!(checked(&output), (Status::Complete, u64::from(PACKETS)));
    fs::write(place.file(), capture(PACKETS)).unwrap();
    let output = meddled(Source::path(place.file()), || {
        let other = place.0.join("other");
        fs::write(&other, b"not a capture at all").unwrap();
        fs::rename(other, place.file()).unwrap();
    });
    assert_eq!(checked(&output), (Status::Complete, u64::from(PACKETS)));
}

#[test]
fn a_pipe_that_stalls_is_waited_for_and_one_that_ends_early_is_cut() {
    for (kept, expected) in [(0, Status::Complete), (10, Status::TruncatedTail)] {
        let (reader, mut writer) = io::pipe().unwrap();
        let bytes = capture(PACKETS);
        let writing = std::thread::spawn(move || {
            for part in bytes[..bytes.len() - kept].chunks(5000) {
                writer.write_all(part).unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let output = meddled(Source::reader("pipe", Box::new(reader), None), || {});
        writing.join().unwrap();
        let (status, packets) = checked(&output);
        assert_eq!((status, packets), (expected, u64::from(PACKETS) - u64::from(kept > 0)));
    }
}

/// Gives some bytes, then does what it is told.
struct Failing {
    bytes: io::Cursor<Vec<u8>>,
    then: fn() -> io::Result<usize>,
}

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(out)? {
            0 => (self.then)(),
            n => Ok(n),
        }
    }
}

fn failing(then: fn() -> io::Result<usize>) -> Source {
    let reader = Failing { bytes: io::Cursor::new(capture(PACKETS)), then };
    Source::reader("failing \u{1b}[31m", Box::new(reader), None)
}

#[test]
fn a_read_that_fails_keeps_what_came_before() {
    let output = meddled(failing(|| Err(io::Error::other("the disk is dying"))), || {});
    assert_eq!(checked(&output), (Status::IoError, u64::from(PACKETS)));
    assert_eq!(output.issues.count("io_error"), 1, "{:?}", output.issues);
}

#[test]
fn a_panic_is_an_error_that_names_file_packet_and_offset_and_ends_the_pass() {
    let mut session =
        Session::open(vec![failing(|| panic!("of the test"))], Options::default()).unwrap();
    let first = loop {
        match session.step(1 << 20) {
            Ok(more) => assert!(more),
            Err(error) => break error,
        }
    };
    let text = first.to_string();
    assert!(matches!(first, Error::Internal(_)), "{text}");
    for part in ["of the test", "failing \\u{1b}[31m", "near packet 401", "byte 22424"] {
        assert!(text.contains(part), "{text} does not say {part}");
    }
    assert_eq!(session.step(1).unwrap_err().to_string(), text);
}

fn refused(path: impl Into<PathBuf>) -> Error {
    match Session::open(vec![Source::path(path)], Options::default()) {
        Ok(_) => panic!("opened"),
        Err(error) => error,
    }
}

#[test]
fn what_is_no_file_is_refused_with_its_reason() {
    let place = Place::new("odd");
    assert!(matches!(refused(place.0.join("absent")), Error::Io { .. }));
    assert!(matches!(refused(&place.0), Error::NotACapture { .. }));
    File::create(place.file()).unwrap();
    let text = refused(place.file()).to_string();
    assert!(text.contains("empty"), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let text = refused("/dev/zero").to_string();
        assert!(text.contains("device"), "{text}");
        let around = place.0.join("around");
        symlink(&around, &around).unwrap();
        assert!(matches!(refused(&around), Error::Io { .. }));
        fs::write(place.file(), capture(1)).unwrap();
        fs::set_permissions(place.file(), fs::Permissions::from_mode(0o000)).unwrap();
        if File::open(place.file()).is_ok() {
            eprintln!("SKIPPED: root may read everything: no permission to lack");
        } else {
            assert!(matches!(refused(place.file()), Error::Io { .. }));
        }
    }
}
