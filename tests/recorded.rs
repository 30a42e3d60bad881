//! Captures of the laboratory and of others, with what each column of both tables sums up to.
//!
//! `FINRST_RECORD=1 cargo test --test recorded` writes it anew; read the difference before
//! committing it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing test says where

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use finrst::table::Made;

use support::cells::{columns, tables, text};
use support::{data, read_file, record::hold};

/// Different values that are listed with their counts.
const LISTED: usize = 12;

/// What a column's values are together. The digest depends on every value and on their order.
#[derive(Default)]
struct Sum {
    missing: usize,
    values: BTreeMap<String, usize>,
    digest: u64,
}

impl Sum {
    fn add(&mut self, value: Option<String>) {
        let text = value.as_deref().unwrap_or("\u{0}");
        // FNV-1a, which no release of a library changes.
        for byte in text.bytes().chain([0xff]) {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        match value {
            None => self.missing += 1,
            Some(value) => *self.values.entry(value).or_default() += 1,
        }
    }

    fn line(&self) -> String {
        let mut line = String::new();
        if self.values.len() <= LISTED && self.values.keys().all(|value| value.len() <= 24) {
            for (value, count) in &self.values {
                write!(line, "{count} {value:?}  ").unwrap();
            }
        } else {
            write!(line, "{} different  ", self.values.len()).unwrap();
            let numbers: Option<Vec<f64>> =
                self.values.keys().map(|value| value.parse().ok()).collect();
            if let Some(numbers) = numbers {
                let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                write!(line, "{least} to {most}  ").unwrap();
            }
        }
        if self.missing > 0 {
            write!(line, "{} missing  ", self.missing).unwrap();
        }
        write!(line, "digest {:08x}", self.digest >> 32).unwrap();
        line
    }
}

/// Of each column of each table, in order: its name and what its values are together.
type Sums = BTreeMap<(usize, usize), (String, Sum)>;

fn add(sums: &mut Sums, tables: &[Made], root: &str) {
    for (table, made) in tables.iter().enumerate() {
        for batch in &made.batches {
            for (place, (name, cells)) in columns(batch).into_iter().enumerate() {
                let name = format!("{} {name}", made.name);
                let (_, sum) = sums.entry((table, place)).or_insert_with(|| (name, Sum::default()));
                for row in 0..batch.num_rows() {
                    // Where the repository lies is no part of a file's name here.
                    sum.add(text(&cells, row).map(|text| text.replace(root, "")));
                }
            }
        }
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".pcap"))
        .collect();
    files.sort();
    files
}

#[test]
fn captures_have_the_columns_they_had() {
    let root = env!("CARGO_MANIFEST_DIR");
    let lab = files(&Path::new(root).join("tests/lab/frozen"));
    // Rules are not to be written with an eye on what is held out of their tuning.
    let held_out = support::families("held_out");
    let apart = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        held_out.iter().any(|family| name.split('.').next() == Some(family))
    };
    let mut groups: Vec<(String, Vec<PathBuf>)> = lab
        .into_iter()
        .filter(|path| !apart(path))
        .map(|path| (path.file_name().unwrap().display().to_string(), vec![path]))
        .collect();
    groups.push(("tests/data/captures".to_owned(), files(&data("captures"))));
    let mut found = String::new();
    for (heading, paths) in groups {
        writeln!(found, "# {heading}").unwrap();
        let mut sums = Sums::default();
        for path in paths {
            add(&mut sums, &tables(read_file(&path).unwrap()), root);
        }
        for (name, sum) in sums.values() {
            writeln!(found, "{name}: {}", sum.line()).unwrap();
        }
    }
    hold(&data("captures_columns.txt"), &found);
}
