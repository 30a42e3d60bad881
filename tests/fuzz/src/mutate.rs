//! Captures with some bytes changed, as Wireshark's `fuzz-test.sh` does it.

/// Numbers as by chance (xorshift), the same for the same seed.
pub fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Changes 2 % of the bytes, at least one, as a seed says.
pub fn bytes(bytes: &mut [u8], seed: u64) {
    let mut next = numbers(seed);
    for _ in 0..(bytes.len() / 50).max(1) {
        let at = usize::try_from(next()).unwrap_or(0) % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at) {
            *byte = next().to_le_bytes()[0];
        }
    }
}
