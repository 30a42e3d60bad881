//! Frames to segments: link, network and transport headers.
//!
//! [`Decoder::decode`] opens a frame layer by layer, in a loop and never by recursion, down to
//! the innermost TCP segment. Whatever it is not ends in one [`Class`] that the ledger counts.

pub mod checksum;
mod class;
mod dns;
mod ethernet;
mod flags;
mod fragments;
mod icmp;
mod link;
mod names;
mod network;
mod options;
mod part;
mod paths;
mod payload;
mod plain;
mod segment;
mod seq;
mod tcp;
mod tunnel;
mod walk;
mod wireless;

use std::collections::BTreeMap;

use fragments::{Added, Fragments, Whole};
use part::Part;
use paths::Route;
use walk::{Ip, Layer, Walk};

use crate::base::issue::Issues;
use crate::capture::Frame;
use crate::hosts::{self, Hosts, Origin, Seen};

pub use class::Class;
pub use flags::Flags;
pub use fragments::Unfinished;
pub use names::link_name;
pub use options::Options;
pub use paths::{Path, Paths};
pub use payload::{Alert, Facts, MARKED, MAX_NAME, MAX_TEXT, Marks, Payload, Told};
pub use segment::{Address, IcmpError, PathId, Segment};
pub use seq::Seq;

/// How much a decoder may remember.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Distinct combinations of VLANs and tunnels kept apart.
    pub paths: u32,
    /// IP datagrams of which fragments are missing, 64 KiB each at most.
    pub datagrams: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { paths: paths::MAX_PATHS, datagrams: 1024 }
    }
}

/// Turns frames into segments. It remembers paths, incomplete datagrams and names of addresses,
/// nothing else.
#[derive(Debug)]
pub struct Decoder {
    /// Apart from the rest, so that a walk can fill it while it looks things up.
    route: Route,
    memory: Memory,
}

/// What outlives a frame.
#[derive(Debug)]
struct Memory {
    /// Fragments are told and not put together: who has those of all parts of a capture does that.
    aside: Option<bool>,
    /// Names that there was no room for, by file.
    left_out: BTreeMap<u32, u64>,
    paths: Paths,
    fragments: Fragments,
    hosts: Hosts,
    issues: Issues,
}

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

/// Where a walk through the layers ended.
enum End<'a> {
    Tcp(Part<'a>),
    Icmp(Part<'a>),
    Whole(Whole),
    Other(Class),
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(limits: Limits) -> Self {
        Self {
            route: Route::default(),
            memory: Memory {
                aside: None,
                left_out: BTreeMap::new(),
                paths: Paths::new(limits.paths),
                fragments: Fragments::new(limits.datagrams),
                hosts: Hosts::new(Origin::Dns, hosts::MOST),
                issues: Issues::default(),
            },
        }
    }

    /// Every path that segments were met on.
    pub fn paths(&self) -> &Paths {
        &self.memory.paths
    }

    /// The names that DNS answers gave addresses, whatever else takes part.
    pub fn hosts(&self) -> &Hosts {
        &self.memory.hosts
    }

    /// IP datagrams of which fragments are missing.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        self.memory.fragments.unfinished()
    }

    /// Goes on with what another one knew: paths by their marks, unfinished datagrams and names;
    /// false where these are none.
    pub fn go_on(
        &mut self,
        limits: Limits,
        marks: &[Vec<u64>],
        waiting: Vec<Unfinished>,
        hosts: Hosts,
    ) -> bool {
        let Some(paths) = Paths::of_marks(limits.paths, marks) else { return false };
        self.memory.paths = paths;
        self.memory.hosts = hosts;
        self.memory.fragments.go_on(waiting)
    }

    /// The same, handed over.
    pub fn take_hosts(&mut self) -> Hosts {
        std::mem::replace(&mut self.memory.hosts, Hosts::new(Origin::Dns, 0))
    }

    /// Puts the names of what comes next somewhere else; those so far.
    pub fn exchange_hosts(&mut self, hosts: Hosts) -> Hosts {
        std::mem::replace(&mut self.memory.hosts, hosts)
    }

    /// The oddities met since they were handed out.
    pub fn issues(&self) -> &Issues {
        &self.memory.issues
    }

    /// Hands out the oddities met since last asked.
    pub fn take_issues(&mut self) -> Issues {
        for (file, left_out) in std::mem::take(&mut self.memory.left_out) {
            names_left_out(&mut self.memory.issues, file, left_out);
        }
        std::mem::take(&mut self.memory.issues)
    }

    /// Puts no fragments together from now on: see [`Decoder::take_aside`].
    pub fn set_fragments_aside(&mut self) {
        self.memory.aside = Some(false);
    }

    /// Whether the latest frame holds a fragment that was set aside.
    #[inline]
    pub fn take_aside(&mut self) -> bool {
        self.memory.aside.as_mut().is_some_and(std::mem::take)
    }

    /// Has the packets of each IP datagram noted, for [`Decoder::take_noted`].
    pub fn note_fragments(&mut self) {
        self.memory.fragments.note();
    }

    /// Earlier packets that hold fragments of what the latest frame completed; to be asked for
    /// after every frame.
    #[inline]
    pub fn take_noted(&mut self) -> Vec<u64> {
        self.memory.fragments.take_noted()
    }

    /// What one frame is. `time` is the frame's, or that of the packet before it.
    #[inline]
    pub fn decode<'a>(&mut self, frame: &Frame<'a>, time: i64) -> Decoded<'a> {
        if frame.interface == u32::MAX {
            return Decoded::Other(Class::BadInterface);
        }
        let length = usize::try_from(frame.original_length).unwrap_or(usize::MAX);
        let part = Part { bytes: frame.data, wire: length.max(frame.data.len()) };
        self.route.clear();
        let mut walk = Walk::new(&mut self.route, frame.direction);
        let plain = if frame.link.0 == 1 { plain::open(part, &mut walk) } else { None };
        let end = match plain {
            Some(part) => End::Tcp(part),
            None => self.memory.walk(Layer::Link(frame.link, part), frame, time, &mut walk),
        };
        match end {
            End::Tcp(part) => {
                let path = self.memory.path(frame, walk.route);
                match tcp::segment(frame, time, path, &walk, part) {
                    Ok(segment) => {
                        if segment.source_port == dns::PORT && !segment.payload.is_empty() {
                            self.memory.stream(segment.payload.octets(), frame, time, &walk.ip);
                        }
                        Decoded::Tcp(segment)
                    }
                    Err(class) => self.memory.other(class, frame),
                }
            }
            End::Icmp(part) => self.memory.icmp(frame, time, &walk, part),
            End::Whole(whole) => self.memory.complete(whole, frame, time, &mut walk),
            End::Other(class) => self.memory.other(class, frame),
        }
    }
}

