//! Captures in pieces.

use std::io::Read as _;
use std::path::Path;

use finrst::capture::{ReadOptions, Reader, Source, Writer};

/// A frame with what is around it in its file.
#[derive(Clone)]
pub struct Record {
    octets: Vec<u8>,
    /// How its header has numbers, where it lies in a classic pcap.
    little: bool,
}

impl Record {
    /// Adds so many seconds to its time.
    pub fn later(&mut self, seconds: i64) {
        let at: [u8; 4] = self.octets[..4].try_into().unwrap();
        let now = if self.little { u32::from_le_bytes(at) } else { u32::from_be_bytes(at) };
        let then = u32::try_from((i64::from(now) + seconds).clamp(0, 4_000_000_000)).unwrap();
        let then = if self.little { then.to_le_bytes() } else { then.to_be_bytes() };
        self.octets[..4].copy_from_slice(&then);
    }

    /// The frame.
    pub fn data(&self) -> &[u8] {
        &self.octets[16..]
    }

    /// Another frame at the same time.
    pub fn with(&self, frame: &[u8]) -> Self {
        let length = u32::try_from(frame.len()).unwrap();
        let length = if self.little { length.to_le_bytes() } else { length.to_be_bytes() };
        let octets = [&self.octets[..8], &length, &length, frame].concat();
        Self { octets, little: self.little }
    }
}

/// A capture as its header and its records.
#[derive(Clone)]
pub struct Capture {
    pub header: Vec<u8>,
    pub records: Vec<Record>,
    /// What follows the last whole record.
    tail: Vec<u8>,
}

/// The bytes of a file, unpacked.
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
pub fn classic(octets: &[u8]) -> Option<Capture> {
    let magic: [u8; 4] = octets.get(..4)?.try_into().ok()?;
    let little = match magic {
        [0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1] => true,
        [0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d] => false,
        _ => return None,
    };
    let number = |at: usize| {
        let octets: [u8; 4] = octets.get(at..at + 4)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(octets) } else { u32::from_be_bytes(octets) })
    };
    let mut at = 24;
    let mut records = Vec::new();
    while let Some(length) = number(at + 8) {
        let Some(record) = octets.get(at..at + 16 + length as usize) else { break };
        records.push(Record { octets: record.to_vec(), little });
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
            records.push(Record { octets: out, little: true });
        }
    }
    Some(Capture { header: Vec::new(), records, tail: Vec::new() })
}

impl Capture {
    /// Of a file's bytes; `None` where they are no capture.
    pub fn of(octets: &[u8]) -> Option<Self> {
        classic(octets).or_else(|| anew(octets))
    }

    /// Some of its records as a file, the rest of its bytes behind the last one.
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
