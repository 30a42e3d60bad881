//! What was found against what is recorded in the repository.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Differing sections that are shown.
const SHOWN: usize = 20;

/// Compares a text with the file that records it; with `FINRST_RECORD` set writes it anew
/// instead. What differs is shown under the heading (`# …`) that it stands under.
pub fn hold(path: &Path, found: &str) {
    if std::env::var_os("FINRST_RECORD").is_some() {
        std::fs::write(path, found).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        return;
    }
    let recorded =
        std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert!(
        recorded == found,
        "{} records something else (FINRST_RECORD=1 writes it anew, if this is meant):\n{}",
        path.display(),
        difference(&recorded, found)
    );
}

/// Lines that only one of two texts has, section by section.
fn difference(recorded: &str, found: &str) -> String {
    let (old, new) = (sections(recorded), sections(found));
    let mut out = String::new();
    let mut differing = 0;
    let gone = old.keys().filter(|heading| !new.contains_key(*heading));
    for heading in new.keys().chain(gone) {
        let none = Vec::new();
        let (before, after) =
            (old.get(heading).unwrap_or(&none), new.get(heading).unwrap_or(&none));
        let (fewer, more) = (only(before, after), only(after, before));
        if fewer.is_empty() && more.is_empty() {
            continue;
        }
        differing += 1;
        if differing > SHOWN {
            continue;
        }
        writeln!(out, "{heading}").unwrap();
        for (mark, lines, others) in [('-', &fewer, &more), ('+', &more, &fewer)] {
            for line in lines {
                writeln!(out, "  {mark} {}", changed(line, others)).unwrap();
            }
        }
    }
    if differing > SHOWN {
        writeln!(out, "and {} sections more", differing - SHOWN).unwrap();
    }
    if differing == 0 {
        out.push_str("the same lines in another order\n");
    }
    out
}

/// The lines under each heading; the first ones may stand under none.
fn sections(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut sections: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut heading = "";
    for line in text.lines() {
        if line.starts_with("# ") {
            heading = line;
        }
        sections.entry(heading).or_default().push(line);
    }
    sections
}

fn only<'a>(these: &[&'a str], others: &[&str]) -> Vec<&'a str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for line in others {
        *counts.entry(line).or_default() += 1;
    }
    let mut missing = Vec::new();
    for line in these {
        match counts.get_mut(line) {
            Some(count) if *count > 0 => *count -= 1,
            _ => missing.push(*line),
        }
    }
    missing
}

/// A line of `label: cell  cell  cell` without the cells that its counterpart has too.
fn changed(line: &str, others: &[&str]) -> String {
    let Some((label, cells)) = line.split_once(": ") else { return line.to_owned() };
    let counterpart = others.iter().find_map(|other| {
        other.split_once(": ").filter(|(name, _)| *name == label).map(|(_, cells)| cells)
    });
    let Some(counterpart) = counterpart else { return line.to_owned() };
    let same: Vec<&str> = counterpart.split("  ").collect();
    let cells: Vec<&str> = cells.split("  ").filter(|cell| !same.contains(cell)).collect();
    format!("{label}: {}", cells.join("  "))
}

#[test]
fn a_difference_shows_the_cells_that_differ_under_their_heading() {
    let recorded = "# one\nrow 0: a=1  b=2\n# two\nrow 0: a=3\n";
    assert_eq!(difference(recorded, recorded), "the same lines in another order\n");
    let found = "# one\nrow 0: a=1  b=7\n# two\nrow 0: a=3\n# three\nrow 0: a=4\n";
    assert_eq!(
        difference(recorded, found),
        "# one\n  - row 0: b=2\n  + row 0: b=7\n# three\n  + # three\n  + row 0: a=4\n"
    );
}
