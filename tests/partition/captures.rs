//! Captures of the repository and those beside it, under every option.

use std::path::{Path, PathBuf};

use finrst::capture::{ReadOptions, Source};
use finrst::conn::{Limits, Release};
use finrst::engine::{Bound, Options};
use finrst::filter::Filter;

use super::support::{below, data, read_file, shared};
use super::whole::{Held, hold};

const SECOND: i64 = 1_000_000_000;
/// Of the shared captures every so many is read here, and each by `cargo bench --bench corpus`.
const STEP: usize = 9;

/// All files below a directory that are captures.
fn captures(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    below(directory, &mut found);
    found.retain(|path| read_file(path).is_ok());
    found
}

/// Captures in the repository.
fn own() -> Vec<PathBuf> {
    let mut found = vec![data("demo.pcap")];
    found.extend(captures(&data("captures")));
    found
}

fn held(path: &Path, options: &Options) -> Held {
    hold(&format!("{} {options:?}", path.display()), &|| Source::path(path), options)
}

/// Connections of a capture, all together and some alone.
fn in_parts(path: &Path, options: &Options, most: usize) -> Held {
    let held = held(path, options);
    held.sampled(&path.display().to_string(), &|| Source::path(path), options, most);
    held
}

#[test]
fn of_every_capture_here() {
    let mut connections = 0;
    for path in own() {
        connections += in_parts(&path, &Options::default(), 6).rows.len();
    }
    assert!(connections > 100, "{connections} connections");
}

#[test]
fn of_the_laboratory() {
    let mut frozen = Vec::new();
    frozen.extend(captures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lab/frozen")));
    assert!(frozen.len() > 10, "{frozen:?}");
    let rows = frozen.iter().map(|path| in_parts(path, &Options::default(), 2).rows.len());
    assert!(rows.sum::<usize>() > 4000);
}

#[test]
fn of_shared_captures() {
    let Some(shared) = shared("partition of the packets of shared captures") else { return };
    let mut all = Vec::new();
    for part in ["faults", "practice"] {
        all.extend(captures(&shared.join(part)));
    }
    let mut many = Vec::new();
    for part in ["lab", "public"] {
        many.extend(captures(&shared.join(part)));
    }
    all.extend(many.into_iter().step_by(STEP));
    assert!(all.len() > 200, "{} captures", all.len());
    for path in all {
        in_parts(&path, &Options::default(), 2);
    }
}

/// Options that change what takes part or where connections begin and end.
fn options() -> Vec<Options> {
    let default = Options::default;
    let limits = |limits| Options { limits, seed: Some(7), ..Options::default() };
    vec![
        Options {
            filter: Some(Filter::parse("tcp port 80 or net 10.0.0.0/9").unwrap()),
            ..default()
        },
        Options { filter: Some(Filter::parse("vlan or ip6").unwrap()), ..default() },
        Options {
            start: Some(Bound::After(SECOND / 2)),
            end: Some(Bound::After(20 * SECOND)),
            ..default()
        },
        limits(Limits { linger: 0, idle: SECOND, handshake: SECOND / 10, ..Limits::default() }),
        limits(Limits { linger: 0, idle: 0, handshake: 0, half_closed: 0, ..Limits::default() }),
        limits(Limits { teardowns: 1, ..Limits::default() }),
        limits(Limits { connections: Some(2), ..Limits::default() }),
        limits(Limits { unpacked: 1, quiet: 0, ..Limits::default() }),
        Options { memory_limit: Some(9_000), seed: Some(7), ..default() },
        Options { memory_limit: Some(60_000), threads: Some(1), seed: Some(1), ..default() },
        Options { decoding: finrst::packet::Limits { paths: 2, datagrams: 1 }, ..default() },
        Options {
            reading: ReadOptions { resync: true, chunk: 777, ..ReadOptions::default() },
            ..default()
        },
        Options { threads: Some(3), ..default() },
        Options { threads: Some(1), ..default() },
    ]
}

#[test]
fn under_every_option() {
    let mut released = [0; 5];
    for options in options() {
        for path in own() {
            let held = in_parts(&path, &options, 2);
            for (all, more) in released.iter_mut().zip(held.output.counts.released) {
                *all += more;
            }
        }
    }
    for release in [Release::Closed, Release::Idle, Release::Reuse, Release::Evicted, Release::End]
    {
        assert!(released[release as usize] >= 10, "{release:?}: {released:?}");
    }
}

#[test]
fn behind_damage_and_on_two_vlans_at_once() {
    let Some(shared) = shared("packets of resync.pcap and vlan_mix.pcap") else { return };
    let reading = ReadOptions { resync: true, ..ReadOptions::default() };
    let options = Options { reading, ..Options::default() };
    let resynced = in_parts(&shared.join("faults/resync.pcap"), &options, 25);
    assert_eq!(resynced.rows.len(), 25);
    let mixed = in_parts(&shared.join("faults/vlan_mix.pcap"), &Options::default(), 9);
    assert!(mixed.rows.len() > 1);
}
