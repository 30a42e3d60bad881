//! pcapng files: own framing, so that one damaged block costs one block.

mod body;
mod describe;
mod frame_check;
mod names;
mod options;
mod packets;

use super::batch::{FRAMES, Notes, Record, Step};
use super::blocks::Passed;
use super::bytes::Order;
use super::window::Window;
use describe::{Port, State};
use frame_check::{
    CUSTOM, CUSTOM_PRIVATE, Header, INTERFACE, JOURNAL, MAX_BLOCK, MIN_BLOCK, NAMES, OLD_PACKET,
    PACKET, SECRETS, SECTION, SIMPLE_PACKET, STATISTICS, Search, header, search, section_order,
    trailer_agrees,
};

/// Blocks in a row without a packet that are worth a word.
const MANY_BLOCKS: u64 = 1_000_000;

/// A pcapng file.
pub(crate) struct Pcapng {
    state: State,
    since_packet: u64,
}

pub(crate) fn is_pcapng(head: &[u8]) -> bool {
    head.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a])
}

impl Pcapng {
    /// Checks the first section header, without reading past it.
    pub(crate) fn new(window: &mut Window, notes: &mut Notes<'_>) -> Result<Self, String> {
        window.fill(MIN_BLOCK);
        let bytes = window.bytes();
        if bytes.len() < MIN_BLOCK {
            return Err(cut(bytes.len()));
        }
        let order = section_order(bytes).ok_or_else(|| {
            let magic = Order::Big.u32(bytes, 8);
            format!("damaged pcapng: the byte-order magic is {magic:#010x}")
        })?;
        let length = order.u32(bytes, 4);
        let found = header(bytes, order).ok_or_else(|| {
            format!("damaged pcapng: a section header of {length} bytes (at most {MAX_BLOCK})")
        })?;
        window.fill(found.length);
        let block = window.bytes();
        let Some(block) = block.get(..found.length) else { return Err(cut(block.len())) };
        if !trailer_agrees(block, order) {
            return Err("damaged pcapng: the section header's two lengths differ".into());
        }
        body::section(block, order)?;
        notes.summary.format = "pcapng";
        Ok(Self { state: State::new(), since_packet: 0 })
    }

    /// Reads the blocks at hand; asks the window for more only when they hold no packet.
    pub(crate) fn step(
        &mut self,
        window: &mut Window,
        records: &mut Vec<Record>,
        notes: &mut Notes<'_>,
    ) -> Step {
        // Bounded, so that a caller can interrupt a file without packets.
        for _ in 0..4096 {
            let want = match self.state.order {
                Order::Little => self.walk::<false>(window, records, notes),
                Order::Big => self.walk::<true>(window, records, notes),
            };
            if !records.is_empty() {
                return Step::More;
            }
            let step = match want {
                Want::Bytes(want) => {
                    if window.fill(want) {
                        Step::More
                    } else {
                        self.at_end(window, notes)
                    }
                }
                Want::Block => self.other(window, notes),
                Want::Help => self.resynchronise(window, notes),
            };
            if step != Step::More || notes.is_laden() {
                return step;
            }
        }
        Step::More
    }

