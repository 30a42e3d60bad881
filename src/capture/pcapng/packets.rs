//! Blocks that carry packets.

use super::super::batch::{Notes, Record};
use super::super::blocks::Carrier;
use super::super::bytes::Order;
use super::super::bytes::u32_at;
use super::super::frame::Direction;
use super::super::pcap::{MAX_PACKET, max_packet};
use super::describe::State;
use super::options::Options;

const ENHANCED_DATA: usize = 28;
const SIMPLE_DATA: usize = 12;

/// Fields common to the enhanced and the obsolete block.
struct Fields {
    interface: u32,
    high: u32,
    low: u32,
    captured: u32,
    original: u32,
    carrier: Carrier,
}

impl State {
    /// An enhanced packet block, the hot path.
    #[inline]
    pub(super) fn enhanced<const BIG: bool>(
        &self,
        block: &[u8],
        start: usize,
        offset: u64,
        notes: &mut Notes<'_>,
    ) -> Option<Record> {
        if block.len() < ENHANCED_DATA + 4 {
            return None;
        }
        let field = |at| u32_at::<BIG>(block, at);
        let fields = Fields {
            interface: field(8),
            high: field(12),
            low: field(16),
            captured: field(20),
            original: field(24),
            carrier: Carrier::Enhanced,
        };
        self.packet(block, &fields, start, offset, notes)
    }

    /// The obsolete packet block: a 16-bit interface and a drop count.
    pub(super) fn old(
        &self,
        block: &[u8],
        start: usize,
        offset: u64,
        notes: &mut Notes<'_>,
    ) -> Option<Record> {
        if block.len() < ENHANCED_DATA + 4 {
            return None;
        }
        let order = self.order;
        let fields = Fields {
            interface: order.u16(block, 8).into(),
            high: order.u32(block, 12),
            low: order.u32(block, 16),
            captured: order.u32(block, 20),
            original: order.u32(block, 24),
            carrier: Carrier::Old,
        };
        let record = self.packet(block, &fields, start, offset, notes)?;
        // 0xffff: not known.
        let drops = order.u16(block, 10);
        if drops != u16::MAX {
            add_drops(record.interface, drops.into(), notes);
        }
        Some(record)
    }

    #[inline]
    fn packet(
        &self,
        block: &[u8],
        fields: &Fields,
        start: usize,
        offset: u64,
        notes: &mut Notes<'_>,
    ) -> Option<Record> {
        let known = self.ports.get(fields.interface as usize);
        let port = known.unwrap_or(&self.nowhere);
        let captured = fields.captured as usize;
        let room = block.len() - ENHANCED_DATA - 4;
        if captured > room
            || (fields.captured > MAX_PACKET && fields.captured > max_packet(port.link))
        {
            return None;
        }
        match notes.interfaces.get_mut(port.row as usize) {
            Some(interface) => interface.packets += 1,
            None => notes.issue("undefined_interface", offset, || {
                format!("packet of interface {}, which is not described", fields.interface)
            }),
        }
        let stamp = u64::from(fields.high) << 32 | u64::from(fields.low);
        // Without its interface a stamp has no unit.
        let time = known.and_then(|port| port.clock.nanos(stamp));
        if time.is_none() && port.row != self.nowhere.row {
            notes.issue("time_out_of_range", offset, || format!("timestamp {stamp}"));
        }
        if fields.captured > fields.original {
            longer(fields.captured, fields.original, offset, notes);
        }
        let mut record = Record {
            time,
            start: start + ENHANCED_DATA,
            length: fields.captured,
            original: fields.original.max(fields.captured),
            interface: port.row,
            link: port.link,
            direction: Direction::Unknown,
            carrier: fields.carrier,
        };
        let options = captured.next_multiple_of(4);
        if room >= options + 4 {
            let options = block.get(ENHANCED_DATA + options..block.len() - 4).unwrap_or_default();
            packet_options(options, self.order, &mut record, offset, notes);
        }
        Some(record)
    }

    /// A simple packet block: interface 0, no time.
    pub(super) fn simple(
        &self,
        block: &[u8],
        start: usize,
        offset: u64,
        notes: &mut Notes<'_>,
    ) -> Option<Record> {
        let room = u32::try_from(block.len().checked_sub(SIMPLE_DATA + 4)?).ok()?;
        let port = self.ports.first().unwrap_or(&self.nowhere);
        let original = self.order.u32(block, 8);
        let snap = if port.snap_length == 0 { u32::MAX } else { port.snap_length };
        let captured = original.min(snap);
        // The block must hold what the lengths say; padding aside, also no more.
        if captured > room || captured > max_packet(port.link) {
            return None;
        }
        match notes.interfaces.get_mut(port.row as usize) {
            Some(interface) => interface.packets += 1,
            None => notes.issue("undefined_interface", offset, || {
                "simple packet, but no interface is described".into()
            }),
        }
        Some(Record {
            time: None,
            start: start + SIMPLE_DATA,
            length: captured,
            original,
            interface: port.row,
            link: port.link,
            direction: Direction::Unknown,
            carrier: Carrier::Simple,
        })
    }
}

#[cold]
fn longer(captured: u32, original: u32, offset: u64, notes: &mut Notes<'_>) {
    notes.issue("captured_longer", offset, || {
        format!("{captured} bytes captured of a packet of {original}")
    });
}

fn packet_options(
    bytes: &[u8],
    order: Order,
    record: &mut Record,
    offset: u64,
    notes: &mut Notes<'_>,
) {
    let mut options = Options::new(bytes, order);
    for (code, value) in &mut options {
        match (code, value.len()) {
            (2, 4) => {
                record.direction = match order.u32(value, 0) & 3 {
                    1 => Direction::Inbound,
                    2 => Direction::Outbound,
                    _ => Direction::Unknown,
                };
            }
            (4, 8) => add_drops(record.interface, order.u64(value, 0), notes),
            _ => {}
        }
    }
    if options.damaged() {
        notes.issue("option_damaged", offset, || "a packet option runs out of its block".into());
    }
}

fn add_drops(row: u32, count: u64, notes: &mut Notes<'_>) {
    if let Some(interface) = notes.interfaces.get_mut(row as usize) {
        let sum = &mut interface.drops.between_packets;
        *sum = sum.saturating_add(count);
    }
}
