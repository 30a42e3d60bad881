//! Options of pcapng blocks, one at a time.

use std::borrow::Cow;

use pcap_parser::{PcapNGOption, parse_option_be, parse_option_le};

use super::super::bytes::Order;

/// The options of one block, in order, never collected: a block may hold millions.
pub(super) struct Options<'a> {
    rest: &'a [u8],
    order: Order,
    damaged: bool,
}

impl<'a> Options<'a> {
    pub(super) fn new(bytes: &'a [u8], order: Order) -> Self {
        Self { rest: bytes, order, damaged: false }
    }

    /// Whether the last option ran out of the block.
    pub(super) fn damaged(&self) -> bool {
        self.damaged
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // opt_endofopt: what follows is not options.
        if matches!(self.rest, [] | [0, 0, _, _, ..]) {
            self.rest = &[];
            return None;
        }
        let parse = match self.order {
            Order::Little => parse_option_le::<()>,
            Order::Big => parse_option_be::<()>,
        };
        if let Ok((rest, option)) = parse(self.rest)
            && let PcapNGOption { code, len, value: Cow::Borrowed(padded) } = option
            && let Some(value) = padded.get(..usize::from(len))
        {
            self.rest = rest;
            return Some((code.0, value));
        }
        self.damaged = true;
        self.rest = &[];
        None
    }
}

/// Text of at most `budget` bytes, which it uses up.
pub(super) fn text(value: &[u8], budget: &mut usize) -> String {
    let end = value.iter().position(|&b| b == 0).unwrap_or(value.len());
    let end = end.min(*budget);
    *budget -= end;
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}
