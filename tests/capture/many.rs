//! Several sources, directories, patterns, pipes and awkward readers.

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use finrst::base::issue::NO_FILE;
use finrst::capture::{ReadOptions, Reader, Source, Status};

use crate::build::{Bytes, EPOCH, MICRO, header, pcap, pcapng, record};
use crate::{drain, read, read_sources};

/// A directory of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("finrst-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One byte at a time, with interruptions.
struct Stubborn(io::Cursor<Vec<u8>>, bool);

impl Read for Stubborn {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let end = out.len().min(1);
        self.0.read(&mut out[..end])
    }
}

/// Fails after its bytes.
struct Failing(io::Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::Error::other("the disk is on fire")),
            n => Ok(n),
        }
    }
}

fn at(times: &[u32]) -> Vec<u8> {
    let mut file = header(false, MICRO, (2, 4), 1);
    for &time in times {
        file = record(file, EPOCH + time, 0, (4, 4), &time.to_le_bytes());
    }
    file.out
}

fn order(outcome: &crate::Outcome) -> Vec<(u32, i64)> {
    let second = |t: i64| t / 1_000_000_000 - i64::from(EPOCH);
    outcome.frames.iter().map(|f| (f.file, f.time.map_or(-1, second))).collect()
}

#[test]
fn files_are_merged_by_time_and_numbered_by_their_first_packet() {
    let source = |name: &str, times: &[u32]| Source::bytes(name, at(times));
    let sources = vec![source("b", &[5, 6, 7, 20]), source("a", &[1, 6, 2, 9]), source("c", &[6])];
    let outcome = read_sources(sources, ReadOptions::default()).unwrap();
    let names: Vec<&str> = outcome.files.iter().map(|f| &f.name[..]).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(
        order(&outcome),
        [(0, 1), (1, 5), (0, 6), (0, 2), (1, 6), (2, 6), (1, 7), (0, 9), (1, 20)]
    );
    assert_eq!(outcome.files[0].time_backward, 1);
    let said = |kind| -> Vec<(u32, &str)> {
        let of_kind = outcome.issues.examples().into_iter().filter(|issue| issue.kind == kind);
        of_kind.map(|issue| (issue.file, &issue.detail[..])).collect()
    };
    assert_eq!(
        said("files_out_of_order"),
        [(1, "named before a, but begins after it; read in order of time")]
    );
    assert_eq!(
        said("files_overlap"),
        [(1, "shares 4.000000000 s with a"), (2, "shares 0.000000000 s with b")]
    );
    assert_eq!(
        said("clock_leap"),
        [(0, "the clock leaps back by 4.000000000 s, packet 3 of the file")]
    );
}

#[test]
fn files_one_after_another_and_directories_have_nothing_odd() {
    let source = |name: &str, times: &[u32]| Source::bytes(name, at(times));
    let sources = vec![source("1", &[1, 4]), source("2", &[4, 6]), source("3", &[7])];
    let outcome = read_sources(sources, ReadOptions::default()).unwrap();
    assert!(outcome.issues.examples().is_empty(), "{:?}", outcome.issues);
    let folder = Folder::new("rotated");
    for number in [2, 9, 10, 11] {
        folder.put(&format!("{number}.pcap"), &at(&[number]));
    }
    let outcome = read_sources(vec![Source::path(&folder.0)], ReadOptions::default()).unwrap();
    assert_eq!((outcome.frames.len(), outcome.issues.examples().len()), (4, 0));
}

#[test]
fn leaps_of_the_clock_are_counted_and_small_steps_are_not() {
    let day = 86_400;
    let times = [0, 5 * day, 5 * day - 1, 5 * day + 6 * 3600 - 1, 1, 5 * day, 6 * day, 5 * day];
    let outcome = read(&at(&times));
    let leaps: Vec<(Option<u64>, &str)> = outcome
        .issues
        .examples()
        .into_iter()
        .filter(|issue| issue.kind == "clock_leap")
        .map(|issue| (issue.packet, issue.detail.split(" by").next().unwrap()))
        .collect();
    let (back, forward) = ("the clock leaps back", "the clock leaps forward");
    let expected = [(2, forward), (5, back), (6, forward), (7, forward), (8, back)];
    assert_eq!(leaps, expected.map(|(packet, way)| (Some(packet), way)));
    // All are counted, 25 are told.
    let to_and_fro: Vec<u32> = (0..1001).map(|n| n % 2 * day).collect();
    let issues = read(&at(&to_and_fro)).issues;
    let told = issues.examples().into_iter().filter(|issue| issue.kind == "clock_leap").count();
    assert_eq!((issues.count("clock_leap"), told), (1000, 25));
}

