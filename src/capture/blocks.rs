//! What of a file lies around its packets, kept for who copies it.

use super::bytes::Order;

/// Bytes of blocks after which reading on waits until they were taken.
const LADEN: usize = 1 << 20;

/// What a packet lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// A record of a classic file.
    Record,
    /// An enhanced packet block.
    Enhanced,
    /// A simple packet block.
    Simple,
    /// An obsolete packet block.
    Old,
}

impl Carrier {
    /// Bytes from the beginning of its block to the packet.
    pub(crate) fn header(self) -> usize {
        match self {
            Self::Record => 0,
            Self::Enhanced | Self::Old => 28,
            Self::Simple => 12,
        }
    }
}

/// What a file holds between packets.
#[derive(Clone, Debug)]
pub(crate) enum Passed {
    /// The header of a classic file.
    Classic {
        order: Order,
        link: u16,
        snap_length: u32,
        /// In bytes.
        fcs_length: Option<u8>,
        nanoseconds: bool,
    },
    /// A sound block that is no packet.
    Block { kind: u32, order: Order, bytes: Vec<u8> },
    /// The description of an interface that cannot be read. Its number is taken.
    LostInterface,
}

/// What was passed since the latest packet.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    list: Vec<Passed>,
    bytes: usize,
}

impl Blocks {
    pub(crate) fn push(&mut self, passed: Passed) {
        if let Passed::Block { bytes, .. } = &passed {
            self.bytes += bytes.len();
        }
        self.list.push(passed);
    }

    pub(crate) fn is_laden(&self) -> bool {
        self.bytes >= LADEN
    }

    pub(crate) fn take(&mut self) -> Vec<Passed> {
        std::mem::take(self).list
    }
}