impl Memory {
    #[inline]
    fn path(&mut self, frame: &Frame<'_>, route: &Route) -> PathId {
        let path = self.paths.id(route);
        if self.paths.overflow() == Some(path) {
            self.issues.add(frame.file, None, Some(frame.number), "too_many_paths", || {
                "VLANs and tunnels beyond the limit are not told apart".to_owned()
            });
        }
        path
    }

    fn icmp<'a>(
        &mut self,
        frame: &Frame<'_>,
        time: i64,
        walk: &Walk<'_>,
        part: Part<'_>,
    ) -> Decoded<'a> {
        let path = self.path(frame, walk.route);
        match icmp::error(frame, time, path, &walk.ip, part) {
            Some(error) => Decoded::IcmpError(error),
            None => Decoded::Other(Class::Icmp),
        }
    }

    /// Goes on with what a datagram held; inside may be a fragment of another one.
    fn complete<'a>(
        &mut self,
        mut whole: Whole,
        frame: &Frame<'_>,
        time: i64,
        walk: &mut Walk<'_>,
    ) -> Decoded<'a> {
        loop {
            let part = Part { bytes: &whole.octets, wire: whole.wire };
            let layer = if walk.ip.version == 4 {
                Layer::Transport(whole.protocol, part)
            } else {
                network::extensions(whole.protocol, part)
            };
            match self.walk(layer, frame, time, walk) {
                End::Tcp(part) => {
                    let path = self.path(frame, walk.route);
                    return match tcp::segment(frame, time, path, walk, part) {
                        Ok(segment) => Decoded::Reassembled(Reassembled::new(segment)),
                        Err(class) => self.other(class, frame),
                    };
                }
                End::Icmp(part) => return self.icmp(frame, time, walk, part),
                End::Whole(inner) => whole = inner,
                End::Other(class) => return self.other(class, frame),
            }
        }
    }

    #[inline]
    fn walk<'b>(
        &mut self,
        mut layer: Layer<'b>,
        frame: &Frame<'_>,
        time: i64,
        walk: &mut Walk<'_>,
    ) -> End<'b> {
        loop {
            layer = match layer {
                Layer::Link(link, part) => link::open(link, part, walk),
                Layer::Ethernet(part) => ethernet::header(part, walk),
                Layer::EtherType(kind, part) => ethernet::ether_type(kind, part, walk),
                Layer::Llc(part) => ethernet::llc(part),
                Layer::Ppp(part) => ethernet::ppp(part),
                Layer::Ip(part) => network::ip(part, walk),
                Layer::Transport(6, part) => return End::Tcp(part),
                Layer::Transport(1 | 58, part) => return End::Icmp(part),
                Layer::Transport(protocol, part) => {
                    if let (17, Some(port @ (dns::PORT | dns::MULTICAST_PORT)), Some(message)) =
                        (protocol, part.u16(0), part.skip(8))
                    {
                        self.names(message.bytes, port, frame, time, &walk.ip);
                    }
                    transport(protocol, part, walk)
                }
                Layer::Fragment(fragment) => {
                    if let Some(aside) = &mut self.aside {
                        *aside = true;
                        return End::Other(Class::IpFragment);
                    }
                    return self.fragment(&walk.ip, walk.route, frame, time, &fragment);
                }
                Layer::Done(class) => return End::Other(class),
            };
        }
    }

    /// Notes the names of addresses in a DNS message.
    #[cold]
    fn names(&mut self, message: &[u8], port: u16, frame: &Frame<'_>, time: i64, ip: &Ip) {
        let to = ip.destination.ip(ip.version);
        let client = Some(to).filter(|to| !to.is_multicast());
        let seen = Seen { client, time: Some(time), packet: Some(frame.number) };
        let mut left_out = 0;
        dns::names(message, port == dns::MULTICAST_PORT, |address, name| {
            left_out += u64::from(!self.hosts.add(address, name, seen));
        });
        if left_out > 0 {
            *self.left_out.entry(frame.file).or_default() += left_out;
        }
    }

    /// The same over TCP, where each message has its length before it (RFC 1035 section 4.2.2):
    /// those that lie whole in one segment.
    #[cold]
    fn stream(&mut self, payload: &[u8], frame: &Frame<'_>, time: i64, ip: &Ip) {
        let mut rest = payload;
        while let Some((length, message)) = rest.split_first_chunk::<2>()
            && let Some((message, after)) =
                message.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        {
            self.names(message, dns::PORT, frame, time, ip);
            rest = after;
        }
    }

    fn fragment<'b>(
        &mut self,
        ip: &Ip,
        route: &Route,
        frame: &Frame<'_>,
        time: i64,
        fragment: &walk::Fragment<'_>,
    ) -> End<'b> {
        let path = self.path(frame, route);
        let added = self.fragments.add(ip, path, (frame.number, time), fragment);
        let packet = Some(frame.number);
        for (count, kind) in [
            (std::mem::take(&mut self.fragments.evicted), "fragments_evicted"),
            (std::mem::take(&mut self.fragments.expired), "fragments_expired"),
        ] {
            for _ in 0..count {
                self.issues.add(frame.file, None, packet, kind, || {
                    "an incomplete IP datagram was given up".to_owned()
                });
            }
        }
        match added {
            Added::Complete(whole) => End::Whole(whole),
            Added::Waiting => End::Other(Class::IpFragment),
            Added::Bad => {
                self.issues.add(frame.file, None, packet, "bad_fragment", || {
                    format!(
                        "IP fragment at offset {} with {} bytes does not fit the others",
                        fragment.offset, fragment.part.wire
                    )
                });
                End::Other(Class::IpFragment)
            }
        }
    }

    /// Notes what is worth a line in the issues.
    #[cold]
    fn other<'a>(&mut self, class: Class, frame: &Frame<'_>) -> Decoded<'a> {
        let kind = match class {
            Class::UnsupportedLinkType
            | Class::LinkTruncated
            | Class::TooManyLayers
            | Class::IpMalformed
            | Class::IpTruncated
            | Class::TcpMalformed
            | Class::TcpTruncated => class.name(),
            _ => return Decoded::Other(class),
        };
        self.issues.add(frame.file, None, Some(frame.number), kind, || {
            let (link, length) = (frame.link, frame.data.len());
            format!("link type {} ({}), {length} bytes captured", link.0, link_name(link))
        });
        Decoded::Other(class)
    }
}

/// Notes how many names of a file there was no room for.
pub(crate) fn names_left_out(issues: &mut Issues, file: u32, left_out: u64) {
    issues.add_many(file, hosts::LIMIT, left_out, || {
        format!("names in DNS answers beyond the first {}", hosts::MOST)
    });
}

/// Opens what IP carries, when it is neither TCP nor ICMP.
fn transport<'a>(protocol: u8, part: Part<'a>, walk: &mut Walk<'_>) -> Layer<'a> {
    match protocol {
        17 => tunnel::udp(part, walk),
        132 => Layer::Done(Class::Sctp),
        4 | 41 | 94 => tunnel::ip_in_ip(part, walk),
        47 => tunnel::gre(part, walk),
        51 => network::extensions(protocol, part),
        97 => tunnel::ether_ip(part, walk),
        137 => ethernet::mpls(part, walk),
        143 => tunnel::segment_routing(part, walk),
        _ => Layer::Done(Class::OtherIp),
    }
}
