//! Numbers and texts as octets: one list of fields serves whoever writes and whoever reads.

/// What is read does not make sense; what about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bad(pub(crate) &'static str);

/// The bytes end too early.
pub(crate) const CUT: Bad = Bad("it ends too early");

/// A signed number as one that is small where it is near zero.
#[inline]
pub(crate) fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

/// The number behind it.
#[inline]
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// There are never as many of anything: all counts of all files can be added up.
pub(crate) const MOST: u64 = 1 << 47;

/// Bytes of a number at most.
const LONGEST: usize = 10;

/// Appends a number, seven bits a byte. Most are small.
#[inline]
pub(crate) fn put(out: &mut Vec<u8>, value: u64) {
    let [low, high, ..] = value.to_le_bytes();
    if value < 1 << 7 {
        out.push(low);
    } else if value < 1 << 14 {
        out.extend_from_slice(&[low | 128, high << 1 | low >> 7]);
    } else {
        put_large(out, value);
    }
}

#[inline(never)]
fn put_large(out: &mut Vec<u8>, mut value: u64) {
    let (mut octets, mut length) = ([0; LONGEST], 0);
    for place in &mut octets {
        let [low, ..] = value.to_le_bytes();
        *place = low | 128;
        length += 1;
        value >>= 7;
        if value == 0 {
            *place = low;
            break;
        }
    }
    out.extend_from_slice(octets.get(..length).unwrap_or_default());
}

/// Takes a number off the front of some bytes; `None`, and nothing is taken, where it does not end.
#[inline]
pub(crate) fn get(octets: &mut &[u8]) -> Option<u64> {
    if let [first @ 0..128, rest @ ..] = *octets {
        *octets = rest;
        return Some((*first).into());
    }
    get_large(octets)
}

#[inline(never)]
fn get_large(octets: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for (at, &octet) in octets.iter().take(LONGEST).enumerate() {
        value |= u64::from(octet & 127) << (7 * at);
        if octet < 128 {
            *octets = octets.get(at + 1..).unwrap_or_default();
            return Some(value);
        }
    }
    None
}

/// Bytes that are read from front to back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor<B> {
    octets: B,
    at: usize,
}

impl<B: AsRef<[u8]>> Cursor<B> {
    /// From the first.
    pub(crate) fn new(octets: B) -> Self {
        Self { octets, at: 0 }
    }

    /// How many were read.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Whether all were read.
    pub(crate) fn is_over(&self) -> bool {
        self.at >= self.octets.as_ref().len()
    }

    /// The next byte.
    #[inline]
    pub(crate) fn octet(&mut self) -> Result<u8, Bad> {
        let octet = *self.octets.as_ref().get(self.at).ok_or(CUT)?;
        self.at += 1;
        Ok(octet)
    }

    /// The next number.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64, Bad> {
        let mut rest = self.octets.as_ref().get(self.at..).unwrap_or_default();
        let before = rest.len();
        let Some(number) = get(&mut rest) else {
            return Err(if before < LONGEST { CUT } else { Bad("a number is too long") });
        };
        self.at += before - rest.len();
        Ok(number)
    }

    /// The next bytes.
    #[inline]
    pub(crate) fn take(&mut self, length: usize) -> Result<&[u8], Bad> {
        let end = self.at.checked_add(length).ok_or(CUT)?;
        let octets = self.octets.as_ref().get(self.at..end).ok_or(CUT)?;
        self.at = end;
        Ok(octets)
    }

    /// The next `N` bytes.
    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Bad> {
        self.take(N)?.first_chunk().copied().ok_or(CUT)
    }
}

/// What has the fields of something pass: it writes each, or reads it.
pub(crate) trait Coder {
    /// Whether it reads.
    const READS: bool;

    /// A number.
    fn number(&mut self, value: &mut u64) -> Result<(), Bad>;

    /// Bytes.
    fn octets(&mut self, octets: &mut Vec<u8>) -> Result<(), Bad>;

    /// A number of any other kind that fits into 64 bits.
    fn plain<T: TryFrom<u64> + Copy>(&mut self, value: &mut T) -> Result<(), Bad>
    where
        u64: TryFrom<T>,
    {
        let mut number = u64::try_from(*value).unwrap_or(u64::MAX);
        self.number(&mut number)?;
        *value = T::try_from(number).map_err(|_| Bad("a number is too large"))?;
        Ok(())
    }

    /// How many there are of something, which others are added to.
    fn count(&mut self, value: &mut u64) -> Result<(), Bad> {
        self.number(value)?;
        if *value < MOST { Ok(()) } else { Err(Bad("a count is too large")) }
    }

    /// A signed number.
    fn signed(&mut self, value: &mut i64) -> Result<(), Bad> {
        let mut number = zigzag(*value);
        self.number(&mut number)?;
        *value = unzigzag(number);
        Ok(())
    }

