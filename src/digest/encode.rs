//! Packets to the columns of a block.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::codes::Codes;
use super::columns::{self as column, Columns};
use super::facts;
use super::forms::{Form, Forms, Who};
use super::model::{Changing, Ends, Half, PLAIN, STAMPED, Shape, Traits, first, second, take};
use super::talks::Talks;
use super::wire::{put, zigzag};
use super::{BLOCK, OCTETS, Place};
use crate::packet::{Address, Facts, IcmpError, Segment, Seq};

/// Bytes that a column has before it is looked at a part of it whether it is worth compressing.
const LARGE: usize = 16 * 1024;
const SAMPLE: usize = 4096;
/// Bytes of a column that are not worth compressing.
const LITTLE: usize = 32;
/// Sequence numbers that are less apart are told by their distance.
const NEAR: u64 = 1 << 27;
/// Shapes of options that are kept at hand.
const RECENT: usize = 4;

/// Takes packets until there are enough for a block.
#[derive(Debug)]
pub(super) struct Encoder {
    columns: Columns<Vec<u8>>,
    forms: Forms,
    talks: Talks,
    traits: HashMap<Traits, u32, RandomState>,
    /// The same by their numbers.
    listed: Vec<Traits>,
    shapes: Shapes,
    time: i64,
    key: i64,
    position: u64,
    /// How far the packet's number is from its position.
    offset: u64,
    icmp: [u64; column::ICMP_WORDS],
    /// Packets in it.
    pub(super) packets: usize,
    pub(super) first: Place,
    pub(super) last: Place,
}

impl Encoder {
    pub(super) fn new() -> Self {
        Self {
            columns: Columns::default(),
            forms: Forms::default(),
            talks: Talks::new(),
            traits: HashMap::default(),
            listed: Vec::new(),
            shapes: Shapes::default(),
            time: 0,
            key: i64::MIN,
            position: 0,
            offset: 0,
            icmp: [0; _],
            packets: 0,
            first: Place::default(),
            last: Place::default(),
        }
    }

    fn begin(&mut self, place: Place) {
        if self.packets == 0 {
            self.first = place;
        }
        self.last = place;
        self.packets += 1;
    }

    /// Takes a segment, with the hash of its addresses and ports.
    pub(super) fn segment(&mut self, hash: u32, place: Place, s: &Segment<'_>) {
        self.begin(place);
        let c = &mut self.columns;
        let (mut one, mut two) = (0, 0);
        let ends = Ends::of(s);
        let (at, reply, who) = self.talks.find(hash, &ends);
        match who {
            Who::New => write_ends(&mut c.ends, &ends),
            Who::Other => {
                let age = (self.talks.len() - 1 - at) as u64;
                put(&mut c.who, age << 1 | u64::from(reply));
            }
            _ => {}
        }
        let Some(talk) = self.talks.get_mut(at) else { return };
        let (own, peer) = talk.halves(reply);

        column::put_span(&mut c.time, s.time.wrapping_sub(self.time));
        self.time = s.time;
        put(&mut c.position, zigzag(place.position.wrapping_sub(self.position).cast_signed()));
        self.position = place.position;
        let offset = s.packet.wrapping_sub(place.position);
        let key = self.key.max(s.time);
        if offset != self.offset || place.key != key {
            two |= second::NUMBER;
            put(&mut c.numbers, zigzag(offset.wrapping_sub(self.offset).cast_signed()));
            put(&mut c.numbers, zigzag(place.key.wrapping_sub(key)));
            self.offset = offset;
        }
        self.key = place.key;

        one |= numbers(c, own, peer, s);

        // Those that the side had before seldom have to be looked up.
        let now = Traits::of(s);
        if !own.seen || self.listed.get(own.traits as usize) != Some(&now) {
            let next = u32::try_from(self.listed.len()).unwrap_or(u32::MAX);
            let found = *self.traits.entry(now).or_insert(next);
            if found == next {
                now.words().into_iter().for_each(|word| put(&mut c.traits_new, word));
                self.listed.push(now);
            }
            one |= first::TRAITS;
            own.traits = found;
            put(&mut c.traits, own.traits.into());
        }

        let (bits, stamped) = options(c, &mut self.shapes, own, peer, s);
        let (more, facts) = payload(c, own, s);
        two |= bits | more;
        take(own, peer, s, stamped);
        let [flags, _] = s.flags.0.to_le_bytes();
        let form = Form { who, one, two, flags, facts };
        put(&mut c.forms, self.forms.find(&mut c.forms_new, form).into());
    }

