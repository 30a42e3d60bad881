//! Sequence numbers: tcpdump prints those of segments with ACK relative to the first ones of a
//! conversation that it saw, unless told not to (`-S`), and none of bare ACKs. Its bookkeeping is done
//! again here (`print-tcp.c`: a conversation is begun by its first segment with ACK, and anew by each
//! SYN with ACK, whose numbers are printed as they are).

use std::cmp::Ordering;

use super::fields::Fields;
use super::line::{ByWay, Way, Wrong, back};
use crate::packet::Seq;

/// Where a sender's numbers are said to begin when no line tells.
const SOMEWHERE: u32 = 1_000_000;

/// Whether the numbers are absolute, as with `-S`. Behind the first line of a conversation, the next
/// number of each direction tells: it lies near that direction's first number, or near 0.
pub(super) fn are_absolute<'a>(lines: impl Iterator<Item = &'a Fields<'a>>) -> bool {
    // The first number of a direction, until another one was printed.
    let mut bases: ByWay<Option<u32>> = ByWay::new();
    let (mut absolute, mut relative) = (0_usize, 0_usize);
    for fields in lines {
        let Some(ack) = fields.acknowledgment.filter(|_| fields.flags.ack()) else { continue };
        let (way, other) = (fields.way(), back(fields.way()));
        if fields.flags.syn() || !bases.contains_key(&other) {
            bases.insert(other, Some(ack.wrapping_sub(1)));
            bases.insert(way, fields.sequence);
            continue;
        }
        for (way, number) in [(way, fields.sequence), (other, Some(ack))] {
            let Some(number) = number else { continue };
            let Some(base) = bases.insert(way, None).flatten() else { continue };
            // One further than where it began: behind the SYN.
            let near = |begin: u32| Seq(number).since(Seq(begin).plus(1)).unsigned_abs();
            match near(base).cmp(&near(0)) {
                Ordering::Less => absolute += 1,
                Ordering::Greater => relative += 1,
                Ordering::Equal => {}
            }
        }
    }
    absolute > relative
}

/// What is added to the numbers of a direction.
#[derive(Clone, Copy)]
struct Base {
    number: u32,
    /// It was not printed, and is said to be somewhere.
    hidden: bool,
}

/// The conversations so far.
pub(super) struct Numbers {
    absolute: bool,
    bases: ByWay<Base>,
    /// The next number of each sender.
    next: ByWay<u32>,
    /// With absolute numbers, the first that is printed of each.
    first: ByWay<u32>,
}

