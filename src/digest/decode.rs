//! The columns of a block to its packets.

use super::columns::{self as column, Columns};
use super::facts;
use super::forms::{Form, Who};
use super::model::{Changing, Ends, Half, Shape, Talk, Traits, first, second, take};
use super::read::{Item, Record};
use super::wire::{Bad, Cursor, unzigzag};
use super::{BLOCK, OCTETS, Place};
use crate::packet::{Address, Facts, Flags, IcmpError, Marks, PathId, Payload, Segment, Seq};

/// What something refers to was never told.
const UNKNOWN: Bad = Bad("something in a block is not known");

/// Gives the packets of a block, one after the other.
#[derive(Debug)]
pub(super) struct Decoder {
    columns: Columns<Cursor<Vec<u8>>>,
    left: usize,
    forms: Vec<Form>,
    talks: Vec<Talk>,
    /// Whose segment was the one before, and whether its ends were turned round.
    last: (usize, bool),
    traits: Vec<Traits>,
    shapes: Vec<(Shape, Changing)>,
    time: i64,
    key: i64,
    position: u64,
    offset: u64,
    icmp: [u64; column::ICMP_WORDS],
    facts: Facts,
    /// The packet at hand: a segment but for its options and payload, unless it is an ICMP error.
    segment: Option<Segment<'static>>,
    options: [u8; 40],
    /// How many of these there are.
    length: usize,
    place: Place,
}

impl Decoder {
    /// Of the bytes of a block.
    pub(super) fn new(octets: &[u8]) -> Result<Self, Bad> {
        let mut cursor = Cursor::new(octets);
        let left = usize::try_from(cursor.number()?).unwrap_or(usize::MAX);
        if left > BLOCK {
            return Err(Bad("a block has too many packets"));
        }
        let mut columns: Columns<Cursor<Vec<u8>>> = Columns::default();
        let mut room = OCTETS;
        for column in columns.each() {
            let length = usize::try_from(cursor.number()?).unwrap_or(usize::MAX);
            room = room.checked_sub(length).ok_or(Bad("a block is too long"))?;
            if length > 0 {
                let stored = usize::try_from(cursor.number()?).unwrap_or(usize::MAX);
                *column = Cursor::new(unpacked(cursor.take(stored)?, length)?);
            }
        }
        if !cursor.is_over() {
            return Err(Bad("something follows a block's columns"));
        }
        Ok(Self {
            columns,
            left,
            forms: Vec::new(),
            talks: Vec::new(),
            last: (0, false),
            traits: Vec::new(),
            shapes: Shape::known().into_iter().map(|shape| (shape, shape.changing())).collect(),
            time: 0,
            key: i64::MIN,
            position: 0,
            offset: 0,
            icmp: [0; _],
            facts: Facts::default(),
            segment: None,
            options: [0; _],
            length: 0,
            place: Place::default(),
        })
    }

    /// Reads on to the next packet; false at the end.
    pub(super) fn advance(&mut self) -> Result<bool, Bad> {
        if self.left == 0 {
            let over = self.columns.each().all(|column| column.is_over());
            return if over { Ok(false) } else { Err(Bad("a column is too long")) };
        }
        self.left -= 1;
        let form = self.form()?;
        if form.who == Who::Icmp {
            self.advance_icmp()?;
        } else {
            self.advance_segment(form)?;
        }
        Ok(true)
    }

    /// The form of the packet that comes next.
    #[inline]
    fn form(&mut self) -> Result<Form, Bad> {
        let c = &mut self.columns;
        let at = usize::try_from(c.forms.number()?).unwrap_or(usize::MAX);
        if at == self.forms.len() {
            self.forms.push(Form::read(c.forms_new.array()?).ok_or(UNKNOWN)?);
        }
        self.forms.get(at).copied().ok_or(UNKNOWN)
    }

