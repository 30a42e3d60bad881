//! Words as octets: groups of eight, each with three bytes that tell how long the words are.

use crate::conn::primitives::coder::Coder;

/// Words of a group.
const GROUP: usize = 8;
/// Bytes by the three bits that stand for a word.
const LENGTHS: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 8];
const MASKS: [u64; 8] =
    [0, 0xff, 0xffff, 0xff_ffff, 0xffff_ffff, 0xff_ffff_ffff, 0xffff_ffff_ffff, u64::MAX];
/// The bits for a word by how many bytes it needs.
const CODES: [u8; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 7];
/// Bytes that tell the lengths of a group.
const CONTROL: usize = 3;
/// Bytes that writing or reading the words of a group touches: each begins below [`FIRST`].
const WINDOW: usize = FIRST + 8;
const FIRST: usize = 64;
/// Bytes after a packed form that reading may look at.
pub(crate) const SLACK: usize = CONTROL + WINDOW;
/// Bytes that tell how many groups follow, and whether something leads to rare facts.
const HEAD: usize = 2;
/// Bytes of what leads to them.
const REFERENCE: usize = 4;

/// Writes words behind what bytes there are before.
pub(super) struct Writer<'o> {
    octets: &'o mut Vec<u8>,
    start: usize,
    /// Where the next group goes.
    at: usize,
    words: [u64; GROUP],
    /// Words so far.
    count: usize,
    has_rare: bool,
}

impl<'o> Writer<'o> {
    /// One that begins here, with what leads to the rare facts.
    pub(super) fn new(octets: &'o mut Vec<u8>, start: usize, rare: Option<u32>) -> Self {
        let mut at = start + HEAD;
        octets.resize(octets.len().max(at + REFERENCE), 0);
        if let Some(rare) = rare {
            refer(octets.get_mut(start..).unwrap_or_default(), rare);
            at += REFERENCE;
        }
        Self { octets, start, at, words: [0; GROUP], count: 0, has_rare: rare.is_some() }
    }

    #[inline(never)]
    #[expect(clippy::indexing_slicing, reason = "a remainder or a code bounds every index")]
    fn put_group(&mut self) {
        if self.octets.len() < self.at + SLACK {
            self.octets.resize(2 * (self.at + SLACK), 0);
        }
        let place = self.octets.get_mut(self.at..).and_then(<[u8]>::first_chunk_mut::<SLACK>);
        let Some((control, window)) = place.and_then(|octets| octets.split_first_chunk_mut())
        else {
            return;
        };
        let (mut bits, mut end) = (0_u32, 0_usize);
        for (word, shift) in self.words.iter().zip((0..).step_by(3)) {
            let code = CODES[8 - word.leading_zeros() as usize / 8];
            bits |= u32::from(code) << shift;
            if let Some(eight) = window[end % FIRST..].first_chunk_mut() {
                *eight = word.to_le_bytes();
            }
            end += usize::from(LENGTHS[usize::from(code)]);
        }
        let [a, b, c, _] = bits.to_le_bytes();
        *control = [a, b, c];
        self.at += CONTROL + end;
    }

    /// Where the last word ends.
    pub(super) fn finish(mut self) -> usize {
        let over = self.count % GROUP;
        if over > 0 {
            self.words.iter_mut().skip(over).for_each(|word| *word = 0);
            self.put_group();
        }
        let groups = u16::try_from(self.count.div_ceil(GROUP)).unwrap_or(0);
        let head = groups << 1 | u16::from(self.has_rare);
        let place = self.octets.get_mut(self.start..).and_then(<[u8]>::first_chunk_mut);
        if let Some(place) = place {
            *place = head.to_le_bytes();
        }
        self.at
    }
}

impl Coder for Writer<'_> {
    const READS: bool = false;

    #[inline]
    fn word(&mut self, word: u64) -> u64 {
        if let Some(place) = self.words.get_mut(self.count % GROUP) {
            *place = word;
        }
        self.count += 1;
        if self.count.is_multiple_of(GROUP) {
            self.put_group();
        }
        word
    }
}

/// Reads words; behind the last there are zeros. [`SLACK`] bytes must follow them.
pub(super) struct Reader<'o> {
    octets: &'o [u8],
    groups: u16,
    words: [u64; GROUP],
    /// Words so far.
    count: usize,
}

impl<'o> Reader<'o> {
    /// One that begins here, and what leads to the rare facts.
    pub(super) fn new(octets: &'o [u8]) -> (Self, Option<u32>) {
        let head = octets.first_chunk().map_or(0, |head| u16::from_le_bytes(*head));
        let rare = reference(octets);
        let first = if rare.is_some() { HEAD + REFERENCE } else { HEAD };
        let octets = octets.get(first..).unwrap_or_default();
        (Self { octets, groups: head >> 1, words: [0; GROUP], count: 0 }, rare)
    }

