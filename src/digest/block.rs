//! The columns of a block: packets in, bytes out, and back.

use super::facts;
use super::read::{Item, Record};
use super::wire::{Bad, Cursor, put, unzigzag, zigzag};
use super::{BLOCK, OCTETS, Place};
use crate::capture::Direction;
use crate::packet::{
    Address, Facts, Flags, IcmpError, MARKED, Marks, PathId, Payload, Segment, Seq,
};

/// Numbers of a segment, each a column; see [`of_segment`].
const SEGMENT: usize = 30;
/// The same of an ICMP error.
const ICMP: usize = 17;
/// What kind of packet comes next.
const KIND: usize = SEGMENT + ICMP;
/// Option bytes.
const OPTIONS: usize = KIND + 1;
/// What is known of payloads: which facts there are, and those.
const BITS: usize = KIND + 2;
const WORDS: usize = KIND + 3;
const COLUMNS: usize = KIND + 4;

const TCP: u8 = 0;
const ICMP_ERROR: u8 = 1;

fn halves(address: Address) -> [u64; 2] {
    let high = u64::try_from(address.0 >> 64).unwrap_or(0);
    [high, u64::try_from(address.0 & u128::from(u64::MAX)).unwrap_or(0)]
}

fn whole(high: u64, low: u64) -> Address {
    Address(u128::from(high) << 64 | u128::from(low))
}

fn of_segment(place: Place, s: &Segment<'_>, facts: &Facts) -> [u64; SEGMENT] {
    let ([s0, s1], [d0, d1]) = (halves(s.source), halves(s.destination));
    let direction = match s.direction {
        Direction::Unknown => 0,
        Direction::Inbound => 1,
        Direction::Outbound => 2,
    };
    [
        place.key.cast_unsigned(),
        place.position,
        s.file.into(),
        s.packet,
        s.interface.into(),
        s.time.cast_unsigned(),
        s.path.0.into(),
        direction,
        s.link_source,
        s.ip_version.into(),
        s0,
        s1,
        d0,
        d1,
        s.ttl.into(),
        s.ip_id.map_or(0, |id| u64::from(id) + 1),
        u64::from(s.dont_fragment) << 8 | u64::from(s.traffic_class),
        s.flow_label.into(),
        s.source_port.into(),
        s.destination_port.into(),
        s.sequence.0.into(),
        s.acknowledgment.0.into(),
        s.flags.0.into(),
        s.window.into(),
        s.checksum.into(),
        u64::from(s.header_length) << 8 | s.options.len() as u64,
        s.payload_length.into(),
        facts.captured.into(),
        facts.marks.bits,
        facts.marks.octets.into(),
    ]
}

fn of_icmp(place: Place, e: &IcmpError) -> [u64; ICMP] {
    let ([r0, r1], [s0, s1]) = (halves(e.reporter), halves(e.source));
    let [d0, d1] = halves(e.destination);
    [
        place.key.cast_unsigned(),
        place.position,
        place.file.into(),
        e.packet,
        e.time.cast_unsigned(),
        e.path.0.into(),
        r0,
        r1,
        u64::from(e.ip_version) << 24
            | u64::from(e.kind) << 16
            | u64::from(e.code) << 8
            | u64::from(e.ttl),
        s0,
        s1,
        d0,
        d1,
        e.source_port.into(),
        e.destination_port.into(),
        e.sequence.0.into(),
        e.mtu.into(),
    ]
}

/// Takes packets until there are enough for a block.
#[derive(Debug)]
pub(super) struct Encoder {
    columns: Vec<Vec<u8>>,
    segment: [u64; SEGMENT],
    icmp: [u64; ICMP],
    /// Packets in it.
    pub(super) packets: usize,
    pub(super) first: Place,
    pub(super) last: Place,
    /// Bytes of what has no bound of its own.
    loose: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            columns: vec![Vec::new(); COLUMNS],
            segment: [0; SEGMENT],
            icmp: [0; ICMP],
            packets: 0,
            first: Place::default(),
            last: Place::default(),
            loose: 0,
        }
    }
}

impl Encoder {
    fn begin(&mut self, place: Place, kind: u8) {
        if self.packets == 0 {
            self.first = place;
        }
        self.last = place;
        self.packets += 1;
        self.columns[KIND].push(kind);
    }

