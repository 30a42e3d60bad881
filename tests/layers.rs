//! The layers of the crate and the rooms of `conn`, in their order, counted from the imports.
//!
//! A file imports from its own room and from those that are named before it, never from a later
//! one. Tests are left out: they look from above.

#![allow(clippy::unwrap_used, clippy::panic)] // a failing test says where

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The layers, from the ground up; what joins them comes last.
const LAYERS: [&str; 13] = [
    "base", "hosts", "capture", "packet", "filter", "digest", "conn", "cause", "table", "finding",
    "engine", "python", "lib",
];
/// The rooms of `conn`; those of one floor know nothing of each other.
const FLOORS: [&[&str]; 6] =
    [&["primitives"], &["script", "compat"], &["facts"], &["follow"], &["memory"], &["track"]];
/// Which crates are imported where.
const CRATES: [(&str, &[&str]); 4] = [
    ("pcap_parser", &["capture"]),
    ("etherparse", &["packet"]),
    ("arrow_", &["table", "finding", "python"]),
    ("pyo3", &["python"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs")
            && path.file_stem().unwrap() != "tests"
        {
            found.push(path);
        }
    }
}

/// The code of a file: neither comments nor its tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// What stands between the commas of a list, up to its closing brace.
fn listed(list: &str) -> Vec<&str> {
    let (mut depth, mut found, mut begin) = (0, Vec::new(), 0);
    for (at, c) in list.char_indices().chain([(list.len(), '}')]) {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(list[begin..at].trim());
                begin = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found.retain(|one| !one.is_empty());
    found
}

/// What follows each `prefix` in a text: the names directly behind it, in braces or not.
fn names_behind(text: &str, prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        let name = |s: &str| s.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if let Some(list) = rest.strip_prefix('{') {
            found.extend(listed(list).into_iter().map(name));
        } else {
            found.insert(name(rest));
        }
    }
    found.remove("");
    found
}

/// All paths that a `use` names, without its braces.
fn paths(before: &str, named: &str) -> Vec<String> {
    let named = named.trim();
    let Some((head, list)) = named.split_once('{') else {
        let own = named.split(" as ").next().unwrap_or_default();
        return vec![format!("{before}{own}")];
    };
    let before = format!("{before}{}", head.trim());
    listed(list).into_iter().flat_map(|one| paths(&before, one)).collect()
}

/// The module of a file below `src`: `conn/memory/mod.rs` is `conn::memory`.
fn module(path: &Path, source: &Path) -> String {
    let rest = path.strip_prefix(source).unwrap().with_extension("");
    let parts: Vec<&str> = rest.iter().map(|part| part.to_str().unwrap()).collect();
    parts.join("::").trim_end_matches("::mod").to_owned()
}

/// What each of these modules imports of the others. What one shows of another (`pub use`) and what
/// is written out where it is used are no imports.
fn imports(files: &BTreeMap<String, String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let known = |path: &str| {
        let ends = path.match_indices("::").map(|(at, _)| at).chain([path.len()]);
        ends.filter_map(|end| files.get_key_value(&path[..end])).last().map(|(key, _)| key.as_str())
    };
    let of = |own: &str, text: &str| {
        let code = code(text);
        let lines: Vec<&str> = [""].into_iter().chain(code.lines().map(str::trim)).collect();
        let lines = lines.join("\n");
        let uses = lines.split(';').filter_map(|item| Some(item.rsplit_once("\nuse ")?.1));
        let all = uses.flat_map(|named| paths("", &named.replace('\n', " "))).filter_map(|path| {
            let (mut from, mut rest) = (own.to_owned(), path.as_str());
            if let Some(below) = path.strip_prefix("crate::") {
                return known(below);
            }
            rest = rest.strip_prefix("self::").unwrap_or(rest);
            while let Some(above) = rest.strip_prefix("super::") {
                from.truncate(from.rfind("::").unwrap_or(0));
                rest = above;
            }
            (rest.len() < path.len()).then(|| known(&format!("{from}::{rest}"))).flatten()
        });
        all.filter(|&other| other != own).collect()
    };
    files.iter().map(|(own, text)| (own.as_str(), of(own, text))).collect()
}

/// The modules that lie in circles, or between two.
fn in_circles<'a>(mut imports: BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<&'a str> {
    loop {
        let before = imports.len();
        let needed: BTreeSet<&str> = imports.values().flatten().copied().collect();
        let known: BTreeSet<&str> = imports.keys().copied().collect();
        imports.retain(|own, others| needed.contains(own) && !others.is_disjoint(&known));
        if imports.len() == before {
            return imports.into_keys().collect();
        }
    }
}

fn place(order: &[&str], name: &str) -> Option<usize> {
    order.iter().position(|&known| known == name)
}

/// The part of a path below a folder that names a layer or a room.
fn part(path: &Path, below: &Path) -> String {
    let rest = path.strip_prefix(below).unwrap();
    let first = rest.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// Imports of layers that are not below the file's own.
fn wrong_layers(own: &str, text: &str) -> Vec<String> {
    let at = place(&LAYERS, own).unwrap_or_else(|| panic!("{own} is not among the layers"));
    let layers = names_behind(&code(text), "crate::");
    let up = layers.iter().filter(|name| place(&LAYERS, name).is_some_and(|other| other > at));
    up.map(|name| format!("{own} imports {name}")).collect()
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// Imports of rooms that are not below the file's own.
fn wrong_rooms(own: &str, text: &str) -> Vec<String> {
    let at = floor(own).unwrap_or_else(|| panic!("{own} is not among the rooms of conn"));
    let rooms = names_behind(&code(text), "crate::conn::");
    let up =
        rooms.iter().filter(|name| name.as_str() != own && floor(name).is_some_and(|f| f >= at));
    up.map(|name| format!("conn/{own} imports conn/{name}")).collect()
}

fn wrong_crates(own: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let used = |name: &str| {
        code.match_indices(name).any(|(at, _)| {
            let before = code[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
                && code[at..]
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .is_some_and(|word| code[at + word.len()..].starts_with("::"))
        })
    };
    let wrong = CRATES.iter().filter(|(name, rooms)| used(name) && !rooms.contains(&own));
    wrong.map(|(name, _)| format!("{own} uses {name}")).collect()
}

fn all() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn no_layer_imports_from_one_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let wrong =
        all().into_iter().flat_map(|(path, text)| wrong_layers(&part(&path, &source), &text));
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn no_room_of_conn_imports_from_one_above_it_and_all_lie_in_rooms() {
    let conn = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/conn");
    let mut files: BTreeMap<String, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (path, text) in all().into_iter().filter(|(path, _)| path.starts_with(&conn)) {
        let room = part(&path, &conn);
        if room == "mod" {
            continue;
        }
        wrong.extend(wrong_rooms(&room, &text));
        *files.entry(room).or_default() += 1;
    }
    assert_eq!(wrong, Vec::<String>::new());
    let rooms: BTreeSet<&str> = FLOORS.into_iter().flatten().copied().collect();
    assert_eq!(files.keys().map(String::as_str).collect::<BTreeSet<_>>(), rooms);
    assert!(rooms.len() <= 10);
}

#[test]
fn no_files_of_conn_import_each_other_in_a_circle() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = all().into_iter().filter(|(path, _)| path.starts_with(source.join("conn")));
    let files: BTreeMap<_, _> = files.map(|(p, text)| (module(&p, &source), text)).collect();
    let imports = imports(&files);
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 2 * files.len());
    assert_eq!(in_circles(imports), [] as [&str; 0]);
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let circle = |one: &str, other: &str| {
        let files = [("conn::a", one), ("conn::b", other), ("conn::b::c", "use crate::conn::a;")];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        in_circles(imports(&files)).join(" ")
    };
    let below = "use std::fmt;\n\nuse crate::conn::a::One;\n";
    for above in [
        "use crate::conn::b::Two;",
        "//! Text.\n\nuse std::fmt;\nuse super::b::{Two, Three as Four};",
        "use crate::{base::error,\n    conn::{b::{self, Two}, x}};",
    ] {
        assert_eq!(circle(above, below), "conn::a conn::b", "{above}");
    }
    assert_eq!(circle("use super::b::c;", ""), "conn::a conn::b::c");
    for above in ["pub use crate::conn::b::Two;", "use other::conn::b;", "// use crate::conn::b;"] {
        assert_eq!(circle(above, below), "", "{above}");
    }
}

#[test]
fn crates_of_others_stay_in_their_rooms() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let wrong =
        all().into_iter().flat_map(|(path, text)| wrong_crates(&part(&path, &source), &text));
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn an_import_that_goes_up_is_found_however_it_is_written() {
    for text in [
        "use crate::cause::judge;",
        "use crate::{cause, packet};",
        "use crate::{packet::Segment, cause::{self, Case}};",
        "fn f() { crate::cause::judge() }",
        "pub(crate) use crate::cause;",
    ] {
        assert_eq!(wrong_layers("conn", text), ["conn imports cause"], "{text}");
    }
    for text in [
        "use crate::packet::cause;",
        "// crate::cause::judge",
        "use other::crate::cause;",
        "use crate::conn::cause;",
        "#[cfg(test)]\nmod tests {\n    use crate::cause::judge;\n}",
    ] {
        assert_eq!(wrong_layers("conn", text), [] as [&str; 0], "{text}");
    }
    assert_eq!(
        wrong_rooms("facts", "use crate::conn::follow::ending;"),
        ["conn/facts imports conn/follow"]
    );
    assert_eq!(
        wrong_rooms("script", "use crate::conn::compat::zeek;"),
        ["conn/script imports conn/compat"]
    );
    assert_eq!(wrong_rooms("follow", "use crate::conn::facts::words;"), [] as [&str; 0]);
    assert_eq!(wrong_rooms("follow", "use crate::conn::follow::recent;"), [] as [&str; 0]);
}

#[test]
fn a_crate_in_another_room_is_found() {
    assert_eq!(wrong_crates("conn", "use pyo3::prelude::*;"), ["conn uses pyo3"]);
    assert_eq!(wrong_crates("cause", "fn f(x: arrow_array::Array) {}"), ["cause uses arrow_"]);
    assert_eq!(wrong_crates("conn", "// as etherparse::x\nlet pyo3 = 1;"), [] as [&str; 0]);
    assert_eq!(wrong_crates("capture", "use pcap_parser::nom;"), [] as [&str; 0]);
}
