//! Conversations in one line each, with everything that both tables tell of them.
//!
//! `FINRST_RECORD=1 cargo test --test conversations` writes it anew; read the difference before
//! committing it.

use std::fmt::Write;

use finrst::cause::RULES;
use finrst::engine::Output;
use finrst::table::connections::Connections;
use finrst::table::teardowns::Teardowns;
use finrst::table::{Made, Table};

use super::support::cells::{columns, tables, text};
use super::support::{data, record::hold};

/// The examples and near misses of the rules, and the lines of `conversations.txt`.
pub fn scripts() -> Vec<String> {
    let mut all = Vec::new();
    for rule in RULES {
        all.extend(rule.examples.iter().map(|&example| example.to_owned()));
        all.extend(rule.near_misses.iter().map(|&(example, _)| example.to_owned()));
    }
    let more = std::fs::read_to_string(data("conversations.txt")).unwrap();
    all.extend(more.lines().filter(|line| line.starts_with(['>', '<'])).map(str::to_owned));
    let mut seen = std::collections::HashSet::new();
    all.retain(|script| seen.insert(script.clone()));
    all
}

/// What the others are compared with: a connection, a FIN and a RST.
const REFERENCE: &str = "> S, < S., > ., > P. 10, < P. 10, > ., > F., < R.";

/// One row: its table and number there, what kind it is of, and its cells under their headings.
struct Row {
    table: &'static str,
    number: usize,
    kind: String,
    groups: Vec<(&'static str, Vec<Cell>)>,
}

#[derive(PartialEq)]
struct Cell {
    name: String,
    value: Option<String>,
}

fn rows<T: Table>(made: &Made) -> Vec<Row> {
    let mut rows = Vec::new();
    for batch in &made.batches {
        let columns = columns(batch);
        for row in 0..batch.num_rows() {
            let mut cells = columns
                .iter()
                .map(|(name, cells)| Cell { name: name.clone(), value: text(cells, row) });
            let groups: Vec<_> = T::GROUPS
                .iter()
                .map(|group| (group.title, cells.by_ref().take(group.columns.len()).collect()))
                .collect();
            let kind = groups.iter().flat_map(|(_, cells): &(_, Vec<Cell>)| cells);
            let kind = kind.filter(|cell| cell.name == "kind").find_map(|cell| cell.value.clone());
            let (table, number, kind) = (made.name, rows.len(), kind.unwrap_or_default());
            rows.push(Row { table, number, kind, groups });
        }
    }
    rows
}

fn play(script: &str) -> Vec<Row> {
    let output = Output::of_script(script).unwrap_or_else(|error| panic!("{script}: {error}"));
    let made = tables(output);
    let mut all = rows::<Connections>(&made[0]);
    all.extend(rows::<Teardowns>(&made[1]));
    all
}

/// A line for each group of a row's columns, with the cells that the reference has otherwise; `-`
/// is a missing value.
fn write(row: &Row, reference: Option<&Row>, out: &mut String) {
    for (at, (title, cells)) in row.groups.iter().enumerate() {
        let same = reference.map(|reference| &reference.groups[at].1);
        let cells: Vec<String> = cells
            .iter()
            .filter(|cell| !same.is_some_and(|same| same.contains(cell)))
            .map(|Cell { name, value }| format!("{name}={}", value.as_deref().unwrap_or("-")))
            .collect();
        if !cells.is_empty() {
            writeln!(out, "{} {} {title}: {}", row.table, row.number, cells.join("  ")).unwrap();
        }
    }
}

#[test]
fn conversations_have_the_columns_they_had() {
    let reference = play(REFERENCE);
    let mut found = format!("# {REFERENCE} (below, what differs from it)\n");
    for row in &reference {
        write(row, None, &mut found);
    }
    for script in scripts() {
        writeln!(found, "# {script}").unwrap();
        for row in &play(&script) {
            let like =
                reference.iter().find(|like| like.table == row.table && like.kind == row.kind);
            assert!(like.is_some(), "{script}: nothing to compare a {} with", row.kind);
            write(row, like, &mut found);
        }
    }
    hold(&data("conversations_columns.txt"), &found);
}
