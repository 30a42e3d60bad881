//! Where numbers lie in the sequence space of a side, and what of it was seen.

use crate::conn::facts::endpoint::Endpoint;
use crate::conn::primitives::ranges::Ranges;
use crate::packet::Seq;

impl Endpoint {
    /// Gaps above the first that were folded because there were too many.
    pub fn folded(&self) -> u64 {
        self.ranges.as_deref().map_or(0, |ranges| ranges.folded)
    }

    /// The position of a sequence number near the highest sent: negative before the base.
    pub fn position(&self, seq: Seq) -> i64 {
        let top = self.base.plus(truncate(self.max_end));
        self.max_end.cast_signed().saturating_add(i64::from(seq.since(top)))
    }

    /// The position of an acknowledgment of this side's bytes.
    pub fn ack_position(&self, ack: Seq) -> i64 {
        self.position(ack)
    }

    /// Bytes sent and not yet acknowledged; SYN and FIN left out.
    pub fn unacked(&self) -> u64 {
        let mut end = self.max_end;
        if let Some(fin) = self.fin
            && end == fin.at + 1
        {
            end = fin.at;
        }
        end.saturating_sub(self.acked.max(1))
    }

    /// Bytes missing from the capture below the highest sent.
    pub fn missing_bytes(&self) -> u64 {
        let syn = 1;
        let fin = u64::from(self.fin.is_some_and(|fin| fin.at < self.max_end));
        if !self.based {
            return 0;
        }
        let below = self.below.as_deref().map_or(0, Ranges::octets);
        let above = self.unique_bytes.saturating_sub(below);
        self.max_end.saturating_sub(syn + fin).saturating_sub(above)
    }

    /// Bytes that the peer acknowledged and the capture never saw.
    pub fn lost_bytes(&self) -> u64 {
        self.holes(self.acked)
    }

    /// Whether all bytes from one position to another were seen.
    pub fn saw(&self, from: u64, to: u64) -> bool {
        let fin = self.fin.is_some_and(|fin| fin.at + 1 == to);
        let (to, contiguous) = (to - u64::from(fin), self.contiguous);
        to <= contiguous || self.ranges.as_deref().is_some_and(|ranges| ranges.hold(from, to))
    }

    /// Bytes below a position that were not seen.
    fn holes(&self, position: u64) -> u64 {
        let from = self.contiguous.max(1);
        let seen = self.ranges.as_deref().map_or(0, |ranges| ranges.octets_below(position));
        let fin = self.fin.is_some_and(|fin| (from..position).contains(&fin.at));
        position.saturating_sub(from).saturating_sub(seen).saturating_sub(u64::from(fin))
    }
}

/// The low 32 bits of a position.
pub(crate) fn truncate(position: u64) -> u32 {
    u32::try_from(position & 0xffff_ffff).unwrap_or(0)
}
