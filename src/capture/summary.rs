//! What became of each file.

use std::fmt;
use std::path::PathBuf;

use super::source::Compression;
use crate::hosts::Hosts;

/// How reading a file ended. Later ones outweigh earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Not at its end yet.
    #[default]
    Reading,
    /// Read to its end, nothing wrong.
    Complete,
    /// Nothing wrong, but no packet in it.
    Empty,
    /// It ends in the middle of a record, as a capture does that is still being written.
    TruncatedTail,
    /// Damaged records were passed over; everything else was read to the end.
    Recovered,
    /// Damaged, and nothing could be read behind the damage.
    Corrupt,
    /// A limit stopped the reading.
    Limit,
    /// The system failed to read on.
    IoError,
}

impl Status {
    /// The word for it in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Complete => "complete",
            Self::Empty => "empty",
            Self::TruncatedTail => "truncated_tail",
            Self::Recovered => "recovered",
            Self::Corrupt => "corrupt",
            Self::Limit => "limit",
            Self::IoError => "io_error",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Blocks of a pcapng file that are no packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    /// Section headers.
    pub sections: u64,
    /// Interface descriptions.
    pub interfaces: u64,
    /// Interface statistics.
    pub statistics: u64,
    /// Name resolution blocks.
    pub names: u64,
    /// Decryption secrets.
    pub secrets: u64,
    /// Custom blocks (which Wireshark shows as frames).
    pub custom: u64,
    /// Systemd journal and Sysdig event blocks (which Wireshark shows as frames).
    pub events: u64,
    /// Any other type.
    pub unknown: u64,
}

impl Blocks {
    /// All of them.
    pub fn total(&self) -> u64 {
        [
            self.sections,
            self.interfaces,
            self.statistics,
            self.names,
            self.secrets,
            self.custom,
            self.events,
            self.unknown,
        ]
        .iter()
        .fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// One pcapng section's own words, cut to 64 KiB in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// `shb_hardware`, empty where absent.
    pub hardware: String,
    /// `shb_os`.
    pub os: String,
    /// `shb_userappl`: the program that wrote it.
    pub application: String,
    /// `opt_comment`s of the section header, at most 64.
    pub comments: Vec<String>,
}

/// One file of a capture, with its accounts.
///
/// Two identities hold once `status` is no longer `Reading`:
/// `bytes_total = bytes_headers + bytes_records_ok + bytes_skipped + bytes_tail` and
/// `records = packets + blocks.total() + records_bad`.
#[derive(Clone, Debug, Default)]
pub struct FileSummary {
    /// As it was named; bytes that are not UTF-8 are `\xff`.
    pub name: String,
    /// Where it lies, if it is a file.
    pub path: Option<PathBuf>,
    /// `pcap` or `pcapng`.
    pub format: &'static str,
    /// `little` or `big`; of a pcapng file its first section.
    pub byte_order: &'static str,
    /// Unit of a classic pcap's timestamps (`us`, `ns`), `modified us` for 24-byte record
    /// headers; empty for pcapng, whose interfaces each have their own.
    pub resolution: &'static str,
    /// How it was compressed.
    pub compression: Compression,
    /// Bytes of the source, compressed as it is; `None` for a pipe that was not read to its end.
    pub source_bytes: Option<u64>,
    /// How reading ended.
    pub status: Status,
    /// Offset at which reading stopped before the end, where it did.
    pub stopped_at: Option<u64>,
    /// Uncompressed bytes seen.
    pub bytes_total: u64,
    /// File and section headers and interface descriptions.
    pub bytes_headers: u64,
    /// Sound packet records and other sound blocks.
    pub bytes_records_ok: u64,
    /// Damaged records, and what was searched through behind them.
    pub bytes_skipped: u64,
    /// What could not be read at the end.
    pub bytes_tail: u64,
    /// Records met (a cut one at the end is none).
    pub records: u64,
    /// Packets.
    pub packets: u64,
    /// Blocks that are no packets.
    pub blocks: Blocks,
    /// Damaged records.
    pub records_bad: u64,
    /// Packets captured and on the wire, in bytes.
    pub bytes_captured: u64,
    /// Bytes of the packets on the wire.
    pub bytes_original: u64,
    /// Earliest packet time, nanoseconds since the epoch.
    pub first_time: Option<i64>,
    /// Latest packet time.
    pub last_time: Option<i64>,
    /// How often a packet was older than the one before it in this file.
    pub time_backward: u64,
    /// Largest such step, in nanoseconds.
    pub max_backstep: u64,
    /// Packets without a (representable) time.
    pub without_time: u64,
    /// What the first sections (at most 1 024) say of themselves.
    pub sections: Vec<Section>,
    /// Names of addresses that it brings.
    pub hosts: Hosts,
}

impl FileSummary {
    pub(crate) fn worsen(&mut self, status: Status) {
        self.status = self.status.max(status);
    }

    /// Whether the accounts add up.
    pub fn adds_up(&self) -> bool {
        let bytes =
            [self.bytes_headers, self.bytes_records_ok, self.bytes_skipped, self.bytes_tail];
        self.bytes_total == bytes.iter().fold(0_u64, |sum, n| sum.saturating_add(*n))
            && self.records
                == self.packets.saturating_add(self.blocks.total()).saturating_add(self.records_bad)
    }
}
