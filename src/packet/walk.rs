//! What is known while the layers of one packet are opened, one after the other.

use super::class::Class;
use super::part::Part;
use super::paths::Route;
use super::segment::Address;
use crate::capture::{Direction, LinkType};

/// The next thing to open.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer<'a> {
    /// A frame of a link type.
    Link(LinkType, Part<'a>),
    /// An Ethernet header.
    Ethernet(Part<'a>),
    /// What an `EtherType` announced.
    EtherType(u16, Part<'a>),
    /// An LLC header.
    Llc(Part<'a>),
    /// A PPP frame, with or without its address and control bytes.
    Ppp(Part<'a>),
    /// IP; the version is in its first byte.
    Ip(Part<'a>),
    /// What IP carries; its header is in [`Walk::ip`].
    Transport(u8, Part<'a>),
    /// A fragment of a datagram.
    Fragment(Fragment<'a>),
    /// No segment here.
    Done(Class),
}

/// One fragment of an IP datagram.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    /// Identification field.
    pub id: u32,
    /// Offset in bytes of this part within the datagram's payload.
    pub offset: u32,
    /// Whether more follow.
    pub more: bool,
    /// The protocol that the fragment's header names.
    pub protocol: u8,
    /// The bytes.
    pub part: Part<'a>,
}

/// The IP header last opened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ip {
    pub version: u8,
    pub source: Address,
    pub destination: Address,
    pub ttl: u8,
    pub id: Option<u16>,
    pub dont_fragment: bool,
    pub traffic_class: u8,
    pub flow_label: u32,
}

/// What the layers opened so far said.
#[derive(Debug)]
pub(super) struct Walk<'r> {
    pub route: &'r mut Route,
    pub link_source: u64,
    pub direction: Direction,
    pub ip: Ip,
}

impl<'r> Walk<'r> {
    /// Before the first layer.
    #[inline]
    pub(super) fn new(route: &'r mut Route, direction: Direction) -> Self {
        Self { route, link_source: 0, direction, ip: Ip::default() }
    }
}
