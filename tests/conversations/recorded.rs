//! Conversations in one line each, with everything that both tables tell of them.
//!
//! `FINRST_RECORD=1 cargo test --test conversations` writes it anew; read the difference before
//! committing it.

use std::fmt::Write;

use finrst::cause::RULES;
use finrst::read::Output;
use finrst::table::connections::Connections;
use finrst::table::teardowns::Teardowns;
use finrst::table::{Made, Table};

use super::support::cells::{columns, tables, text};
use super::support::{data, record::hold};

/// The examples and near misses of the rules, and the lines of `conversations.txt`.
fn scripts() -> Vec<String> {
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

/// A line for each group of columns of each row. A missing value is left out, and so are 0, false
/// and what is empty in a column that always has a value.
fn write(made: &Made, groups: &[(&str, usize)], out: &mut String) {
    for batch in &made.batches {
        let columns = columns(batch);
        for row in 0..batch.num_rows() {
            let mut rest = columns.iter();
            for (title, length) in groups {
                let cells: Vec<String> = rest
                    .by_ref()
                    .take(*length)
                    .filter_map(|(name, nullable, cells)| {
                        let text = text(cells, row)?;
                        let plain = matches!(text.as_str(), "0" | "0.0" | "false" | "" | "[]");
                        (*nullable || !plain).then(|| format!("{name}={text}"))
                    })
                    .collect();
                if !cells.is_empty() {
                    writeln!(out, "{} {row} {title}: {}", made.name, cells.join("  ")).unwrap();
                }
            }
            assert!(rest.next().is_none(), "every column is in a group");
        }
    }
}

fn groups<T: Table>() -> Vec<(&'static str, usize)> {
    T::GROUPS.iter().map(|group| (group.title, group.columns.len())).collect()
}

#[test]
fn conversations_have_the_columns_they_had() {
    let (connection_groups, teardown_groups) = (groups::<Connections>(), groups::<Teardowns>());
    let mut found = String::new();
    for script in scripts() {
        writeln!(found, "# {script}").unwrap();
        let output = Output::of_script(&script).unwrap_or_else(|error| panic!("{script}: {error}"));
        let [connections, teardowns] = tables(output);
        write(&connections, &connection_groups, &mut found);
        write(&teardowns, &teardown_groups, &mut found);
    }
    hold(&data("conversations_columns.txt"), &found);
}
