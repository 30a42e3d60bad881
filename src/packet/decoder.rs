//! The decoder: frames to segments, layer by layer.

use super::class::Class;
use super::decoded::Decoded;
use super::fragments::Unfinished;
use super::memory::{End, Memory, names_left_out};
use super::part::Part;
use super::paths::{self, Paths, Route};
use super::walk::{Layer, Walk};
use super::{dns, plain, tcp};
use crate::base::issue::Issues;
use crate::capture::Frame;
use crate::hosts::{Hosts, Origin};

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

impl Default for Decoder {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new(limits: Limits) -> Self {
        Self { route: Route::default(), memory: Memory::new(limits) }
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
                match tcp::parts(part) {
                    Ok(parts) => {
                        if parts.source_port() == dns::PORT && !parts.payload.is_empty() {
                            self.memory.stream(parts.payload, frame, time, &walk.ip);
                        }
                        Decoded::Tcp(tcp::segment(frame, time, path, &walk, &parts))
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
