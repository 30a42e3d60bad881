//! Captures cut at every packet.

use finrst::engine::Options;

use crate::cut::{Capture, octets};
use crate::held::{hold_all, named};
use crate::support::data;

/// Captures with more packets are not cut everywhere.
const MOST: usize = 200;
/// Cuts of one reading: each is far from the others.
const TOGETHER: usize = 10;

/// The recorded captures, by their paths.
pub fn recorded() -> Vec<(String, Capture)> {
    let mut paths: Vec<_> = std::fs::read_dir(data("captures"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e != "csv"))
        .collect();
    paths.sort();
    let known = paths.iter().map(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, Capture::of(&octets(path)).unwrap())
    });
    known.filter(|(_, capture)| !capture.records.is_empty()).collect()
}

#[test]
fn the_demonstration_cut_at_every_packet_is_itself() {
    let capture = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    let options = Options::default();
    let apart = capture.records.len() / 3;
    for at in 0..=apart {
        let files = named(capture.cut(&[at, at + apart, at + 2 * apart]));
        hold_all(&format!("cut at {at}"), &files, 1, 2, &options);
    }
}

#[test]
fn recorded_captures_cut_at_every_packet_are_themselves() {
    let (mut cut, options) = (0, Options::default());
    for (name, capture) in recorded() {
        let count = capture.records.len() + 1;
        if count > MOST + 1 {
            continue;
        }
        let apart = count.div_ceil(TOGETHER);
        for first in 0..apart {
            let at: Vec<usize> = (first..count).step_by(apart).collect();
            let files = named(capture.cut(&at));
            let what = format!("{name} at {at:?}");
            hold_all(&what, &files, 1, 2, &options);
            cut += at.len();
        }
        // Every packet in a file and a run of its own.
        let at: Vec<usize> = (0..count).collect();
        let files = named(capture.cut(&at));
        hold_all(&format!("{name} in its packets"), &files, 1, 1, &options);
    }
    assert!(cut > 900, "{cut} cuts");
}
