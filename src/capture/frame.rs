//! What a capture is made of: one [`Frame`] per captured packet.

/// A pcap link-layer type (`LINKTYPE_*` of the tcpdump group's registry).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkType(pub u16);

/// Which way a packet went at the interface that captured it, where the file says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The file does not say.
    #[default]
    Unknown,
    /// Received by the capturing host.
    Inbound,
    /// Sent by the capturing host.
    Outbound,
}

/// One captured packet, borrowed from the reader's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Number over the whole capture, from 1, in the order of reading (merged by time over files).
    pub number: u64,
    /// Index of the file in the capture's list of files.
    pub file: u32,
    /// Number within that file, from 1.
    pub number_in_file: u64,
    /// Nanoseconds since the Unix epoch; `None` where the file states none or it does not fit.
    pub time: Option<i64>,
    /// Index into the capture's table of interfaces (over all files and sections).
    pub interface: u32,
    /// Link type of that interface.
    pub link: LinkType,
    /// Direction at the interface.
    pub direction: Direction,
    /// The captured bytes.
    pub data: &'a [u8],
    /// Length of the packet on the wire, never below `data.len()`.
    pub original_length: u32,
}
