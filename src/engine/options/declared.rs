//! Every option of a reading, declared once: the dictionary that Python hands over, the flags of
//! the command, the metadata of the tables and the manual are loops over this list.

use super::{Bound, Options};
use crate::cause::Parameters;
use crate::filter::Filter;
use crate::hosts::Hosts;
use crate::table::Columns;

/// One option.
pub struct Declared {
    /// Its name in Python; as a flag of the command its underscores are hyphens.
    pub name: &'static str,
    /// What kind of value it takes, and where the value is kept.
    pub slot: Slot,
    /// What stands for its value in the command's help; `None` where the command has no such flag.
    /// Empty for a flag without a value.
    pub flag: Option<&'static str>,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// What else has to be known.
    pub more: &'static str,
}

/// What kind of value an option takes, and where it is kept.
#[derive(Clone, Copy)]
pub enum Slot {
    /// An expression of the filter language.
    Filter(fn(&mut Options) -> &mut Option<Filter>),
    /// A point in the capture's time.
    Moment(fn(&mut Options) -> &mut Option<Bound>),
    /// A span of the capture's time, in nanoseconds.
    Duration(fn(&mut Options) -> &mut i64),
    /// A number of bytes, or no limit.
    Limit(fn(&mut Options) -> &mut Option<u64>),
    /// A number of bytes.
    Octets(fn(&mut Options) -> &mut usize),
    /// A number of things, or what suits the machine.
    Count(fn(&mut Options) -> &mut Option<usize>),
    /// Yes or no.
    Switch(fn(&mut Options) -> &mut bool),
    /// Thresholds by name (see [`Parameters::list`]).
    Thresholds(fn(&mut Options) -> &mut Parameters),
    /// Names of columns.
    Columns(fn(&mut Options) -> &mut Columns),
    /// Addresses with their names.
    Hosts(fn(&mut Options) -> &mut Hosts),
}

impl Slot {
    /// The word for the kind of value.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Filter(_) => "filter",
            Self::Moment(_) => "moment",
            Self::Duration(_) => "duration",
            Self::Limit(_) | Self::Octets(_) => "size",
            Self::Count(_) => "count",
            Self::Switch(_) => "switch",
            Self::Thresholds(_) => "thresholds",
            Self::Columns(_) => "columns",
            Self::Hosts(_) => "hosts",
        }
    }

    /// The unit of the default, empty where there is none.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Duration(_) => "s",
            Self::Limit(_) | Self::Octets(_) => "bytes",
            _ => "",
        }
    }

    /// The default in that unit; `None` where nothing is set.
    pub fn default_text(self) -> Option<String> {
        let mut options = Options::default();
        match self {
            Self::Duration(at) => Some(crate::conn::seconds(*at(&mut options)).to_string()),
            Self::Octets(at) => Some(at(&mut options).to_string()),
            Self::Switch(at) => Some(at(&mut options).to_string()),
            Self::Limit(at) => at(&mut options).map(|octets| octets.to_string()),
            Self::Count(at) => at(&mut options).map(|count| count.to_string()),
            Self::Filter(_)
            | Self::Moment(_)
            | Self::Thresholds(_)
            | Self::Columns(_)
            | Self::Hosts(_) => None,
        }
    }
}

impl Declared {
    const fn new(name: &'static str, slot: Slot, doc: &'static str) -> Self {
        Self { name, slot, flag: None, doc, more: "" }
    }

    const fn flag(self, value: &'static str) -> Self {
        Self { flag: Some(value), ..self }
    }

    const fn more(self, more: &'static str) -> Self {
        Self { more, ..self }
    }
}

