//! Storms of resets: what is remembered of a connection changes no verdict and no score.
#![allow(clippy::unwrap_used, clippy::expect_used)] // a failing test says where

use std::fmt::Write as _;

use finrst::cause::{Context, MANY, Parameters, Storm, judge_and_score};
use finrst::conn::script::{Packet, parse};
use finrst::conn::{Connection, Limits, Tracker};

fn follow(script: &str) -> Vec<Connection> {
    let mut tracker = Tracker::new(Limits::default());
    for (packet, number) in parse(script).expect("reads").iter().zip(1..) {
        let Packet::Tcp(owned) = packet else { continue };
        let mut segment = owned.segment();
        (segment.packet, segment.packet_in_file) = (number, number);
        let hash = tracker.hash(&segment);
        tracker.take(&segment, hash);
    }
    tracker.finish(|_| ()).1.into_iter().collect()
}

/// Resets of both sides behind a request, many shapes in turn.
fn storm(turn: usize, count: usize) -> String {
    let shapes = [
        "< R. nots ttl=60 id=99 seq=+1460",
        "< R. nots ttl=61 id=99 win=3000",
        "> R",
        "< R seq=+90000",
        "< R. ttl=50",
        "> R. seq=+4380",
        "> P. 10",
        "< F.",
        "< R seq=+7",
        "> R seq=+1460",
    ];
    let mut script = "> S, < S. ttl=50, > ., < . ttl=50, > P. 90".to_owned();
    for n in 0..count {
        // Now and then the same twice; a step that is prime to the number of shapes.
        let shape = shapes[(n / (1 + n % 2) * (1 + 2 * turn) + turn) % shapes.len()];
        let wait = [0, 1, 40][(n + turn) % 3];
        write!(script, ", {shape} +{wait}ms").unwrap();
    }
    script
}

#[test]
fn remembered_rows_are_judged_like_single_ones() {
    let (context, parameters) = (Context::default(), Parameters::default());
    let (mut accused, mut long) = (0, 0);
    for turn in 0..4 {
        for c in follow(&storm(turn, 300)) {
            let remembered = Storm::default();
            long += usize::from(c.teardowns.len() > MANY as usize);
            for row in &c.teardowns {
                let plain = judge_and_score(&c, row, None, None, &context, &parameters);
                let storm =
                    judge_and_score(&c, row, Some(&remembered), None, &context, &parameters);
                assert_eq!(format!("{plain:?}"), format!("{storm:?}"), "{turn}: {}", row.packet);
                accused += usize::from(plain.0.cause.name() == "reset_injected");
            }
        }
    }
    assert!(long >= 4 && accused > 0, "{long} storms, {accused} accused");
}
