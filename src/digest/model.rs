//! What the next segment of a side is expected to be, from what both sides sent before in the block:
//! whoever writes and whoever reads keep the same.

use crate::capture::Direction;
use crate::packet::{Address, PathId, Segment, Seq};

/// How the next segment of a side relates to what is expected of it: bits of the first control byte.
pub(super) mod first {
    /// The sequence number: as expected, near it, any.
    pub(crate) const SEQUENCE: u8 = 3;
    pub(crate) const SEQUENCE_NEAR: u8 = 1;
    pub(crate) const SEQUENCE_ANY: u8 = 2;
    /// The acknowledgment: of all that the peer sent, the latest again, near the first, any.
    pub(crate) const ACKNOWLEDGMENT: u8 = 3 << 2;
    pub(crate) const ACKNOWLEDGMENT_SAME: u8 = 1 << 2;
    pub(crate) const ACKNOWLEDGMENT_NEAR: u8 = 2 << 2;
    pub(crate) const ACKNOWLEDGMENT_ANY: u8 = 3 << 2;
    /// The identification: the next one, the same, up to 256 more than the next, any.
    pub(crate) const ID: u8 = 3 << 4;
    pub(crate) const ID_SAME: u8 = 1 << 4;
    pub(crate) const ID_NEAR: u8 = 2 << 4;
    pub(crate) const ID_ANY: u8 = 3 << 4;
    /// Another window, other traits.
    pub(crate) const WINDOW: u8 = 1 << 6;
    pub(crate) const TRAITS: u8 = 1 << 7;
}

/// The same, of the second one.
pub(super) mod second {
    /// The payload's length: none, the latest again, any.
    pub(crate) const LENGTH: u8 = 3;
    pub(crate) const LENGTH_SAME: u8 = 1;
    pub(crate) const LENGTH_ANY: u8 = 2;
    /// Another part of it was captured.
    pub(crate) const CAPTURED: u8 = 1 << 2;
    /// Options of another shape.
    pub(crate) const SHAPE: u8 = 1 << 3;
    /// The timestamp's echo: of the peer's latest, the same again, any.
    pub(crate) const ECHO: u8 = 3 << 4;
    pub(crate) const ECHO_SAME: u8 = 1 << 4;
    pub(crate) const ECHO_ANY: u8 = 2 << 4;
    /// The packet's number or key is another.
    pub(crate) const NUMBER: u8 = 1 << 6;
    /// The timestamp is another.
    pub(crate) const STAMP: u8 = 1 << 7;
}

/// Where both ends of a segment are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    pub version: u8,
    pub ports: [u16; 2],
    pub addresses: [Address; 2],
}

impl Ends {
    pub(super) fn of(segment: &Segment<'_>) -> Self {
        Self {
            version: segment.ip_version,
            ports: [segment.source_port, segment.destination_port],
            addresses: [segment.source, segment.destination],
        }
    }

    /// Whether these are the same, turned round.
    #[inline]
    pub(super) fn is_turned(&self, ends: &Self) -> bool {
        let (&[p0, p1], &[a0, a1]) = (&self.ports, &self.addresses);
        self.version == ends.version && ends.ports == [p1, p0] && ends.addresses == [a1, a0]
    }

    pub(super) fn turned(self) -> Self {
        let ([p0, p1], [a0, a1]) = (self.ports, self.addresses);
        Self { version: self.version, ports: [p1, p0], addresses: [a1, a0] }
    }
}

/// What seldom changes from one segment of a side to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Traits {
    pub file: u32,
    pub interface: u32,
    pub path: PathId,
    pub link_source: u64,
    pub flow_label: u32,
    pub ttl: u8,
    pub traffic_class: u8,
    /// From the lowest: the direction, whether not to fragment, whether there is an identification,
    /// the ninth control bit and what would be above it.
    pub bits: u16,
}

const DONT_FRAGMENT: u16 = 1 << 2;
const HAS_ID: u16 = 1 << 3;
const CONTROL: u32 = 4;

impl Traits {
    #[inline]
    pub(super) fn of(segment: &Segment<'_>) -> Self {
        let bit = |set: bool, bit: u16| if set { bit } else { 0 };
        let direction = match segment.direction {
            Direction::Unknown => 0,
            Direction::Inbound => 1,
            Direction::Outbound => 2,
        };
        Self {
            file: segment.file,
            interface: segment.interface,
            path: segment.path,
            link_source: segment.link_source,
            flow_label: segment.flow_label,
            ttl: segment.ttl,
            traffic_class: segment.traffic_class,
            bits: direction
                | bit(segment.dont_fragment, DONT_FRAGMENT)
                | bit(segment.ip_id.is_some(), HAS_ID)
                | (segment.flags.0 >> 8) << CONTROL,
        }
    }

    pub(super) fn direction(self) -> Direction {
        match self.bits & 3 {
            1 => Direction::Inbound,
            2 => Direction::Outbound,
            _ => Direction::Unknown,
        }
    }

    pub(super) fn dont_fragment(self) -> bool {
        self.bits & DONT_FRAGMENT != 0
    }

    pub(super) fn has_id(self) -> bool {
        self.bits & HAS_ID != 0
    }

    /// The control bits above the eighth.
    pub(super) fn control(self) -> u16 {
        (self.bits >> CONTROL) << 8
    }
}

/// Options as they come again: what changes from one segment to the next is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub octets: [u8; 40],
    pub length: u8,
    pub header_length: u8,
}

/// What changes in options: where the timestamps are, and where the edges of SACK blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changing {
    pub stamps: Option<u8>,
    pub edges: (u8, u8),
}

