//! A column of texts while rows are added.

use arrow_array::StringArray;
use arrow_array::builder::StringBuilder;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};

use super::zeros::zeros;
use crate::table::text::{TEXT_OCTETS, cut};

/// Bytes for which there is room in a row at first.
const USUAL: usize = 16;

/// Texts, some of them missing.
pub struct Lines {
    /// None as long as all are missing.
    builder: Option<StringBuilder>,
    missing: usize,
    rows: usize,
    /// Room for the text of one row.
    line: String,
}

impl Lines {
    pub fn new(rows: usize) -> Self {
        Self { builder: None, missing: 0, rows, line: String::new() }
    }

    /// Adds what is written for each row, or nothing.
    pub fn add<R>(&mut self, rows: &[R], write: impl Fn(&R, &mut String) -> Option<()>) {
        for row in rows {
            self.line.clear();
            match (write(row, &mut self.line), &mut self.builder) {
                (Some(()), _) => {
                    let line = cut(&self.line, TEXT_OCTETS);
                    let (rows, missing) = (self.rows, self.missing);
                    self.builder.get_or_insert_with(|| begin(rows, missing)).append_value(line);
                }
                (None, Some(builder)) => builder.append_null(),
                (None, None) => self.missing += 1,
            }
        }
    }

    pub fn finish(self) -> StringArray {
        if let Some(mut builder) = self.builder {
            return builder.finish();
        }
        let offsets = OffsetBuffer::new(zeros(self.missing + 1));
        let nulls = (self.missing > 0).then(|| NullBuffer::new_null(self.missing));
        StringArray::new(offsets, Buffer::from_vec(Vec::<u8>::new()), nulls)
    }
}

fn begin(rows: usize, missing: usize) -> StringBuilder {
    let mut builder = StringBuilder::with_capacity(rows, rows * USUAL);
    builder.append_nulls(missing);
    builder
}

#[cfg(test)]
mod tests {
    use arrow_array::Array;

    use super::Lines;

    #[test]
    fn texts_may_begin_late_or_never() {
        let texts = [None, None, Some("a"), None, Some(""), Some("bc")];
        for from in 0..=texts.len() {
            for to in from..=texts.len() {
                let mut lines = Lines::new(1);
                for text in &texts[from..to] {
                    lines.add(&[text], |text, out| text.map(|text| out.push_str(text)));
                }
                let column = lines.finish();
                column.to_data().validate_full().unwrap();
                assert!(column.iter().eq(texts[from..to].iter().copied()), "{from}..{to}");
            }
        }
    }
}
