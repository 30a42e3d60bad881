//! Who is called injected: the captures that hold forged resets, and no ordinary traffic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing test says where

mod support;

use std::path::Path;

use finrst::capture::Source;
use finrst::cause::{judge, judge_teardown};
use finrst::conn::Kind;
use finrst::engine::{Options, Output, Session};

const ACCUSED: [&str; 3] = ["reset_injected", "forged_syn_ack", "syn_ack_mismatch"];

fn output(path: &Path) -> Option<Output> {
    let mut session = Session::open(vec![Source::path(path)], Options::default()).ok()?;
    while session.step(1 << 20).ok()? {}
    Some(session.finish())
}

/// Packets of the resets that are called injected.
fn injected(path: &Path) -> Vec<u64> {
    let Some(output) = output(path) else { return Vec::new() };
    let mut packets = Vec::new();
    for c in &output.connections {
        for row in c.teardowns.iter().filter(|row| row.kind == Kind::Rst) {
            let verdict = judge_teardown(&c, row, &output.context, &output.parameters);
            if verdict.cause.name() == "reset_injected" {
                packets.push(row.packet);
            }
        }
    }
    packets
}

#[test]
fn forged_resets_are_recognised_and_late_ones_are_not_called_forged() {
    let Some(shared) = support::shared("injection") else { return };
    let file = |name: &str| shared.join("public/files").join(name);
    let verify = "OISF+suricata-verify/tests";
    let evasion = file(&format!("{verify}/bug-3286-03-windows-evasion/with_evasion_windows.pcap"));
    assert_eq!(injected(&evasion), [2]);
    assert_eq!(injected(&file(&format!("{verify}/security-4710-01/input.pcap"))), [4]);
    // An address translator's resets after the real close, TTL 255 and absurd numbers.
    assert_eq!(injected(&file("cisco+mercury/test/data/test_decrypt.pcap")), [0; 0]);
    assert_eq!(injected(&file("zeek+zeek/testing/btest/Traces/tunnels/Teredo.pcap")), [0; 0]);
}

#[test]
fn ordinary_traffic_is_not_accused() {
    let Some(shared) = support::shared("injection") else { return };
    let list = std::fs::read_to_string(shared.join("public/list.csv")).unwrap();
    let (mut connections, mut accused) = (0, Vec::new());
    for name in list.lines().skip(1).filter_map(|line| line.split(',').next()) {
        let path = shared.join("public").join(name);
        let Some(output) = output(&path) else { continue };
        for c in &output.connections {
            connections += 1;
            let verdict = judge(&c, &output.context, &output.parameters);
            if ACCUSED.contains(&verdict.cause.name()) {
                accused.push(format!("{name} {}", c.first_packet));
            }
        }
    }
    println!("{} of {connections} accused: {accused:?}", accused.len());
    assert!(accused.len() * 1000 <= connections, "{accused:?}");
}
