//! A copy of a capture as pcapng, block by block: its blocks gain comments and nothing else.
//!
//! Every section of the sources is a section of the copy, in its byte order. Where files overlap in
//! time, the packets of those begun earlier go on in the section of the one begun last: their
//! interfaces are described in it once more, and their packets take the numbers that these have
//! there. What cannot go on there (another byte order, a simple packet block whose interface is not
//! the first) begins a section without any description of its own.

mod build;
mod comments;
mod texts;

use std::io::{self, Write};

use super::batch::Batch;
use super::blocks::{Carrier, Passed};
use super::bytes::Order;
use super::frame::Frame;
use build::{bare_interface, bare_section, classic_interface, complete, reduced, too_long};
use comments::carries_ours;

pub use comments::MARK;
pub(super) use comments::{comment, with_comments};
pub use texts::{Comment, Comments};

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const STATISTICS: u32 = 5;
/// Where options begin in a section header, an interface description, and a block of a packet but
/// for its bytes.
const SECTION_OPTIONS: usize = 24;
const INTERFACE_OPTIONS: usize = 16;
const PACKET_OPTIONS: usize = 28;
/// Interfaces of a section that are kept, as reading knows them.
const MAX_INTERFACES: usize = 65_536;
/// Bytes of descriptions that are kept whole, to be written once more; of others the numbers are.
const MAX_KEPT: usize = 16 << 20;

/// What became of comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placed {
    /// In packets.
    pub comments: u64,
    /// Left out, as a simple packet block holds none, or as its block would grow too long.
    pub without_room: u64,
}

/// One source file, as far as it was copied.
#[derive(Default)]
struct File {
    order: Option<Order>,
    /// Nanoseconds in a unit of its times; of a classic file only.
    unit: i64,
    /// Number of the section of the copy in which the places of its interfaces hold.
    section: u64,
    interfaces: Vec<Interface>,
    /// Place of what stands for interfaces that it does not describe.
    undefined: Option<u32>,
}

struct Interface {
    description: Vec<u8>,
    /// Its number in the section of the copy.
    place: Option<u32>,
}

/// Writes the copy.
pub struct Annotator<W> {
    out: W,
    /// The comment of each section.
    about: Vec<u8>,
    /// What the descriptions of each file's interfaces say of where they come from; empty where it
    /// is the only one.
    origins: Vec<Vec<u8>>,
    files: Vec<File>,
    /// The section being written, from 1.
    section: u64,
    order: Order,
    interfaces: u32,
    kept: usize,
    placed: Placed,
    block: Vec<u8>,
}

impl<W: Write> Annotator<W> {
    /// Begins a copy of files of these names; `about` becomes the comment of each section.
    pub fn new(out: W, about: &str, names: &[String]) -> Self {
        let several = names.len() > 1;
        let origins = names.iter().filter(|_| several).map(|name| comment(&format!("of {name}")));
        Self {
            out,
            about: comment(about),
            origins: origins.collect(),
            files: names.iter().map(|_| File::default()).collect(),
            section: 0,
            order: Order::Little,
            interfaces: 0,
            kept: 0,
            placed: Placed::default(),
            block: Vec::new(),
        }
    }