/// Shapes that are known without having been told: none, and timestamps alone.
pub(super) const PLAIN: u32 = 0;
pub(super) const STAMPED: u32 = 1;

impl Shape {
    /// The two that are known.
    pub(super) fn known() -> [Self; 2] {
        let mut octets = [0; 40];
        octets[..4].copy_from_slice(&[1, 1, 8, 10]);
        [
            Self { octets: [0; 40], length: 0, header_length: 20 },
            Self { octets, length: 12, header_length: 32 },
        ]
    }

    /// The options of a segment, and what of them changes; `None` where they are too long.
    pub(super) fn of(segment: &Segment<'_>) -> Option<(Self, Changing)> {
        let mut octets = [0; 40];
        octets.get_mut(..segment.options.len())?.copy_from_slice(segment.options);
        let length = u8::try_from(segment.options.len()).ok()?;
        let mut shape = Self { octets, length, header_length: segment.header_length };
        let changing = shape.changing();
        for (from, to) in changing.ranges() {
            if let Some(part) = shape.octets.get_mut(from..to) {
                part.fill(0);
            }
        }
        Some((shape, changing))
    }

    /// Whether the options of a segment have this shape, of which that changes: all that tells what
    /// changes is the same then.
    #[inline]
    pub(super) fn is_of(&self, changing: Changing, segment: &Segment<'_>) -> bool {
        let length = usize::from(self.length);
        if segment.options.len() != length || segment.header_length != self.header_length {
            return false;
        }
        let [stamps, edges] = changing.ranges();
        let (one, two) = if stamps <= edges { (stamps, edges) } else { (edges, stamps) };
        let same =
            |from: usize, to: usize| self.octets.get(from..to) == segment.options.get(from..to);
        same(0, one.0) && same(one.1, two.0) && same(two.1, length)
    }

    /// What of them changes: the first timestamps, and the first SACK blocks.
    pub(super) fn changing(&self) -> Changing {
        let (mut changing, mut at) = (Changing::default(), 0_u8);
        let octets = self.octets.get(..usize::from(self.length)).unwrap_or_default();
        while let Some(rest) = octets.get(usize::from(at)..).filter(|rest| !rest.is_empty()) {
            let (kind, length) = match *rest {
                [1, ..] => (1, 1),
                [kind @ 2..=255, length @ 2..=255, ..] if usize::from(length) <= rest.len() => {
                    (kind, length)
                }
                _ => break,
            };
            match (kind, length) {
                (8, 10) if changing.stamps.is_none() => changing.stamps = Some(at + 2),
                (5, 10 | 18 | 26 | 34) if changing.edges == (0, 0) => {
                    changing.edges = (at + 2, at + length);
                }
                _ => {}
            }
            at += length;
        }
        changing
    }
}

impl Changing {
    /// From where to where.
    pub(super) fn ranges(self) -> [(usize, usize); 2] {
        let stamps = self.stamps.map_or((0, 0), |at| (usize::from(at), usize::from(at) + 8));
        [stamps, (self.edges.0.into(), self.edges.1.into())]
    }
}

/// What one side sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Half {
    /// The sequence number that is expected.
    pub next: Seq,
    pub acknowledgment: Seq,
    pub id: u16,
    pub window: u16,
    pub traits: u32,
    pub shape: u32,
    /// The latest length of a payload, and how many bytes of one are captured.
    pub length: u32,
    pub captured: u32,
    /// The latest timestamp and echo, and when they came.
    pub stamp: u32,
    pub echo: u32,
    pub stamped: Option<i64>,
    pub seen: bool,
}

impl Default for Half {
    fn default() -> Self {
        Self {
            next: Seq(0),
            acknowledgment: Seq(0),
            id: 0,
            window: 0,
            traits: 0,
            shape: PLAIN,
            length: 0,
            captured: u32::MAX,
            stamp: 0,
            echo: 0,
            stamped: None,
            seen: false,
        }
    }
}

/// Nanoseconds of a tick of the timestamps that most systems send.
const TICK: i64 = 1_000_000;

impl Half {
    /// The timestamp that is expected.
    #[inline]
    pub(super) fn stamp_at(&self, time: i64) -> u32 {
        let passed = self.stamped.map_or(0, |then| time.wrapping_sub(then) / TICK);
        self.stamp.wrapping_add(u32::try_from(passed.rem_euclid(1 << 32)).unwrap_or(0))
    }
}

/// Both sides, the one that sent the first segment first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Talk {
    pub ends: Ends,
    pub halves: [Half; 2],
}

impl Talk {
    /// Who sends, and the peer.
    #[inline]
    pub(super) fn halves(&mut self, reply: bool) -> (&mut Half, &mut Half) {
        let [one, other] = &mut self.halves;
        if reply { (other, one) } else { (one, other) }
    }
}

/// Takes a segment in, once all of it is known; `stamps` are its timestamp and echo.
#[inline]
pub(super) fn take(own: &mut Half, peer: &mut Half, s: &Segment<'_>, stamps: Option<(u32, u32)>) {
    own.next = s.end();
    own.acknowledgment = s.acknowledgment;
    own.id = s.ip_id.unwrap_or(0);
    own.window = s.window;
    if s.payload_length > 0 {
        own.length = s.payload_length;
    }
    if let Some((stamp, echo)) = stamps {
        (own.stamp, own.echo, own.stamped) = (stamp, echo, Some(s.time));
    }
    own.seen = true;
    if !peer.seen {
        peer.next = s.acknowledgment;
    }
}
