//! What became of the connections of a service by the name that their clients asked for.

use super::Map;
use super::saved::{few, map};
use crate::base::numbers::numbers;
use crate::conn::{Connection, Ending, Side};
use crate::digest::wire::{Bad, Coder};

numbers! {
    /// Names remembered of each service.
    bound MAX_NAMES: usize = 256;
    /// A filter acts so soon after the name.
    window ACTS: i64 = 5_000_000_000;
    /// Payload of a server beyond which it said more than an alert.
    size ANSWER: u64 = 64;
    /// The last label of a name with its dot is that of a country up to this length.
    size COUNTRY: usize = 3;
    /// And the one before it, up to this length, is as public: `co.uk`.
    size PUBLIC: usize = 4;
}

/// What became of connections with one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Ended or left in silence right after the name, without a byte of the server.
    pub cut: u32,
    /// Answered.
    pub answered: u32,
}

impl Fate {
    fn put(&mut self, more: Self) {
        self.cut = self.cut.saturating_add(more.cut);
        self.answered = self.answered.saturating_add(more.answered);
    }

    fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        few(coder, &mut self.cut)?;
        few(coder, &mut self.answered)
    }
}

/// A name as a number, and the domain that it lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    whole: u64,
    domain: u64,
}

/// The names of one service.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    fates: Map<u64, Fate>,
    /// Of all names of a domain together: filters list domains.
    domains: Map<u64, Fate>,
    answered: Fate,
}

impl Names {
    /// Adds what became of one; false when there are enough.
    pub(super) fn add(&mut self, name: Name, cut: bool) -> bool {
        if self.fates.len() >= MAX_NAMES && !self.fates.contains_key(&name.whole) {
            return false;
        }
        let one = Fate { cut: u32::from(cut), answered: u32::from(!cut) };
        self.fates.entry(name.whole).or_default().put(one);
        self.domains.entry(name.domain).or_default().put(one);
        self.answered.put(one);
        true
    }

    /// Adds those of another; how many there was no room for.
    pub(super) fn merge(&mut self, other: &Self) -> u64 {
        let mut forgotten = 0;
        for (own, more) in [(&mut self.fates, &other.fates), (&mut self.domains, &other.domains)] {
            let mut all: Vec<_> = more.iter().collect();
            all.sort_unstable_by_key(|(name, _)| **name);
            for (&name, &fate) in all {
                if own.len() >= MAX_NAMES && !own.contains_key(&name) {
                    forgotten += u64::from(fate.cut) + u64::from(fate.answered);
                } else {
                    own.entry(name).or_default().put(fate);
                }
            }
        }
        self.answered.put(other.answered);
        forgotten
    }

    /// As bytes.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let Self { fates, domains, answered } = self;
        for all in [&mut *fates, &mut *domains] {
            map(coder, all, Coder::number, |coder, fate| fate.code(coder))?;
        }
        answered.code(coder)?;
        let most = fates.len().max(domains.len());
        if most <= MAX_NAMES { Ok(()) } else { Err(Bad("too many names")) }
    }

    /// What became of one name, or of all of its domain where that was never answered either; and
    /// how many connections with other names were answered.
    pub(super) fn of(&self, name: Name) -> (Fate, u32) {
        let known = |fates: &Map<u64, Fate>, key| fates.get(&key).copied().unwrap_or_default();
        let (own, domain) = (known(&self.fates, name.whole), known(&self.domains, name.domain));
        let fate = if domain.answered == 0 { domain } else { own };
        (fate, self.answered.answered.saturating_sub(fate.answered))
    }
}

/// The name that a connection's client asked for.
pub(super) fn name(c: &Connection) -> Option<Name> {
    let name = c.extra()?.server_name.as_deref()?;
    Some(Name { whole: number(name), domain: number(domain(name)) })
}

/// A name as a number: FNV-1a, the same wherever it is reckoned.
fn number(name: &str) -> u64 {
    let octets = name.bytes().map(|octet| octet.to_ascii_lowercase());
    let hash = |hash: u64, octet: u8| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
    octets.fold(0xcbf2_9ce4_8422_2325, hash)
}

/// The last two labels of a name, or three where the last two are short like `co.uk`; an address
/// is its own domain.
fn domain(name: &str) -> &str {
    if name.parse::<std::net::IpAddr>().is_ok() {
        return name;
    }
    let mut dots = name.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return name };
    let short = name.len() - last <= COUNTRY && last - second <= PUBLIC;
    let from = if short { dots.next() } else { Some(second) };
    from.and_then(|at| name.get(at + 1..)).unwrap_or(name)
}

/// Whether a connection with a name was cut right after it, or answered; neither is `None`.
pub(crate) fn fate(c: &Connection) -> Option<bool> {
    c.handshake_time.get()?;
    let (client, server) = (c.side(Side::Client), c.side(Side::Server));
    if server.unique_bytes > 0 {
        return (server.unique_bytes > ANSWER).then_some(false);
    }
    let silent = c.ending == Ending::PeerUnresponsive;
    let ended = super::life::began_to_end(c);
    let cut = ended.is_some_and(|(end, side, _)| match side {
        Side::Server => (0..=ACTS).contains(&end.saturating_sub(client.last_data_time)),
        // It waited for an answer and gave up.
        Side::Client => client.longest_run > 2,
    });
    (cut || silent).then_some(true)
}
