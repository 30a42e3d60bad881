//! Readings that go on where another one ended: the rows of all are those of one reading.

use std::path::{Path, PathBuf};

use finrst::base::error::Error;
use finrst::engine::{Options, Output, Session};
use finrst::table::Made;

use crate::held::{Cells, File, alone, cells, sources};
use crate::steps::Scratch;
use crate::support::cells::tables;

/// What may lean on what only a later day knows.
const LEANING: [&str; 6] =
    ["cause", "confidence", "evidence", "alternatives", "harmless", "injection_score"];

/// What one day gives: its tables, and what it was left with and leaves.
pub fn day(
    files: &[File],
    options: &Options,
    resume: Option<&Path>,
    save: Option<&Path>,
) -> Result<Output, Error> {
    let options = Options {
        resume: resume.map(Path::to_owned),
        save: save.map(Path::to_owned),
        ..options.clone()
    };
    let mut session = Session::open(sources(files), options)?;
    while session.step(1 << 24)? {}
    let (output, saving) = session.finish_and_save()?;
    assert_eq!(saving.is_some(), save.is_some());
    saving.map_or(Ok(()), finrst::engine::state::Saving::commit)?;
    Ok(output)
}

/// Reads each of these days with the state of the one before it.
pub fn days(days: &[&[File]], options: &Options, scratch: &Scratch) -> Vec<Output> {
    let state = |at: usize| -> PathBuf { scratch.file(&format!("{at}.state")) };
    let each = days.iter().enumerate().map(|(at, files)| {
        let resume = (at > 0).then(|| state(at - 1));
        let save = (at + 1 < days.len()).then(|| state(at));
        day(files, options, resume.as_deref(), save.as_deref()).unwrap()
    });
    each.collect()
}

/// Adds up what the days count, and holds it to one reading.
fn hold_counts(what: &str, all: &[Output], wanted: &Output) {
    let mut counts = finrst::conn::Counts::default();
    for output in all {
        counts.add(output.counts);
    }
    assert_eq!(counts, wanted.counts, "{what}");
    for pair in all.windows(2) {
        assert_eq!(pair[0].carried[1], pair[1].carried[0], "{what}: what is left comes");
    }
    let packets = |output: &Output| -> u64 {
        output.connections.iter().flat_map(|c| c.endpoints.map(|e| e.packets)).sum()
    };
    for output in all {
        let tcp = output.ledger.total(finrst::packet::Class::Tcp);
        let [came, left] = output.carried;
        assert_eq!(packets(output) + left.packets, tcp + came.packets, "{what}: a packet is lost");
    }
}

fn number(row: &[(String, Option<String>)], column: &str) -> u64 {
    let cell = row.iter().find(|(name, _)| name == column).unwrap();
    cell.1.as_ref().unwrap().parse().unwrap()
}

type Row = Vec<(String, Option<String>)>;

/// The rows of a table of all days in the order of one reading, each with its day.
fn together(made: &[Made], key: &str) -> Vec<(usize, Row)> {
    let rows = made.iter().enumerate();
    let mut rows: Vec<_> =
        rows.flat_map(|(day, made)| cells(made).into_iter().map(move |row| (day, row))).collect();
    rows.sort_by_key(|(_, row)| number(row, key));
    rows
}

/// Holds every column of connections and of FINs and RSTs to those of one reading, of the last day
/// with all that its verdicts say.
pub fn hold_days(what: &str, all: Vec<Output>, wanted: Output) {
    hold_counts(what, &all, &wanted);
    let last = all.len() - 1;
    let mut days: Vec<_> = all.into_iter().map(|output| tables(output).into_iter()).collect();
    for (wanted, key) in tables(wanted).into_iter().zip(["connection_id", "packet"]) {
        let made: Vec<Made> = days.iter_mut().map(|day| day.next().unwrap()).collect();
        let (rows, wanted): (_, Cells) = (together(&made, key), cells(&wanted));
        let mut told = Vec::new();
        if rows.len() != wanted.len() {
            told.push(format!("{} rows, {} wanted", rows.len(), wanted.len()));
        }
        for ((day, row), wanted) in rows.iter().zip(&wanted) {
            for ((column, cell), (_, wanted)) in row.iter().zip(wanted) {
                let leans = *day < last && LEANING.contains(&column.as_str());
                if cell != wanted && !leans {
                    let at = number(row, key);
                    told.push(format!(
                        "{key} {at} of day {day}, {column}: {cell:?}, wanted {wanted:?}"
                    ));
                }
            }
        }
        told.truncate(12);
        assert!(told.is_empty(), "{what}, by {key}\n{}", told.join("\n"));
    }
}

pub fn on(threads: usize) -> Options {
    Options { threads: Some(threads), ..Options::default() }
}

/// Holds days of one file each; false where they are not in order of time, which one reading of all
/// puts them in.
pub fn hold_files(what: &str, files: &[File], options: &Options, scratch: &Scratch) -> bool {
    let wanted = alone(files, options);
    if wanted.issues.count("files_overlap") + wanted.issues.count("files_out_of_order") > 0 {
        return false;
    }
    let each: Vec<&[File]> = files.chunks(1).collect();
    hold_days(what, days(&each, options, scratch), wanted);
    true
}
