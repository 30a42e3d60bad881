//! Connections that nothing comes for, in a fraction of the memory and nothing lost.
//!
//! A connection is a list of words, most of them zero: facts that most connections do not have
//! are zero by their coding, times count from the connection's first packet and sequence numbers
//! from their side's first; parts that a connection does not have at all are left out. Words go in
//! groups of eight: three octets that tell how long each is, and those of their octets that are not
//! leading zeros.

mod arena;
mod closing;
mod coder;
mod extra;
mod fields;
mod rare;
mod side;

pub(super) use arena::Arena;
pub(super) use coder::{Bits, Coder, Narrow, Plain, coded, sparse};
use coder::{Reader, Writer};
pub(super) use fields::Base;
use fields::Trail;
pub(super) use rare::Rare;

use super::connection::Connection;
use super::recent::{Entry, Pool, Recent, Seen};
use super::teardown::Teardown;

/// Words of a group.
const GROUP: usize = 8;
/// Octets by the three bits that stand for a word.
const LENGTHS: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 8];
const MASKS: [u64; 8] =
    [0, 0xff, 0xffff, 0xff_ffff, 0xffff_ffff, 0xff_ffff_ffff, 0xffff_ffff_ffff, u64::MAX];
/// The bits for a word by how many octets it needs.
const CODES: [u8; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 7];
/// Octets after a form that reading may look at.
pub(super) const SLACK: usize = 8;
/// Rows of FINs and RSTs up to which a connection is worth the way to the compact form and back.
pub(super) const MOST_TEARDOWNS: usize = 16;

/// Turns connections to their compact form and back; keeps the room that takes.
#[derive(Clone, Debug, Default)]
pub(super) struct Packer {
    words: Vec<u64>,
    octets: Vec<u8>,
}

impl Packer {
    /// The compact form of a connection and of its latest segments. What is rare is taken out of
    /// it beforehand; `rare` leads to it.
    pub fn pack(
        &mut self,
        connection: &mut Connection,
        segments: Option<Seen<'_>>,
        rare: Option<u32>,
    ) -> &[u8] {
        self.words.clear();
        let mut writer = Writer(&mut self.words);
        writer.word(connection.teardowns.len() as u64);
        fields::connection(connection, &mut writer);
        let at = self.squeeze(0, rare);
        let length = match segments {
            Some(segments) => {
                self.words.clear();
                let mut writer = Writer(&mut self.words);
                writer.word(segments.len());
                let mut trail = Trail::of(connection);
                for (mut mark, mut entry) in segments.all() {
                    fields::segment(&mut mark, &mut entry, &mut trail, &mut writer);
                }
                self.squeeze(at, None)
            }
            None => at,
        };
        self.octets.get(..length).unwrap_or_default()
    }

    /// Makes the connection of a form again, in place of another; its latest segments go to the
    /// pool where one is given. Gives what leads to its rare facts, which must still be put back.
    /// [`SLACK`] octets must follow the form.
    pub fn unpack(
        &mut self,
        form: &[u8],
        connection: &mut Connection,
        segments: Option<(&mut Pool, &mut Recent)>,
    ) -> Option<u32> {
        let (rare, rest) = self.stretch(form);
        let mut reader = Reader(self.words.iter());
        let teardowns = usize::try_from(reader.word(0)).unwrap_or(0);
        let mut rows = std::mem::take(&mut connection.teardowns);
        rows.clear();
        rows.reserve_exact(teardowns);
        rows.resize_with(teardowns, Teardown::default);
        *connection = Connection { teardowns: rows, ..Connection::blank() };
        fields::connection(connection, &mut reader);
        if let Some((pool, recent)) = segments {
            self.stretch(rest);
            let mut reader = Reader(self.words.iter());
            let mut trail = Trail::of(connection);
            for _ in 0..reader.word(0) {
                let (mut mark, mut entry) = (0, Entry::default());
                fields::segment(&mut mark, &mut entry, &mut trail, &mut reader);
                pool.push(recent, mark, &entry);
            }
        }
        rare
    }

    /// What leads to the rare facts of a form.
    pub fn reference(form: &[u8]) -> Option<u32> {
        let &[head, _, a, b, c, d, ..] = form else { return None };
        (head & 1 == 1).then(|| u32::from_le_bytes([a, b, c, d]))
    }

    /// Changes what leads to the rare facts of a form that has some.
    pub fn refer(form: &mut [u8], rare: u32) {
        if let Some(reference) = form.get_mut(2..6) {
            reference.copy_from_slice(&rare.to_le_bytes());
        }
    }

    /// Words to octets behind those before, and where these end: the number of groups, what leads
    /// to the rare facts, and these groups.
    fn squeeze(&mut self, start: usize, rare: Option<u32>) -> usize {
        self.words.resize(self.words.len().next_multiple_of(GROUP), 0);
        let groups = self.words.len() / GROUP;
        let most = start + 6 + groups * (3 + 8 * GROUP) + SLACK;
        if self.octets.len() < most {
            self.octets.resize(most, 0);
        }
        let octets = &mut self.octets[start..most];
        let head = groups << 1 | usize::from(rare.is_some());
        octets[..2].copy_from_slice(&head.to_le_bytes()[..2]);
        let mut at = 2;
        if let Some(rare) = rare {
            octets[2..6].copy_from_slice(&rare.to_le_bytes());
            at = 6;
        }
        for words in self.words.chunks_exact(GROUP) {
            let bits = at;
            at += 3;
            let mut control = 0_u32;
            for (place, word) in words.iter().enumerate() {
                let code = CODES[8 - word.leading_zeros() as usize / 8];
                control |= u32::from(code) << (3 * place);
                octets[at..at + 8].copy_from_slice(&word.to_le_bytes());
                at += LENGTHS[usize::from(code)];
            }
            octets[bits..bits + 3].copy_from_slice(&control.to_le_bytes()[..3]);
        }
        start + at
    }

    /// Octets to words; what leads to the rare facts, and what follows.
    fn stretch<'f>(&mut self, form: &'f [u8]) -> (Option<u32>, &'f [u8]) {
        let head = u16::from_le_bytes([form[0], form[1]]);
        let groups = usize::from(head >> 1);
        let rare = Self::reference(form);
        let mut at = if rare.is_some() { 6 } else { 2 };
        self.words.clear();
        self.words.reserve(groups * GROUP);
        for _ in 0..groups {
            let mut control = u32::from_le_bytes([form[at], form[at + 1], form[at + 2], 0]);
            at += 3;
            let mut words = [0; GROUP];
            for word in &mut words {
                let code = (control & 7) as usize;
                control >>= 3;
                let mut eight = [0; 8];
                eight.copy_from_slice(&form[at..at + 8]);
                *word = u64::from_le_bytes(eight) & MASKS[code];
                at += LENGTHS[code];
            }
            self.words.extend_from_slice(&words);
        }
        (rare, &form[at..])
    }
}
