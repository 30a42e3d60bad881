//! Captures in the repository: what is in them, and that it is the same however it is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod arrivals;
mod damaged;
mod golden;
mod same;
#[path = "../support/mod.rs"]
mod support;
mod threads;
mod write;

use std::path::PathBuf;

/// Every capture under `tests/data/captures`, by its table of licences.
fn captures() -> Vec<(String, PathBuf)> {
    let directory = support::data("captures");
    let listed = support::table(&directory.join("LICENCES.csv"));
    let mut here: Vec<String> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "LICENCES.csv")
        .collect();
    here.sort();
    let mut names: Vec<String> = listed.iter().map(|row| row["file"].clone()).collect();
    names.sort();
    assert_eq!(here, names, "captures and their licences");
    assert!(listed.iter().all(|row| !row["licence"].is_empty()));
    names.into_iter().map(|name| (name.clone(), directory.join(name))).collect()
}

/// The same, and with `FINRST_EVERY` set every shared capture that is read at all.
fn many() -> Vec<(String, PathBuf)> {
    let mut all = captures();
    if std::env::var_os("FINRST_EVERY").is_some()
        && let Some(shared) = support::shared("invariance of every shared capture")
    {
        let public = shared.join("public");
        let files = support::table(&support::data("oracle_files.csv.gz"));
        let bad = support::table(&public.join("oracle/bad_results.csv"));
        let names = files.iter().map(|row| &row["path"]).chain(bad.iter().map(|row| &row["file"]));
        let readable = |name: &&String| support::read_file(&public.join(name)).is_ok();
        all.extend(names.filter(readable).map(|name| (name.clone(), public.join(name))));
    }
    all
}
