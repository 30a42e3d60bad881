//! Captures in pieces.

use std::io::Read as _;
use std::path::Path;

use finrst::capture::{ReadOptions, Reader, Source, Writer};

/// A frame with what is around it in its file.
pub struct Record {
    pub time: Option<i64>,
    octets: Vec<u8>,
}

/// A capture as its header and its records.
pub struct Capture {
    header: Vec<u8>,
    pub records: Vec<Record>,
    /// What follows the last whole record.
    tail: Vec<u8>,
}

/// The octets of a file, unpacked.
pub fn octets(path: &Path) -> Vec<u8> {
    let octets = std::fs::read(path).unwrap();
    if path.extension().is_some_and(|e| e == "xz") {
        let mut all = Vec::new();
        lzma_rust2::XzReader::new(&octets[..], true).read_to_end(&mut all).unwrap();
        return all;
    }
    octets
}

/// A classic pcap as it lies there.
fn classic(octets: &[u8]) -> Option<Capture> {
    let magic: [u8; 4] = octets.get(..4)?.try_into().ok()?;
    let little = match magic {
        [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => true,
        [0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d] => false,
        _ => return None,
    };
    let nanos = magic.contains(&0x4d);
    let number = |at: usize| {
        let octets: [u8; 4] = octets.get(at..at + 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(octets) } else { u32::from_be_bytes(octets) })
    };
    let mut at = 24;
    let mut records = Vec::new();
    while let Some(length) = number(at + 8) {
        let Some(record) = octets.get(at..at + 16 + length as usize) else { break };
        let unit = if nanos { 1 } else { 1000 };
        let time = i64::from(number(at)?) * 1_000_000_000 + i64::from(number(at + 4)?) * unit;
        records.push(Record { time: Some(time), octets: record.to_vec() });
        at += record.len();
    }
    let tail = octets.get(at..).unwrap_or_default().to_vec();
    Some(Capture { header: octets.get(..24)?.to_vec(), records, tail })
}

/// Any other, written anew as pcapng.
fn anew(octets: &[u8]) -> Option<Capture> {
    let source = Source::bytes("capture", octets.to_vec());
    let mut reader = Reader::open(vec![source], ReadOptions::default()).ok()?;
    let mut records = Vec::new();
    let mut last = 0;
    while let Some(batch) = reader.next_batch().unwrap() {
        for frame in &batch {
            last = frame.time.unwrap_or(last);
            let mut out = Vec::new();
            let mut writer = Writer::new(&mut out, None).unwrap();
            writer.frame(&frame, last, &[]).unwrap();
            let _ = writer.into_inner();
            records.push(Record { time: frame.time, octets: out });
        }
    }
    Some(Capture { header: Vec::new(), records, tail: Vec::new() })
}

impl Capture {
    /// Of a file's octets; `None` where they are no capture.
    pub fn of(octets: &[u8]) -> Option<Self> {
        classic(octets).or_else(|| anew(octets))
    }

    /// Some of its records as a file, the rest of its octets behind the last one.
    pub fn piece(&self, records: &[&Record], last: bool) -> Vec<u8> {
        let mut out = self.header.clone();
        for record in records {
            out.extend_from_slice(&record.octets);
        }
        if last {
            out.extend_from_slice(&self.tail);
        }
        out
    }

    /// Files of the records between these places.
    pub fn cut(&self, at: &[usize]) -> Vec<Vec<u8>> {
        let mut at: Vec<usize> = at.to_vec();
        at.extend([0, self.records.len()]);
        at.sort_unstable();
        let pairs = at.windows(2);
        pairs
            .map(|pair| {
                let records: Vec<&Record> = self.records[pair[0]..pair[1]].iter().collect();
                self.piece(&records, pair[1] == self.records.len())
            })
            .filter(|piece| piece.len() > self.header.len() || !self.header.is_empty())
            .collect()
    }
}