    pub(super) fn segment(&mut self, place: Place, segment: &Segment<'_>) {
        self.begin(place, TCP);
        let facts = Facts::of(segment);
        let words = of_segment(place, segment, &facts);
        for ((column, word), last) in self.columns.iter_mut().zip(words).zip(self.segment) {
            put(column, zigzag(word.wrapping_sub(last).cast_signed()));
        }
        self.segment = words;
        self.columns[OPTIONS].extend_from_slice(segment.options);
        if facts.captured > 0 {
            let (bits, words) = self.columns.split_at_mut(WORDS);
            facts::write(&facts, &mut bits[BITS], &mut words[0]);
        }
        self.loose = self.columns[WORDS].len() + self.columns[OPTIONS].len();
    }

    pub(super) fn icmp(&mut self, place: Place, error: &IcmpError) {
        self.begin(place, ICMP_ERROR);
        let words = of_icmp(place, error);
        for ((column, word), last) in self.columns[SEGMENT..].iter_mut().zip(words).zip(self.icmp) {
            put(column, zigzag(word.wrapping_sub(last).cast_signed()));
        }
        self.icmp = words;
    }

    /// Whether it is to be written.
    pub(super) fn is_full(&self) -> bool {
        self.packets >= BLOCK || self.loose >= OCTETS / 4
    }

    /// Writes the columns behind what is there, and begins anew.
    pub(super) fn flush(
        &mut self,
        zstd: &mut zstd::bulk::Compressor<'_>,
        out: &mut Vec<u8>,
    ) -> std::io::Result<()> {
        put(out, self.packets as u64);
        for column in &mut self.columns {
            let packed = zstd.compress(column)?;
            put(out, column.len() as u64);
            let stored = if packed.len() < column.len() { &packed } else { &*column };
            put(out, stored.len() as u64);
            out.extend_from_slice(stored);
            column.clear();
        }
        (self.segment, self.icmp, self.packets, self.loose) = ([0; _], [0; _], 0, 0);
        Ok(())
    }
}

/// Gives the packets of a block, one after the other.
#[derive(Debug)]
pub(super) struct Decoder {
    columns: Vec<Cursor<Vec<u8>>>,
    left: usize,
    segment: [u64; SEGMENT],
    icmp: [u64; ICMP],
    facts: Facts,
    options: Vec<u8>,
    kind: u8,
}

impl Decoder {
    /// Of the bytes of a block.
    pub(super) fn new(octets: &[u8]) -> Result<Self, Bad> {
        let mut cursor = Cursor::new(octets);
        let left = usize::try_from(cursor.number()?).unwrap_or(usize::MAX);
        if left > BLOCK {
            return Err(Bad("a block has too many packets"));
        }
        let (mut columns, mut room) = (Vec::with_capacity(COLUMNS), OCTETS);
        for _ in 0..COLUMNS {
            let length = usize::try_from(cursor.number()?).unwrap_or(usize::MAX);
            room = room.checked_sub(length).ok_or(Bad("a block is too long"))?;
            let stored = usize::try_from(cursor.number()?).unwrap_or(usize::MAX);
            let stored = cursor.take(stored)?;
            let column = if stored.len() == length {
                stored.to_vec()
            } else {
                zstd::bulk::decompress(stored, length)
                    .map_err(|_| Bad("a column cannot be decompressed"))?
            };
            if column.len() != length {
                return Err(Bad("a column has another length"));
            }
            columns.push(Cursor::new(column));
        }
        if !cursor.is_over() {
            return Err(Bad("something follows a block's columns"));
        }
        Ok(Self {
            columns,
            left,
            segment: [0; _],
            icmp: [0; _],
            facts: Facts::default(),
            options: Vec::new(),
            kind: TCP,
        })
    }

