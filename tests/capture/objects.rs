//! Objects that lie elsewhere: asked for by ranges, one question at a time, and the same as bytes.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use finrst::capture::{Given, Object, ReadOptions, Remote, Source, Status};

use crate::build::{MICRO, pcap};
use crate::{read, read_sources};

/// A place that holds some bytes, and gives them up to some.
struct Shelf {
    octets: Vec<u8>,
    /// From here on it refuses.
    until: usize,
    asked: Mutex<Vec<(u64, usize)>>,
    on_their_way: Arc<AtomicUsize>,
}

impl Shelf {
    fn of(octets: &[u8], until: usize) -> Arc<Self> {
        let (octets, asked) = (octets.to_vec(), Mutex::default());
        Arc::new(Self { octets, until, asked, on_their_way: Arc::default() })
    }

    fn object(self: &Arc<Self>, name: &str, is_size_known: bool) -> Source {
        let size = is_size_known.then_some(self.octets.len() as u64);
        let place: Arc<dyn Remote> = self.clone();
        Source::Object(Object::new(name.to_owned(), size, place, &Arc::default()))
    }
}

impl Remote for Shelf {
    fn ask(&self, offset: u64, length: usize) -> Receiver<Given> {
        assert_eq!(self.on_their_way.fetch_add(1, Ordering::SeqCst), 0, "two questions at once");
        self.asked.lock().unwrap().push((offset, length));
        let begin = usize::try_from(offset).unwrap();
        let rest = self.octets.get(begin..).unwrap_or_default();
        let given = match rest.get(..length.min(rest.len())) {
            _ if begin >= self.until => Err(io::Error::other("the shelf broke")),
            octets => Ok(octets.unwrap_or_default().to_vec()),
        };
        let (give, receiver) = channel();
        let on_their_way = Arc::clone(&self.on_their_way);
        thread::spawn(move || {
            on_their_way.fetch_sub(1, Ordering::SeqCst);
            give.send(given)
        });
        receiver
    }

    fn wait(&self, turn: &mut (dyn FnMut() -> bool + Send)) -> io::Result<()> {
        while !turn() {}
        Ok(())
    }
}

/// The same bytes in such a place.
pub(crate) fn stored(name: &str, octets: &[u8], is_size_known: bool) -> Source {
    Shelf::of(octets, usize::MAX).object(name, is_size_known)
}

fn many() -> Vec<u8> {
    pcap(false, MICRO, 40_000)
}

#[test]
fn an_object_is_asked_for_in_pieces_that_grow() {
    let octets = many();
    for ahead in [false, true] {
        for is_size_known in [false, true] {
            let shelf = Shelf::of(&octets, usize::MAX);
            let options = ReadOptions { ahead, ..ReadOptions::default() };
            let outcome = read_sources(vec![shelf.object("x", is_size_known)], options).unwrap();
            assert_eq!(outcome.frames, read(&octets).frames);
            let asked = shelf.asked.lock().unwrap().clone();
            let mut at = 0;
            for (offset, length) in &asked {
                assert_eq!(*offset, at);
                at += *length as u64;
            }
            assert!(at >= octets.len() as u64);
            let lengths: Vec<usize> = asked.iter().map(|(_, length)| *length / 1024).collect();
            assert_eq!(lengths.get(..4).unwrap(), [64, 128, 256, 512]);
        }
    }
}

#[test]
fn what_came_before_a_refusal_is_kept() {
    let octets = many();
    let outcome =
        read_sources(vec![Shelf::of(&octets, 300_000).object("x", true)], ReadOptions::default())
            .unwrap();
    assert_eq!(outcome.status(), Status::IoError);
    // Three questions were answered: 64, 128 and 256 KiB.
    assert_eq!(outcome.files[0].source_bytes, Some(octets.len() as u64));
    let came = read(octets.get(..448 << 10).unwrap());
    assert_eq!(outcome.frames, came.frames);
    let issues = outcome.issues.examples();
    let issue = issues.first().unwrap();
    assert_eq!((issue.kind, issue.detail.as_str()), ("io_error", "the shelf broke"));
}

#[test]
fn an_object_that_is_shorter_than_it_was_is_told() {
    let octets = many();
    let shelf = Shelf::of(octets.get(..200_000).unwrap(), usize::MAX);
    let object: Arc<dyn Remote> = shelf.clone();
    let size = Some(octets.len() as u64);
    let object = Object::new("x".to_owned(), size, object, &Arc::default());
    let outcome = read_sources(vec![Source::Object(object)], ReadOptions::default()).unwrap();
    assert_eq!(outcome.status(), Status::IoError);
    let issues = outcome.issues.examples();
    let issue = issues.first().unwrap();
    assert!(issue.detail.starts_with("the object ended after "), "{}", issue.detail);
}
