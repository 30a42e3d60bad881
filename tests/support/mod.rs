//! What several test programs need: tables, whole passes, and the shared captures.
#![allow(dead_code)] // each program uses a part

pub mod cells;
pub mod record;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use finrst::base::error::Error;
use finrst::capture::Source;
use finrst::conn::{Connection, Kind, Side};
use finrst::engine::{Options, Output, Session};
use finrst::packet::Class;

/// A row of a table: column to text.
pub type Row = BTreeMap<String, String>;

/// The captures beside the repository (or where `FINRST_SHARED` says). Without them the test that
/// asks says so on the real standard error, past the capture of the test harness.
pub fn shared(test: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FINRST_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let captures = root.join("captures");
    if captures.is_dir() {
        return Some(captures);
    }
    let line = format!("\n!! SKIPPED: {test}: no captures at {}\n", captures.display());
    std::io::stderr().write_all(line.as_bytes()).ok();
    None
}

/// A file under `tests/data`.
pub fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Adds all files below a directory, those of a directory in the order of their names.
pub fn below(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Families of the laboratory that a list names: `held_out`, `opened`.
pub fn families(list: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/lab/{list}.txt"));
    let text = std::fs::read_to_string(path).expect(list);
    text.split_whitespace().map(str::to_owned).collect()
}

/// A table under `tests/data` or elsewhere, packed or not.
pub fn table(path: &Path) -> Vec<Row> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let text = if path.extension().is_some_and(|e| e == "gz") {
        let mut text = String::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        text
    } else {
        String::from_utf8(bytes).unwrap()
    };
    let mut rows = records(&text).into_iter();
    let names = rows.next().unwrap_or_default();
    rows.map(|row| {
        assert_eq!(row.len(), names.len(), "{}: {row:?}", path.display());
        names.iter().cloned().zip(row).collect()
    })
    .collect()
}

/// Records of a CSV text (RFC 4180).
fn records(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let cell = row.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => rows.push(std::mem::replace(&mut row, vec![String::new()])),
            c => cell.push(c),
        }
    }
    if row.len() > 1 || !row[0].is_empty() {
        rows.push(row);
    }
    rows
}

/// Cells as a line of CSV.
pub fn line(cells: &[impl AsRef<str>]) -> String {
    let cell = |text: &str| {
        if text.contains([',', '"', '\n']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    cells.iter().map(|c| cell(c.as_ref())).collect::<Vec<_>>().join(",")
}

/// A whole pass.
pub fn read(sources: Vec<Source>, options: Options) -> Result<Output, Error> {
    let mut session = Session::open(sources, options)?;
    while session.step(1 << 22)? {}
    Ok(session.finish())
}

/// A whole pass over one file, with nothing set.
pub fn read_file(path: &Path) -> Result<Output, Error> {
    read(vec![Source::path(path)], Options::default())
}

/// Why a file was refused, without its name.
pub fn refusal(error: &Error, path: &Path) -> String {
    error.to_string().replace(&format!("{}: ", path.display()), "")
}

/// Everything that must add up whatever was read (`reliability.md` section 3).
pub fn check_accounts(output: &Output, what: &str) {
    let mut packets = 0;
    for (number, file) in (0..).zip(&output.files) {
        assert!(file.adds_up(), "{what}: accounts of {file:?}");
        assert_eq!(output.ledger.packets(number), file.packets, "{what}: classes of {file:?}");
        packets += file.packets;
    }
    let classes: u64 = Class::ALL.iter().map(|&class| output.ledger.total(class)).sum();
    assert_eq!(classes, packets, "{what}: packets by class");
    let sum = |value: fn(&finrst::conn::Endpoint) -> u64| -> u64 {
        output.connections.iter().flat_map(|c| c.endpoints).map(|e| value(&e)).sum()
    };
    let tcp = output.ledger.total(Class::Tcp);
    assert_eq!(sum(|e| e.packets) + output.counts.crowded, tcp, "{what}: TCP packets");
    let ended = sum(|e| u64::from(e.fins)) + sum(|e| u64::from(e.rsts));
    let rows: usize = output.connections.iter().map(|c| c.teardowns.len()).sum();
    assert_eq!(ended, rows as u64, "{what}: FIN and RST rows");
    assert_eq!(output.counts.created, output.connections.len() as u64, "{what}: connections");
    assert_eq!(output.counts.released.iter().sum::<u64>(), output.counts.created, "{what}: rows");
    for c in &output.connections {
        for e in &c.endpoints {
            assert!(e.unique_bytes <= e.bytes, "{what}: unique bytes of {}", c.id);
        }
    }
}

/// Packet numbers of a side's FINs or RSTs.
pub fn frames(c: &Connection, side: Side, rst: bool) -> String {
    let wanted = |flags: finrst::packet::Flags| if rst { flags.rst() } else { flags.fin() };
    c.teardowns
        .iter()
        .filter(|t| t.sender == side && wanted(t.flags))
        .map(|t| t.packet.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Number of reset rows.
pub fn resets(c: &Connection) -> usize {
    c.teardowns.iter().filter(|t| t.kind == Kind::Rst).count()
}

/// Compares what was found with what a table under `tests/data` lists, which has a reason for
/// each line; fails on one that is missing and on one that is stale.
pub fn assert_listed(found: &[Vec<String>], list: &str, columns: &[&str]) {
    let listed: Vec<Row> = table(&data(list));
    let mut stale: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for row in &listed {
        assert!(row["reason"].len() > 10, "{list}: no reason for {row:?}");
        *stale.entry(columns.iter().map(|&c| row[c].clone()).collect()).or_default() += 1;
    }
    let mut unexplained = Vec::new();
    for difference in found {
        match stale.get_mut(difference).filter(|n| **n > 0) {
            Some(count) => *count -= 1,
            None => unexplained.push(line(difference)),
        }
    }
    let stale: Vec<String> =
        stale.iter().filter(|(_, n)| **n > 0).map(|(row, _)| line(row)).collect();
    assert!(
        unexplained.is_empty() && stale.is_empty(),
        "{list}: {} differences that it does not list:\n{}\n{} that it lists and are none:\n{}",
        unexplained.len(),
        unexplained.join("\n"),
        stale.len(),
        stale.join("\n"),
    );
}