    /// The packets at hand. Stops before anything else.
    fn walk<const BIG: bool>(
        &mut self,
        window: &mut Window,
        records: &mut Vec<Record>,
        notes: &mut Notes<'_>,
    ) -> Want {
        let (bytes, position, offset) = (window.bytes(), window.position(), window.offset());
        let order = if BIG { Order::Big } else { Order::Little };
        let (mut at, mut ok) = (0, 0);
        let want = loop {
            let rest = bytes.get(at..).unwrap_or_default();
            if rest.len() < MIN_BLOCK {
                break Want::Bytes(MIN_BLOCK);
            }
            let Some(Header { kind, length, .. }) = header(rest, order) else { break Want::Help };
            let Some(block) = rest.get(..length) else { break Want::Bytes(length) };
            if !matches!(kind, PACKET | SIMPLE_PACKET | OLD_PACKET) {
                break Want::Block;
            }
            if !trailer_agrees(block, order) {
                break Want::Help;
            }
            let (start, here) = (position + at, offset + at as u64);
            let record = match kind {
                PACKET => self.state.enhanced::<BIG>(block, start, here, notes),
                SIMPLE_PACKET => self.state.simple(block, start, here, notes),
                _ => self.state.old(block, start, here, notes),
            };
            notes.summary.records += 1;
            at += length;
            if let Some(record) = record {
                ok += length;
                notes.summary.packets += 1;
                records.push(record);
            } else {
                bad_block(kind, length, here, notes);
            }
            if records.len() == FRAMES {
                break Want::Bytes(0);
            }
        };
        window.advance(at);
        notes.summary.bytes_records_ok += ok as u64;
        if !records.is_empty() {
            self.since_packet = 0;
        }
        want
    }

    /// One whole block that is no packet.
    fn other(&mut self, window: &mut Window, notes: &mut Notes<'_>) -> Step {
        let offset = window.offset();
        let bytes = window.bytes();
        let Some((found, block)) = header(bytes, self.state.order)
            .and_then(|found| Some((found, bytes.get(..found.length)?)))
            .filter(|(found, block)| trailer_agrees(block, found.order))
        else {
            return self.resynchronise(window, notes);
        };
        let Header { kind, length, order } = found;
        let sound = match kind {
            SECTION => {
                if let Err(reason) = self.state.section(block, order, offset, notes) {
                    notes.summary.records += 1;
                    notes.summary.records_bad += 1;
                    notes.issue("section_damaged", offset, || reason);
                    return Step::Corrupt;
                }
                true
            }
            INTERFACE => self.state.interface(block, offset, notes),
            STATISTICS => self.state.statistics(block, offset, notes),
            NAMES => {
                names::take(block, order, offset, notes);
                true
            }
            _ => true,
        };
        if sound {
            notes.keep(|| Passed::Block { kind, order, bytes: block.to_vec() });
        } else if kind == INTERFACE {
            notes.keep(|| Passed::LostInterface);
        }
        window.advance(length);
        notes.summary.records += 1;
        if !sound {
            bad_block(kind, length, offset, notes);
            return Step::More;
        }
        let blocks = &mut notes.summary.blocks;
        let count = match kind {
            SECTION => &mut blocks.sections,
            INTERFACE => &mut blocks.interfaces,
            STATISTICS => &mut blocks.statistics,
            NAMES => &mut blocks.names,
            SECRETS => &mut blocks.secrets,
            CUSTOM | CUSTOM_PRIVATE => &mut blocks.custom,
            JOURNAL | 0x201..=0x21f => &mut blocks.events,
            _ => &mut blocks.unknown,
        };
        *count += 1;
        let bytes = match kind {
            SECTION | INTERFACE => &mut notes.summary.bytes_headers,
            _ => &mut notes.summary.bytes_records_ok,
        };
        *bytes += length as u64;
        self.since_packet += 1;
        if self.since_packet == MANY_BLOCKS {
            notes.issue("many_blocks", offset, || format!("{MANY_BLOCKS} blocks without a packet"));
        }
        Step::More
    }

    /// The stream has ended inside a block: cut there, or a damaged length that points past it?
    fn at_end(&mut self, window: &mut Window, notes: &mut Notes<'_>) -> Step {
        let bytes = window.bytes();
        if bytes.is_empty() {
            return Step::Clean;
        }
        let order = self.state.order;
        // A cut packet is judged by its own lengths, never by what it carries: that might be
        // someone else's capture.
        if bytes.len() < MIN_BLOCK || is_cut_packet(bytes, order) {
            return Step::Cut;
        }
        if matches!(search(bytes, 4, order, true), Search::Found(_)) {
            return self.resynchronise(window, notes);
        }
        let known = header(bytes, order).is_some_and(|h| frame_check_known(h.kind));
        if known { Step::Cut } else { self.resynchronise(window, notes) }
    }

