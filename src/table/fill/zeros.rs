//! Zeros that columns share where they hold nothing else: many are missing or 0 in every row of a
//! batch, and their memory need not be touched.

use std::sync::LazyLock;

use arrow_buffer::{ArrowNativeType, Buffer, ScalarBuffer};

use crate::table::CHUNK_ROWS;

/// Enough for a column of the widest numbers, or the offsets of one of texts.
const OCTETS: usize = (CHUNK_ROWS + 1) * 8;

static ZEROS: LazyLock<Buffer> = LazyLock::new(|| Buffer::from_vec(vec![0_u64; OCTETS / 8]));

/// So many zeros.
pub(crate) fn zeros<N: ArrowNativeType>(count: usize) -> ScalarBuffer<N> {
    let octets = count * size_of::<N>();
    let shared = octets <= OCTETS;
    let buffer = if shared { ZEROS.clone() } else { Buffer::from_vec(vec![N::default(); count]) };
    ScalarBuffer::new(buffer, 0, count)
}

#[cfg(test)]
mod tests {
    use super::{OCTETS, zeros};

    #[test]
    fn are_shared_as_far_as_they_reach() {
        let (few, most) = (zeros::<i64>(3), zeros::<i64>(OCTETS / 8));
        assert_eq!(few.as_ptr(), most.as_ptr());
        assert_eq!((&few[..], most.len()), (&[0; 3][..], OCTETS / 8));
        let more = zeros::<i64>(OCTETS / 8 + 1);
        assert!(more.len() > most.len() && more.iter().all(|&zero| zero == 0));
        assert_ne!(more.as_ptr(), few.as_ptr());
    }
}
