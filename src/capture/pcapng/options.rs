//! Options of pcapng blocks, one at a time.

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
        if self.rest.is_empty() {
            return None;
        }
        if self.rest.len() < 4 {
            self.damaged = true;
            self.rest = &[];
            return None;
        }
        let code = self.order.u16(self.rest, 0);
        let length = usize::from(self.order.u16(self.rest, 2));
        // opt_endofopt: what follows is not options.
        if code == 0 {
            self.rest = &[];
            return None;
        }
        let Some(value) = self.rest.get(4..4 + length) else {
            self.damaged = true;
            self.rest = &[];
            return None;
        };
        self.rest = self.rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}

/// Text of at most `budget` bytes, which it uses up.
pub(super) fn text(value: &[u8], budget: &mut usize) -> String {
    let end = value.iter().position(|&b| b == 0).unwrap_or(value.len());
    let end = end.min(*budget);
    *budget -= end;
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}
