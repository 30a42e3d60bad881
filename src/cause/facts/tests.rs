#![allow(clippy::unwrap_used, clippy::panic)] // a failing test says where

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Fact, facts};

const PLACES: [&str; 13] = [
    "value",
    "text",
    "packet",
    "sender",
    "peer",
    "Sender",
    "Peer",
    "ttl",
    "usual_ttl",
    "hops",
    "usual_hops",
    "ip_id_delta",
    "turnaround",
];

/// The names behind `prefix` and white space, in quotes.
fn quoted<'a>(text: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(prefix).filter_map(move |(at, _)| {
        text[at + prefix.len()..].trim_start().strip_prefix('"')?.split('"').next()
    })
}

/// What the rules write, counted from their source.
fn written(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            written(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for kind in ["of", "count", "difference", "time", "number", "text"] {
                let call = format!("Evidence::{kind}(");
                found.extend(quoted(&text, &call).map(str::to_owned));
            }
        }
    }
}

#[test]
fn every_fact_that_a_rule_writes_has_its_words_here_and_each_has_them_once() {
    let names: Vec<_> = facts().map(|fact| fact.name).collect();
    let declared: BTreeSet<_> = names.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(declared.len(), names.len(), "declared twice");
    let mut found = BTreeSet::new();
    written(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cause"), &mut found);
    assert!(found.len() > 150, "{}", found.len());
    let missing: Vec<_> = found.difference(&declared).collect();
    assert!(missing.is_empty(), "without words in src/cause/facts/: {missing:?}");
}

#[test]
fn what_a_fact_is_told_by_is_a_sentence_with_known_places() {
    for fact in facts() {
        assert!(fact.unit == "s" || !fact.name.ends_with("_s"), "{}", fact.name);
        // One of them can be told whatever is known.
        let last = fact.words.last().unwrap().replace("{value}", "").replace("{text}", "");
        assert!(!last.contains('{'), "{}", fact.name);
        for words in fact.words.iter().chain(&fact.none) {
            let first = words.chars().next().unwrap();
            assert!(first.is_uppercase() || first == '{', "{words}");
            assert!(!words.ends_with('.'), "{words}");
            let plain = words.replace("close_notify", "");
            assert!(!plain.contains('_') || plain.contains('{'), "{words}");
            for place in words.split('{').skip(1) {
                let place = place.split('}').next().unwrap();
                assert!(PLACES.contains(&place), "{words}");
            }
            let told = words.contains("{value}");
            assert!(!(told && matches!(fact.unit, "" | "weight")), "{words}");
        }
    }
}

#[test]
fn units_are_nouns_or_have_a_meaning_of_their_own() {
    for fact in facts().filter(|fact| !Fact::UNITS.contains(&fact.unit)) {
        assert!(!fact.unit.ends_with('s') && !fact.unit.ends_with("octet"), "{}", fact.unit);
    }
}
