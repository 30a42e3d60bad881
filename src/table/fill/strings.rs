//! Texts one behind the other, as Arrow has them, while they are added.

use arrow_array::StringArray;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow_schema::ArrowError;

use super::values::Bits;
use super::zeros::zeros;

/// Texts, some of them missing.
pub(crate) struct Strings {
    octets: Vec<u8>,
    /// Where each ends, after a first 0; empty as long as all are missing.
    ends: Vec<i32>,
    present: Bits,
    /// Those before the first that is not.
    missing: usize,
    /// Texts, and bytes of one of them, for which there is room at first.
    room: (usize, usize),
}

impl Strings {
    /// None yet; at the first there will be room for so many, each of so many bytes.
    pub(crate) fn new(texts: usize, octets: usize) -> Self {
        let (ends, present) = (Vec::new(), Bits::default());
        Self { octets: Vec::new(), ends, present, missing: 0, room: (texts, octets) }
    }

    /// Adds a text.
    pub(crate) fn push(&mut self, text: &str) {
        self.write(|octets| octets.extend_from_slice(text.as_bytes()));
    }

    /// Adds what is written: whole characters in UTF-8, behind what is there.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.ends.is_empty() {
            let (texts, each) = self.room;
            let texts = texts.max(self.missing + 1);
            self.octets.reserve_exact((texts - self.missing) * each);
            self.ends.reserve_exact(texts + 1);
            self.ends.resize(self.missing + 1, 0);
            self.present = Bits::unset(self.missing, texts);
        }
        write(&mut self.octets);
        self.end(true);
    }

    /// Adds one that is missing.
    #[inline]
    pub(crate) fn push_missing(&mut self) {
        if self.ends.is_empty() {
            self.missing += 1;
        } else {
            self.end(false);
        }
    }

    fn end(&mut self, present: bool) {
        // What Arrow cannot address is an error when the column is finished.
        self.ends.push(i32::try_from(self.octets.len()).unwrap_or(i32::MAX));
        self.present.push(present);
    }

    /// The column.
    pub(crate) fn finish(self) -> Result<StringArray, ArrowError> {
        if self.ends.is_empty() {
            let nulls = (self.missing > 0).then(|| NullBuffer::new_null(self.missing));
            let offsets = OffsetBuffer::new(zeros(self.missing + 1));
            return StringArray::try_new(offsets, Buffer::from_vec(self.octets), nulls);
        }
        let offsets = OffsetBuffer::new(self.ends.into());
        StringArray::try_new(offsets, Buffer::from_vec(self.octets), self.present.into_nulls())
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;

    use super::Strings;

    #[test]
    fn texts_may_begin_late_or_never() {
        let texts = [None, None, Some("a"), None, Some(""), Some("bäc")];
        for from in 0..=texts.len() {
            for to in from..=texts.len() {
                let mut strings = Strings::new(1, 1);
                for text in &texts[from..to] {
                    match text {
                        Some(text) => strings.push(text),
                        None => strings.push_missing(),
                    }
                }
                let column = strings.finish().unwrap();
                column.to_data().validate_full().unwrap();
                assert!(column.iter().eq(texts[from..to].iter().copied()), "{from}..{to}");
            }
        }
    }

    #[test]
    fn what_is_no_text_is_an_error() {
        let mut strings = Strings::new(2, 1);
        strings.push("a");
        strings.write(|octets| octets.push(0xff));
        assert!(strings.finish().is_err());
    }
}
