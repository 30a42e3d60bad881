//! The laboratory's frozen captures against their labels: how it ended, who ended it, and why.
//!
//! `cargo test --test lab_verdicts -- --nocapture` prints the confusion table;
//! `FINRST_RECORD=1` writes it to `docs/confusion.md`. `FINRST_LAB` names the directory of a
//! fresh run to judge instead.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use finrst::capture::Source;
use finrst::cause::{Verdict, judge};
use finrst::conn::{Connection, Side};
use finrst::read::{Options, Session};
use finrst::table::vocabulary::Vocabulary;

/// From this confidence on, a cause has to be right.
const CONFIDENT: f64 = 0.8;

type Key = (String, String, u16, String, u16, usize);

struct Label {
    scenario: String,
    ending: String,
    ended_by: String,
    cause: String,
    allowed: Vec<String>,
    visible: bool,
}

fn directory() -> PathBuf {
    std::env::var_os("FINRST_LAB").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/frozen"),
        PathBuf::from,
    )
}

#[allow(clippy::expect_used)] // the labels must read
fn labels(directory: &Path) -> HashMap<Key, Label> {
    let text = std::fs::read_to_string(directory.join("labels.csv")).expect("labels.csv");
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().expect("a header").split(',').collect();
    lines
        .map(|line| {
            let cells: HashMap<&str, &str> = names.iter().copied().zip(line.split(',')).collect();
            let cell = |name: &str| cells.get(name).copied().expect(name).to_owned();
            let number = |name: &str| cell(name).parse().expect(name);
            let key = (
                cell("capture"),
                cell("client_ip"),
                number("client_port"),
                cell("server_ip"),
                number("server_port"),
                usize::from(number("ordinal")),
            );
            let label = Label {
                scenario: cell("scenario"),
                ending: cell("ending"),
                ended_by: cell("ended_by"),
                cause: cell("cause"),
                allowed: cell("alternatives_allowed").split('|').map(str::to_owned).collect(),
                visible: cell("visible") == "yes",
            };
            (key, label)
        })
        .collect()
}

#[allow(clippy::expect_used)] // the captures must read
fn verdicts(path: &Path) -> Vec<(Connection, Verdict)> {
    let mut session =
        Session::open(vec![Source::path(path)], Options::default()).expect("a capture");
    while session.step(1 << 20).expect("readable") {}
    let output = session.finish();
    let judged = |c: Connection| {
        let verdict = judge(&c, &output.context, &output.parameters);
        (c, verdict)
    };
    output.connections.into_iter().map(judged).collect()
}

#[derive(Default)]
struct Tally {
    rows: usize,
    ending: usize,
    ended_by: usize,
    cause: usize,
    confident: usize,
    confident_right: usize,
}

#[test]
#[allow(clippy::cast_precision_loss)] // thousands of rows
fn the_laboratory_is_judged_right() {
    let directory = directory();
    let labels = labels(&directory);
    let mut tally = Tally::default();
    let mut table: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    let mut wrong = String::new();
    let mut found = 0;
    let mut files: Vec<_> = std::fs::read_dir(&directory)
        .expect("the directory reads")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.to_string_lossy().contains(".pcap"))
        .collect();
    files.sort();
    for path in files {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let capture = name.split(".pcap").next().unwrap_or_default().to_owned();
        let mut ordinals: HashMap<_, usize> = HashMap::new();
        for (c, verdict) in verdicts(&path) {
            let tuple = (
                c.ip(Side::Client).to_string(),
                c.port(Side::Client),
                c.ip(Side::Server).to_string(),
                c.port(Side::Server),
            );
            let ordinal = ordinals.entry(tuple.clone()).and_modify(|n| *n += 1).or_insert(1);
            let key = (capture.clone(), tuple.0, tuple.1, tuple.2, tuple.3, *ordinal);
            let Some(label) = labels.get(&key) else { continue };
            found += 1;
            if !label.visible {
                continue;
            }
            let cause = verdict.cause.name();
            let right = label.cause == cause || label.allowed.iter().any(|a| a == cause);
            let ending = label.ending == c.ending.word();
            let ended_by = label.ended_by == verdict.ended_by.word();
            tally.rows += 1;
            tally.ending += usize::from(ending);
            tally.ended_by += usize::from(ended_by);
            tally.cause += usize::from(right);
            tally.confident += usize::from(verdict.confidence >= CONFIDENT);
            tally.confident_right += usize::from(verdict.confidence >= CONFIDENT && right);
            let mark = if right { "" } else { "wrong" };
            *table.entry((label.cause.clone(), cause.to_owned(), mark.to_owned())).or_default() +=
                1;
            if !(right && ending && ended_by) {
                let _ = writeln!(
                    wrong,
                    "{} {capture} packet {}: {} {} {}, not {} {} {}",
                    label.scenario,
                    c.first_packet,
                    c.ending.word(),
                    verdict.ended_by.word(),
                    cause,
                    label.ending,
                    label.ended_by,
                    label.cause
                );
            }
        }
    }
    let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
    let confusion = report(&tally, &table);
    println!("{confusion}\n{wrong}");
    if std::env::var_os("FINRST_RECORD").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/confusion.md");
        std::fs::write(path, &confusion).expect("docs/confusion.md");
    }
    assert_eq!(found, labels.len(), "every label has its connection");
    assert!(share(tally.ending, tally.rows) >= 0.995, "ending\n{wrong}");
    assert!(share(tally.ended_by, tally.rows) >= 0.99, "ended_by\n{wrong}");
    assert!(share(tally.cause, tally.rows) >= 0.95, "cause\n{wrong}");
    assert!(share(tally.confident_right, tally.confident) >= 0.99, "confident causes\n{wrong}");
}

/// The confusion table, as Markdown.
fn report(tally: &Tally, table: &BTreeMap<(String, String, String), usize>) -> String {
    let mut out = String::from("# How sure is it: the laboratory's confusion table\n\n");
    let mut line = |what: &str, right: usize, of: usize| {
        #[allow(clippy::cast_precision_loss)] // thousands of rows
        let percent = 100.0 * right as f64 / of.max(1) as f64;
        let _ = writeln!(out, "- {what}: {right} of {of} ({percent:.2} %)");
    };
    line("`ending` right", tally.ending, tally.rows);
    line("`ended_by` right", tally.ended_by, tally.rows);
    line("`cause` right", tally.cause, tally.rows);
    line(
        "`cause` right where the confidence is 0.8 or more",
        tally.confident_right,
        tally.confident,
    );
    out.push_str(
        "\nConnections whose deciding packets are visible, at the client, the router and the \
         server.\nA cause that no passive observer can tell from the label counts as right.\n\n\
         | label | verdict | connections | |\n|---|---|---:|---|\n",
    );
    for ((label, verdict, mark), count) in table {
        let _ = writeln!(out, "| {label} | {verdict} | {count} | {mark} |");
    }
    out
}