    pub(super) fn icmp(&mut self, place: Place, error: &IcmpError) {
        self.begin(place);
        let form = self.forms.find(&mut self.columns.forms_new, Form::default());
        put(&mut self.columns.forms, form.into());
        let words = column::of_icmp(place, error);
        let own = &mut self.columns.icmp;
        for ((column, word), last) in own.iter_mut().zip(words).zip(self.icmp) {
            put(column, zigzag(word.wrapping_sub(last).cast_signed()));
        }
        self.icmp = words;
    }

    /// Whether it is to be written.
    pub(super) fn is_full(&self) -> bool {
        let loose = self.columns.words.len() + self.columns.shapes_new.len();
        self.packets >= BLOCK || loose >= OCTETS / 4
    }

    /// Writes the columns behind what is there, and begins anew.
    pub(super) fn flush(&mut self, codes: &mut Codes, out: &mut Vec<u8>) -> std::io::Result<()> {
        put(out, self.packets as u64);
        for column in self.columns.each() {
            put(out, column.len() as u64);
            if column.is_empty() {
                continue;
            }
            let sample = column.get(..SAMPLE).filter(|_| column.len() >= LARGE);
            let worth = match sample {
                Some(sample) => codes.packed(sample)?.len() < SAMPLE - SAMPLE / 32,
                None => column.len() >= LITTLE,
            };
            let packed = if worth { codes.packed(column)? } else { &[] };
            let is_packed = worth && packed.len() < column.len();
            let stored = if is_packed { packed } else { &*column };
            put(out, stored.len() as u64);
            out.extend_from_slice(stored);
            column.clear();
        }
        self.forms.clear();
        self.talks.clear();
        self.traits.clear();
        self.listed.clear();
        self.shapes = Shapes::default();
        (self.time, self.key, self.position, self.offset) = (0, i64::MIN, 0, 0);
        (self.icmp, self.packets) = ([0; _], 0);
        Ok(())
    }
}

/// Writes numbers, window and identification; what of them is not as expected.
#[inline]
fn numbers(c: &mut Columns<Vec<u8>>, own: &Half, peer: &Half, s: &Segment<'_>) -> u8 {
    let mut one = 0;
    c.checksum.extend_from_slice(&s.checksum.to_le_bytes());
    let distance = i64::from(s.sequence.since(own.next));
    if distance != 0 {
        if distance.unsigned_abs() < NEAR {
            one |= first::SEQUENCE_NEAR;
            put(&mut c.sequence, zigzag(distance));
        } else {
            one |= first::SEQUENCE_ANY;
            c.sequence.extend_from_slice(&s.sequence.0.to_le_bytes());
        }
    }
    let distance = i64::from(s.acknowledgment.since(peer.next));
    if distance != 0 {
        if s.acknowledgment == own.acknowledgment {
            one |= first::ACKNOWLEDGMENT_SAME;
        } else if distance.unsigned_abs() < NEAR {
            one |= first::ACKNOWLEDGMENT_NEAR;
            put(&mut c.acknowledgment, zigzag(distance));
        } else {
            one |= first::ACKNOWLEDGMENT_ANY;
            c.acknowledgment.extend_from_slice(&s.acknowledgment.0.to_le_bytes());
        }
    }
    if s.window != own.window {
        one |= first::WINDOW;
        c.window.extend_from_slice(&s.window.wrapping_sub(own.window).to_le_bytes());
    }
    let number = s.ip_id.unwrap_or(0);
    match number.wrapping_sub(own.id).wrapping_sub(1) {
        0 => {}
        u16::MAX => one |= first::ID_SAME,
        step @ 1..=255 => {
            one |= first::ID_NEAR;
            c.id_near.push(step.to_le_bytes()[0]);
        }
        _ => {
            one |= first::ID_ANY;
            c.id.extend_from_slice(&number.to_le_bytes());
        }
    }
    one
}