    #[inline(never)]
    #[expect(clippy::indexing_slicing, reason = "a remainder or a code bounds every index")]
    fn take_group(&mut self) {
        self.words = [0; GROUP];
        let Some(groups) = self.groups.checked_sub(1) else { return };
        self.groups = groups;
        let place = self.octets.first_chunk::<SLACK>();
        let Some((&[a, b, c], window)) = place.and_then(|octets| octets.split_first_chunk()) else {
            return;
        };
        let (mut bits, mut end) = (u32::from_le_bytes([a, b, c, 0]), 0_usize);
        if bits == 0 {
            // Zeros, as in many a group.
            self.octets = self.octets.get(CONTROL..).unwrap_or_default();
            return;
        }
        for word in &mut self.words {
            let code = (bits & 7) as usize;
            bits >>= 3;
            let eight =
                window[end % FIRST..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
            *word = eight & MASKS[code];
            end += usize::from(LENGTHS[code]);
        }
        self.octets = self.octets.get(CONTROL + end..).unwrap_or_default();
    }

    /// What follows, once every word was read.
    pub(super) fn rest(self) -> &'o [u8] {
        self.octets
    }
}

impl Coder for Reader<'_> {
    const READS: bool = true;

    #[inline]
    fn word(&mut self, _: u64) -> u64 {
        let at = self.count % GROUP;
        if at == 0 {
            self.take_group();
        }
        self.count += 1;
        self.words.get(at).copied().unwrap_or(0)
    }
}

/// What leads to the rare facts of the packed form that begins here.
pub(crate) fn reference(form: &[u8]) -> Option<u32> {
    let &[head, _, a, b, c, d, ..] = form else { return None };
    (head & 1 == 1).then(|| u32::from_le_bytes([a, b, c, d]))
}

/// Changes it where there is something.
pub(crate) fn refer(form: &mut [u8], rare: u32) {
    if let Some(reference) = form.get_mut(HEAD..HEAD + REFERENCE) {
        reference.copy_from_slice(&rare.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Reader, Writer};
    use crate::conn::memory::pack::SLACK;
    use crate::conn::primitives::coder::Coder;
    use crate::conn::primitives::optional::{Moment, Number};
    use crate::conn::primitives::plain::coded;
    use crate::packet::Seq;

    coded! {
        #[derive(Clone, Copy, Debug, PartialEq)]
        enum Letter {
            A,
            B,
            C,
        }
    }

    /// Numbers of all sizes, the extreme ones often.
    fn number() -> impl Strategy<Value = i64> {
        prop_oneof![
            Just(i64::MIN),
            Just(i64::MIN + 1),
            Just(i64::MAX),
            -3_i64..4,
            any::<i64>(),
            any::<i32>().prop_map(i64::from),
        ]
    }

    type All = (i64, Moment, Number, u32, Option<u32>, Seq, (Letter, Option<bool>, u16));

    fn pass(all: &mut All, base: i64, none: i64, coder: &mut impl Coder) {
        let (near, moment, number, same, option, seq, (letter, choice, short)) = all;
        coder.near(near, base, none);
        coder.moment(moment, base);
        coder.number(number, base.cast_unsigned());
        coder.same(same, base.cast_unsigned());
        coder.option(option);
        coder.seq(seq, Seq(7));
        coder.bits(|bits| {
            bits.plain(letter, 2);
            bits.option(choice, 2);
            bits.plain(short, 16);
        });
    }

    proptest! {
        #[test]
        fn fields_come_back(
            (near, moment, raw) in (number(), number(), number()),
            (base, none) in (number(), number()),
            (same, option, seq) in (any::<u32>(), any::<Option<u32>>(), any::<u32>()),
            (letter, choice, short) in (0_usize..3, any::<Option<bool>>(), any::<u16>()),
        ) {
            let letter = [Letter::A, Letter::B, Letter::C][letter];
            let moment = Moment::from((moment != i64::MIN).then_some(moment));
            let number = Number::from(raw.cast_unsigned());
            let small = (letter, choice, short);
            let mut all: All = (near, moment, number, same, option, Seq(seq), small);
            let mut octets = Vec::new();
            let mut writer = Writer::new(&mut octets, 0, None);
            pass(&mut all, base, none, &mut writer);
            let length = writer.finish();
            octets.truncate(length);
            octets.resize(length + SLACK, 0xff);
            let (mut reader, rare) = Reader::new(&octets);
            prop_assert_eq!(rare, None);
            let blank = (Letter::A, None, 0);
            let mut read = (0, Moment::NONE, Number::NONE, 0, None, Seq(0), blank);
            pass(&mut read, base, none, &mut reader);
            prop_assert_eq!(reader.rest().len(), SLACK);
            prop_assert_eq!(read, all);
        }
    }
}
