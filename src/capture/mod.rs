//! Bytes to frames: files, pipes and compressed streams in, [`Frame`]s out.
//!
//! A [`Reader`] takes [`Source`]s and gives [`Batch`]es of frames that lie in its buffer. Damage
//! is never an error: it is in [`Reader::files`] (status and accounts) and [`Reader::issues`].

mod annotate;
mod batch;
mod blocks;
mod bytes;
mod clock;
mod file;
mod frame;
mod interface;
mod leaps;
mod options;
mod order;
mod pcap;
mod pcapng;
mod reader;
mod source;
mod summary;
mod supply;
mod window;
mod write;

pub use annotate::{Annotator, Comment, Comments, MARK, Placed};
pub use batch::{Batch, Frames};
pub use file::looks_like_capture;
pub use frame::{Direction, Frame, LinkType};
pub use interface::{Drops, Interface, NO_INTERFACE};
pub use leaps::LEAP;
pub use options::{Progress, ReadOptions};
pub use order::{report_order, report_overlaps};
pub use reader::Reader;
pub use source::{Compression, Given, Object, Remote, Source, SourceFile, SourceFiles};
pub use summary::{Blocks, FileSummary, Section, Status};
pub use write::Writer;
