//! What a decoder remembers beyond a frame, and the way down through the layers, which adds to it.

use std::collections::BTreeMap;

use super::class::Class;
use super::decoded::{Decoded, Reassembled};
use super::decoder::Limits;
use super::fragments::{Added, Fragments, Whole};
use super::names::link_name;
use super::part::Part;
use super::paths::{Paths, Route};
use super::segment::PathId;
use super::walk::{self, Ip, Layer, Walk};
use super::{dns, ethernet, icmp, link, network, tcp, tunnel};
use crate::base::issue::Issues;
use crate::capture::Frame;
use crate::hosts::{self, Hosts, Origin, Seen};

/// What outlives a frame.
#[derive(Debug)]
pub(super) struct Memory {
    /// Fragments are told and not put together: who has those of all parts of a capture does that.
    pub(super) aside: Option<bool>,
    /// Names that there was no room for, by file.
    pub(super) left_out: BTreeMap<u32, u64>,
    pub(super) paths: Paths,
    pub(super) fragments: Fragments,
    pub(super) hosts: Hosts,
    pub(super) issues: Issues,
}

/// Where a walk through the layers ended.
pub(super) enum End<'a> {
    Tcp(Part<'a>),
    Icmp(Part<'a>),
    Whole(Whole),
    Other(Class),
}

impl Memory {
    /// One that remembers nothing yet.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            aside: None,
            left_out: BTreeMap::new(),
            paths: Paths::new(limits.paths),
            fragments: Fragments::new(limits.datagrams),
            hosts: Hosts::new(Origin::Dns, hosts::MOST),
            issues: Issues::default(),
        }
    }

    #[inline]
    pub(super) fn path(&mut self, frame: &Frame<'_>, route: &Route) -> PathId {
        let path = self.paths.id(route);
        if self.paths.overflow() == Some(path) {
            self.too_many_paths(frame);
        }
        path
    }

    #[cold]
    fn too_many_paths(&mut self, frame: &Frame<'_>) {
        self.issues.add(frame.file, None, Some(frame.number), "too_many_paths", || {
            "VLANs and tunnels beyond the limit are not told apart".to_owned()
        });
    }

    pub(super) fn icmp<'a>(
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
    pub(super) fn complete<'a>(
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
                    return match tcp::parts(part) {
                        Ok(parts) => {
                            let segment = tcp::segment(frame, time, path, walk, &parts);
                            Decoded::Reassembled(Reassembled::new(segment))
                        }
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
    pub(super) fn walk<'b>(
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
    pub(super) fn stream(&mut self, payload: &[u8], frame: &Frame<'_>, time: i64, ip: &Ip) {
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
    pub(super) fn other<'a>(&mut self, class: Class, frame: &Frame<'_>) -> Decoded<'a> {
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

/// Notes how many names of a file there was no room for.
pub(crate) fn names_left_out(issues: &mut Issues, file: u32, left_out: u64) {
    issues.add_many(file, hosts::LIMIT, left_out, || {
        format!("names in DNS answers beyond the first {}", hosts::MOST)
    });
}
