//! A list that most often has one item, which then lies where the list is.

use std::ops::Deref;

/// Items in order.
#[derive(Clone, Debug, Default)]
pub(crate) enum Few<T> {
    /// None.
    #[default]
    None,
    /// One, without memory of its own.
    One(T),
    /// More.
    Many(Vec<T>),
}

impl<T> Few<T> {
    /// Adds an item behind the others.
    pub(crate) fn push(&mut self, item: T) {
        if let Self::Many(all) = self {
            all.push(item);
            return;
        }
        *self = match std::mem::take(self) {
            Self::One(first) => Self::Many(vec![first, item]),
            _ => Self::One(item),
        };
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::None => &[],
            Self::One(item) => std::slice::from_ref(item),
            Self::Many(all) => all,
        }
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(mut all: Vec<T>) -> Self {
        if all.len() > 1 { Self::Many(all) } else { all.pop().map_or(Self::None, Self::One) }
    }
}

#[cfg(test)]
mod tests {
    use super::Few;

    #[test]
    fn is_a_list_of_any_length() {
        let mut few = Few::default();
        for count in 0..5_usize {
            let all: Vec<_> = (0..count).collect();
            assert_eq!(few[..], all);
            assert_eq!(matches!(few, Few::Many(_)), count > 1);
            let again = Few::from(all.clone());
            assert_eq!(again[..], all);
            assert_eq!(matches!(again, Few::Many(_)), count > 1);
            few.push(count);
        }
    }
}
