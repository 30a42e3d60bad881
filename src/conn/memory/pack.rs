//! Connections that nothing comes for, in a fraction of the memory and nothing lost.
//!
//! A connection is a list of words, most of them zero: facts that most connections do not have
//! are zero by their coding, times count from the connection's first packet and sequence numbers
//! from their side's first; parts that a connection does not have at all are left out. Words go in
//! groups of eight: three bytes that tell how long each is, and those of their bytes that are not
//! leading zeros.

mod arena;
mod octets;
mod rare;
pub(super) mod segments;

use crate::conn::primitives::coder::Coder;
pub(in crate::conn) use arena::Arena;
use octets::{Reader, Writer};
pub(in crate::conn) use octets::{SLACK, refer, reference};
pub(in crate::conn) use rare::Rare;
use segments::{Trail, segment};

use crate::conn::facts::connection::{self, Connection};
use crate::conn::facts::teardown::Teardown;
use crate::conn::follow::recent::{Entry, Pool, Recent, Seen};

/// Rows of FINs and RSTs up to which a connection is worth the way there and back.
pub(in crate::conn) const MOST_TEARDOWNS: usize = 16;

/// Packs connections; keeps the room that takes.
#[derive(Clone, Debug, Default)]
pub(in crate::conn) struct Packer {
    octets: Vec<u8>,
}

impl Packer {
    /// The packed form of a connection and of its latest segments. What is rare is taken out of
    /// it beforehand; `rare` leads to it.
    pub(crate) fn pack(
        &mut self,
        connection: &mut Connection,
        segments: Option<Seen<'_>>,
        rare: Option<u32>,
    ) -> &[u8] {
        let mut writer = Writer::new(&mut self.octets, 0, rare);
        writer.word(connection.teardowns.len() as u64);
        connection.code(&mut writer);
        let mut length = writer.finish();
        if let Some(segments) = segments {
            let mut writer = Writer::new(&mut self.octets, length, None);
            writer.word(segments.len());
            let mut trail = Trail::of(connection);
            for (mut mark, mut entry) in segments.all() {
                segment(&mut mark, &mut entry, &mut trail, &mut writer);
            }
            length = writer.finish();
        }
        self.octets.get(..length).unwrap_or_default()
    }
}

/// The number of a packed form's connection, and that of its first packet.
pub(in crate::conn) fn numbers(form: &[u8]) -> (u64, u64) {
    let (mut reader, _) = Reader::new(form);
    let _teardowns = reader.word(0);
    let [id, first] = connection::numbers([0; 2], &mut reader);
    (id, first)
}

/// Makes the connection of a packed form again, in place of another; its latest segments go to the pool
/// where one is given. Gives what leads to its rare facts, which must still be put back. [`SLACK`]
/// bytes must follow the packed form.
pub(in crate::conn) fn unpack(
    form: &[u8],
    connection: &mut Connection,
    segments: Option<(&mut Pool, &mut Recent)>,
) -> Option<u32> {
    let mut teardowns = std::mem::take(&mut connection.teardowns);
    teardowns.clear();
    *connection = Connection { teardowns, ..Connection::default() };
    unpack_blank(form, connection, segments)
}

/// The same in place of one of which nothing is known.
pub(in crate::conn) fn unpack_blank(
    form: &[u8],
    connection: &mut Connection,
    segments: Option<(&mut Pool, &mut Recent)>,
) -> Option<u32> {
    let (mut reader, rare) = Reader::new(form);
    let teardowns = usize::try_from(reader.word(0)).unwrap_or(0);
    connection.teardowns.reserve_exact(teardowns);
    connection.teardowns.resize_with(teardowns, Teardown::default);
    connection.code(&mut reader);
    if let Some((pool, recent)) = segments {
        let (mut reader, _) = Reader::new(reader.rest());
        let mut trail = Trail::of(connection);
        for _ in 0..reader.word(0) {
            let (mut mark, mut entry) = (0, Entry::default());
            segment(&mut mark, &mut entry, &mut trail, &mut reader);
            pool.push(recent, mark, &entry);
        }
    }
    rare
}
