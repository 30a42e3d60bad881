//! Rows as bytes that outlive the process: the fields of a packed connection as numbers of seven
//! bits a byte, and what is rare behind them. Of a connection that is still followed its latest
//! segments come with it.
//!
//! What is read may be anything: nothing of it is believed, and memory is asked for only as bytes
//! come. Numbers that make no sense give a row that makes none.

use crate::conn::compat::zeek::history::More;
use crate::conn::facts::connection::Connection;
use crate::conn::facts::reset::Reason;
use crate::conn::facts::teardown::Teardown;
use crate::conn::follow::payload::netscaler_name;
use crate::conn::follow::recent::{Entry, LENGTH, Seen};
use crate::conn::memory::pack::segments::{self, Trail};
use crate::conn::primitives::coder::Coder;
use crate::conn::primitives::plain::Plain;
use crate::conn::primitives::ranges::{MAX_RANGES, Ranges};
use crate::conn::primitives::words::BySide;
use crate::digest::wire::{get, put};

/// Bytes that a FIN or RST takes at least: it has some dozens of numbers.
const OF_A_ROW: usize = 12;
/// No count is larger, so that all of them can be added up.
const LARGEST: u64 = 1 << 56;

/// Appends a row, which is left as it was.
pub fn store(c: &mut Connection, octets: &mut Vec<u8>) {
    let mut writer = Writer(octets);
    writer.word(c.teardowns.len() as u64);
    all(c, &mut writer);
}

/// Takes a row off the front of some bytes; `None` where they end too early or hold none.
pub fn load(octets: &mut &[u8]) -> Option<Connection> {
    let mut reader = Reader { octets, cut: false };
    let teardowns = usize::try_from(reader.word(0)).ok()?;
    if teardowns > reader.octets.len() / OF_A_ROW {
        return None;
    }
    let mut c = Connection::default();
    c.teardowns.resize_with(teardowns, Teardown::default);
    all(&mut c, &mut reader);
    (!reader.cut && is_sound(&c)).then_some(c)
}

/// Whether what was counted can be added up.
fn is_sound(c: &Connection) -> bool {
    let sides = c.endpoints.iter().all(|side| {
        let counts = [
            side.max_end,
            side.acked,
            side.unanswered,
            side.contiguous,
            side.packets,
            side.bytes,
            side.unique_bytes,
            side.retransmitted_bytes,
            side.largest_end,
            side.unseen_acked,
        ];
        let ranges = [&side.ranges, &side.below].into_iter().flatten();
        counts.iter().all(|&count| count <= LARGEST) && { ranges }.all(|one| one.is_sound(LARGEST))
    });
    let BySide { client, server } = c.bytes_after_first_fin;
    let packets = [c.first_packet, c.last_packet, client, server];
    sides && packets.iter().all(|&count| count <= LARGEST)
}

/// A connection that goes on elsewhere.
#[derive(Debug)]
pub struct Followed {
    /// What is known of it, with room for how it will end.
    pub(in crate::conn) connection: Connection,
    /// When it was last heard of: the time of its latest packet, or the capture's at it if that was
    /// later.
    pub(in crate::conn) heard: i64,
    /// Its latest segments with their signatures, the latest last.
    pub(in crate::conn) segments: Vec<(u32, Entry)>,
}

/// Appends a connection that is followed. Its number is none: who has all of them gives it.
pub(in crate::conn) fn store_followed(
    c: &Connection,
    heard: i64,
    segments: Seen<'_>,
    octets: &mut Vec<u8>,
) {
    store(&mut Connection { id: 0, ..c.clone() }, octets);
    let mut writer = Writer(octets);
    writer.near(&mut { heard }, c.start, i64::MIN);
    writer.word(segments.len());
    let mut trail = Trail::of(c);
    for (mut mark, mut entry) in segments.all() {
        segments::segment(&mut mark, &mut entry, &mut trail, &mut writer);
    }
}

/// Takes a connection that is followed off the front of some bytes; `None` where they end too early
/// or hold none.
pub fn load_followed(octets: &mut &[u8]) -> Option<Followed> {
    let connection = load(octets)?;
    let mut reader = Reader { octets, cut: false };
    let mut heard = 0;
    reader.near(&mut heard, connection.start, i64::MIN);
    let count = usize::try_from(reader.word(0)).ok().filter(|&count| count <= LENGTH)?;
    let mut trail = Trail::of(&connection);
    let segment = |_| {
        let (mut mark, mut entry) = (0, Entry::default());
        segments::segment(&mut mark, &mut entry, &mut trail, &mut reader);
        (mark, entry)
    };
    let segments = (0..count).map(segment).collect();
    (!reader.cut).then_some(Followed { connection, heard, segments })
}

fn all(c: &mut Connection, coder: &mut impl Coder) {
    c.code(coder);
    for endpoint in &mut c.endpoints {
        for ranges in [&mut endpoint.ranges, &mut endpoint.below] {
            if coder.given(|| ranges.is_some()) {
                ranges.get_or_insert_default().code(coder);
            }
        }
    }
    let mut letters = c.zeek.take_letters();
    if coder.given(|| letters.is_some()) {
        let letters: &mut More = letters.get_or_insert_with(|| Box::new([0; size_of::<More>()]));
        for letter in letters {
            coder.plain(letter);
        }
    }
    c.zeek.put_letters(letters);
    for reset in c.teardowns.iter_mut().filter_map(Teardown::reset_mut) {
        if coder.given(|| reset.reason.is_some()) {
            let mut known = reset.reason.take().map(|reason| *reason);
            reason(&mut known, coder);
            reset.reason = known.map(Box::new);
        }
    }
}

