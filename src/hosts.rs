//! Names of addresses: what the user, DNS answers and name resolution blocks call them.
//!
//! Names are words for people. No fact and no verdict rests on one: anybody may send them.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// Rows of names that one source of them may give: about 33 MB where all are as long as can be.
pub const MOST: usize = 65_536;
/// Names that it may give one address.
pub const MOST_OF_ADDRESS: usize = 64;
/// Rows of names of a part of a capture.
pub const MOST_OF_PART: usize = 1 << 20;
/// Bytes of a name at most (RFC 1035 section 2.3.4).
pub const LONGEST: usize = 253;
/// The issue that counts what was left out.
pub const LIMIT: &str = "name_limit";

/// Where a name comes from, most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The user said it.
    Hosts,
    /// A DNS answer.
    Dns,
    /// A name resolution block of a pcapng file.
    Block,
}

/// Where a name was met first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Who was told, where it was one host.
    pub client: Option<IpAddr>,
    /// Nanoseconds since the epoch.
    pub time: Option<i64>,
    /// Number of the packet over the whole capture.
    pub packet: Option<u64>,
}

/// One name of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The address.
    pub address: IpAddr,
    /// The name: letters, digits, hyphens, underscores and dots, unless the user said it.
    pub name: Arc<str>,
    /// Where it comes from.
    pub origin: Origin,
    /// Where it was met first.
    pub seen: Seen,
    /// How often it was met.
    pub count: u64,
}

/// A name of an address, by which its rows are found.
#[derive(Clone)]
struct Known {
    name: Arc<str>,
    /// The first of them.
    row: usize,
}

/// Names of one origin, in the order in which they were met first; no more of them than are
/// allowed, whatever comes.
#[derive(Clone)]
pub struct Hosts {
    origin: Origin,
    most: usize,
    most_of_address: usize,
    rows: Vec<Host>,
    known: HashMap<IpAddr, Vec<Known>>,
    /// Rows by the first of their name, and client.
    told: HashMap<(usize, Option<IpAddr>), usize>,
}

impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.rows).finish()
    }
}

impl Default for Hosts {
    fn default() -> Self {
        Self::new(Origin::Hosts, MOST)
    }
}

impl Hosts {
    /// At most so many rows.
    pub fn new(origin: Origin, most: usize) -> Self {
        let (known, told) = (HashMap::new(), HashMap::new());
        let most_of_address = if most > MOST { usize::MAX } else { MOST_OF_ADDRESS };
        Self { origin, most, most_of_address, rows: Vec::new(), known, told }
    }

    /// Those of a part of a capture: all of them, so that who has all parts can choose.
    pub fn of_a_part(origin: Origin) -> Self {
        Self::new(origin, 2 * MOST_OF_PART)
    }

    /// Whether there may be names of the part that are not in it.
    pub fn is_cut(&self) -> bool {
        self.rows.len() >= self.most / 2
    }

    /// Adds a row of another one; false where there is no room for it.
    pub fn add_row(&mut self, row: &Host) -> bool {
        let place = self.place(row.address, &row.name, row.seen);
        place.and_then(|at| self.rows.get_mut(at)).is_some_and(|own| {
            own.count = own.count.saturating_add(row.count);
            true
        })
    }

    /// Adds a name; false where there is no room for another one. Who else is told a name that is
    /// known has a row of his own while half of all are free, and is counted at the first then.
    pub fn add(&mut self, address: IpAddr, name: &str, seen: Seen) -> bool {
        self.place(address.to_canonical(), name, seen).is_some_and(|place| {
            let row = self.rows.get_mut(place);
            row.map(|row| row.count = row.count.saturating_add(1)).is_some()
        })
    }

    /// Finds the row of a name, or makes one that counts nothing yet.
    fn place(&mut self, address: IpAddr, name: &str, seen: Seen) -> Option<usize> {
        let (next, room) = (self.rows.len(), self.most);
        let names = self.known.get(&address).map_or(&[][..], Vec::as_slice);
        let (name, first) = match names.iter().find(|known| *known.name == *name) {
            Some(known) => {
                if let Some(&place) = self.told.get(&(known.row, seen.client)) {
                    return Some(place);
                }
                if next >= room / 2 {
                    return Some(known.row);
                }
                (Arc::clone(&known.name), known.row)
            }
            None if next >= room || names.len() >= self.most_of_address => return None,
            None => {
                let name: Arc<str> = Arc::from(name);
                let known = Known { name: Arc::clone(&name), row: next };
                self.known.entry(address).or_default().push(known);
                (name, next)
            }
        };
        self.rows.push(Host { address, name, origin: self.origin, seen, count: 0 });
        self.told.insert((first, seen.client), next);
        Some(next)
    }