impl Numbers {
    pub(super) fn new<'a>(absolute: bool, lines: impl Iterator<Item = &'a Fields<'a>>) -> Self {
        let mut first = ByWay::new();
        for fields in lines {
            if let Some(sequence) = fields.sequence {
                first.entry(fields.way()).or_insert(sequence);
            }
            if let (Some(ack), true) = (fields.acknowledgment, fields.flags.ack()) {
                first.entry(back(fields.way())).or_insert(ack);
            }
        }
        Self { absolute, bases: ByWay::new(), next: ByWay::new(), first }
    }

    /// Sequence number, acknowledgment number and options of the next line.
    pub(super) fn settle(&mut self, fields: &Fields<'_>) -> Result<(Seq, Seq, Vec<u8>), Wrong> {
        let way = fields.way();
        let printed = fields.acknowledgment.unwrap_or(0);
        let (sequence, acknowledgment) = if self.absolute || !fields.flags.ack() {
            if fields.sequence.is_some() && !fields.flags.syn() {
                self.refuse_hidden(way)?;
            }
            (fields.sequence.unwrap_or_else(|| self.implied(way)), printed)
        } else if let Some(&base) = self.bases.get(&way).filter(|_| !fields.flags.syn()) {
            let peer = self.bases.get(&back(way)).map_or(0, |base| base.number);
            let sequence = fields.sequence.map(|n| n.wrapping_add(base.number));
            let sequence = sequence.unwrap_or_else(|| self.implied(way));
            (sequence, printed.wrapping_add(peer))
        } else {
            let hidden = fields.sequence.is_none();
            let sequence = fields.sequence.unwrap_or(SOMEWHERE);
            self.bases.insert(way, Base { number: sequence, hidden });
            let peer = Base { number: printed.wrapping_sub(1), hidden: false };
            self.bases.insert(back(way), peer);
            (sequence, printed)
        };
        self.went(fields, sequence);
        if fields.flags.ack() {
            self.reached(back(way), acknowledgment, fields.flags.syn());
        }
        Ok((Seq(sequence), Seq(acknowledgment), self.options(fields)?))
    }

    /// An absolute number cannot be told from what is only known from a number that was not printed.
    fn refuse_hidden(&self, way: Way) -> Result<(), Wrong> {
        match self.bases.get(&way) {
            Some(base) if base.hidden => {
                Err("its seq is absolute, while those of this conversation \
                begin at one that was not printed: print with -S"
                    .into())
            }
            _ => Ok(()),
        }
    }

    /// The number of a bare ACK: the sender's next.
    fn implied(&self, way: Way) -> u32 {
        let base = self.bases.get(&way).map(|base| base.number);
        let first = self.first.get(&way).copied().filter(|_| self.absolute);
        self.next.get(&way).copied().or(base).or(first).unwrap_or(SOMEWHERE)
    }

    fn went(&mut self, fields: &Fields<'_>, sequence: u32) {
        let flags = fields.flags;
        let end = sequence
            .wrapping_add(fields.length)
            .wrapping_add(u32::from(flags.syn()))
            .wrapping_add(u32::from(flags.fin()));
        if !flags.rst() {
            self.reached(fields.way(), end, flags.syn());
        }
    }

    /// A direction has come so far at least, or begins there.
    fn reached(&mut self, way: Way, number: u32, begins: bool) {
        let next = self.next.entry(way).or_insert(number);
        if begins || Seq(number).after(Seq(*next)) {
            *next = number;
        }
    }

    /// The options as bytes; those that are not known here are left out.
    fn options(&self, fields: &Fields<'_>) -> Result<Vec<u8>, Wrong> {
        let peer = self.bases.get(&back(fields.way())).map_or(0, |base| base.number);
        let base = if self.absolute { 0 } else { peer };
        let mut octets = Vec::new();
        for option in members(fields.options) {
            let bad = || format!("option {option:?} is none that tcpdump prints");
            let mut words = option.split_ascii_whitespace();
            let name = words.next().unwrap_or_default();
            let mut value = |named: &str| -> Result<u32, Wrong> {
                let word = words.next().filter(|word| named.is_empty() || *word == named);
                let word = if named.is_empty() { word } else { words.next() };
                word.and_then(|word| word.parse().ok()).ok_or_else(bad)
            };
            match name {
                "nop" => octets.push(1),
                "eol" => octets.push(0),
                "sackOK" => octets.extend([4, 2]),
                "mss" => {
                    octets.extend([2, 4]);
                    octets.extend(u16::try_from(value("")?).map_err(|_| bad())?.to_be_bytes());
                }
                "wscale" => {
                    octets.extend([3, 3, u8::try_from(value("")?).map_err(|_| bad())?]);
                }
                "TS" => {
                    octets.extend([8, 10]);
                    octets.extend(value("val")?.to_be_bytes());
                    octets.extend(value("ecr")?.to_be_bytes());
                }
                "sack" => {
                    let edges = edges(option).ok_or_else(bad)?;
                    octets.extend([5, u8::try_from(2 + 4 * edges.len()).map_err(|_| bad())?]);
                    for edge in edges {
                        octets.extend(edge.wrapping_add(base).to_be_bytes());
                    }
                }
                _ => {}
            }
        }
        if octets.len() > 40 {
            return Err("it has more options than a header holds".into());
        }
        while octets.len() % 4 != 0 {
            octets.push(1);
        }
        Ok(octets)
    }
}

/// What commas separate, outside braces and brackets.
fn members(options: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_i32;
    options
        .split(move |c| {
            depth += i32::from(matches!(c, '{' | '[')) - i32::from(matches!(c, '}' | ']'));
            c == ',' && depth == 0
        })
        .map(str::trim)
        .filter(|option| !option.is_empty())
}

/// `sack 2 {1:26}{40:50}`.
fn edges(option: &str) -> Option<Vec<u32>> {
    let mut found: Vec<u32> = Vec::new();
    for block in option.split('{').skip(1) {
        let (left, right) = block.split_once('}')?.0.split_once(':')?;
        for edge in [left, right] {
            found.push(edge.parse().ok()?);
        }
    }
    Some(found)
}