#[test]
fn frames_without_a_time_follow_the_one_before() {
    let file = Bytes::new(false).section().interface(1, 0, &|o| o.option(9, &[0]));
    let file = file.enhanced(0, u64::from(EPOCH) + 4, b"4").simple(1, b"s").enhanced(
        0,
        u64::from(EPOCH) + 8,
        b"8",
    );
    let sources = vec![Source::bytes("ng", file.out), Source::bytes("pcap", at(&[3, 4, 5]))];
    let outcome = read_sources(sources, ReadOptions::default()).unwrap();
    assert_eq!(order(&outcome), [(0, 3), (0, 4), (1, 4), (1, -1), (0, 5), (1, 8)]);
}

/// Four mebibytes are looked through for a time; how much is read at once does not count.
#[test]
fn the_first_time_is_looked_for_as_far_whatever_the_chunk() {
    for (far, expected) in [(false, ["late", "pcap"]), (true, ["pcap", "late"])] {
        for chunk in [1000, 4096, 256 * 1024, 16 << 20] {
            let mut file = Bytes::new(false).section().interface(1, 0, &|o| o.option(9, &[0]));
            // The last one ends a little before or behind.
            let untimed = ((4 << 20) - 200 + usize::from(far) * 300) / 100;
            for _ in 0..untimed {
                file = file.simple(84, &[0xee; 84]);
            }
            let file = file.enhanced(0, u64::from(EPOCH) + 2, b"2");
            let cursor = Box::new(io::Cursor::new(file.out));
            let sources =
                vec![Source::bytes("pcap", at(&[3, 5])), Source::reader("late", cursor, None)];
            let options = ReadOptions { chunk, ..ReadOptions::default() };
            let outcome = read_sources(sources, options).unwrap();
            let names: Vec<&str> = outcome.files.iter().map(|f| &f.name[..]).collect();
            assert_eq!(names, expected, "by {chunk}, far {far}");
        }
    }
}

#[test]
fn every_file_may_describe_its_share_of_interfaces() {
    let one = Bytes::new(false).interface(1, 0, &|o| o.option(9, &[0])).out.repeat(20_000);
    let file = |time: u32| {
        let file = Bytes::new(false).section().raw(&one);
        let file = file.enhanced(0, u64::from(EPOCH + time), b"1").raw(&one);
        file.enhanced(0, u64::from(EPOCH + time + 5), b"2").raw(&one).out
    };
    let (one, two) = (file(1), file(2));
    for chunk in [1000, 16 << 20] {
        let sources = vec![Source::bytes("one", &*one), Source::bytes("two", &*two)];
        let outcome =
            read_sources(sources, ReadOptions { chunk, ..ReadOptions::default() }).unwrap();
        for file in 0..2 {
            let described = outcome.interfaces.iter().filter(|i| i.file == file).count();
            assert_eq!(described, 50_000, "by {chunk}");
        }
        let left_out: Vec<_> = outcome.issues.counts().collect();
        let kind = "interface_limit";
        assert_eq!(left_out[..1], [(0, kind, 10_000)], "{left_out:?}");
        assert!(left_out.contains(&(1, kind, 10_000)), "{left_out:?}");
    }
    // Of very many files each may have some.
    let file = |time: u32| {
        let one = Bytes::new(false).interface(1, 0, &|o| o.option(9, &[0])).out.repeat(300);
        Bytes::new(false).section().raw(&one).enhanced(0, u64::from(EPOCH + time), b"1").out
    };
    let sources = (0..400).map(|n| Source::bytes(format!("{n}"), file(n))).collect();
    let outcome = read_sources(sources, ReadOptions::default()).unwrap();
    assert_eq!((outcome.interfaces.len(), outcome.frames.len()), (400 * 256, 400));
}