    /// Names as they were, of which there may be `most`.
    pub fn of(origin: Origin, most: usize, rows: impl IntoIterator<Item = Host>) -> Self {
        let mut hosts = Self::new(origin, most);
        for Host { address, name, seen, count, .. } in rows {
            if let Some(at) = hosts.place(address, &name, seen)
                && let Some(row) = hosts.rows.get_mut(at)
            {
                row.count = row.count.saturating_add(count);
            }
        }
        hosts
    }

    /// Where all of them come from, and how many rows there may be.
    pub fn bounds(&self) -> (Origin, usize) {
        (self.origin, self.most)
    }

    /// Adds the names of another, as often as they were met.
    pub fn absorb(&mut self, other: &Self) {
        for row in &other.rows {
            self.add_row(row);
        }
    }

    /// The names.
    pub fn rows(&self) -> &[Host] {
        &self.rows
    }
}

/// Whether bytes are a host name that can be shown as they are.
pub fn is_host_name(octets: &[u8]) -> bool {
    octets.split(|&b| b == b'.').all(is_label) && octets.len() <= LONGEST && !is_address(octets)
}

/// Whether a name looks like an address, and would be taken for another host's.
pub fn is_address(name: &[u8]) -> bool {
    name.iter().all(|b| b.is_ascii_digit() || *b == b'.')
}

/// Whether bytes are one label of such a name.
pub fn is_label(label: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    (1..=63).contains(&label.len()) && label.iter().all(fits) && label.first() != Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn a_name_is_kept_once_for_each_client_and_counted() {
        let mut hosts = Hosts::new(Origin::Dns, MOST);
        let told = |client| Seen { client: Some(ip(client)), time: Some(7), packet: Some(1) };
        for client in [1, 1, 2] {
            assert!(hosts.add(ip(9), "a.example", told(client)));
        }
        let counts: Vec<_> = hosts.rows().iter().map(|row| (row.seen.client, row.count)).collect();
        assert_eq!(counts, [(Some(ip(1)), 2), (Some(ip(2)), 1)]);
    }

    #[test]
    fn what_is_beyond_the_limits_is_left_out_and_the_rest_stays() {
        let mut hosts = Hosts::new(Origin::Block, 100);
        let kept = |hosts: &mut Hosts, n: u8, name: &str| hosts.add(ip(n), name, Seen::default());
        let of_one = (0..200).filter(|n| kept(&mut hosts, 1, &format!("n{n}"))).count();
        assert_eq!(of_one, MOST_OF_ADDRESS);
        let of_others = (2..200).filter(|&n| kept(&mut hosts, n, "a")).count();
        assert_eq!(of_others, 100 - MOST_OF_ADDRESS);
        assert_eq!(hosts.rows().len(), 100);
        // What is known is counted still.
        assert!(kept(&mut hosts, 1, "n0"));
        assert_eq!(hosts.rows().first().map(|row| row.count), Some(2));
    }

    #[test]
    fn clients_of_one_name_leave_room_for_other_names() {
        let mut hosts = Hosts::new(Origin::Dns, 20);
        for client in 0..50 {
            assert!(hosts.add(ip(1), "a", Seen { client: Some(ip(client)), ..Seen::default() }));
        }
        // The first has counted those that had no room.
        let counts: Vec<_> = hosts.rows().iter().map(|row| row.count).collect();
        assert_eq!(counts, [41, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
        for n in 2..12 {
            assert!(hosts.add(ip(n), "b", Seen::default()));
        }
        assert!(!hosts.add(ip(12), "b", Seen::default()));
        assert_eq!(hosts.rows().len(), 20);
    }

    #[test]
    fn an_ipv4_address_in_ipv6_is_the_ipv4_address() {
        let mut hosts = Hosts::new(Origin::Dns, 1);
        assert!(hosts.add("::ffff:192.0.2.1".parse().unwrap(), "a", Seen::default()));
        assert_eq!(hosts.rows().first().map(|row| row.address), Some(ip(1)));
    }

    #[test]
    fn only_what_can_be_shown_is_a_host_name() {
        let long = "a.".repeat(127);
        for name in ["a", "a-b_c.example", "_dmarc.x", "xn--bcher-kva.example", &long[..253]] {
            assert!(is_host_name(name.as_bytes()), "{name}");
        }
        let label = "a".repeat(64);
        for name in ["", ".", "a..b", "a.", "-a", "a b", "<b>", "10.0.0.1", "é", "a\0", &label] {
            assert!(!is_host_name(name.as_bytes()), "{name}");
        }
        assert!(!is_host_name("ab.".repeat(85).trim_end_matches('.').as_bytes()));
    }
}
