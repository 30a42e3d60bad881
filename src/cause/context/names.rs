//! What became of the connections of a service by the name that their clients asked for.

use super::Map;
use crate::conn::{Connection, Ending, Side};

/// Names remembered of each service.
const MAX_NAMES: usize = 256;
/// Nanoseconds after the name in which a filter acts.
const ACTS: i64 = 5_000_000_000;
/// Payload of a server beyond which it said more than an alert.
const ANSWER: u64 = 64;

/// What became of connections with one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// Ended or left in silence right after the name, without an octet of the server.
    pub cut: u32,
    /// Answered.
    pub answered: u32,
}

/// The names of one service.
#[derive(Clone, Debug, Default)]
pub struct Names {
    fates: Map<u64, Fate>,
    answered: Fate,
}

impl Names {
    /// Adds what became of one; false when there are enough.
    pub fn add(&mut self, name: u64, cut: bool) -> bool {
        if self.fates.len() >= MAX_NAMES && !self.fates.contains_key(&name) {
            return false;
        }
        let one = Fate { cut: u32::from(cut), answered: u32::from(!cut) };
        self.put(name, one);
        true
    }

    fn put(&mut self, name: u64, more: Fate) {
        let fate = self.fates.entry(name).or_default();
        for fate in [fate, &mut self.answered] {
            fate.cut = fate.cut.saturating_add(more.cut);
            fate.answered = fate.answered.saturating_add(more.answered);
        }
    }

    /// Adds those of another; how many there was no room for.
    pub fn merge(&mut self, other: &Self) -> u64 {
        let mut fates: Vec<_> = other.fates.iter().collect();
        fates.sort_unstable_by_key(|(name, _)| **name);
        let mut forgotten = 0;
        for (&name, &fate) in fates {
            if self.fates.len() >= MAX_NAMES && !self.fates.contains_key(&name) {
                forgotten += u64::from(fate.cut) + u64::from(fate.answered);
            } else {
                self.put(name, fate);
            }
        }
        forgotten
    }

    /// What became of one name.
    pub fn of(&self, name: u64) -> Fate {
        self.fates.get(&name).copied().unwrap_or_default()
    }

    /// How many connections with other names were answered.
    pub fn answered_beside(&self, name: u64) -> u32 {
        self.answered.answered.saturating_sub(self.of(name).answered)
    }
}

/// The name that a connection's client asked for, as a number.
pub fn name(c: &Connection) -> Option<u64> {
    let name = c.extra()?.server_name.as_deref()?;
    let octets = name.bytes().map(|octet| octet.to_ascii_lowercase());
    // FNV-1a: the same wherever it is reckoned.
    let hash = |hash: u64, octet: u8| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
    Some(octets.fold(0xcbf2_9ce4_8422_2325, hash))
}

/// Whether a connection with a name was cut right after it, or answered; neither is `None`.
pub fn fate(c: &Connection) -> Option<bool> {
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
