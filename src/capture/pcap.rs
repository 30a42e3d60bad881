//! Classic pcap files.

mod record;
mod resync;

use pcap_parser::{
    parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header,
};

use super::batch::{FRAMES, Notes, Record, Step};
use super::blocks::{Carrier, Passed};
use super::bytes::Order;
use super::clock::seconds_and;
use super::frame::{Direction, LinkType};
use super::interface::{Drops, Interface};
use super::window::Window;
use record::{Fields, Layout, Lengths, found};
use resync::Search;

pub(crate) const HEADER: usize = 24;

/// Captured bytes of one packet; more is taken for damage, as libpcap and Wireshark do.
pub(crate) const MAX_PACKET: u32 = 262_144;
/// The same for D-Bus and `USBPcap` messages, which are legitimately larger.
const MAX_MESSAGE: u32 = 16 << 20;
const DBUS: u16 = 231;
const USBPCAP: u16 = 249;

pub(crate) fn max_packet(link: u16) -> u32 {
    if matches!(link, DBUS | USBPCAP) { MAX_MESSAGE } else { MAX_PACKET }
}

/// A classic pcap file behind its header.
pub(crate) struct Pcap {
    layout: Layout,
    nanos_per_unit: u32,
    units_per_second: u32,
    link: u16,
    interface: u32,
    /// Where packets are being looked for again behind damage.
    search: Option<Search>,
}

/// Byte order, nanoseconds, 24-byte record headers; `None` for another format.
fn magic(head: &[u8]) -> Option<(Order, bool, bool)> {
    Some(match head.get(..4)? {
        [0xa1, 0xb2, 0xc3, 0xd4] => (Order::Big, false, false),
        [0xd4, 0xc3, 0xb2, 0xa1] => (Order::Little, false, false),
        [0xa1, 0xb2, 0x3c, 0x4d] => (Order::Big, true, false),
        [0x4d, 0x3c, 0xb2, 0xa1] => (Order::Little, true, false),
        [0xa1, 0xb2, 0xcd, 0x34] => (Order::Big, false, true),
        [0x34, 0xcd, 0xb2, 0xa1] => (Order::Little, false, true),
        _ => return None,
    })
}

pub(crate) fn is_pcap(head: &[u8]) -> bool {
    magic(head).is_some()
}

impl Pcap {
    /// Reads the file header, of which 24 bytes must be there.
    pub(crate) fn new(head: &[u8], notes: &mut Notes<'_>) -> Result<Self, String> {
        let (order, nanos, modified) = magic(head).ok_or("not a pcap header")?;
        let mut header = [0; HEADER];
        header.copy_from_slice(head.get(..HEADER).ok_or("pcap header cut short")?);
        // pcap-parser does not know the modified format in both byte orders; but for the record
        // headers it is the plain one.
        let plain: [u8; 4] = match order {
            Order::Big => [0xa1, 0xb2, 0xc3, 0xd4],
            Order::Little => [0xd4, 0xc3, 0xb2, 0xa1],
        };
        if let Some(magic) = header.first_chunk_mut() {
            *magic = plain;
        }
        let (_, header) = parse_pcap_header(&header).map_err(|_| "pcap header unreadable")?;
        let lengths = match (header.version_major, header.version_minor) {
            (0 | 1, minor) => {
                return Err(format!(
                    "pcap version {}.{minor} is not supported",
                    header.version_major
                ));
            }
            (2, 0..=2) | (543, _) => Lengths::Original,
            (2, 3) => Lengths::Smaller,
            _ => Lengths::Captured,
        };
        if header.version_major != 2 || header.version_minor > 4 {
            notes.issue("pcap_version", 4, || {
                format!("unknown pcap version {}.{}", header.version_major, header.version_minor)
            });
        }
        let network = header.network.0.cast_unsigned();
        // Bits 28 to 31: length of the frame check sequence in 16-bit words, if bit 26 is set.
        let fcs = (network & 0x0400_0000 != 0).then_some((network >> 28) as u8 * 2);
        let link = (network & 0xffff) as u16;
        if network & 0x03ff_0000 != 0 {
            notes.issue("link_type_bits", 20, || format!("link type field {network:#010x}"));
        }
        let resolution = match (nanos, modified) {
            (true, _) => "ns",
            (false, true) => "modified us",
            (false, false) => "us",
        };
        notes.summary.format = "pcap";
        notes.summary.byte_order = order.as_str();
        notes.summary.resolution = resolution;
        notes.summary.bytes_headers += HEADER as u64;
        let interface = u32::try_from(notes.interfaces.len()).map_err(|_| "too many interfaces")?;
        notes.interfaces.push(Interface {
            file: notes.file,
            section: 0,
            id_in_section: 0,
            link: LinkType(link),
            name: String::new(),
            description: String::new(),
            filter: String::new(),
            os: String::new(),
            snap_length: header.snaplen,
            fcs_length: fcs,
            resolution: if nanos { "ns" } else { "us" }.into(),
            packets: 0,
            drops: Drops::default(),
        });
        notes.keep(|| Passed::Classic {
            order,
            link,
            snap_length: header.snaplen,
            fcs_length: fcs,
            nanoseconds: nanos,
        });
        Ok(Self {
            layout: Layout { order, modified, lengths },
            nanos_per_unit: if nanos { 1 } else { 1000 },
            units_per_second: if nanos { 1_000_000_000 } else { 1_000_000 },
            link,
            interface,
            search: None,
        })
    }

