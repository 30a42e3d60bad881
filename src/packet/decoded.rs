//! What a frame turned out to be.

use super::class::Class;
use super::payload::Payload;
use super::segment::{IcmpError, Segment};

/// What a frame turned out to be.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a segment is the common case and must not be boxed")]
pub enum Decoded<'a> {
    /// A TCP segment.
    Tcp(Segment<'a>),
    /// A TCP segment whose last missing fragment this frame was.
    Reassembled(Box<Reassembled>),
    /// An ICMP error that quotes a TCP segment; its class is [`Class::Icmp`].
    IcmpError(IcmpError),
    /// Anything else.
    Other(Class),
}

impl Decoded<'_> {
    /// The class that the ledger counts.
    #[inline]
    pub fn class(&self) -> Class {
        match self {
            Self::Tcp(_) | Self::Reassembled(_) => Class::Tcp,
            Self::IcmpError(_) => Class::Icmp,
            Self::Other(class) => *class,
        }
    }

    /// The TCP segment, wherever its bytes are.
    #[inline]
    pub fn segment(&self) -> Option<Segment<'_>> {
        match self {
            Self::Tcp(segment) => Some(*segment),
            Self::Reassembled(whole) => Some(whole.segment()),
            Self::IcmpError(_) | Self::Other(_) => None,
        }
    }
}

/// A segment put together from IP fragments; it owns its bytes.
#[derive(Clone, Debug)]
pub struct Reassembled {
    head: Segment<'static>,
    options: Vec<u8>,
    payload: Vec<u8>,
}

impl Reassembled {
    /// Of a segment, whose bytes are copied.
    pub fn new(segment: Segment<'_>) -> Box<Self> {
        Box::new(Self {
            head: Segment { options: &[], payload: Payload::default(), ..segment },
            options: segment.options.to_vec(),
            payload: segment.payload.octets().to_vec(),
        })
    }

    /// The segment.
    pub fn segment(&self) -> Segment<'_> {
        Segment { options: &self.options, payload: Payload::Octets(&self.payload), ..self.head }
    }
}
