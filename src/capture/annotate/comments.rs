//! Comments among the options of a block.

use super::super::bytes::Order;

/// What every comment of ours begins with: by it an earlier one is known, and replaced.
pub const MARK: &str = "finrst: ";
pub(super) const OPTION_END: [u8; 4] = [0; 4];
const COMMENT: u16 = 1;

/// The bytes of a comment of ours: its text behind the mark, at most what an option can hold.
pub(crate) fn comment(text: &str) -> Vec<u8> {
    let mut made = String::with_capacity(MARK.len() + text.len());
    made.push_str(MARK);
    made.push_str(text);
    let whole = |end: &usize| made.is_char_boundary(*end);
    let end = (0..=made.len().min(usize::from(u16::MAX))).rev().find(whole).unwrap_or(0);
    made.truncate(end);
    made.into_bytes()
}

/// Writes comments and, behind them, the options that a block had, without earlier comments of
/// ours. What is no option any more stays as it is.
pub(crate) fn with_comments(out: &mut Vec<u8>, order: Order, comments: &[&[u8]], old: &[u8]) {
    for text in comments {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        out.extend(order.octets16(COMMENT));
        out.extend(order.octets16(length));
        out.extend(text.get(..usize::from(length)).unwrap_or_default());
        out.resize(out.len().next_multiple_of(4), 0);
    }
    let (mut rest, mut gone) = (old, false);
    let begin = out.len();
    while let Some(option) = split(rest, order) {
        if option.is_ours() {
            gone = true;
        } else {
            out.extend(option.whole);
        }
        rest = option.behind;
    }
    // Where nothing but their end is left of options that we made, there were none.
    if comments.is_empty() && gone && out.len() == begin && rest == OPTION_END {
        return;
    }
    out.extend(rest);
    if !comments.is_empty() && out.len() == begin {
        out.extend(OPTION_END);
    }
}

/// Whether there are earlier comments of ours among options.
pub(super) fn carries_ours(old: &[u8], order: Order) -> bool {
    let mut rest = old;
    while let Some(option) = split(rest, order) {
        if option.is_ours() {
            return true;
        }
        rest = option.behind;
    }
    false
}

/// The first of options.
pub(super) struct Split<'a> {
    pub(super) code: u16,
    pub(super) value: &'a [u8],
    /// All of it.
    whole: &'a [u8],
    pub(super) behind: &'a [u8],
}

impl Split<'_> {
    fn is_ours(&self) -> bool {
        self.code == COMMENT && self.value.starts_with(MARK.as_bytes())
    }
}

/// Takes the first option; `None` at the end of options, and at what is none.
pub(super) fn split(options: &[u8], order: Order) -> Option<Split<'_>> {
    let head = options.get(..4)?;
    let (code, length) = (order.u16(head, 0), usize::from(order.u16(head, 2)));
    if code == 0 {
        return None;
    }
    let value = options.get(4..4 + length)?;
    let (whole, behind) = options.split_at_checked(4 + length.next_multiple_of(4))?;
    Some(Split { code, value, whole, behind })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(code: u16, value: &[u8]) -> Vec<u8> {
        let mut made =
            [code.to_be_bytes(), u16::try_from(value.len()).unwrap().to_be_bytes()].concat();
        made.extend(value);
        made.resize(made.len().next_multiple_of(4), 0);
        made
    }

    fn made(comments: &[&[u8]], old: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        with_comments(&mut out, Order::Big, comments, old);
        out
    }

    #[test]
    fn a_comment_goes_before_what_was_there() {
        let flags = option(2, &[0, 0, 0, 1]);
        let old = [&flags[..], &option(1, b"by hand"), &OPTION_END].concat();
        assert_eq!(made(&[b"finrst: x"], &old), [&option(1, b"finrst: x")[..], &old].concat());
        assert_eq!(
            made(&[b"finrst: x"], &[]),
            [&option(1, b"finrst: x")[..], &OPTION_END].concat()
        );
        assert_eq!(made(&[], &old), old);
        // Options that nothing ends stay so.
        assert_eq!(made(&[], &flags), flags);
    }

    #[test]
    fn an_earlier_comment_of_ours_is_replaced_and_no_other() {
        let by_hand = option(1, b"finrst says so");
        let ours = option(1, b"finrst: old");
        let old = [&ours[..], &by_hand, &ours, &OPTION_END].concat();
        let kept = [&by_hand[..], &OPTION_END].concat();
        assert!(carries_ours(&old, Order::Big) && !carries_ours(&kept, Order::Big));
        assert_eq!(made(&[b"finrst: new"], &old), [&option(1, b"finrst: new")[..], &kept].concat());
        assert_eq!(made(&[], &old), kept);
        assert_eq!(made(&[], &[&ours[..], &OPTION_END].concat()), Vec::<u8>::new());
    }

    #[test]
    fn what_is_no_option_stays_as_it_is() {
        for rest in [vec![0, 1, 0, 9, 65], vec![7; 3], [&OPTION_END[..], &[9; 8]].concat()] {
            let old = [&option(2, &[1])[..], &rest].concat();
            assert_eq!(made(&[], &old), old);
            assert_eq!(made(&[b"finrst: x"], &old), [&option(1, b"finrst: x")[..], &old].concat());
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = comment(&"é".repeat(40_000));
        assert!((65_530..=65_535).contains(&text.len()));
        assert!(String::from_utf8(text).unwrap().ends_with('é'));
    }
}