    fn advance_icmp(&mut self) -> Result<(), Bad> {
        self.segment = None;
        for (column, word) in self.columns.icmp.iter_mut().zip(&mut self.icmp) {
            *word = word.wrapping_add(unzigzag(column.number()?).cast_unsigned());
        }
        let [key, position, file, ..] = self.icmp;
        self.place = Place { key: key.cast_signed(), file: narrow(file)?, position };
        Ok(())
    }

    /// The segment that comes next; its options are in their place, and what is known of its payload.
    fn advance_segment(&mut self, form: Form) -> Result<(), Bad> {
        let c = &mut self.columns;
        let Form { who, one, two, flags, facts } = form;
        let (last, turned) = self.last;
        self.last = match who {
            Who::Icmp | Who::Same => (last, turned),
            Who::Peer => (last, !turned),
            Who::Other => {
                let number = c.who.number()?;
                let age = usize::try_from(number >> 1).unwrap_or(usize::MAX);
                let newest = self.talks.len().checked_sub(1);
                let at = newest.and_then(|newest| newest.checked_sub(age));
                (at.ok_or(UNKNOWN)?, number & 1 == 1)
            }
            Who::New => {
                let ends = read_ends(&mut c.ends)?;
                self.talks.push(Talk { ends, ..Talk::default() });
                (self.talks.len() - 1, false)
            }
        };
        let (at, reply) = self.last;
        let talk = self.talks.get_mut(at).ok_or(UNKNOWN)?;
        let ends = if reply { talk.ends.turned() } else { talk.ends };
        let (own, peer) = talk.halves(reply);

        self.time = self.time.wrapping_add(column::span(&mut c.time)?);
        self.position = self.position.wrapping_add(signed(&mut c.position)?.cast_unsigned());
        self.key = self.key.max(self.time);
        if two & second::NUMBER != 0 {
            self.offset = self.offset.wrapping_add(signed(&mut c.numbers)?.cast_unsigned());
            self.key = self.key.wrapping_add(signed(&mut c.numbers)?);
        }

        let Numbers { sequence, acknowledgment, window, id } = numbers(c, own, peer, one)?;
        if one & first::TRAITS != 0 {
            own.traits = narrow(c.traits.number()?)?;
            if own.traits as usize == self.traits.len() {
                self.traits.push(read_traits(&mut c.traits_new)?);
            }
        }
        let traits = *self.traits.get(own.traits as usize).ok_or(UNKNOWN)?;

        if two & second::SHAPE != 0 {
            own.shape = narrow(c.shapes.number()?)?;
            if own.shape as usize == self.shapes.len() {
                let shape = read_shape(&mut c.shapes_new)?;
                self.shapes.push((shape, shape.changing()));
            }
        }
        let (shape, changing) = *self.shapes.get(own.shape as usize).ok_or(UNKNOWN)?;
        (self.options, self.length) = (shape.octets, shape.length.into());
        let stamped = stamps(c, own, peer, two, (self.time, changing), &mut self.options)?;
        for at in (changing.edges.0..changing.edges.1).step_by(4) {
            let edge = acknowledgment.plus(near(&mut c.edges)?);
            write_word(&mut self.options, at.into(), edge.0);
        }
        let payload_length = payload(c, own, (two, facts), &mut self.facts)?;

        self.place = Place { key: self.key, file: traits.file, position: self.position };
        let segment = self.segment.insert(Segment {
            packet: self.position.wrapping_add(self.offset),
            packet_in_file: self.position,
            file: traits.file,
            interface: traits.interface,
            time: self.time,
            path: traits.path,
            direction: traits.direction(),
            link_source: traits.link_source,
            ip_version: ends.version,
            source: ends.addresses[0],
            destination: ends.addresses[1],
            ttl: traits.ttl,
            ip_id: traits.has_id().then_some(id),
            dont_fragment: traits.dont_fragment(),
            traffic_class: traits.traffic_class,
            flow_label: traits.flow_label,
            source_port: ends.ports[0],
            destination_port: ends.ports[1],
            sequence,
            acknowledgment,
            flags: Flags(traits.control() | u16::from(flags)),
            window,
            checksum: u16::from_le_bytes(c.checksum.array()?),
            header_length: shape.header_length,
            options: &[],
            payload_length,
            payload: Payload::default(),
        });
        take(own, peer, segment, stamped);
        Ok(())
    }

