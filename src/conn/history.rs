//! Zeek's history letters: few in most connections, so they are kept in place.

/// Letters kept; Zeek has no limit.
const MAX_LETTERS: usize = 64;
/// Letters kept in place.
const INLINE: usize = 15;

/// The letters so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    length: u8,
    inline: [u8; INLINE],
    /// All of them, once there are too many.
    more: Option<Box<[u8; MAX_LETTERS]>>,
}

impl History {
    /// The letters.
    pub fn letters(&self) -> &[u8] {
        let all = self.more.as_ref().map_or(&self.inline[..], |more| &more[..]);
        all.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Adds one, up to the limit.
    pub fn push(&mut self, letter: u8) {
        let at = usize::from(self.length);
        if at == INLINE && self.more.is_none() {
            let mut more = Box::new([0; MAX_LETTERS]);
            more[..INLINE].copy_from_slice(&self.inline);
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
    use super::{History, MAX_LETTERS};

    #[test]
    fn keeps_the_first_letters() {
        let mut history = History::default();
        for count in 0..2 * MAX_LETTERS {
            let kept = count.min(MAX_LETTERS);
            assert_eq!(history.letters().len(), kept);
            assert!(history.letters().iter().zip(b'a'..).all(|(&letter, n)| letter == n));
            history.push(b'a' + u8::try_from(count).unwrap());
        }
    }
}
