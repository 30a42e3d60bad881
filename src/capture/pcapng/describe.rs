//! Blocks that describe: sections, interfaces, statistics.

use super::super::batch::Notes;
use super::super::bytes::Order;
use super::super::clock::{Clock, Resolution};
use super::super::frame::LinkType;
use super::super::interface::{Drops, Interface, NO_INTERFACE};
use super::super::summary::Section;
use super::body;
use super::options::{Options, text};

/// Interfaces of one section.
const MAX_INTERFACES: usize = 65_536;
/// Bytes of text kept of one section, of a whole file, and of one comment.
const MAX_TEXT: usize = 64 * 1024;
const MAX_FILE_TEXT: usize = 256 * MAX_TEXT;
const MAX_COMMENT: usize = 2048;
/// Comments kept of one section; empty ones would not use up its text.
const MAX_COMMENTS: usize = 64;
/// Sections whose words are kept.
const MAX_SECTIONS: usize = 1024;

/// What reading the packets of an interface takes.
#[derive(Clone, Copy)]
pub(super) struct Port {
    /// Row in the capture's table, or [`NO_INTERFACE`].
    pub(super) row: u32,
    pub(super) link: u16,
    pub(super) snap_length: u32,
    pub(super) clock: Clock,
}

impl Port {
    /// Stands for an interface whose description is damaged, so that later ones keep their number.
    pub(super) fn unknown() -> Self {
        let clock = Clock::new(Resolution::default(), 0);
        Self { row: NO_INTERFACE, link: u16::MAX, snap_length: 0, clock }
    }
}