    /// Yes or no.
    fn flag(&mut self, value: &mut bool) -> Result<(), Bad> {
        let mut number = u8::from(*value);
        self.plain(&mut number)?;
        *value = match number {
            0 => false,
            1 => true,
            _ => return Err(Bad("a yes or no is neither")),
        };
        Ok(())
    }

    /// A text.
    fn text(&mut self, text: &mut String) -> Result<(), Bad> {
        let mut octets = if Self::READS { Vec::new() } else { std::mem::take(text).into_bytes() };
        self.octets(&mut octets)?;
        *text = String::from_utf8(octets).map_err(|_| Bad("a text is not UTF-8"))?;
        Ok(())
    }

    /// One of a few words.
    fn word<T: Copy + PartialEq>(&mut self, value: &mut T, words: &[T]) -> Result<(), Bad> {
        let mut at = words.iter().position(|word| word == value).unwrap_or(words.len());
        self.plain(&mut at)?;
        *value = *words.get(at).ok_or(Bad("a word is not known"))?;
        Ok(())
    }

    /// Something that may be missing.
    fn option<T: Default>(
        &mut self,
        value: &mut Option<T>,
        each: impl FnOnce(&mut Self, &mut T) -> Result<(), Bad>,
    ) -> Result<(), Bad>
    where
        Self: Sized,
    {
        let mut there = value.is_some();
        self.flag(&mut there)?;
        if !there {
            *value = None;
            return Ok(());
        }
        each(self, value.get_or_insert_default())
    }

    /// Any number of things.
    fn list<T: Default>(
        &mut self,
        list: &mut Vec<T>,
        mut each: impl FnMut(&mut Self, &mut T) -> Result<(), Bad>,
    ) -> Result<(), Bad>
    where
        Self: Sized,
    {
        let mut length = list.len();
        self.plain(&mut length)?;
        if Self::READS {
            // One by one: each takes bytes, of which there may be fewer than the length says.
            list.clear();
            for _ in 0..length {
                let mut item = T::default();
                each(self, &mut item)?;
                list.push(item);
            }
            return Ok(());
        }
        list.iter_mut().try_for_each(|item| each(self, item))
    }
}

/// One that writes.
#[derive(Debug, Default)]
pub(crate) struct Out(pub(crate) Vec<u8>);

impl Coder for Out {
    const READS: bool = false;

    fn number(&mut self, value: &mut u64) -> Result<(), Bad> {
        put(&mut self.0, *value);
        Ok(())
    }

    fn octets(&mut self, octets: &mut Vec<u8>) -> Result<(), Bad> {
        put(&mut self.0, octets.len() as u64);
        self.0.extend_from_slice(octets);
        Ok(())
    }
}

impl<B: AsRef<[u8]>> Coder for Cursor<B> {
    const READS: bool = true;

    fn number(&mut self, value: &mut u64) -> Result<(), Bad> {
        *value = Self::number(self)?;
        Ok(())
    }

    fn octets(&mut self, octets: &mut Vec<u8>) -> Result<(), Bad> {
        let length = usize::try_from(Self::number(self)?).map_err(|_| CUT)?;
        *octets = self.take(length)?.to_vec();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_a_cut_or_endless_one_is_told() {
        for value in [0, 1, 127, 128, 300, 1 << 35, u64::MAX - 1, u64::MAX] {
            let mut out = Vec::new();
            put(&mut out, value);
            let mut cursor = Cursor::new(&out);
            assert_eq!(cursor.number(), Ok(value));
            assert!(cursor.is_over());
            for cut in 0..out.len() {
                assert_eq!(Cursor::new(&out[..cut]).number(), Err(CUT));
            }
            let signed = value.cast_signed();
            assert_eq!(unzigzag(zigzag(signed)), signed);
        }
        assert_eq!(Cursor::new([255; 12]).number(), Err(Bad("a number is too long")));
    }

    #[test]
    fn a_list_that_claims_to_be_endless_takes_no_memory() {
        let mut out = Vec::new();
        put(&mut out, u64::MAX);
        let mut list: Vec<u64> = Vec::new();
        assert_eq!(Cursor::new(out).list(&mut list, Coder::number), Err(CUT));
        assert!(list.is_empty());
    }

    #[test]
    fn a_count_that_could_not_be_added_to_others_is_none() {
        for (value, is_one) in [(0, true), (MOST - 1, true), (MOST, false), (u64::MAX, false)] {
            let mut out = Vec::new();
            put(&mut out, value);
            let mut read = 0;
            assert_eq!(Cursor::new(out).count(&mut read).is_ok(), is_one, "{value}");
        }
    }
}