    /// Reads the records at hand; asks the window for more only when there are none.
    pub(crate) fn step(
        &mut self,
        window: &mut Window,
        records: &mut Vec<Record>,
        notes: &mut Notes<'_>,
    ) -> Step {
        if let Some(search) = self.search.take() {
            return self.look_on(search, window, notes);
        }
        let layout = self.layout;
        let step = match layout {
            Layout { order: Order::Little, modified: false, lengths: Lengths::Captured } => {
                self.walk(window, records, notes, |bytes| found(parse_pcap_frame(bytes)))
            }
            Layout { order: Order::Big, modified: false, lengths: Lengths::Captured } => {
                self.walk(window, records, notes, |bytes| found(parse_pcap_frame_be(bytes)))
            }
            Layout { order: Order::Little, modified: true, lengths: Lengths::Captured } => {
                self.walk(window, records, notes, |bytes| found(parse_pcap_frame_modified(bytes)))
            }
            _ => self.walk(window, records, notes, |bytes| layout.record(bytes)),
        };
        let count = records.len() as u64;
        notes.summary.records += count;
        notes.summary.packets += count;
        if let Some(interface) = notes.interfaces.get_mut(self.interface as usize) {
            interface.packets += count;
        }
        step
    }

    fn walk(
        &mut self,
        window: &mut Window,
        records: &mut Vec<Record>,
        notes: &mut Notes<'_>,
        parse: impl Fn(&[u8]) -> Option<Fields>,
    ) -> Step {
        let (limit, header) = (max_packet(self.link), self.layout.header());
        loop {
            let (bytes, position) = (window.bytes(), window.position());
            let mut at = 0;
            // What the record at `at` still wants: its header, its data, or a closer look.
            let want = loop {
                let rest = bytes.get(at..).unwrap_or_default();
                let Some(fields) = parse(rest) else { break self.wanted(rest) };
                let Fields { seconds, fraction, captured, original } = fields;
                if captured > limit || (seconds | fraction | captured | original) == 0 {
                    break None;
                }
                let length = header + captured as usize;
                if captured > original || fraction >= self.units_per_second {
                    let offset = window.offset() + at as u64;
                    let done = records.len() as u64;
                    self.oddities(captured, original, fraction, offset, done, notes);
                }
                records.push(Record {
                    time: Some(seconds_and(seconds, fraction, self.nanos_per_unit)),
                    start: position + at + header,
                    length: captured,
                    original: original.max(captured),
                    interface: self.interface,
                    link: self.link,
                    direction: Direction::Unknown,
                    carrier: Carrier::Record,
                });
                at += length;
                if records.len() == FRAMES {
                    break Some(0);
                }
            };
            window.advance(at);
            notes.summary.bytes_records_ok += at as u64;
            if !records.is_empty() {
                return Step::More;
            }
            match want {
                Some(want) => {
                    if !window.fill(want) {
                        return if window.bytes().is_empty() { Step::Clean } else { Step::Cut };
                    }
                }
                None => match self.odd_record(window, notes) {
                    Step::More if self.search.is_none() => {}
                    other => return other,
                },
            }
        }
    }

    /// How many bytes a record that is not all there takes; `None` for one that is none.
    #[cold]
    fn wanted(&self, rest: &[u8]) -> Option<usize> {
        let header = self.layout.header();
        let Some(fields) = self.layout.fields(rest) else { return Some(header) };
        let length = header + fields.captured as usize;
        // What is all there and yet no record would be asked for for ever.
        (fields.captured <= max_packet(self.link) && length > rest.len()).then_some(length)
    }

    #[cold]
    fn oddities(
        &self,
        captured: u32,
        original: u32,
        fraction: u32,
        offset: u64,
        done: u64,
        notes: &mut Notes<'_>,
    ) {
        let packets = notes.summary.packets;
        // The batch is counted at its end, but the issue names the packet.
        notes.summary.packets += done;
        if captured > original {
            notes.issue("captured_longer", offset, || {
                format!("{captured} bytes captured of a packet of {original}")
            });
        }
        if fraction >= self.units_per_second {
            notes.issue("time_fraction", offset, || format!("fraction of a second {fraction}"));
        }
        notes.summary.packets = packets;
    }

    /// A record that is none: a hole of zeros, or damage.
    fn odd_record(&mut self, window: &mut Window, notes: &mut Notes<'_>) -> Step {
        let offset = window.offset();
        let size = self.layout.header();
        let header = window.bytes().get(..size).unwrap_or_default();
        if header.get(..16).is_some_and(|fields| fields.iter().any(|&b| b != 0)) {
            let lengths = [8, 12].map(|at| self.layout.order.u32(header, at));
            notes.summary.records += 1;
            notes.summary.records_bad += 1;
            notes.issue("record_damaged", offset, || format!("impossible lengths {lengths:?}"));
            if notes.resync {
                self.search = Some(Search::behind(window));
                return Step::More;
            }
            return Step::Corrupt;
        }
        // Records of nothing but zeros are no packets of 1970 but space never written, or a hole.
        let mut zeros: u64 = 0;
        loop {
            let more = window.fill(size);
            let bytes = window.bytes();
            if !more {
                let rest = bytes.len() as u64;
                if bytes.iter().all(|&b| b == 0) {
                    notes.summary.bytes_tail += zeros;
                    notes.issue("zero_fill", offset, || {
                        format!("{} bytes of zeros to the end", zeros + rest)
                    });
                    return Step::Cut;
                }
                break;
            }
            let header = bytes.get(..size).unwrap_or_default();
            if header.iter().any(|&b| b != 0) {
                break;
            }
            window.advance(size);
            zeros += size as u64;
        }
        if zeros == 0 {
            // A modified header whose first 16 bytes are zeros: an empty record, passed over.
            window.advance(size);
            zeros = size as u64;
        }
        notes.summary.records += 1;
        notes.summary.records_bad += 1;
        notes.summary.bytes_skipped += zeros;
        notes.issue("zero_fill", offset, || format!("{zeros} bytes of zeros"));
        Step::More
    }
}
