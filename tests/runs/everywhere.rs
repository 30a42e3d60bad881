//! Captures cut at every packet.

use finrst::engine::Options;

use crate::cut::{Capture, octets};
use crate::held::{alone, hold, in_runs, named};
use crate::support::data;

const MOST: usize = 200;

#[test]
fn the_demonstration_cut_at_every_packet_is_itself() {
    let capture = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    for at in 0..=capture.records.len() {
        let files = named(capture.cut(&[at]));
        let options = Options::default();
        hold(&format!("cut at {at}"), in_runs(&files, 1, 2, &options), alone(&files, &options));
    }
}

#[test]
fn recorded_captures_cut_at_every_packet_are_themselves() {
    let mut paths: Vec<_> = std::fs::read_dir(data("captures"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e != "csv"))
        .collect();
    paths.sort();
    let mut cut = 0;
    for path in paths {
        let capture = Capture::of(&octets(&path)).unwrap();
        if capture.records.is_empty() || capture.records.len() > MOST {
            continue;
        }
        for at in 0..=capture.records.len() {
            let files = named(capture.cut(&[at]));
            let (options, what) = (Options::default(), format!("{} at {at}", path.display()));
            hold(&what, in_runs(&files, 1, 2, &options), alone(&files, &options));
            cut += 1;
        }
    }
    assert!(cut > 1000, "{cut} cuts");
}