/// Writes options; what of them is not as expected, and the timestamp with its echo.
#[inline]
fn options(
    c: &mut Columns<Vec<u8>>,
    shapes: &mut Shapes,
    own: &mut Half,
    peer: &Half,
    s: &Segment<'_>,
) -> (u8, Option<(u32, u32)>) {
    let mut two = 0;
    let (shape, changing) = match (s.options, s.header_length) {
        ([], 20) => (PLAIN, Changing::default()),
        ([1, 1, 8, 10, _, _, _, _, _, _, _, _], 32) => {
            (STAMPED, Changing { stamps: Some(4), edges: (0, 0) })
        }
        _ => shapes.find(&mut c.shapes_new, s),
    };
    if shape != own.shape {
        two |= second::SHAPE;
        own.shape = shape;
        put(&mut c.shapes, shape.into());
    }
    let word = |at: usize| {
        let octets = s.options.get(at..).and_then(<[u8]>::first_chunk);
        octets.map_or(0, |octets| u32::from_be_bytes(*octets))
    };
    let stamped = changing.stamps.map(|at| (word(at.into()), word(usize::from(at) + 4)));
    if let Some((stamp, echo)) = stamped {
        if own.stamped.is_none() {
            c.stamps_new.extend_from_slice(&stamp.to_le_bytes());
        } else if stamp != own.stamp_at(s.time) {
            two |= second::STAMP;
            let distance = stamp.wrapping_sub(own.stamp_at(s.time)).cast_signed();
            put(&mut c.stamps, zigzag(distance.into()));
        }
        if echo != peer.stamp {
            if echo == own.echo {
                two |= second::ECHO_SAME;
            } else {
                two |= second::ECHO_ANY;
                put(&mut c.echoes, zigzag(echo.wrapping_sub(peer.stamp).cast_signed().into()));
            }
        }
    }
    for at in (changing.edges.0..changing.edges.1).step_by(4) {
        put(&mut c.edges, zigzag(Seq(word(at.into())).since(s.acknowledgment).into()));
    }
    (two, stamped)
}

/// Writes what is known of the payload; what of it is not as expected, and which facts there are.
#[inline]
fn payload(c: &mut Columns<Vec<u8>>, own: &mut Half, s: &Segment<'_>) -> (u8, u8) {
    let (mut two, mut known) = (0, 0);
    if s.payload_length > 0 {
        if s.payload_length == own.length {
            two |= second::LENGTH_SAME;
        } else {
            two |= second::LENGTH_ANY;
            put(&mut c.length, s.payload_length.into());
        }
    }

    let facts = Facts::of(s);
    if facts.captured != s.payload_length.min(own.captured) {
        two |= second::CAPTURED;
        put(&mut c.captured, facts.captured.into());
        let cut = facts.captured < s.payload_length;
        own.captured = if cut { facts.captured } else { u32::MAX };
    }
    if facts.captured > 0 {
        known = facts::write(&facts, &mut c.words);
        let own = facts.marks.bits.to_le_bytes();
        c.marks.extend_from_slice(own.get(..facts.marks.width()).unwrap_or_default());
    }
    (two, known)
}

/// The shapes of options of a block.
#[derive(Debug, Default)]
struct Shapes {
    known: HashMap<Shape, u32, RandomState>,
    /// Those that came last, with their numbers: most come again.
    recent: [Option<(Shape, Changing, u32)>; RECENT],
}

impl Shapes {
    /// Which shape the options of a segment have, and what of them changes.
    #[inline]
    fn find(&mut self, new: &mut Vec<u8>, s: &Segment<'_>) -> (u32, Changing) {
        let mut recent = self.recent.iter().flatten();
        match recent.find(|(shape, changing, _)| shape.is_of(*changing, s)) {
            Some(&(_, changing, number)) => (number, changing),
            None => self.look_up(new, s),
        }
    }

    /// The same of those that did not come just before.
    #[cold]
    fn look_up(&mut self, new: &mut Vec<u8>, s: &Segment<'_>) -> (u32, Changing) {
        // No header is longer: nothing would be lost but what cannot be.
        let Some((shape, changing)) = Shape::of(s) else { return (PLAIN, Changing::default()) };
        if let Some(known) = Shape::known().iter().position(|known| *known == shape) {
            return (if known == 0 { PLAIN } else { STAMPED }, changing);
        }
        let next = u32::try_from(self.known.len() + 2).unwrap_or(u32::MAX);
        let found = *self.known.entry(shape).or_insert(next);
        if found == next {
            new.extend_from_slice(&[shape.header_length, shape.length]);
            new.extend(shape.octets.iter().take(usize::from(shape.length)));
        }
        self.recent.rotate_right(1);
        self.recent[0] = Some((shape, changing, found));
        (found, changing)
    }
}

fn write_ends(out: &mut Vec<u8>, ends: &Ends) {
    let [from, to] = ends.addresses.map(|Address(number)| number.to_be_bytes());
    let mapped = |octets: &[u8; 16]| octets[..12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255];
    out.push(ends.version);
    if ends.version == 4 && mapped(&from) && mapped(&to) {
        out.extend_from_slice(&from[12..]);
        out.extend_from_slice(&to[12..]);
    } else {
        // Four in a form that it does not have.
        if ends.version == 4 {
            *out.last_mut().unwrap_or(&mut 0) = column::LONG_FOUR;
        }
        out.extend_from_slice(&from);
        out.extend_from_slice(&to);
    }
    ends.ports.iter().for_each(|port| out.extend_from_slice(&port.to_be_bytes()));
}
