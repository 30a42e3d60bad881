//! Every cause's own examples and near misses, played through the engine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing test says where

mod support;

use std::fmt::Write;

use finrst::cause::{Context, Parameters, RULES, all_holding, judge, judge_teardown};
use finrst::conn::play;
use finrst::conn::script::{Packet, parse};
use finrst::conn::{Connection, Kind};
use support::data;
use support::record::hold;

/// The causes a conversation gets: of its connections and of its resets.
fn causes(script: &str) -> (Vec<Connection>, Vec<String>, Vec<String>) {
    let connections = play(script).expect(script);
    let parameters = Parameters::default();
    let mut context = Context::default();
    for c in &connections {
        context.add(c);
    }
    let whole = connections
        .iter()
        .map(|c| judge(c, &context, &parameters).cause.name().to_owned())
        .collect();
    let resets = connections
        .iter()
        .flat_map(|c| c.teardowns.iter().map(move |row| (c, row)))
        .filter(|(_, row)| row.kind == Kind::Rst)
        .map(|(c, row)| judge_teardown(c, row, &context, &parameters).cause.name().to_owned())
        .collect();
    (connections, whole, resets)
}

#[test]
fn examples_have_the_cause_that_they_illustrate() {
    let mut wrong = Vec::new();
    for rule in RULES {
        for example in rule.examples {
            let (connections, whole, resets) = causes(example);
            let found = whole.iter().chain(&resets).any(|name| name == rule.name);
            if !found {
                let endings: Vec<_> = connections.iter().map(|c| c.ending).collect();
                let forms: Vec<_> = connections
                    .iter()
                    .flat_map(|c| &c.teardowns)
                    .map(|t| (t.form, t.trigger, t.sequence_check, t.effective))
                    .collect();
                wrong.push(format!(
                    "{}: {example}\n  {whole:?} {resets:?} {endings:?}\n  {forms:?}",
                    rule.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn near_misses_have_the_other_cause() {
    let mut wrong = Vec::new();
    for rule in RULES {
        for (example, cause) in rule.near_misses {
            let (_, whole, resets) = causes(example);
            if !whole.iter().any(|name| name == cause) || whole.iter().any(|name| name == rule.name)
            {
                wrong
                    .push(format!("{}: {example}\n  {whole:?} {resets:?}, not {cause}", rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn twins_name_each_other() {
    let one_sided =
        RULES.iter().flat_map(|rule| rule.twins.iter().map(move |(twin, _)| (rule.name, twin)));
    let one_sided: Vec<_> = one_sided
        .filter(|(name, twin)| {
            let other = RULES.iter().find(|rule| rule.name == **twin);
            !other.is_some_and(|other| other.twins.iter().any(|(back, _)| back == name))
        })
        .collect();
    assert!(one_sided.is_empty(), "name them in both rules: {one_sided:?}");
}

#[test]
fn twins_and_names_are_known() {
    let names = finrst::cause::names();
    for rule in RULES {
        assert_eq!(names.iter().filter(|name| **name == rule.name).count(), 1);
        for (twin, reason) in rule.twins {
            assert!(names.contains(twin), "{}: {twin}", rule.name);
            assert!(!reason.is_empty());
        }
        assert!(!rule.summary.is_empty() && !rule.wire.is_empty() && !rule.reference.is_empty());
    }
}

/// What a packet that a fact names must be, by the fact's name.
fn called(fact: &str, packet: &Packet) -> bool {
    let Packet::Tcp(owned) = packet else { return fact == "icmp" };
    let segment = owned.segment();
    let flags = segment.flags;
    let (syn, ack) = (flags.syn(), flags.ack());
    match fact {
        "fin_acknowledged" => ack,
        "trigger" => !flags.rst(),
        "tls_alert" => segment.payload_length > 0,
        _ if fact.starts_with("reset") || fact.starts_with("abort") => flags.rst(),
        "fin" | "first_fin" | "client_fin" | "server_fin" => flags.fin(),
        _ if fact.starts_with("fin_") => flags.fin(),
        "syns" => syn && !ack,
        _ if fact.contains("syn_ack") && !fact.starts_with("no_") => syn && ack,
        _ => true,
    }
}

#[test]
fn evidence_names_packets_that_are_there_and_are_what_it_calls_them() {
    let parameters = Parameters::default();
    let mut wrong = Vec::new();
    for script in RULES.iter().flat_map(|rule| {
        rule.examples.iter().copied().chain(rule.near_misses.iter().map(|(script, _)| *script))
    }) {
        let packets = parse(script).expect(script);
        let (connections, _, _) = causes(script);
        let mut context = Context::default();
        for c in &connections {
            context.add(c);
        }
        for c in &connections {
            let rows = c.teardowns.iter().map(|row| judge_teardown(c, row, &context, &parameters));
            for verdict in rows.chain([judge(c, &context, &parameters)]) {
                let mut seen = Vec::new();
                for fact in &verdict.evidence {
                    let named = fact.packet.map(|packet| {
                        usize::try_from(packet).ok().and_then(|n| packets.get(n.checked_sub(1)?))
                    });
                    let so =
                        named.is_none_or(|packet| packet.is_some_and(|p| called(fact.fact, p)));
                    if !so || seen.contains(&fact.fact) {
                        let cause = verdict.cause.name();
                        wrong
                            .push(format!("{cause}: {} in {:?}: {script}", fact.fact, fact.packet));
                    }
                    seen.push(fact.fact);
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "named wrongly, or twice:\n{}", wrong.join("\n"));
}

/// All rules that hold for every example: a change of one rule shows here beside which others.
#[test]
fn rules_that_hold_together_are_as_recorded() {
    let parameters = Parameters::default();
    let mut lines = String::new();
    for rule in RULES {
        for example in rule.examples {
            let connections = play(example).expect(example);
            let mut context = Context::default();
            for c in &connections {
                context.add(c);
            }
            for c in &connections {
                let holding = all_holding(c, &context, &parameters).join(" ");
                writeln!(lines, "{}\t{example}\t{holding}", rule.name).expect("into a string");
            }
        }
    }
    hold(&data("rules_holding.tsv"), &lines);
}
