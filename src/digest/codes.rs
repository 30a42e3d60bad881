//! Bytes compressed by how often each of them comes.

use std::io;

use zstd::zstd_safe::{CParameter, ParamSwitch, compress_bound};

/// Compresses bytes. What there is to gain is in how often each of them comes (Huffman codes);
/// looking for strings that came before gains little, and takes as long again as everything else.
pub(super) struct Codes {
    zstd: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
}

/// The bytes between two places at which such strings are looked for are as many.
const STEP: i32 = 1000;

impl Codes {
    pub(super) fn new() -> io::Result<Self> {
        let mut zstd = zstd::bulk::Compressor::new(-STEP)?;
        zstd.set_parameter(CParameter::LiteralCompressionMode(ParamSwitch::Enable))?;
        Ok(Self { zstd, packed: Vec::new() })
    }

    /// Bytes compressed.
    pub(super) fn packed(&mut self, octets: &[u8]) -> io::Result<&[u8]> {
        self.packed.clear();
        self.packed.reserve(compress_bound(octets.len()));
        self.zstd.compress_to_buffer(octets, &mut self.packed)?;
        Ok(&self.packed)
    }
}
