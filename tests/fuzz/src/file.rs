//! Bytes of any format through a whole pass, in chunks that the first byte chooses.

use finrst::base::error::Error;
use finrst::capture::{ReadOptions, Source};
use finrst::conn::Limits;
use finrst::engine::{Options, Output, Session};

use super::hold;

/// Most that a compressed input may unpack to here: the pass is what is tried, not patience.
pub const UNPACKED: u64 = 1 << 20;

/// One input.
pub fn run(data: &[u8]) {
    let Some((&how, bytes)) = data.split_first() else { return };
    let chunk = [256 * 1024, 1, 7, 64][usize::from(how & 3)];
    // Whether quiet connections are kept in their compact form.
    let open = if how & 32 == 0 { 1 << 20 } else { 0 };
    let options = Options {
        limits: Limits { keep: how & 4 == 0, unpacked: open, quiet: 0, ..Limits::default() },
        reading: ReadOptions { resync: how & 16 != 0, ..ReadOptions::default() },
        memory_limit: (how & 8 != 0).then_some(64 << 10),
        ..Options::default()
    };
    if let Some(output) = pass(bytes, chunk, options) {
        hold::output(&output);
    }
}

/// A whole pass over one file in memory; `None` where it is no capture.
pub fn pass(bytes: &[u8], chunk: usize, options: Options) -> Option<Output> {
    let reading = ReadOptions {
        chunk,
        max_uncompressed_bytes: Some(UNPACKED),
        ahead: false,
        ..options.reading.clone()
    };
    let sources = vec![Source::bytes("input", bytes)];
    match Session::open(sources, Options { reading, ..options }) {
        Ok(session) => Some(all(session)),
        Err(error) => {
            refused(&error);
            None
        }
    }
}

/// Reads to the end, taking rows as they come.
pub fn all(mut session: Session) -> Output {
    let mut rows = Vec::new();
    while session.step(1 << 16).expect("nothing is refused once a capture is open") {
        rows.extend(&session.take());
    }
    let mut output = session.finish();
    rows.extend(&output.connections);
    rows.sort_by_key(|c| c.id);
    output.connections = rows.into();
    output
}

/// An error that bytes in memory may cause, short and fit to print.
fn refused(error: &Error) {
    let text = error.to_string();
    assert!(!matches!(error, Error::Internal(_) | Error::Cancelled), "{text}");
    assert!(text.chars().count() <= 700, "{text}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
}
