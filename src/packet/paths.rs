//! The way a packet took: VLAN tags and tunnels, interned as a [`PathId`].

use std::collections::HashMap;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

use super::segment::PathId;

/// Tags, label stacks and the like that are followed in one packet.
pub(super) const MAX_TAGS: u8 = 8;
/// Tunnels that are followed in one packet.
pub(super) const MAX_TUNNELS: u8 = 8;
/// Distinct paths kept apart; whatever comes after shares one.
pub(super) const MAX_PATHS: u32 = 65_536;

const HOPS: usize = (MAX_TAGS + MAX_TUNNELS) as usize;

/// What one step of a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Hop {
    Vlan = 1,
    Mpls,
    Pppoe,
    Gre,
    KeyedGre,
    Erspan,
    Pptp,
    EtherIp,
    Ipip,
    SixInFour,
    FourInSix,
    SixInSix,
    Vxlan,
    Geneve,
    Gtp,
    Teredo,
    L2tp,
    Lisp,
    Ayiya,
    Capwap,
    Pbb,
    Trill,
    Srv6,
}

impl Hop {
    const ALL: [Self; 23] = [
        Self::Vlan,
        Self::Mpls,
        Self::Pppoe,
        Self::Gre,
        Self::KeyedGre,
        Self::Erspan,
        Self::Pptp,
        Self::EtherIp,
        Self::Ipip,
        Self::SixInFour,
        Self::FourInSix,
        Self::SixInSix,
        Self::Vxlan,
        Self::Geneve,
        Self::Gtp,
        Self::Teredo,
        Self::L2tp,
        Self::Lisp,
        Self::Ayiya,
        Self::Capwap,
        Self::Pbb,
        Self::Trill,
        Self::Srv6,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Vlan => "vlan",
            Self::Mpls => "mpls",
            Self::Pppoe => "pppoe",
            Self::Gre | Self::KeyedGre => "gre",
            Self::Erspan => "erspan",
            Self::Pptp => "pptp",
            Self::EtherIp => "etherip",
            Self::Ipip => "ipip",
            Self::SixInFour => "6in4",
            Self::FourInSix => "4in6",
            Self::SixInSix => "6in6",
            Self::Vxlan => "vxlan",
            Self::Geneve => "geneve",
            Self::Gtp => "gtp",
            Self::Teredo => "teredo",
            Self::L2tp => "l2tp",
            Self::Lisp => "lisp",
            Self::Ayiya => "ayiya",
            Self::Capwap => "capwap",
            Self::Pbb => "pbb",
            Self::Trill => "trill",
            Self::Srv6 => "srv6",
        }
    }

    fn write(self, id: u32, out: &mut String) {
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str(self.name());
        // Writing to a string cannot fail.
        let _ = match self {
            // ERSPAN's first version names no session.
            Self::Erspan if id == 0 => Ok(()),
            Self::Mpls
            | Self::Pppoe
            | Self::KeyedGre
            | Self::Erspan
            | Self::Vxlan
            | Self::Geneve
            | Self::L2tp
            | Self::Lisp
            | Self::Pbb => write!(out, ":{id}"),
            Self::Gtp => write!(out, ":{id:#x}"),
            _ => Ok(()),
        };
    }
}

/// The path of the packet being decoded, outermost hop first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Route {
    hops: [u64; HOPS],
    length: u8,
    tags: u8,
    tunnels: u8,
}

impl Route {
    /// Back to the plain path.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.length = 0;
        self.tags = 0;
        self.tunnels = 0;
    }

    /// Counts a tag that leaves no trace in the path; `false` when there are too many.
    #[must_use]
    pub(super) fn tag(&mut self) -> bool {
        self.tags = self.tags.saturating_add(1);
        self.tags <= MAX_TAGS
    }

    /// Adds a VLAN. A priority tag (VLAN 0) is the same path as no tag.
    #[must_use]
    pub(super) fn vlan(&mut self, id: u16) -> bool {
        self.tag() && (id == 0 || self.push(Hop::Vlan, u32::from(id)))
    }

    /// Enters a tunnel; `false` when there are too many.
    #[must_use]
    pub(super) fn tunnel(&mut self, hop: Hop, id: u32) -> bool {
        self.tunnels = self.tunnels.saturating_add(1);
        self.tunnels <= MAX_TUNNELS && self.push(hop, id)
    }

    fn push(&mut self, hop: Hop, id: u32) -> bool {
        let Some(slot) = self.hops.get_mut(usize::from(self.length)) else { return false };
        *slot = (u64::from(hop as u8) << 32) | u64::from(id);
        self.length += 1;
        true
    }

    fn hops(&self) -> &[u64] {
        self.hops.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.hops() == other.hops()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hops().hash(state);
    }
}

/// VLANs and tunnels around a segment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// VLAN identifiers, outermost first; those inside a tunnel come last.
    pub vlans: Vec<u16>,
    /// Tunnels, outermost first, as in `gre/vxlan:42`; empty where there is none.
    pub tunnel: String,
}

impl Path {
    fn of(route: &Route) -> Self {
        let mut path = Self::default();
        for &hop in route.hops() {
            let id = u32::try_from(hop & 0xffff_ffff).unwrap_or_default();
            for kind in Hop::ALL.into_iter().filter(|&kind| u64::from(kind as u8) == hop >> 32) {
                if kind == Hop::Vlan {
                    path.vlans.push(u16::try_from(id).unwrap_or_default());
                } else {
                    kind.write(id, &mut path.tunnel);
                }
            }
        }
        path
    }
}

