//! How to read, and how far it came.

/// How to read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Bytes asked of the source at a time, 1 to 16 Mi. Never changes what is read.
    pub chunk: usize,
    /// Bytes that each compressed file may unpack to; what comes after is left unread and the
    /// file's status is `limit`.
    pub max_uncompressed_bytes: Option<u64>,
    /// Whether compressed files may be read and decompressed ahead on threads of their own. Never
    /// changes what is read.
    pub ahead: bool,
    /// Looks behind damage in a classic pcap for three record headers in a row that make sense,
    /// and goes on there: the file's status is then `recovered`. The format has no marks, so that
    /// bytes of a payload may be taken for packets; without it reading ends at the damage.
    pub resync: bool,
    /// Whether directories within directories that are named are entered.
    pub recursive: bool,
    /// Whether what lies between packets is kept for a copy (see [`Annotator`](super::Annotator)).
    pub keep_blocks: bool,
    /// How many files the whole capture has, where these are a part of it: what each may bring, and
    /// how its oddities are told, depends on it.
    pub of: Option<usize>,
    /// How many packets were read before, whose numbers come first.
    pub before: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            chunk: 256 * 1024,
            max_uncompressed_bytes: None,
            ahead: true,
            resync: false,
            recursive: false,
            keep_blocks: false,
            of: None,
            before: 0,
        }
    }
}

/// How far reading has come, in bytes of the sources as they lie there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes taken so far.
    pub bytes_read: u64,
    /// Bytes in all; `None` with a pipe among the sources.
    pub bytes_total: Option<u64>,
    /// Packets given out so far.
    pub packets: u64,
}
