use crate::cause::near::around;
use crate::cause::rule::{Case, Finding};
use crate::cause::{Context, Parameters};
use crate::conn::{Connection, play};

/// A connection that ends with so many resets at once.
fn storm(resets: usize) -> Connection {
    let storm = ", < R. +0us".repeat(resets);
    play(&format!("> S, < S., > ., > P. 5, < . {storm}")).unwrap().remove(0)
}

/// What a test asks of the case of a connection.
fn asked<T>(connection: &Connection, ask: impl FnOnce(&Case<'_>) -> T) -> T {
    let (context, parameters) = (&Context::default(), &Parameters::default());
    ask(&Case { connection, reset: None, score: None, storm: None, context, parameters })
}

/// The storm's rows, and those that are compared with the last one.
fn near_the_last(resets: usize) -> (usize, usize) {
    let c = storm(resets);
    let last = c.teardowns.last().unwrap();
    assert_eq!(c.teardowns.len(), resets);
    asked(&c, |case| (case.rows().count(), around(&c.teardowns, case.place(last)).len()))
}

#[test]
fn a_row_is_compared_with_256_others_at_most() {
    assert_eq!(near_the_last(100), (100, 100));
    assert_eq!(near_the_last(129), (129, 129));
    assert_eq!(near_the_last(130), (130, 129));
    assert_eq!(near_the_last(300), (256, 129));
}

#[test]
fn a_row_in_the_middle_is_compared_with_half_of_them_on_either_side() {
    let c = storm(400);
    let around = around(&c.teardowns, asked(&c, |case| case.place(&c.teardowns[200])));
    let near: Vec<u64> = around.iter().map(|row| row.packet).collect();
    let first = c.teardowns[0].packet;
    assert_eq!((near[0], near[near.len() - 1]), (first + 72, first + 327));
    assert_eq!(near.len(), 256);
}

#[test]
fn what_speaks_for_a_finding_makes_it_surer() {
    assert!((Finding::new(0.5).plus(0.2).confidence - 0.7).abs() < 1e-9);
    assert!((Finding::new(0.5).plus(-0.2).confidence - 0.3).abs() < 1e-9);
}
