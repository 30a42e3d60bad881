use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

use super::{Format, Guard, Whole, Writer, Written, to, write};
use crate::base::error::Error;
use crate::capture::{Source, SourceFiles};

fn batch() -> RecordBatch {
    let text = StringArray::from(vec![
        Some("=1+1"),
        Some("a,\"b\"\r\n"),
        None,
        Some(""),
        Some("\u{1b}[2J\u{202e}"),
    ]);
    let number = Float64Array::from(vec![1e-9, f64::NAN, -2.5, 1e15, 0.0]);
    RecordBatch::try_from_iter_with_nullable([
        ("text", Arc::new(text) as ArrayRef, true),
        ("number_s", Arc::new(number) as ArrayRef, true),
    ])
    .unwrap()
}

fn text(format: Format) -> String {
    let mut out = Vec::new();
    let batch = batch();
    let rows =
        to(&mut out, format, &batch.schema(), &mut [Ok(batch.clone())].into_iter(), &|| true);
    assert_eq!(rows.unwrap(), 5);
    String::from_utf8(out).unwrap()
}

fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("finrst-export-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn csv_quotes_and_guards() {
    let expected = "text,number_s\n'=1+1,0.000000001\n\"a,\"\"b\"\"\r\n\",NaN\n,-2.5\n\
        \"\",1000000000000000\n\u{1b}[2J\u{202e},0\n";
    assert_eq!(text(Format::Csv { formula_guard: true }), expected);
    let exact = text(Format::Csv { formula_guard: false });
    assert_eq!(exact, expected.replacen("'=", "=", 1));
}

#[test]
fn json_has_no_control_characters() {
    let lines = text(Format::JsonLines);
    assert_eq!(lines.lines().next().unwrap(), "{\"text\":\"=1+1\",\"number_s\":0.000000001}");
    assert_eq!(
        lines.lines().nth(1).unwrap(),
        "{\"text\":\"a,\\\"b\\\"\\u000d\\n\",\"number_s\":null}"
    );
    assert!(lines.ends_with("{\"text\":\"\\u001b[2J\\u202e\",\"number_s\":0}\n"));
}

#[test]
fn a_file_appears_whole_or_not_at_all() {
    let directory = directory("whole");
    let path = directory.join("out.csv");
    let batch = batch();
    let schema = batch.schema();
    let format = Format::Csv { formula_guard: true };
    let names = || std::fs::read_dir(&directory).unwrap().count();

    let stopped = write(
        &path,
        format,
        &schema,
        Guard::default(),
        &mut [Ok(batch.clone())].into_iter(),
        &|| false,
    );
    assert!(matches!(stopped, Err(Error::Cancelled)));
    assert_eq!(names(), 0);

    for _ in 0..2 {
        write(
            &path,
            format,
            &schema,
            Guard::default(),
            &mut [Ok(batch.clone())].into_iter(),
            &|| true,
        )
        .unwrap();
    }
    assert_eq!(names(), 1);
    assert!(std::fs::read_to_string(&path).unwrap().ends_with(",0\n"));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn an_impossible_place_is_an_error_that_names_it() {
    let directory = directory("place");
    let batch = batch();
    for path in [directory.clone(), directory.join("absent/out.csv")] {
        let none = &mut std::iter::empty();
        let error =
            write(&path, Format::JsonLines, &batch.schema(), Guard::default(), none, &|| true)
                .unwrap_err();
        assert!(error.to_string().contains("finrst-export-place"), "{error}");
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let directory = directory("link");
    let (file, link) = (directory.join("file"), directory.join("link"));
    std::fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let batch = batch();
    let mut batches = [Ok(batch.clone())].into_iter();
    write(&link, Format::Arrow, &batch.schema(), Guard::default(), &mut batches, &|| true).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(std::fs::read(&file).unwrap().starts_with(b"ARROW1"));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_file_grows_batch_by_batch_and_appears_whole() {
    let directory = directory("grows");
    let batch = batch();
    let begin = |path: &PathBuf, format| {
        Writer::new(Whole::create(path, Guard::default()).unwrap(), format, &batch.schema())
            .unwrap()
    };
    for format in [Format::Arrow, Format::Csv { formula_guard: true }, Format::JsonLines] {
        let (grown, whole) = (directory.join("grown"), directory.join("whole"));
        let mut writer = begin(&grown, format);
        for _ in 0..3 {
            writer.add(&batch, &|| true).unwrap();
        }
        assert!(!grown.exists());
        assert_eq!(writer.commit().unwrap(), Written { rows: 15, lost: None });
        let three = [batch.clone(), batch.clone(), batch.clone()];
        let mut three = three.into_iter().map(Ok);
        write(&whole, format, &batch.schema(), Guard::default(), &mut three, &|| true).unwrap();
        assert_eq!(std::fs::read(&grown).unwrap(), std::fs::read(&whole).unwrap());
        std::fs::remove_file(&grown).unwrap();
        let mut writer = begin(&grown, format);
        assert!(matches!(writer.add(&batch, &|| false), Err(Error::Cancelled)));
        drop(writer);
        std::fs::remove_file(&whole).unwrap();
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
    }
    std::fs::remove_dir(&directory).unwrap();
}

fn export(path: &Path, guard: Guard) -> Result<Written, Error> {
    let batch = batch();
    let mut batches = [Ok(batch.clone())].into_iter();
    write(path, Format::JsonLines, &batch.schema(), guard, &mut batches, &|| true)
}

#[test]
fn a_capture_is_replaced_only_when_told_and_a_source_never() {
    const DEMO: &[u8] = include_bytes!("../../../tests/data/demo.pcap");
    let directory = directory("guard");
    let (source, other) = (directory.join("source.csv"), directory.join("other.csv"));
    for path in [&source, &other] {
        std::fs::write(path, DEMO).unwrap();
    }
    let sources = SourceFiles::of(vec![Source::path(&source)], false).unwrap();
    let guard = |overwrite| Guard { sources: sources.clone(), overwrite, ..Guard::default() };
    for (path, overwrite) in [(&source, false), (&source, true), (&other, false)] {
        let error = export(path, guard(overwrite)).unwrap_err();
        assert!(matches!(error, Error::Exists { .. }), "{error}");
        assert_eq!(std::fs::read(path).unwrap(), DEMO);
    }
    export(&other, guard(true)).unwrap();
    assert!(std::fs::read(&other).unwrap().starts_with(b"{"));
    // It is no capture any more.
    export(&other, guard(false)).unwrap();
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 2);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_file_in_a_directory_that_is_read_is_a_source_only_as_a_capture() {
    let directory = directory("found");
    let (capture, table) = (directory.join("a.pcap"), directory.join("a.csv"));
    std::fs::write(&capture, [0xd4, 0xc3, 0xb2, 0xa1]).unwrap();
    std::fs::write(&table, "a,b\n").unwrap();
    let sources = SourceFiles::of(vec![Source::path(&directory)], false).unwrap();
    let guard = Guard { sources, overwrite: true, ..Guard::default() };
    assert!(matches!(export(&capture, guard.clone()), Err(Error::Exists { .. })));
    export(&table, guard).unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
}

#[cfg(unix)]
#[test]
fn a_replaced_file_leaves_its_mode() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory("mode");
    let path = directory.join("out.json");
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(export(&path, Guard::default()).unwrap(), Written { rows: 5, lost: None });
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    std::fs::remove_dir_all(&directory).unwrap();
}
