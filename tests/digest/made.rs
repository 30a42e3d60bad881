//! A capture read through a digest, as whoever joins several does it.

use std::io::Cursor;
use std::path::Path;

use finrst::capture::{ReadOptions, Reader, Source};
use finrst::cause::Context;
use finrst::conn::{Clock, Limits, Seed, Tracker, finish};
use finrst::digest::{Digest, Footer, Header, Place, Record, Writer};
use finrst::packet::{self, Decoded, Decoder, PathId};

/// What a pass over a capture keeps beside its digest, to be compared.
pub struct Made {
    pub octets: Vec<u8>,
    pub header: Header,
    pub footer: Footer,
    /// Segments and ICMP errors.
    pub packets: u64,
}

/// The digest of one capture.
pub fn digest(path: &Path, buckets: u32) -> Made {
    let header = Header { options: 7, seed: 11, buckets, ..Header::default() };
    let seed = Seed::of(header.seed);
    let mut writer = Writer::new(Vec::new(), &header).unwrap();
    let options = ReadOptions { ahead: false, ..ReadOptions::default() };
    let mut reader = Reader::open(vec![Source::path(path)], options).unwrap();
    let mut decoder = Decoder::new(packet::Limits::default());
    let (mut key, mut last, mut packets) = (i64::MIN, 0, 0);
    while let Some(batch) = reader.next_batch().unwrap() {
        for frame in &batch {
            key = key.max(frame.time.unwrap_or(key));
            last = frame.time.unwrap_or(last);
            let found = decoder.decode(&frame, last);
            if let Decoded::IcmpError(error) = &found {
                let place = Place { key, file: frame.file, position: frame.number_in_file };
                let hash = seed.hash_quoted(error);
                writer.icmp(hash, place, error).unwrap();
                packets += 1;
            }
            if let Some(segment) = found.segment() {
                let hash = seed.hash(&segment);
                writer.segment(hash, key, &segment).unwrap();
                packets += 1;
            }
        }
    }
    let paths = decoder.paths();
    let all = 0..u32::try_from(paths.len()).unwrap();
    let footer = Footer {
        packets: reader.progress().packets,
        files: reader.files().to_vec(),
        interfaces: reader.interfaces().to_vec(),
        issues: reader.take_issues(),
        paths: all.map(|id| paths.get(PathId(id)).clone()).collect(),
        hosts: decoder.take_hosts(),
        ..Footer::default()
    };
    let octets = writer.finish(footer.clone()).unwrap();
    Made { octets, header, footer, packets }
}

/// The connections of a digest, each bucket followed by a tracker of its own.
pub fn connections(made: &Made) -> (finrst::conn::Counts, finrst::conn::Rows, Context) {
    let digest = Digest::open("test", &mut Cursor::new(&made.octets)).unwrap();
    let seed = Seed::of(made.header.seed);
    // The capture's time is told by all packets together: where each stands, and what time it is.
    let mut times: Vec<(Place, i64)> = Vec::new();
    for bucket in 0..made.header.buckets {
        let mut items = digest.bucket(Cursor::new(&made.octets), bucket);
        while let Some(item) = items.next().unwrap() {
            times.push((
                item.place,
                match item.record {
                    Record::Tcp(segment) => segment.time,
                    Record::Icmp(error) => error.time,
                },
            ));
        }
    }
    assert_eq!(times.len() as u64, made.packets);
    times.sort_unstable_by_key(|(place, _)| *place);
    let mut clock = Clock::default();
    let now: Vec<(Place, i64)> =
        times.into_iter().map(|(place, time)| (place, clock.advance(time))).collect();
    let mut trackers = Vec::new();
    for bucket in 0..made.header.buckets {
        let mut tracker = Tracker::with_seed(Limits::default(), seed);
        let mut items = digest.bucket(Cursor::new(&made.octets), bucket);
        while let Some(place) = items.place().unwrap() {
            let item = items.next().unwrap().unwrap();
            assert_eq!(item.place, place);
            let at = now.binary_search_by_key(&place, |(place, _)| *place).unwrap();
            match item.record {
                Record::Tcp(segment) => {
                    tracker.take_at(&segment, seed.hash(&segment), now[at].1);
                }
                Record::Icmp(error) => {
                    tracker.icmp_at(&error, seed.hash_quoted(&error), now[at].1);
                }
            }
        }
        trackers.push(tracker);
    }
    let mut context = Context::default();
    let end = now.last().map_or(i64::MIN, |(_, now)| *now);
    let (counts, rows) = finish(trackers, end, |connections| context.add_all(connections));
    (counts, rows, context)
}
