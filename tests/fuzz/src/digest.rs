//! Digests: the bytes are a whole one, the columns of a block, or the footer's fields.

use std::io::Cursor;

use finrst::digest::{Digest, Footer, Header, Item, Place, Record, Writer, block, footer};

/// Columns of a block.
const COLUMNS: usize = 42;

/// Runs one input.
pub fn run(data: &[u8]) {
    let Some((&kind, data)) = data.split_first() else { return };
    let found = match kind % 4 {
        0 => through(data),
        1 => footer(data).map(|_| ()),
        _ => block(&columns(data), rewritten),
    };
    if let Err(error) = found {
        assert!(error.to_string().chars().count() <= 700);
    }
}

/// Reads everything.
fn through(data: &[u8]) -> Result<(), finrst::base::error::Error> {
    let digest = Digest::open("fuzz", &mut Cursor::new(data))?;
    for bucket in 0..digest.header().buckets.min(8) {
        let mut items = digest.bucket(Cursor::new(data), bucket);
        while items.next()?.is_some() {}
    }
    Ok(())
}

/// A block of these bytes: how many packets, then each column behind its length, none compressed.
fn columns(data: &[u8]) -> Vec<u8> {
    let (&packets, mut rest) = data.split_first().unwrap_or((&0, &[]));
    let mut out = vec![packets & 127];
    for _ in 0..COLUMNS {
        let (&length, behind) = rest.split_first().unwrap_or((&0, &[]));
        let (column, behind) = behind.split_at(usize::from(length & 127).min(behind.len()));
        // Below 128 a number is one byte.
        let length = u8::try_from(column.len()).unwrap_or(0);
        out.push(length);
        if length > 0 {
            out.push(length);
            out.extend_from_slice(column);
        }
        rest = behind;
    }
    out
}

/// What was read can be written, and is read as the same again.
fn rewritten(item: &Item<'_>) {
    let header = Header { buckets: 1, ..Header::default() };
    let mut writer = Writer::new(Vec::new(), &header).unwrap();
    let place = item.place;
    match &item.record {
        Record::Tcp(segment) => writer.segment(0, place.key, segment).unwrap(),
        Record::Icmp(error) => writer.icmp(0, place, error).unwrap(),
    }
    let octets = writer.finish(Footer::default()).unwrap();
    let digest = Digest::open("again", &mut Cursor::new(&octets)).unwrap();
    let mut items = digest.bucket(Cursor::new(&octets), 0);
    assert_eq!(items.place().unwrap(), Some(place));
    let again = items.next().unwrap().unwrap();
    assert_eq!(told(item), told(&again));
    assert!(items.next().unwrap().is_none());
}

/// All of a packet but what is known of its payload, which depends on its control bits.
fn told(item: &Item<'_>) -> (Place, String) {
    let text = match &item.record {
        Record::Tcp(s) => format!(
            "{s:?} {:?}",
            (
                (s.packet_in_file, s.file, s.interface, s.time, s.path, s.direction),
                (s.link_source, s.ttl, s.ip_id, s.dont_fragment, s.traffic_class, s.flow_label),
                (s.checksum, s.header_length, s.options, s.payload.captured(), s.payload.marks()),
            )
        ),
        Record::Icmp(error) => format!("{error:?}"),
    };
    (item.place, text)
}
