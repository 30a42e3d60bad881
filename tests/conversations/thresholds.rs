//! The recorded conversations lie on both sides of every threshold of the rules.

use finrst::cause::{Context, Parameters, Verdict, judge, judge_teardown};
use finrst::conn::Connection;
use finrst::engine::Output;

use super::recorded::scripts;

fn verdicts(connections: &[Connection], context: &Context, with: &Parameters) -> Vec<Verdict> {
    let whole = connections.iter().map(|c| judge(c, context, with));
    let rows = connections.iter().flat_map(|c| c.teardowns.iter().map(move |row| (c, row)));
    whole.chain(rows.map(|(c, row)| judge_teardown(c, row, context, with))).collect()
}

/// What a threshold decides. Its value, which stands in some evidence, does not count.
fn same(one: &[Verdict], other: &[Verdict]) -> bool {
    let facts = |v: &Verdict| v.evidence.iter().map(|e| e.fact).collect::<Vec<_>>();
    let decided = |v: &Verdict| (v.cause, v.confidence.to_bits(), v.ended_by, facts(v));
    one.iter().map(decided).eq(other.iter().map(decided))
}

#[test]
fn every_threshold_decides_something_when_doubled_and_when_halved() {
    // What the rules state: two of these may have the same frequency.
    let usual = Parameters { calibration: 0.0, ..Parameters::default() };
    let played: Vec<_> = scripts()
        .iter()
        .map(|script| {
            let output = Output::of_script(script).unwrap();
            let connections: Vec<_> = output.connections.iter().collect();
            let verdicts = verdicts(&connections, &output.context, &usual);
            (connections, output.context, verdicts)
        })
        .collect();
    let mut idle = Vec::new();
    for (name, value, _) in usual.list() {
        let others = match name {
            // 0 switches it off.
            "known_idle_limit_s" => [20.0, 40.0],
            // None of it, here.
            "calibration" => [0.5, 1.0],
            // Fewer than three rounds have no intervals to compare.
            "health_check_rounds" => [value + 1.0, value * 2.0],
            _ => [value * 2.0, value / 2.0],
        };
        for other in others {
            let mut parameters = usual.clone();
            assert!(parameters.set(name, other));
            let changed = played.iter().any(|(connections, context, before)| {
                !same(before, &verdicts(connections, context, &parameters))
            });
            if !changed {
                idle.push(format!("{name} = {other} changes nothing"));
            }
        }
    }
    assert!(idle.is_empty(), "{idle:#?}");
}

#[test]
fn what_was_measured_says_how_sure_a_verdict_is_and_never_which() {
    let measured = Parameters::default();
    let stated = Parameters { calibration: 0.0, ..Parameters::default() };
    let mut surer = 0;
    for script in scripts() {
        let output = Output::of_script(&script).unwrap();
        let connections: Vec<_> = output.connections.iter().collect();
        let [shown, stated] =
            [&measured, &stated].map(|p| verdicts(&connections, &output.context, p));
        for (shown, stated) in shown.iter().zip(&stated) {
            let decided = |v: &Verdict| (v.cause, v.ended_by, v.mechanism, v.evidence.len());
            assert_eq!(decided(shown), decided(stated), "{script}");
            surer += usize::from(shown.confidence > stated.confidence);
        }
    }
    assert!(surer > 100, "{surer} are surer than stated");
}