/// Every path met so far.
#[derive(Debug)]
pub struct Paths {
    list: Vec<Path>,
    /// What each was made of.
    routes: Vec<Route>,
    index: HashMap<Route, PathId, foldhash::fast::RandomState>,
    last: (Route, PathId),
    limit: u32,
    overflow: Option<PathId>,
}

impl Paths {
    /// None but the plain one, and at most so many.
    pub fn new(limit: u32) -> Self {
        Self {
            list: vec![Path::default()],
            routes: vec![Route::default()],
            index: HashMap::default(),
            last: (Route::default(), PathId(0)),
            limit,
            overflow: None,
        }
    }

    /// The path behind an identifier; the plain one for an identifier from elsewhere.
    pub fn get(&self, id: PathId) -> &Path {
        static PLAIN: Path = Path { vlans: Vec::new(), tunnel: String::new() };
        usize::try_from(id.0).ok().and_then(|at| self.list.get(at)).unwrap_or(&PLAIN)
    }

    /// What tells each path from the others, by identifier; the same in every decoder.
    pub fn marks(&self) -> Vec<Vec<u64>> {
        self.marks_from(0)
    }

    /// The same of those from an identifier on.
    pub fn marks_from(&self, first: usize) -> Vec<Vec<u64>> {
        let new = self.routes.iter().skip(first);
        new.map(|route| route.hops().to_vec()).collect()
    }

    /// The same of one.
    pub fn mark(&self, id: PathId) -> Option<&[u64]> {
        self.routes.get(id.0 as usize).map(Route::hops)
    }

    /// Those that had these marks, of which there may be so many; `None` where these are none.
    pub fn of_marks(limit: u32, marks: &[Vec<u64>]) -> Option<Self> {
        let mut paths = Self::new(limit);
        for (at, mark) in marks.iter().enumerate().skip(1) {
            let id = PathId(u32::try_from(at).ok()?);
            if mark.is_empty() && id.0 == limit {
                // What is beyond the limit has no mark of its own.
                paths.intern(&Route::default());
            } else if mark.is_empty() || paths.marked(mark)? != id {
                return None;
            }
        }
        (paths.list.len() == marks.len().max(1)).then_some(paths)
    }

    /// The path with this mark, which is made where it is not known; `None` for what is no mark.
    pub fn marked(&mut self, mark: &[u64]) -> Option<PathId> {
        let mut route = Route::default();
        route.hops.get_mut(..mark.len())?.copy_from_slice(mark);
        route.length = u8::try_from(mark.len()).ok()?;
        Some(self.id(&route))
    }

    /// All of them, by their numbers.
    pub fn all(&self) -> Vec<Path> {
        self.list.clone()
    }

    /// How many paths there are; identifiers run from 0.
    #[allow(clippy::len_without_is_empty, reason = "the plain path is always there")]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The shared path of everything beyond the limit.
    pub fn overflow(&self) -> Option<PathId> {
        self.overflow
    }

    #[inline]
    pub(super) fn id(&mut self, route: &Route) -> PathId {
        if route.length == 0 {
            PathId(0)
        } else if self.last.0 == *route {
            self.last.1
        } else {
            self.find(route)
        }
    }

    fn find(&mut self, route: &Route) -> PathId {
        let id = match self.index.get(route) {
            Some(&id) => id,
            None => self.intern(route),
        };
        self.last = (*route, id);
        id
    }

    fn intern(&mut self, route: &Route) -> PathId {
        let next = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        if let Some(id) = self.overflow {
            return id;
        }
        let id = PathId(next);
        if next >= self.limit {
            self.list.push(Path { vlans: Vec::new(), tunnel: "(other)".to_owned() });
            self.routes.push(Route::default());
            self.overflow = Some(id);
            return id;
        }
        self.list.push(Path::of(route));
        self.routes.push(*route);
        self.index.insert(*route, id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::{Hop, PathId, Paths, Route};

    fn route(hops: &[(Hop, u32)]) -> Route {
        let mut route = Route::default();
        for &(hop, id) in hops {
            assert!(route.push(hop, id));
        }
        route
    }

    #[test]
    fn text_and_identity() {
        let mut paths = Paths::new(10);
        assert_eq!(paths.id(&Route::default()), PathId(0));
        let a = route(&[(Hop::Vlan, 7), (Hop::Gre, 0), (Hop::Vxlan, 42), (Hop::Vlan, 9)]);
        let id = paths.id(&a);
        assert_eq!(paths.id(&a), id);
        assert_eq!(paths.get(id).vlans, [7, 9]);
        assert_eq!(paths.get(id).tunnel, "gre/vxlan:42");
        let b = paths.id(&route(&[(Hop::Gtp, 0x1a2b)]));
        assert_ne!(b, id);
        assert_eq!(paths.get(b).tunnel, "gtp:0x1a2b");
        assert_eq!(paths.id(&a), id);
    }

    #[test]
    fn bounded() {
        let mut paths = Paths::new(3);
        let ids: Vec<_> = (1..9).map(|id| paths.id(&route(&[(Hop::Vlan, id)]))).collect();
        assert_eq!(ids[..3], [PathId(1), PathId(2), PathId(3)]);
        assert!(ids[2..].iter().all(|&id| Some(id) == paths.overflow()));
        assert_eq!(paths.len(), 4);
        assert_eq!(paths.id(&route(&[(Hop::Vlan, 1)])), PathId(1));
    }

    #[test]
    fn priority_tags_leave_no_trace() {
        let mut route = Route::default();
        assert!(route.vlan(0));
        assert_eq!(Paths::new(9).id(&route), PathId(0));
        for _ in 1..8 {
            assert!(route.vlan(5));
        }
        assert!(!route.vlan(5));
    }
}
