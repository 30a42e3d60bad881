//! `filter=`: which segments to look at, in a subset of the language of packet filters.
//!
#![doc = include_str!("../../docs/filter.md")]

mod display;
mod parse;
mod words;

use crate::base::error::Error;
use crate::packet::{Address, IcmpError, PathId, Paths, Segment};

/// A filter expression, ready to be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The expression in postfix order: no recursion, whatever was typed.
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Test(Test),
    And,
    Or,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Test {
    /// True of everything.
    Any,
    /// The version of the innermost IP header.
    Version(u8),
    /// A VLAN tag, or any.
    Vlan(Option<u16>),
    /// An address under a mask.
    Net(End, u128, u128),
    /// A port from the first to the second.
    Ports(End, u16, u16),
}

/// Which end of a packet a primitive is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Source,
    Destination,
    Either,
    Both,
}

impl End {
    fn holds<T>(self, source: T, destination: T, test: impl Fn(T) -> bool) -> bool {
        match self {
            Self::Source => test(source),
            Self::Destination => test(destination),
            Self::Either => test(source) || test(destination),
            Self::Both => test(source) && test(destination),
        }
    }
}

/// What to say of a text that is a display filter of Wireshark.
fn meant(text: &str) -> Option<Error> {
    let tokens = words::tokens(text);
    let field = display::field(&tokens)?;
    let said = display::translated(text).filter(|said| parse::parse(said).is_ok());
    let instead =
        said.map_or_else(|| "it cannot say this".to_owned(), |said| format!("write '{said}'"));
    let reason = format!(
        "'{}' is of Wireshark's display filters, and this is a capture filter (BPF, as tcpdump's): \
         {instead}",
        field.text
    );
    Some(Error::Filter { reason, position: field.position })
}

/// What a filter looks at.
struct Tuple {
    version: u8,
    source: Address,
    destination: Address,
    source_port: u16,
    destination_port: u16,
    path: PathId,
}

impl Filter {
    /// Reads an expression; an empty one lets everything pass.
    ///
    /// # Errors
    /// [`Error::Filter`] says what is wrong and where.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let steps = parse::parse(text).map_err(|error| meant(text).unwrap_or(error))?;
        Ok(Self { steps })
    }

    /// Whether a segment passes.
    pub fn matches(&self, segment: &Segment<'_>, paths: &Paths) -> bool {
        let tuple = Tuple {
            version: segment.ip_version,
            source: segment.source,
            destination: segment.destination,
            source_port: segment.source_port,
            destination_port: segment.destination_port,
            path: segment.path,
        };
        self.holds(&tuple, paths)
    }

    /// Whether the segment that an ICMP error quotes passes.
    pub fn matches_icmp(&self, error: &IcmpError, paths: &Paths) -> bool {
        let tuple = Tuple {
            version: error.ip_version,
            source: error.source,
            destination: error.destination,
            source_port: error.source_port,
            destination_port: error.destination_port,
            path: error.path,
        };
        self.holds(&tuple, paths)
    }

    /// The stack is one word: the nesting limit of the parser keeps it well below 128 values.
    fn holds(&self, tuple: &Tuple, paths: &Paths) -> bool {
        let mut stack = 1_u128;
        for step in &self.steps {
            stack = match step {
                Step::Test(test) => (stack << 1) | u128::from(test.holds(tuple, paths)),
                Step::Not => stack ^ 1,
                Step::And => (stack >> 1) & (stack | !1),
                Step::Or => (stack >> 1) | (stack & 1),
            };
        }
        stack & 1 == 1
    }
}

impl Test {
    fn holds(self, tuple: &Tuple, paths: &Paths) -> bool {
        match self {
            Self::Any => true,
            Self::Version(version) => tuple.version == version,
            Self::Vlan(None) => !paths.get(tuple.path).vlans.is_empty(),
            Self::Vlan(Some(id)) => paths.get(tuple.path).vlans.contains(&id),
            Self::Net(end, value, mask) => {
                end.holds(tuple.source, tuple.destination, |address| address.0 & mask == value)
            }
            Self::Ports(end, low, high) => {
                end.holds(tuple.source_port, tuple.destination_port, |p| (low..=high).contains(&p))
            }
        }
    }
}

#[cfg(test)]
mod tests;