/// Every option, in the order in which they are shown.
pub static OPTIONS: &[Declared] = &[
    Declared::new(
        "filter",
        Slot::Filter(|o| &mut o.filter),
        "Packets that take part, as for tcpdump: 'host 10.0.0.5 and port 443' (addresses, networks \
         and ports; not flags).",
    )
    .flag("EXPR"),
    Declared::new(
        "start",
        Slot::Moment(|o| &mut o.start),
        "First moment: 2026-11-24T15:00:00Z, or +30s.",
    )
    .flag("TIME")
    .more("In Python a `datetime` too; +30s is after the first packet."),
    Declared::new("end", Slot::Moment(|o| &mut o.end), "First moment that takes no part any more.")
        .flag("TIME"),
    Declared::new(
        "columns",
        Slot::Columns(|o| &mut o.columns),
        "Columns that are made of connections and of their FIN and RST segments, in this order; \
         what nobody asks for is not worked out.",
    )
    .more(
        "A list of names, each of either table or of both, or a mapping of the tables to lists \
         (None: all of a table). A table of which nothing is asked has neither columns nor rows. \
         `finrst.columns()` lists them.",
    ),
    Declared::new(
        "linger",
        Slot::Duration(|o| &mut o.limits.linger),
        "Capture time after which a connection that is over is let go.",
    ),
    Declared::new(
        "handshake_timeout",
        Slot::Duration(|o| &mut o.limits.handshake),
        "The same for a handshake that never completed.",
    ),
    Declared::new(
        "half_closed_timeout",
        Slot::Duration(|o| &mut o.limits.half_closed),
        "The same for a connection closed by one side.",
    ),
    Declared::new(
        "idle_timeout",
        Slot::Duration(|o| &mut o.limits.idle),
        "The same for any other.",
    ),
    Declared::new(
        "memory_limit",
        Slot::Limit(|o| &mut o.memory_limit),
        "Memory for connections that are followed, as in 1GiB; beyond it those that were silent \
         longest come out early.",
    )
    .flag("SIZE")
    .more(
        "Their `release` is `evicted`. Rows already made are not in it. 2 GiB in `scan`; without a \
         limit in `read`, which raises `MemoryError` where the system gives no more.",
    ),
    Declared::new(
        "max_uncompressed_bytes",
        Slot::Limit(|o| &mut o.reading.max_uncompressed_bytes),
        "Bytes that each compressed file may unpack to.",
    ),
    Declared::new(
        "chunk",
        Slot::Octets(|o| &mut o.reading.chunk),
        "Bytes read at a time; never changes a row.",
    ),
    Declared::new(
        "threads",
        Slot::Count(|o| &mut o.threads),
        "Threads that may be used; never changes a row.",
    )
    .more(
        "As many as there are processors (8 at most) unless told. `read` follows connections on \
         them (with a `memory_limit` on one), tables are made on all; with more than one, another \
         reads and decompresses files, and of several files on this machine as many are decoded at \
         once as there are threads.",
    ),
    Declared::new(
        "recursive",
        Slot::Switch(|o| &mut o.reading.recursive),
        "Enter directories within directories that are named, too (links to them are not followed).",
    )
    .flag(""),
    Declared::new(
        "resync",
        Slot::Switch(|o| &mut o.reading.resync),
        "Look for packets behind damage in a classic pcap too (of pcapng they always are): three \
         record headers in a row that make sense.",
    )
    .more(
        "The file's `status` is then `recovered` and `issues` says where; bytes of a payload may \
         be taken for packets.",
    ),
    Declared::new(
        "strict",
        Slot::Switch(|o| &mut o.strict),
        "Refuse captures that are cut short or damaged.",
    )
    .flag("")
    .more("Raises `CaptureError`."),
    Declared::new(
        "parameters",
        Slot::Thresholds(|o| &mut o.parameters),
        "Thresholds of the causes, by name.",
    )
    .more("`finrst.parameters()` lists them."),
    Declared::new(
        "hosts",
        Slot::Hosts(|o| &mut o.hosts),
        "Names of addresses, in a file in the form of /etc/hosts.",
    )
    .flag("FILE")
    .more(
        "In Python a dict of names by address, too. They stand before the names that packets give; \
         nothing is looked up anywhere.",
    ),
];