    /// Where the packet stands.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// The packet.
    #[inline]
    pub(super) fn item(&self) -> Result<Item<'_>, Bad> {
        let record = match &self.segment {
            Some(head) => {
                let options = self.options.get(..self.length).unwrap_or_default();
                Record::Tcp(Segment { options, payload: Payload::Known(&self.facts), ..*head })
            }
            None => Record::Icmp(self.icmp_error()?),
        };
        Ok(Item { place: self.place, record })
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

/// What [`numbers`] reads.
struct Numbers {
    sequence: Seq,
    acknowledgment: Seq,
    window: u16,
    id: u16,
}

#[inline]
fn numbers(
    c: &mut Columns<Cursor<Vec<u8>>>,
    own: &Half,
    peer: &Half,
    one: u8,
) -> Result<Numbers, Bad> {
    let sequence = match one & first::SEQUENCE {
        0 => own.next,
        first::SEQUENCE_NEAR => own.next.plus(near(&mut c.sequence)?),
        first::SEQUENCE_ANY => Seq(u32::from_le_bytes(c.sequence.array()?)),
        _ => return Err(UNKNOWN),
    };
    let acknowledgment = match one & first::ACKNOWLEDGMENT {
        0 => peer.next,
        first::ACKNOWLEDGMENT_SAME => own.acknowledgment,
        first::ACKNOWLEDGMENT_NEAR => peer.next.plus(near(&mut c.acknowledgment)?),
        _ => Seq(u32::from_le_bytes(c.acknowledgment.array()?)),
    };
    let window = if one & first::WINDOW == 0 {
        own.window
    } else {
        own.window.wrapping_add(u16::from_le_bytes(c.window.array()?))
    };
    let id = match one & first::ID {
        0 => own.id.wrapping_add(1),
        first::ID_SAME => own.id,
        first::ID_NEAR => own.id.wrapping_add(1).wrapping_add(c.id_near.octet()?.into()),
        _ => u16::from_le_bytes(c.id.array()?),
    };
    Ok(Numbers { sequence, acknowledgment, window, id })
}

/// Reads timestamp and echo into the options, where there are some.
#[inline]
fn stamps(
    c: &mut Columns<Cursor<Vec<u8>>>,
    own: &Half,
    peer: &Half,
    two: u8,
    (time, changing): (i64, Changing),
    options: &mut [u8; 40],
) -> Result<Option<(u32, u32)>, Bad> {
    let mut stamped = None;
    if let Some(at) = changing.stamps {
        let expected = own.stamp_at(time);
        let stamp = if own.stamped.is_none() {
            u32::from_le_bytes(c.stamps_new.array()?)
        } else if two & second::STAMP != 0 {
            expected.wrapping_add(near(&mut c.stamps)?)
        } else {
            expected
        };
        let echo = match two & second::ECHO {
            0 => peer.stamp,
            second::ECHO_SAME => own.echo,
            second::ECHO_ANY => peer.stamp.wrapping_add(near(&mut c.echoes)?),
            _ => return Err(UNKNOWN),
        };
        write_word(options, at.into(), stamp);
        write_word(options, usize::from(at) + 4, echo);
        stamped = Some((stamp, echo));
    }
    Ok(stamped)
}

/// Reads how long the payload is, and what is known of it.
#[inline]
fn payload(
    c: &mut Columns<Cursor<Vec<u8>>>,
    own: &mut Half,
    (two, there): (u8, u8),
    known: &mut Facts,
) -> Result<u32, Bad> {
    let payload_length = match two & second::LENGTH {
        0 => 0,
        second::LENGTH_SAME => own.length,
        second::LENGTH_ANY => narrow(c.length.number()?)?,
        _ => return Err(UNKNOWN),
    };

    known.captured = payload_length.min(own.captured);
    if two & second::CAPTURED != 0 {
        known.captured = narrow(c.captured.number()?)?;
        let cut = known.captured < payload_length;
        own.captured = if cut { known.captured } else { u32::MAX };
    }
    if known.captured > payload_length {
        return Err(Bad("more was captured than there was"));
    }
    if known.captured == 0 {
        *known = Facts::default();
    } else {
        facts::read(known, there, &mut c.words)?;
        let width = Marks::from_bits(known.captured, 0).width();
        let mut octets = [0; 8];
        octets.get_mut(..width).ok_or(UNKNOWN)?.copy_from_slice(c.marks.take(width)?);
        let bits = u64::from_le_bytes(octets);
        known.marks = Marks::from_bits(known.captured, bits);
    }
    Ok(payload_length)
}

/// Decompresses a column, unless it was not worth it.
fn unpacked(stored: &[u8], length: usize) -> Result<Vec<u8>, Bad> {
    if stored.len() == length {
        return Ok(stored.to_vec());
    }
    let column = zstd::bulk::decompress(stored, length);
    let column = column.map_err(|_| Bad("a column cannot be decompressed"))?;
    if column.len() == length { Ok(column) } else { Err(Bad("a column has another length")) }
}

fn read_ends(cursor: &mut Cursor<Vec<u8>>) -> Result<Ends, Bad> {
    let version = cursor.octet()?;
    let addresses = match version {
        4 => [Address::v4(cursor.array()?), Address::v4(cursor.array()?)],
        6 | column::LONG_FOUR => [Address::v6(cursor.array()?), Address::v6(cursor.array()?)],
        _ => return Err(Bad("an address of no version")),
    };
    let version = if version == 6 { 6 } else { 4 };
    let ports = [u16::from_be_bytes(cursor.array()?), u16::from_be_bytes(cursor.array()?)];
    Ok(Ends { version, ports, addresses })
}

fn read_traits(cursor: &mut Cursor<Vec<u8>>) -> Result<Traits, Bad> {
    let mut traits = Traits {
        file: narrow(cursor.number()?)?,
        interface: narrow(cursor.number()?)?,
        path: PathId(narrow(cursor.number()?)?),
        link_source: cursor.number()?,
        flow_label: narrow(cursor.number()?)?,
        ttl: narrow(cursor.number()?)?,
        traffic_class: narrow(cursor.number()?)?,
        bits: narrow(cursor.number()?)?,
    };
    // There are nine control bits.
    traits.bits &= 31;
    Ok(traits)
}

fn read_shape(cursor: &mut Cursor<Vec<u8>>) -> Result<Shape, Bad> {
    let (header_length, length) = (cursor.octet()?, cursor.octet()?);
    let mut octets = [0; 40];
    let place = octets.get_mut(..usize::from(length)).ok_or(Bad("options are too long"))?;
    place.copy_from_slice(cursor.take(usize::from(length))?);
    Ok(Shape { octets, length, header_length })
}

fn write_word(octets: &mut [u8; 40], at: usize, word: u32) {
    if let Some(place) = octets.get_mut(at..at + 4) {
        place.copy_from_slice(&word.to_be_bytes());
    }
}

fn signed(cursor: &mut Cursor<Vec<u8>>) -> Result<i64, Bad> {
    Ok(unzigzag(cursor.number()?))
}

/// A distance in 32 bits.
fn near(cursor: &mut Cursor<Vec<u8>>) -> Result<u32, Bad> {
    let distance = i32::try_from(signed(cursor)?).map_err(|_| Bad("a number is too large"))?;
    Ok(distance.cast_unsigned())
}

fn whole(high: u64, low: u64) -> Address {
    Address(u128::from(high) << 64 | u128::from(low))
}

/// A number that must fit.
fn narrow<T: TryFrom<u64>>(word: u64) -> Result<T, Bad> {
    T::try_from(word).map_err(|_| Bad("a number is too large"))
}