#[test]
fn readers_that_can_be_read_once_are_merged_too() {
    let stubborn = |times: &[u32]| Box::new(Stubborn(io::Cursor::new(at(times)), false));
    let sources = vec![
        Source::reader("two", stubborn(&[2, 4]), None),
        Source::reader("one", stubborn(&[1, 3]), Some(64)),
    ];
    let outcome = read_sources(sources, ReadOptions::default()).unwrap();
    assert_eq!(order(&outcome), [(0, 1), (1, 2), (0, 3), (1, 4)]);
    let alone =
        Source::reader("ng", Box::new(Stubborn(io::Cursor::new(pcapng(true, 50)), true)), None);
    let outcome = read_sources(vec![alone], ReadOptions::default()).unwrap();
    assert_eq!((outcome.frames.len(), outcome.status()), (50, Status::Complete));
}

#[test]
fn a_failing_read_keeps_what_came_before() {
    let bytes = pcap(false, MICRO, 40);
    let cut = bytes.len() - 20;
    let failing = Failing(io::Cursor::new(bytes[..cut].to_vec()));
    let source = Source::reader("fire", Box::new(failing), None);
    let outcome = read_sources(vec![source], ReadOptions::default()).unwrap();
    assert_eq!((outcome.frames.len(), outcome.status()), (39, Status::IoError));
    assert!(outcome.issues.examples()[0].detail.contains("on fire"));
    let nothing = Source::reader("fire", Box::new(Failing(io::Cursor::new(Vec::new()))), None);
    let error = read_sources(vec![nothing], ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("on fire"), "{error}");
}

#[test]
fn directories_within_are_entered_where_that_is_asked_for() {
    let folder = Folder::new("deep");
    let recursive = || ReadOptions { recursive: true, ..ReadOptions::default() };
    fs::create_dir_all(folder.0.join("day/10")).unwrap();
    fs::create_dir_all(folder.0.join("day/9")).unwrap();
    fs::create_dir_all(folder.0.join("empty")).unwrap();
    folder.put("day/10/x.pcap2", &at(&[7]));
    folder.put("day/10/x.pcap10", &at(&[7]));
    // Without a usual name, and without its contents.
    folder.put("day/9/rotated", &at(&[7]));
    folder.put("day/9/notes.pcap", b"some text");
    let open = |options| read_sources(vec![Source::path(&folder.0)], options);
    let refused = open(ReadOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("only directories: recursive=True (-r) enters them"), "{refused}");
    let outcome = open(recursive()).unwrap();
    let names: Vec<_> = outcome.files.iter().map(|file| file.name.as_str()).collect();
    let ends = ["day/9/rotated", "day/10/x.pcap2", "day/10/x.pcap10"];
    assert_eq!(names.len(), ends.len());
    for (name, end) in names.iter().zip(ends) {
        assert!(name.ends_with(end), "{names:?}");
    }
    assert!(outcome.issues.examples().iter().any(|issue| issue.detail.contains("notes.pcap")));
    // What is not entered is said.
    folder.put("1.pcap", &at(&[1]));
    let outcome = open(ReadOptions::default()).unwrap();
    let issues = outcome.issues.examples();
    let kinds: Vec<_> = issues.iter().map(|issue| (issue.file, issue.kind)).collect();
    assert_eq!(kinds, [(NO_FILE, "directory_not_entered"); 2]);
    assert!(issues[0].detail.ends_with("day: recursive=True (-r) enters it"));
    // Also where only something else lies beside it.
    fs::remove_file(folder.0.join("1.pcap")).unwrap();
    folder.put("README", b"some text");
    let refused = open(ReadOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("recursive=True (-r)"), "{refused}");
    let nothing = read_sources(vec![Source::path(folder.0.join("empty"))], recursive());
    assert!(nothing.unwrap_err().to_string().contains("hold files"));
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_circles_are_not_followed() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("circle");
    fs::create_dir_all(folder.0.join("a")).unwrap();
    folder.put("a/1.pcap", &at(&[1]));
    symlink("..", folder.0.join("a/up")).unwrap();
    symlink("1.pcap", folder.0.join("a/2.pcap")).unwrap();
    symlink("nowhere", folder.0.join("a/dangling.pcap")).unwrap();
    let options = ReadOptions { recursive: true, ..ReadOptions::default() };
    let outcome = read_sources(vec![Source::path(&folder.0)], options).unwrap();
    assert_eq!(outcome.files.len(), 2);
    let issues = outcome.issues.examples();
    assert!(
        issues
            .iter()
            .any(|i| i.kind == "directory_not_entered" && i.detail.ends_with("up: a link"))
    );
}

