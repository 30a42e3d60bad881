//! Connections that are followed, from one reading to the next.

use super::Store;
use crate::conn::memory::limits::Last;
use crate::conn::memory::stored::{Followed, store_followed};

impl Store {
    /// The places of all that are followed, in order of connection.
    pub(crate) fn places(&self) -> Vec<u32> {
        let followed = |&number: &u32| self.slot(number).is_some_and(|slot| slot.followed);
        let mut places: Vec<u32> = (0..self.slots.len()).filter(followed).collect();
        places.sort_unstable_by_key(|&number| self.slot(number).map(|slot| slot.id));
        places
    }

    /// Takes a connection out with everything that is needed to go on with it, and appends it to
    /// `octets`; its first packet.
    pub(crate) fn carry_out(&mut self, number: u32, octets: &mut Vec<u8>) -> Option<u64> {
        self.unpack_if_packed(number);
        let Last { at, .. } = self.last(number)?;
        let unpacked = self.unpacked_at(number)?;
        let first = unpacked.connection.first_packet;
        store_followed(&unpacked.connection, at, self.pool.of(&unpacked.recent), octets);
        self.remove(number)?;
        Some(first)
    }

    /// Goes on with a connection, unpacked; `next` is another one of its addresses and ports. Gives
    /// its place.
    pub(crate) fn carry_in(&mut self, followed: Followed, hash: u32, next: u32) -> Option<u32> {
        let Followed { connection, heard, segments } = followed;
        let number = self.insert(connection.id, hash, next)?;
        self.slot_mut(number)?.seen = heard;
        let at = self.slot(number)?.at;
        let unpacked = self.unpacked.get_mut(at.checked_sub(super::UNPACKED)?)?;
        for (signature, entry) in &segments {
            self.pool.push(&mut unpacked.recent, *signature, entry);
        }
        unpacked.connection = connection;
        Some(number)
    }
}
