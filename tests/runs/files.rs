//! What is written on the way, changed and mixed up.

use finrst::base::error::Error;
use finrst::engine::Options;
use finrst::engine::runs::{Facts, Job, Way};

use crate::cut::{Capture, octets};
use crate::everywhere::recorded;
use crate::held::{ROOMS, hold_in, named};
use crate::steps::{Scratch, digest, held, steps, way};
use crate::support::data;

#[test]
fn files_on_the_way_change_nothing() {
    let options = Options::default();
    let demo = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    for at in [&[][..], &[1], &[40, 90], &[3, 60, 60, 120]] {
        let files = named(demo.cut(at));
        for (each, buckets) in [(1, 1), (2, 2), (1, 64)] {
            let what = format!("{at:?} {each} {buckets}");
            hold_in(&ROOMS, &what, &files, (each, buckets), &options);
        }
    }
    for (name, capture) in recorded() {
        let count = capture.records.len();
        let files = named(capture.cut(&[count / 3, count / 2, count * 4 / 5]));
        hold_in(&ROOMS, &name, &files, (1, 2), &options);
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let (scratch, options) = (Scratch::new(), Options::default());
    let demo = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    let files = named(demo.cut(&[50]));
    let (digests, facts) = steps(&scratch, &files, 1, 2, &options);
    let job = Job::open(&held(&digests), None).unwrap();
    let refused = |result: Result<(), Error>, said: &str| {
        let error = result.unwrap_err();
        assert!(matches!(error, Error::State { .. }), "{error:?}");
        assert!(error.to_string().contains(said), "{error}");
    };
    let other = scratch.file("other.frd");
    for (way, said) in [
        (Way { seed: 8, ..way(&options, 2, 2) }, "another seed"),
        (way(&options, 4, 2), "another number of buckets"),
        (Way { fingerprint: 2, ..way(&options, 2, 2) }, "other options"),
        (way(&options, 2, 3), "another number of files"),
    ] {
        digest(&files[1..], &other, way).unwrap();
        refused(Job::open(&held(&[digests[0].clone(), other.clone()]), None).map(drop), said);
    }
    // One alone is not the whole.
    refused(Job::open(&held(&digests[..1]), None).map(drop), "another number of files");
    // Facts of other digests.
    let again = [digests[1].clone(), digests[0].clone()];
    assert!(Job::open(&held(&again), None).unwrap().facts(&held(&facts)).is_err());
    assert!(job.facts(&held(&facts[..1])).is_err());
    assert!(job.facts(&held(&[facts[1].clone(), facts[0].clone()])).is_err());
    assert!(job.stitch(2, &options, &other, &|| true).is_err());
}

#[test]
fn whatever_is_cut_or_changed_is_told() {
    let (scratch, options) = (Scratch::new(), Options::default());
    let demo = Capture::of(&octets(&data("demo.pcap"))).unwrap();
    let files = named(demo.cut(&[20, 30]));
    let (digests, facts) = steps(&scratch, &files[..1], 1, 1, &options);
    let damaged = scratch.file("damaged");
    let told = |error: Error| {
        assert!(matches!(error, Error::State { .. }), "{error:?}");
    };
    let whole = std::fs::read(&facts[0]).unwrap();
    for cut in 0..whole.len() {
        std::fs::write(&damaged, &whole[..cut]).unwrap();
        told(Facts::open(damaged.clone().into()).map(drop).unwrap_err());
    }
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&damaged, &changed).unwrap();
        let read = Facts::open(damaged.clone().into()).and_then(|facts| {
            let mut rows = facts.rows(0, false)?;
            while rows.next()?.is_some() {}
            let mut rows = facts.rows(0, true)?;
            while rows.next()?.is_some() {}
            Ok(())
        });
        told(read.unwrap_err());
    }
    let whole = std::fs::read(&digests[0]).unwrap();
    for cut in (0..whole.len()).step_by(7) {
        std::fs::write(&damaged, &whole[..cut]).unwrap();
        told(Job::open(&[damaged.clone().into()], None).map(drop).unwrap_err());
    }
    let mut unread = 0;
    for at in (0..whole.len()).step_by(3) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&damaged, &changed).unwrap();
        let to = scratch.file("to");
        let stitched = Job::open(&[damaged.clone().into()], None)
            .and_then(|job| job.stitch(0, &options, &to, &|| true).map(drop));
        // The line of all frames is not looked at where nothing is odd: a few bytes for each of 20.
        stitched.map_or_else(told, |()| unread += 1);
    }
    assert!(unread * 3 < 20 * 6, "{unread} changes are not told");
}

#[test]
fn a_limit_that_makes_one_depend_on_all_is_refused() {
    let scratch = Scratch::new();
    let demo = named(vec![octets(&data("demo.pcap"))]);
    let mut limited = Options { memory_limit: Some(1 << 30), ..Options::default() };
    for said in ["memory_limit", "a limit of connections"] {
        let to = scratch.file("run.frd");
        let error = digest(&demo, &to, way(&limited, 1, 1)).unwrap_err();
        assert!(matches!(&error, Error::Argument(text) if text.contains(said)), "{error:?}");
        assert!(!to.exists());
        limited = Options::default();
        limited.limits.connections = Some(9);
    }
}