/// The section being read.
pub(super) struct State {
    pub(super) order: Order,
    number: u32,
    text_left: usize,
    file_text_left: usize,
    pub(super) ports: Vec<Port>,
    /// Interfaces of all sections that are in the capture's table.
    rows: usize,
    /// Where packets of no described interface go.
    pub(super) nowhere: Port,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            order: Order::Little,
            number: 0,
            text_left: MAX_TEXT,
            file_text_left: MAX_FILE_TEXT,
            ports: Vec::new(),
            rows: 0,
            nowhere: Port::unknown(),
        }
    }

    /// Starts a section; `Err` says why it cannot be read.
    pub(super) fn section(
        &mut self,
        block: &[u8],
        order: Order,
        offset: u64,
        notes: &mut Notes<'_>,
    ) -> Result<(), String> {
        let mut options = body::section(block, order)?;
        self.order = order;
        self.ports.clear();
        self.file_text_left =
            self.file_text_left.saturating_sub(MAX_TEXT.saturating_sub(self.text_left));
        self.text_left = self.file_text_left.min(MAX_TEXT);
        self.number = u32::try_from(notes.summary.blocks.sections).unwrap_or(u32::MAX);
        if self.number == 0 {
            notes.summary.byte_order = order.as_str();
        }
        let mut section = Section::default();
        let mut cut = 0;
        for (code, value) in &mut options {
            let left = &mut self.text_left;
            let most = if code == 1 { MAX_COMMENT.min(*left) } else { *left };
            cut += u64::from((1..=4).contains(&code) && value.len() > most);
            match code {
                1 if most > 0 && section.comments.len() < MAX_COMMENTS => {
                    let value = value.get(..value.len().min(most)).unwrap_or_default();
                    section.comments.push(text(value, left));
                }
                1 => cut += u64::from(most > 0),
                2 => section.hardware = text(value, left),
                3 => section.os = text(value, left),
                4 => section.application = text(value, left),
                _ => {}
            }
        }
        option_damage(&options, offset, notes);
        cut_texts(cut, notes);
        if notes.summary.sections.len() < MAX_SECTIONS {
            notes.summary.sections.push(section);
        } else {
            notes.issue("section_limit", offset, || {
                format!("what sections beyond {MAX_SECTIONS} say of themselves is not kept")
            });
        }
        Ok(())
    }

    /// Adds an interface; false if the block is too short to describe one.
    pub(super) fn interface(&mut self, block: &[u8], offset: u64, notes: &mut Notes<'_>) -> bool {
        if self.ports.len() >= MAX_INTERFACES {
            notes.issue("interface_limit", offset, || {
                format!("more than {MAX_INTERFACES} interfaces in a section")
            });
            return true;
        }
        if self.rows >= notes.share {
            self.ports.push(Port::unknown());
            let share = notes.share;
            notes.issue("interface_limit", offset, || {
                format!("more than {share} interfaces in a file of this capture")
            });
            return true;
        }
        let order = self.order;
        let Some((link, snap_length, mut options)) = body::interface(block, order) else {
            self.ports.push(Port::unknown());
            return false;
        };
        let Ok(row) = u32::try_from(notes.interfaces.len()) else { return false };
        let mut interface = Interface {
            file: notes.file,
            section: self.number,
            id_in_section: u32::try_from(self.ports.len()).unwrap_or(u32::MAX),
            link: LinkType(link),
            name: String::new(),
            description: String::new(),
            filter: String::new(),
            os: String::new(),
            snap_length,
            fcs_length: None,
            resolution: String::new(),
            packets: 0,
            drops: Drops::default(),
        };
        let (mut resolution, mut shift) = (Resolution::default(), 0);
        let (mut wrong_length, mut cut) = (None, 0);
        for (code, value) in &mut options {
            let left = &mut self.text_left;
            cut += u64::from(matches!(code, 2 | 3 | 11 | 12) && value.len() > *left);
            match (code, value) {
                (2, _) => interface.name = text(value, left),
                (3, _) => interface.description = text(value, left),
                (9, &[unit]) => resolution = Resolution(unit),
                // The first byte says what follows: 0 is a filter as text.
                (11, [0, filter @ ..]) => interface.filter = text(filter, left),
                (12, _) => interface.os = text(value, left),
                (13, &[fcs]) => interface.fcs_length = Some(fcs),
                (14, _) if value.len() == 8 => shift = order.u64(value, 0).cast_signed(),
                (9 | 13 | 14, _) => wrong_length = Some((code, value.len())),
                _ => {}
            }
        }
        option_damage(&options, offset, notes);
        if let Some((code, length)) = wrong_length {
            notes.issue("option_damaged", offset, || {
                format!("interface option {code} of {length} bytes is ignored")
            });
        }
        cut_texts(cut, notes);
        interface.resolution = resolution.to_string();
        self.ports.push(Port {
            row,
            link: interface.link.0,
            snap_length: interface.snap_length,
            clock: Clock::new(resolution, shift),
        });
        notes.interfaces.push(interface);
        self.rows += 1;
        true
    }

    /// Takes the counters of a statistics block; false if it is too short or about no interface.
    pub(super) fn statistics(&self, block: &[u8], offset: u64, notes: &mut Notes<'_>) -> bool {
        let order = self.order;
        let Some((id, mut options)) = body::statistics(block, order) else { return false };
        let port = self.ports.get(id as usize);
        let Some(old) = port.and_then(|p| notes.interfaces.get(p.row as usize)).map(|i| i.drops)
        else {
            notes.issue("statistics_interface", offset, || "of an undefined interface".into());
            return true;
        };
        let mut drops = old;
        for (code, value) in &mut options {
            let counter = match code {
                4 => &mut drops.received,
                5 => &mut drops.interface_dropped,
                6 => &mut drops.filter_accepted,
                7 => &mut drops.os_dropped,
                8 => &mut drops.delivered,
                _ => continue,
            };
            if value.len() == 8 {
                *counter = Some(order.u64(value, 0));
            }
        }
        option_damage(&options, offset, notes);
        let backward = drops.received < old.received
            || drops.interface_dropped < old.interface_dropped
            || drops.os_dropped < old.os_dropped;
        if backward {
            notes.issue("statistics_backward", offset, || "counters went down".into());
        }
        if let Some(interface) = port.and_then(|p| notes.interfaces.get_mut(p.row as usize)) {
            interface.drops = drops;
        }
        true
    }
}

/// Counts texts of which not all is kept.
fn cut_texts(texts: u64, notes: &mut Notes<'_>) {
    notes.issues.add_many(notes.file, "text_limit", texts, || {
        format!("texts beyond {MAX_TEXT} bytes of a section, comments beyond {MAX_COMMENT}")
    });
}

fn option_damage(options: &Options<'_>, offset: u64, notes: &mut Notes<'_>) {
    if options.damaged() {
        notes.issue("option_damaged", offset, || "an option runs out of its block".into());
    }
}