#[test]
fn a_directory_is_its_captures() {
    let folder = Folder::new("directory");
    folder.put("2.pcap", &at(&[2]));
    folder.put("1.pcapng", &pcapng(false, 2));
    folder.put("README", b"some text");
    fs::create_dir(folder.0.join("deeper")).unwrap();
    let outcome = read_sources(vec![Source::path(&folder.0)], ReadOptions::default()).unwrap();
    assert_eq!((outcome.frames.len(), outcome.files.len()), (3, 2));
    let issue = &outcome.issues.examples()[0];
    assert_eq!((issue.file, issue.kind), (NO_FILE, "not_a_capture"));
    assert!(issue.detail.contains("README") && issue.detail.contains("text"), "{}", issue.detail);
    let pattern =
        |p: &str| read_sources(vec![Source::path(folder.0.join(p))], ReadOptions::default());
    assert_eq!(pattern("[12].pcap*").unwrap().frames.len(), 3);
    assert_eq!(pattern("?.pcap").unwrap().frames.len(), 1);
    assert_eq!(pattern("**").unwrap().frames.len(), pattern("**/*").unwrap().frames.len());
    assert!(pattern("*.gz").unwrap_err().to_string().contains("no file matches"));
    assert!(pattern("absent.pcap").unwrap_err().to_string().contains("absent.pcap"));
    assert!(pattern("READ*").is_err());
    assert!(pattern("deeper").unwrap_err().to_string().contains("no files"));
    // Named, it must be a capture.
    assert!(
        read_sources(
            vec![Source::path(folder.0.join("README")), Source::path(folder.0.join("2.pcap"))],
            ReadOptions::default()
        )
        .is_err()
    );
}

#[test]
fn devices_are_refused() {
    if cfg!(unix) {
        let error =
            read_sources(vec![Source::path("/dev/zero")], ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("device"), "{error}");
    }
}

#[test]
fn a_thousand_overlapping_files_need_few_handles() {
    let folder = Folder::new("thousand");
    for n in 0..1200 {
        folder.put(&format!("{n:04}.pcap"), &at(&[n, 2000 + n, 4000 + n]));
    }
    let options = ReadOptions { chunk: 16, ..ReadOptions::default() };
    let mut reader = Reader::open(vec![Source::path(&folder.0)], options).unwrap();
    let mut most = 0;
    let mut times = Vec::new();
    let mut batches = 0;
    while let Some(batch) = reader.next_batch().unwrap() {
        times.extend(batch.iter().map(|frame| frame.time));
        batches += 1;
        if batches % 97 == 0 {
            most = most.max(fs::read_dir("/proc/self/fd").map_or(0, Iterator::count));
        }
    }
    assert!(times.is_sorted());
    assert_eq!(times.len(), 3600);
    assert!(most < 300, "{most} handles");
    let progress = reader.progress();
    assert_eq!((Some(progress.bytes_read), progress.packets), (progress.bytes_total, 3600));
}

#[test]
fn a_named_pipe_is_read() {
    let folder = Folder::new("pipe");
    let path = folder.0.join("pipe");
    if !std::process::Command::new("mkfifo").arg(&path).status().is_ok_and(|s| s.success()) {
        eprintln!("SKIPPED: no mkfifo, named pipes are not tested");
        return;
    }
    let writer = path.clone();
    let thread = std::thread::spawn(move || fs::write(writer, pcapng(false, 500)).unwrap());
    let outcome = drain(Reader::open(vec![Source::path(&path)], ReadOptions::default()).unwrap());
    thread.join().unwrap();
    assert_eq!((outcome.frames.len(), outcome.status()), (500, Status::Complete));
    assert_eq!(outcome.files[0].source_bytes, Some(outcome.files[0].bytes_total));
}

#[test]
fn a_file_that_vanishes_is_an_issue() {
    let folder = Folder::new("vanish");
    let first = folder.put("1.pcap", &at(&[1]));
    let second = folder.put("2.pcap", &at(&[2]));
    let sources = vec![Source::path(first), Source::path(&second)];
    let reader = Reader::open(sources, ReadOptions::default()).unwrap();
    fs::remove_file(second).unwrap();
    let outcome = drain(reader);
    assert_eq!((outcome.frames.len(), outcome.files[1].status), (1, Status::IoError));
}