impl Ranges {
    fn code(&mut self, coder: &mut impl Coder) {
        coder.plain(&mut self.folded);
        let list = self.list_mut();
        let mut count = list.len() as u64;
        coder.plain(&mut count);
        list.resize(usize::try_from(count).unwrap_or(0).min(MAX_RANGES + 1), (0, 0));
        for (start, end) in list {
            coder.plain(start);
            coder.same(end, *start);
        }
    }
}

fn reason(known: &mut Option<Reason>, coder: &mut impl Coder) {
    let (mut kind, mut code, mut text) = match known.take() {
        None => (4_u8, 0_u16, None),
        Some(Reason::Text(text)) => (0, 0, Some(text)),
        Some(Reason::Diagnostic(code, text)) => (1, code, Some(text)),
        Some(Reason::NetScaler(code, _)) => (2, code, None),
        Some(Reason::Mptcp(code)) => (3, code.into(), None),
    };
    coder.plain(&mut kind);
    coder.plain(&mut code);
    coder.text(&mut text);
    let text = text.unwrap_or_default();
    *known = match kind {
        0 => Some(Reason::Text(text)),
        1 => Some(Reason::Diagnostic(code, text)),
        2 => netscaler_name(code).map(|name| Reason::NetScaler(code, name)),
        3 => u8::try_from(code).ok().map(Reason::Mptcp),
        _ => None,
    };
}

struct Writer<'o>(&'o mut Vec<u8>);

impl Coder for Writer<'_> {
    const READS: bool = false;

    #[inline]
    fn word(&mut self, word: u64) -> u64 {
        put(self.0, word);
        word
    }
}

struct Reader<'r, 'o> {
    octets: &'r mut &'o [u8],
    cut: bool,
}

impl Coder for Reader<'_, '_> {
    const READS: bool = true;

    #[inline]
    fn word(&mut self, _: u64) -> u64 {
        get(self.octets).unwrap_or_else(|| {
            self.cut = true;
            0
        })
    }

    #[inline]
    fn plain<T: Plain>(&mut self, value: &mut T) {
        let word = self.word(0);
        *value = T::from_word(word);
        self.cut |= value.to_word() != word;
    }

    fn text(&mut self, text: &mut Option<Box<str>>) {
        let Some(length) = self.word(0).checked_sub(1) else { return *text = None };
        // Eight bytes a number, of which each takes one at least.
        if usize::try_from(length).map_or(true, |length| length / 8 > self.octets.len()) {
            self.cut = true;
            return;
        }
        let words = (0..length.div_ceil(8)).map(|_| self.word(0).to_le_bytes());
        let octets: Vec<u8> = words.flatten().take(usize::try_from(length).unwrap_or(0)).collect();
        *text = Some(String::from_utf8(octets).unwrap_or_default().into());
    }
}

#[cfg(test)]
mod tests {
    use super::{Ranges, load, store};
    use crate::conn::track::play::play;

    #[test]
    fn a_row_comes_back_as_it_was_and_a_cut_one_does_not() {
        let gaps = "(> P. 1), > P. 1, ".repeat(40);
        let resets = ["text=\"no more of it\"", "win=9300", "mptcp=3"];
        let scripts = resets
            .map(|how| format!("> S, < S., > ., {gaps} < ., > P. 5, < F., > R. {how}, < R. {how}"));
        let mut seen = 0;
        let known = ["> S, < R.", "> S, < S., > ., > F., < F., > .", "> S, < icmp 3/1"];
        let scripts = scripts.iter().map(String::as_str).chain(known);
        for mut c in scripts.flat_map(|script| play(script).unwrap()) {
            let mut octets = Vec::new();
            store(&mut c, &mut octets);
            let mut rest = &octets[..];
            assert_eq!(format!("{:?}", load(&mut rest).unwrap()), format!("{c:?}"));
            assert_eq!(rest, [] as [u8; 0]);
            for cut in 0..octets.len() {
                assert!(load(&mut &octets[..cut]).is_none(), "{cut} of {}", octets.len());
            }
            seen += 1;
        }
        assert_eq!(seen, 6);
    }

    #[test]
    fn ranges_that_cannot_be_are_refused() {
        let row = |forge: &dyn Fn(&mut Ranges)| {
            let gap = "> P. 10, (> P. 10), > P. 10, (> P. 10), > P. 10";
            let mut c = play(&format!("> S, < S., > ., {gap}, < R.")).unwrap().remove(0);
            forge(c.endpoints.client.ranges.as_deref_mut().unwrap());
            let mut octets = Vec::new();
            store(&mut c, &mut octets);
            load(&mut &octets[..])
        };
        assert!(row(&|ranges| assert_eq!(ranges.gaps(), 2)).is_some());
        assert!(row(&|ranges| ranges.folded = u64::MAX).is_none());
        assert!(row(&|ranges| ranges.list_mut().reverse()).is_none());
        assert!(row(&|ranges| ranges.list_mut()[1].0 = 0).is_none());
        assert!(row(&|ranges| ranges.list_mut()[1].1 = u64::MAX).is_none());
        assert!(row(&|ranges| ranges.list_mut()[1].1 = 0).is_none());
    }

    #[test]
    fn what_claims_to_be_long_takes_no_memory() {
        for octet in [0, 1, 127, 128, 255] {
            assert!(
                load(&mut &[&[255, 255, 255, 255, 127][..], &[octet; 999]].concat()[..]).is_none()
            );
            load(&mut &[octet; 4096][..]);
        }
    }
}