    /// Passes over damage to the next sound block.
    fn resynchronise(&mut self, window: &mut Window, notes: &mut Notes<'_>) -> Step {
        let offset = window.offset();
        let order = self.state.order;
        let kind = order.u32(window.bytes(), 0);
        let length = order.u32(window.bytes(), 4);
        if kind == INTERFACE {
            self.state.ports.push(Port::unknown());
            notes.keep(|| Passed::LostInterface);
        }
        notes.summary.records += 1;
        notes.summary.records_bad += 1;
        let mut skipped = 0;
        // A last block whose end alone is wrong is not searched: it may carry anything.
        let whole = header(window.bytes(), order).map(|found| found.length);
        if let Some(length) = whole.filter(|&n| !window.fill(n + 1) && window.bytes().len() == n) {
            window.advance(length);
            notes.summary.bytes_skipped += length as u64;
            notes.issue("block_damaged", offset, || "the last block's two lengths differ".into());
            return Step::More;
        }
        // Only the length at the end may be wrong: then the next block is where it should be.
        let mut from = 4;
        if let Some(next) = whole
            && window.fill(next + MIN_BLOCK)
        {
            let bytes = window.bytes().get(..next + MIN_BLOCK).unwrap_or_default();
            if let Search::Found(at) | Search::NeedMore(at, _) = search(bytes, next, order, false)
                && at == next
            {
                from = next;
            }
        }
        let found = loop {
            let ended = window.stream().end().is_some();
            match search(window.bytes(), from, order, ended) {
                Search::Found(at) => {
                    window.advance(at);
                    skipped += at as u64;
                    break true;
                }
                Search::NeedMore(at, want) => {
                    window.advance(at);
                    skipped += at as u64;
                    from = 0;
                    window.fill(want);
                }
                Search::None(at) => {
                    let at = at.min(window.bytes().len());
                    window.advance(at);
                    skipped += at as u64;
                    from = 0;
                    if !window.fill(MIN_BLOCK) {
                        let rest = window.bytes().len();
                        window.advance(rest);
                        skipped += rest as u64;
                        break false;
                    }
                }
            }
        };
        notes.summary.bytes_skipped += skipped;
        notes.issue("block_damaged", offset, || {
            let after = if found {
                "the next sound block is"
            } else {
                "no sound block follows; the rest is"
            };
            format!("block of type {kind:#x} says {length} bytes; {after} {skipped} bytes on")
        });
        if found { Step::More } else { Step::Corrupt }
    }
}

/// What stopped a walk.
enum Want {
    /// So many bytes.
    Bytes(usize),
    /// A whole block that is no packet.
    Block,
    /// Something that is no block.
    Help,
}

fn frame_check_known(kind: u32) -> bool {
    matches!(kind, SECTION | INTERFACE..=PACKET | JOURNAL | SECRETS | CUSTOM | CUSTOM_PRIVATE)
}

/// Whether a block is a packet whose inner lengths agree with its outer one.
fn is_cut_packet(bytes: &[u8], order: Order) -> bool {
    let Some(found) = header(bytes, order).filter(|h| matches!(h.kind, PACKET | OLD_PACKET)) else {
        return false;
    };
    if bytes.len() < 28 {
        return true;
    }
    let captured = order.u32(bytes, 20) as usize;
    // Options of a packet are short; 64 KiB is generous.
    let least = captured.saturating_add(32);
    (least..=least.saturating_add(65_536)).contains(&found.length)
}

fn bad_block(kind: u32, length: usize, offset: u64, notes: &mut Notes<'_>) {
    notes.summary.records_bad += 1;
    notes.summary.bytes_skipped += length as u64;
    notes.issue("block_damaged", offset, || {
        format!("block of type {kind:#x} and {length} bytes contradicts itself and is passed over")
    });
}

fn cut(length: usize) -> String {
    format!("pcapng section header cut short after {length} bytes")
}
