//! Zeek's history letters: few in most connections, so they are kept in place.

use crate::conn::primitives::coder::Coder;

/// Letters kept; Zeek has no limit.
const MAX_LETTERS: usize = 64;
/// Letters kept in place.
const INLINE: usize = 15;

/// All of them, where they are too many to be kept in place.
pub(crate) type More = [u8; MAX_LETTERS];

/// The letters so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    length: u8,
    inline: [u8; INLINE],
    /// All of them, once there are too many.
    more: Option<Box<More>>,
}

impl History {
    /// The letters.
    pub(crate) fn letters(&self) -> &[u8] {
        let all = self.more.as_ref().map_or(&self.inline[..], |more| &more[..]);
        all.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Takes those out that are not kept in place.
    pub(crate) fn take_more(&mut self) -> Option<Box<More>> {
        self.more.take()
    }

    /// Puts them back.
    pub(crate) fn put_more(&mut self, more: Option<Box<More>>) {
        self.more = more;
    }

    /// Codes those that are kept in place.
    pub(crate) fn code(&mut self, coder: &mut impl Coder) {
        coder.plain(&mut self.length);
        let mut all = [0; 16];
        all[..INLINE].copy_from_slice(&self.inline);
        let mut words = u128::from_le_bytes(all);
        coder.halves(&mut words);
        self.inline.copy_from_slice(&words.to_le_bytes()[..INLINE]);
    }

    /// Adds one, up to the limit.
    pub(crate) fn push(&mut self, letter: u8) {
        let at = usize::from(self.length);
        if at == INLINE && self.more.is_none() {
            let mut more = Box::new([0; MAX_LETTERS]);
            if let Some(first) = more.first_chunk_mut() {
                *first = self.inline;
            }
            self.more = Some(more);
        }
        let place = match &mut self.more {
            Some(more) => more.get_mut(at),
            None => self.inline.get_mut(at),
        };
        if let Some(place) = place {
            *place = letter;
            self.length += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::History;

    #[test]
    fn keeps_the_first_letters() {
        let mut history = History::default();
        for count in 0..128 {
            let kept = count.min(64);
            assert_eq!(history.letters().len(), kept);
            assert!(history.letters().iter().zip(b'a'..).all(|(&letter, n)| letter == n));
            history.push(b'a' + u8::try_from(count).unwrap());
        }
    }
}
