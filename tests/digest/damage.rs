//! A digest that is not as it was written is an error, whatever is wrong with it.

use std::io::Cursor;

use finrst::base::error::Error;
use finrst::digest::Digest;

use super::made::digest;
use super::support::data;

/// A capture of a few packets, of which one digest is damaged in many ways.
const SMALL: &str = "captures/tcpdump_tcp-handshake-nano.pcap";

/// Reads everything; how many packets there are.
fn through(octets: &[u8]) -> Result<u64, Error> {
    let digest = Digest::open("some.frd", &mut Cursor::new(octets))?;
    let mut packets = 0;
    for bucket in 0..digest.header().buckets {
        let mut items = digest.bucket(Cursor::new(octets), bucket);
        while items.next()?.is_some() {
            packets += 1;
        }
    }
    Ok(packets)
}

fn refused(octets: &[u8], what: &str) -> String {
    match through(octets) {
        Err(Error::State { file, reason }) => {
            assert_eq!(file, "some.frd");
            reason
        }
        other => panic!("{what}: {other:?}"),
    }
}

#[test]
fn every_prefix_is_refused() {
    let made = digest(&data(SMALL), 3);
    assert_eq!(through(&made.octets).unwrap(), made.packets);
    for length in 0..made.octets.len() {
        refused(&made.octets[..length], &format!("{length} bytes"));
    }
}

#[test]
fn every_octet_that_changes_is_noticed() {
    let made = digest(&data(SMALL), 3);
    let mut octets = made.octets.clone();
    for at in 0..octets.len() {
        for bit in [1, 128] {
            octets[at] ^= bit;
            refused(&octets, &format!("bit {bit} of byte {at}"));
            octets[at] ^= bit;
        }
    }
}

#[test]
fn what_is_foreign_or_of_another_version_is_told() {
    let made = digest(&data("demo.pcap"), 1);
    let capture = std::fs::read(data("demo.pcap")).unwrap();
    assert_eq!(refused(&capture, "a capture"), "no digest of finrst");
    let mut other = made.octets.clone();
    other[8] += 1;
    let reason = refused(&other, "another version");
    assert!(reason.contains("in version") && reason.contains("of the format"), "{reason}");
    // Text that was sent as text.
    let text: Vec<u8> = made.octets.iter().copied().filter(|&octet| octet != b'\r').collect();
    assert_eq!(refused(&text, "without carriage returns"), "no digest of finrst");
}