    /// Reads on to the next packet; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Bad> {
        if self.left == 0 {
            let over = self.columns.iter().all(Cursor::is_over);
            return if over { Ok(false) } else { Err(Bad("a column is too long")) };
        }
        self.left -= 1;
        self.kind = self.columns[KIND].octet()?;
        if self.kind == ICMP_ERROR {
            for (column, word) in self.columns[SEGMENT..].iter_mut().zip(&mut self.icmp) {
                *word = word.wrapping_add(unzigzag(column.number()?).cast_unsigned());
            }
            return Ok(true);
        }
        if self.kind != TCP {
            return Err(Bad("a packet of no kind"));
        }
        for (column, word) in self.columns.iter_mut().zip(&mut self.segment) {
            *word = word.wrapping_add(unzigzag(column.number()?).cast_unsigned());
        }
        let length = usize::from(narrow::<u16>(self.segment[25])? & 255);
        self.options.clear();
        self.options.extend_from_slice(self.columns[OPTIONS].take(length)?);
        self.facts.captured = narrow(self.segment[27])?;
        if self.facts.captured > 0 {
            let bits = self.columns[BITS].octet()?;
            facts::read(&mut self.facts, bits, &mut self.columns[WORDS])?;
            let (bits, octets) = (self.segment[28], narrow(self.segment[29])?);
            self.facts.marks = Marks { bits, octets };
            if usize::from(octets) > MARKED {
                return Err(Bad("marks of too many bytes"));
            }
        } else {
            self.facts = Facts::default();
        }
        Ok(true)
    }

    /// Where the packet stands.
    pub(super) fn place(&self) -> Result<Place, Bad> {
        let words = if self.kind == TCP { &self.segment[..3] } else { &self.icmp[..3] };
        let [key, position, file] = *words else { return Err(Bad("a packet has no place")) };
        Ok(Place { key: key.cast_signed(), file: narrow(file)?, position })
    }

    /// The packet.
    pub(super) fn item(&self) -> Result<Item<'_>, Bad> {
        let place = self.place()?;
        let record = if self.kind == TCP {
            Record::Tcp(self.tcp()?)
        } else {
            Record::Icmp(self.icmp_error()?)
        };
        Ok(Item { place, record })
    }

    fn tcp(&self) -> Result<Segment<'_>, Bad> {
        let w = &self.segment;
        Ok(Segment {
            packet: w[3],
            packet_in_file: w[1],
            file: narrow(w[2])?,
            interface: narrow(w[4])?,
            time: w[5].cast_signed(),
            path: PathId(narrow(w[6])?),
            direction: match w[7] {
                0 => Direction::Unknown,
                1 => Direction::Inbound,
                2 => Direction::Outbound,
                _ => return Err(Bad("a direction is none")),
            },
            link_source: w[8],
            ip_version: narrow(w[9])?,
            source: whole(w[10], w[11]),
            destination: whole(w[12], w[13]),
            ttl: narrow(w[14])?,
            ip_id: w[15].checked_sub(1).map(narrow).transpose()?,
            dont_fragment: w[16] >> 8 == 1,
            traffic_class: narrow(w[16] & 255)?,
            flow_label: narrow(w[17])?,
            source_port: narrow(w[18])?,
            destination_port: narrow(w[19])?,
            sequence: Seq(narrow(w[20])?),
            acknowledgment: Seq(narrow(w[21])?),
            flags: Flags(narrow(w[22])?),
            window: narrow(w[23])?,
            checksum: narrow(w[24])?,
            header_length: narrow(w[25] >> 8)?,
            options: &self.options,
            payload_length: narrow(w[26])?,
            payload: Payload::Known(&self.facts),
        })
    }

    fn icmp_error(&self) -> Result<IcmpError, Bad> {
        let w = &self.icmp;
        Ok(IcmpError {
            packet: w[3],
            time: w[4].cast_signed(),
            path: PathId(narrow(w[5])?),
            reporter: whole(w[6], w[7]),
            ip_version: narrow(w[8] >> 24)?,
            kind: narrow(w[8] >> 16 & 255)?,
            code: narrow(w[8] >> 8 & 255)?,
            source: whole(w[9], w[10]),
            destination: whole(w[11], w[12]),
            source_port: narrow(w[13])?,
            destination_port: narrow(w[14])?,
            sequence: Seq(narrow(w[15])?),
            ttl: narrow(w[8] & 255)?,
            mtu: narrow(w[16])?,
        })
    }
}

/// A number that must fit.
fn narrow<T: TryFrom<u64>>(word: u64) -> Result<T, Bad> {
    T::try_from(word).map_err(|_| Bad("a number is too large"))
}
