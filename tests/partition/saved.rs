//! What is saved of connections reads the same.

use std::path::{Path, PathBuf};

use finrst::base::error::Error;
use finrst::capture::Source;
use finrst::conn::Chosen;
use finrst::engine::again;
use finrst::engine::{Options, Output};
use finrst::packet::Class;
use finrst::table::export::Guard;

use super::support::{data, read_file};

/// A directory that goes with the test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("finrst-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn chosen(output: &Output) -> Vec<Chosen> {
    output.connections.iter().map(|row| Chosen::from(&row)).collect()
}

fn save(path: &Path, chosen: &[Chosen], target: &Path) -> Result<u64, Error> {
    let (sources, options) = ([Source::path(path)], Options::default());
    let guard = Guard { overwrite: true, ..Guard::default() };
    again::save(&sources, &options, chosen, None, target, &guard, &|| true).map(|saved| saved.rows)
}

#[test]
fn all_connections_of_every_capture_read_the_same() {
    let place = Place::new("saved");
    let target = place.0.join("x.pcapng");
    for entry in std::fs::read_dir(data("captures")).unwrap() {
        let path = entry.unwrap().path();
        let Ok(before) = read_file(&path) else { continue };
        // Times before 1970 cannot be written.
        if before.files[0].first_time.is_none_or(|time| time < 0) {
            continue;
        }
        let saved = save(&path, &chosen(&before), &target).unwrap();
        let after = read_file(&target).unwrap();
        let of = |output: &Output, class| output.ledger.total(class);
        assert_eq!(of(&after, Class::Tcp), of(&before, Class::Tcp), "{}", path.display());
        assert_eq!(after.files[0].packets, saved, "{}", path.display());
        for (old, new) in before.connections.iter().zip(&after.connections) {
            assert_eq!(format!("{:?}", old.endpoints), format!("{:?}", new.endpoints));
            assert_eq!((old.start, old.end, old.ending), (new.start, new.end, new.ending));
        }
    }
}

#[test]
fn fragments_go_with_their_datagram() {
    let place = Place::new("fragments");
    let (path, target) = (data("captures/zeek_fragmented-4.pcap"), place.0.join("x.pcapng"));
    let before = read_file(&path).unwrap();
    let fragments = before.ledger.total(Class::IpFragment);
    assert!(fragments > 0 && before.ledger.total(Class::Tcp) > 0);
    let saved = save(&path, &chosen(&before), &target).unwrap();
    let after = read_file(&target).unwrap();
    assert_eq!(after.ledger.total(Class::IpFragment), fragments);
    assert_eq!(saved, before.ledger.total(Class::Tcp) + fragments);
    assert_eq!(save(&path, &[], &target).unwrap(), 0);
}

#[test]
fn nothing_is_saved_of_a_source_that_gives_other_packets() {
    let place = Place::new("changed");
    let (path, target) = (data("demo.pcap"), place.0.join("x.pcapng"));
    let mut chosen = chosen(&read_file(&path).unwrap());
    for change in [-1, 1] {
        let was = chosen[3].packets.server;
        chosen[3].packets.server = was.strict_add_signed(change);
        let error = save(&path, &chosen, &target).unwrap_err();
        assert!(matches!(&error, Error::Changed(text) if text.contains("connection 3")), "{error}");
        chosen[3].packets.server = was;
    }
    assert_eq!(std::fs::read_dir(&place.0).unwrap().count(), 0);
    assert!(save(&path, &chosen, &target).unwrap() > 0);
}

#[test]
fn a_stream_is_refused() {
    let reader = Source::reader("a pipe", Box::new(std::io::empty()), None);
    let (options, guard) = (Options::default(), Guard::default());
    let refused = again::save(&[reader], &options, &[], None, Path::new("x"), &guard, &|| true);
    assert!(matches!(refused, Err(Error::Argument(text)) if text.contains("a pipe")));
}
