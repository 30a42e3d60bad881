//! The declared columns keep the promises that hold for all of them.

use std::collections::BTreeSet;

use super::column::{Kind, Table, columns};
use super::connections::Connections;
use super::doc::Reference;
use super::issues::Issues;
use super::ledger::Ledger;
use super::teardowns::Teardowns;

fn check<T: Table>() {
    let mut names = BTreeSet::new();
    for column in columns::<T>() {
        let name = column.name;
        assert!(names.insert(name), "{name} is declared twice");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        assert!(column.doc.ends_with('.'), "{name}: one sentence");
        assert!(!column.doc.trim_end_matches('.').contains(". "), "{name}: one sentence");
        assert_eq!(name.ends_with("_s"), column.unit == "s", "{name}: seconds end in _s");
        let (words, most) = match column.kind {
            Kind::Word(words, _) => (words(), i8::MAX as usize),
            Kind::Label(words, _) => (words(), i16::MAX as usize),
            _ => continue,
        };
        assert!(words.len() <= most, "{name}: too many for its keys");
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{name}");
    }
}

#[test]
fn columns_are_well_formed() {
    check::<Connections>();
    check::<Teardowns>();
    check::<Ledger>();
    check::<Issues>();
    check::<Reference>();
}

#[test]
fn what_people_group_by_is_never_missing() {
    for name in ["ending", "ended_by", "phase", "release"] {
        let column = columns::<Connections>().find(|column| column.name == name).unwrap();
        assert!(!column.nullable, "{name}");
    }
}