    /// Copies what lies before the frames of a batch.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn pass(&mut self, batch: &Batch<'_>) -> io::Result<()> {
        batch.passed.iter().try_for_each(|passed| self.passed(batch.file as usize, passed))
    }

    /// Copies a frame of a batch, which lies at an index, with these comments.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn frame(
        &mut self,
        batch: &Batch<'_>,
        index: usize,
        frame: &Frame<'_>,
        comments: &[&str],
    ) -> io::Result<()> {
        let lost = || io::Error::other("a packet without a block");
        let (carrier, bytes) = batch.carried(index).ok_or_else(lost)?;
        let file = batch.file as usize;
        if carrier == Carrier::Record {
            return self.record(file, frame, comments);
        }
        let order = self.order_of(file);
        let block = bytes.get(..order.u32(bytes, 4) as usize).ok_or_else(lost)?;
        self.block(file, carrier, block, frame.data.len(), comments)
    }

    /// Ends the copy: the sink, and what became of the comments.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn finish(mut self) -> io::Result<(W, Placed)> {
        if self.section == 0 {
            self.begin_section(Order::Little)?;
        }
        Ok((self.out, self.placed))
    }

    fn order_of(&self, file: usize) -> Order {
        self.files.get(file).and_then(|file| file.order).unwrap_or(self.order)
    }

    fn passed(&mut self, file: usize, passed: &Passed) -> io::Result<()> {
        match passed {
            Passed::Classic { order, link, snap_length, fcs_length, nanoseconds } => {
                self.begin_section(*order)?;
                let unit = if *nanoseconds { 1 } else { 1000 };
                self.enter(file, *order, unit);
                let description =
                    classic_interface(*order, *link, *snap_length, *fcs_length, *nanoseconds);
                self.describe(file, &description)
            }
            Passed::Block { kind: SECTION, order, bytes } => {
                let mut block = bytes.clone();
                // Its length as it was is none any more: it is not stated.
                if let Some(length) = block.get_mut(16..SECTION_OPTIONS) {
                    length.fill(u8::MAX);
                }
                let block = gaining(&block, *order, SECTION_OPTIONS, &self.about)?;
                self.out.write_all(&block)?;
                self.section += 1;
                (self.order, self.interfaces) = (*order, 0);
                self.enter(file, *order, 0);
                Ok(())
            }
            Passed::Block { kind: INTERFACE, order, bytes } => {
                let Some(origin) = self.origins.get(file) else {
                    return self.describe(file, bytes);
                };
                let description = gaining(bytes, *order, INTERFACE_OPTIONS, origin)?;
                self.describe(file, &description)
            }
            Passed::Block { kind: STATISTICS, order, bytes } => {
                let local = order.u32(bytes, 8);
                let place = self.place(file, local)?;
                let mut block = bytes.clone();
                if let Some(at) = block.get_mut(8..12) {
                    at.copy_from_slice(&order.octets32(place));
                }
                self.out.write_all(&block)
            }
            Passed::Block { bytes, .. } => {
                self.join(file)?;
                self.out.write_all(bytes)
            }
            Passed::LostInterface => {
                let undefined = bare_interface(self.order_of(file));
                self.describe(file, &undefined)
            }
        }
    }

    /// The file goes on in the section that was just begun with it.
    fn enter(&mut self, file: usize, order: Order, unit: i64) {
        let section = self.section;
        if let Some(file) = self.files.get_mut(file) {
            let old = std::mem::take(&mut file.interfaces);
            self.kept -= old.iter().map(|old| old.description.len()).sum::<usize>();
            *file =
                File { order: Some(order), unit, section, interfaces: Vec::new(), undefined: None };
        }
    }

    /// Begins a section without any description.
    fn begin_section(&mut self, order: Order) -> io::Result<()> {
        let mut block = bare_section(order);
        complete(&mut block, order, &[&self.about], &[])?;
        self.section += 1;
        (self.order, self.interfaces) = (order, 0);
        self.out.write_all(&block)
    }

    /// Makes sure that blocks of a file may follow in the section being written.
    fn join(&mut self, file: usize) -> io::Result<()> {
        let order = self.order_of(file);
        if order != self.order || self.section == 0 {
            self.begin_section(order)?;
        }
        let section = self.section;
        if let Some(file) = self.files.get_mut(file).filter(|file| file.section != section) {
            file.section = section;
            file.undefined = None;
            for interface in &mut file.interfaces {
                interface.place = None;
            }
        }
        Ok(())
    }

    /// Adds an interface of a file.
    fn describe(&mut self, file: usize, description: &[u8]) -> io::Result<()> {
        let room = MAX_KEPT.saturating_sub(self.kept);
        let order = self.order_of(file);
        let Some(known) = self.files.get_mut(file) else { return Ok(()) };
        if known.interfaces.len() >= MAX_INTERFACES {
            return Ok(());
        }
        let kept = if description.len() <= room {
            description.to_vec()
        } else {
            reduced(description, order)
        };
        self.kept += kept.len();
        known.interfaces.push(Interface { description: kept, place: None });
        self.join(file)?;
        self.out.write_all(description)?;
        let place = self.interfaces;
        self.interfaces += 1;
        if let Some(added) = self.files.get_mut(file).and_then(|file| file.interfaces.last_mut()) {
            added.place = Some(place);
        }
        Ok(())
    }

    /// The number that an interface of a file has in the section being written.
    fn place(&mut self, file: usize, local: u32) -> io::Result<u32> {
        self.join(file)?;
        let order = self.order_of(file);
        let next = self.interfaces;
        let Some(file) = self.files.get_mut(file) else { return Ok(0) };
        let known = file.interfaces.get_mut(local as usize);
        let undefined;
        let (place, description) = if let Some(interface) = known {
            (&mut interface.place, &interface.description)
        } else {
            undefined = bare_interface(order);
            (&mut file.undefined, &undefined)
        };
        if let Some(place) = *place {
            return Ok(place);
        }
        self.out.write_all(description)?;
        *place = Some(next);
        self.interfaces = next.saturating_add(1);
        Ok(next)
    }

    /// Copies a packet of a classic file.
    fn record(&mut self, file: usize, frame: &Frame<'_>, comments: &[&str]) -> io::Result<()> {
        let place = self.place(file, 0)?;
        let order = self.order_of(file);
        let unit = self.files.get(file).map_or(1000, |file| file.unit).max(1);
        let stamp = u64::try_from(frame.time.unwrap_or(0) / unit).unwrap_or(0);
        let length = u32::try_from(frame.data.len()).map_err(|_| too_long())?;
        let mut block = std::mem::take(&mut self.block);
        block.clear();
        for field in [
            PACKET,
            0,
            place,
            u32::try_from(stamp >> 32).unwrap_or(u32::MAX),
            (stamp & 0xffff_ffff) as u32,
            length,
            frame.original_length,
        ] {
            block.extend(order.octets32(field));
        }
        block.extend(frame.data);
        block.resize(block.len().next_multiple_of(4), 0);
        self.commented(block, order, comments, &[])
    }

    /// Copies a block of a packet of so many bytes.
    fn block(
        &mut self,
        file: usize,
        carrier: Carrier,
        block: &[u8],
        length: usize,
        comments: &[&str],
    ) -> io::Result<()> {
        let order = self.order_of(file);
        let local = match carrier {
            Carrier::Simple => 0,
            Carrier::Old => order.u16(block, 8).into(),
            Carrier::Enhanced | Carrier::Record => order.u32(block, 8),
        };
        let most = match carrier {
            Carrier::Simple => 0,
            Carrier::Old => u16::MAX.into(),
            Carrier::Enhanced | Carrier::Record => u32::MAX,
        };
        let mut place = self.place(file, local)?;
        if place > most {
            self.begin_section(order)?;
            place = self.place(file, local)?;
        }
        if carrier == Carrier::Simple {
            self.placed.without_room += comments.len() as u64;
            return self.out.write_all(block);
        }
        let options = PACKET_OPTIONS + length.next_multiple_of(4);
        let old = block.get(options..block.len() - 4).unwrap_or_default();
        if comments.is_empty() && place == local && !carries_ours(old, order) {
            return self.out.write_all(block);
        }
        let mut made = std::mem::take(&mut self.block);
        made.clear();
        made.extend(block.get(..options).unwrap_or_default());
        if let (Carrier::Old, Some(at)) = (carrier, made.get_mut(8..10)) {
            at.copy_from_slice(&order.octets16(u16::try_from(place).unwrap_or(u16::MAX)));
        } else if let Some(at) = made.get_mut(8..12) {
            at.copy_from_slice(&order.octets32(place));
        }
        self.commented(made, order, comments, old)
    }

    /// Writes a block of a packet, of which all is there but its options, with comments before
    /// those that it had.
    fn commented(
        &mut self,
        mut block: Vec<u8>,
        order: Order,
        comments: &[&str],
        old: &[u8],
    ) -> io::Result<()> {
        let made: Vec<Vec<u8>> = comments.iter().map(|text| comment(text)).collect();
        let made: Vec<&[u8]> = made.iter().map(Vec::as_slice).collect();
        let count = comments.len() as u64;
        if complete(&mut block, order, &made, old)? {
            self.placed.comments += count;
        } else {
            self.placed.without_room += count;
        }
        self.out.write_all(&block)?;
        self.block = block;
        Ok(())
    }
}

/// A block with one more comment before its options, which begin at an offset.
fn gaining(block: &[u8], order: Order, options: usize, text: &[u8]) -> io::Result<Vec<u8>> {
    let old = block.get(options..block.len().saturating_sub(4)).unwrap_or_default();
    let mut made = block.get(..options).unwrap_or_default().to_vec();
    complete(&mut made, order, &[text], old)?;
    Ok(made)
}
