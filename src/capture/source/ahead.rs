//! A stream read on a thread of its own, ahead of who takes its bytes: reading and decompression
//! run beside everything else, and what comes is the same.

use std::io;
use std::panic;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};

use super::compress::{Compression, End, Stream};
use super::remote::{Remote, receive};
use crate::base::error::Error;
use crate::base::guard;
use crate::base::parallel::hand_over;

/// Room in front of a piece for the part of a record that the piece before it ended with.
const HEADROOM: usize = 64 * 1024;
/// Pieces that are filled ahead; one more is with the taker.
const PIECES: usize = 3;

/// What is told of a stream at its end.
#[derive(Clone, Debug)]
pub(crate) struct Over {
    /// Why it is over.
    pub(crate) end: End,
    /// Whether something that is not of its compression followed the compressed data.
    pub(crate) trailing: bool,
    /// How the file changed while it was read.
    pub(crate) change: Option<String>,
}

/// The next bytes of a stream.
pub(crate) struct Piece {
    /// Room, then the bytes.
    pub(crate) buffer: Vec<u8>,
    /// Where the bytes begin and end.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Bytes taken from the source by then.
    read: u64,
    /// Set on the last piece.
    over: Option<Over>,
}

/// The near end of a stream that is read ahead.
pub(crate) struct Ahead {
    pieces: Receiver<Result<Piece, Error>>,
    used: Sender<Vec<u8>>,
    pub(crate) compression: Compression,
    pub(crate) total: Option<u64>,
    pub(crate) read: u64,
    pub(crate) over: Option<Over>,
    /// What [`Ahead::over`] will be once the last piece was taken.
    coming: Option<Over>,
    /// Where it lies, if it is an object in a store: waiting for it may be ended.
    remote: Option<Arc<dyn Remote>>,
}

impl Ahead {
    /// Starts reading ahead in pieces of `chunk` bytes. The stream comes back when there is no
    /// thread for it.
    #[allow(clippy::result_large_err, reason = "only when no thread can be started")]
    pub(crate) fn start(stream: Stream, chunk: usize) -> Result<Self, Stream> {
        let (sender, pieces) = sync_channel(PIECES);
        let (used, empty) = channel();
        let (compression, total) = (stream.compression(), stream.bytes_total());
        let (taken, remote) = (stream.bytes_read(), stream.remote());
        let run = move |stream| read(stream, chunk, &sender, &empty);
        if let Some(stream) = hand_over("finrst-read", stream, run) {
            return Err(stream);
        }
        let (read, over, coming) = (taken, None, None);
        Ok(Self { pieces, used, compression, total, read, over, coming, remote })
    }

    /// The next piece, waiting for it; `None` at the end. A panic of the thread goes on here.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        if let Some(over) = self.coming.take() {
            self.over = Some(over);
        }
        if self.over.is_some() {
            return None;
        }
        let gone = || io::Error::other("the thread that reads is gone");
        let piece = match self.remote.clone() {
            Some(remote) => {
                receive(&*remote, &mut self.pieces).and_then(|piece| piece.ok_or_else(gone))
            }
            None => self.pieces.recv().map_err(|_| gone()),
        };
        match piece {
            Ok(Ok(mut piece)) => {
                self.read = piece.read;
                self.coming = piece.over.take();
                Some(piece)
            }
            Ok(Err(error)) => panic::resume_unwind(Box::new(error.to_string())),
            Err(error) => {
                let end = End::Io(error.to_string());
                self.over = Some(Over { end, trailing: false, change: None });
                None
            }
        }
    }

    /// Gives a buffer back to be filled again.
    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        // Who reads may be done already.
        drop(self.used.send(buffer));
    }
}

/// Fills pieces until the stream or the interest in it ends.
fn read(
    mut stream: Stream,
    chunk: usize,
    sender: &SyncSender<Result<Piece, Error>>,
    empty: &Receiver<Vec<u8>>,
) {
    loop {
        // New buffers until enough of them go round; of another size are those that a long
        // record was put together in.
        let size = HEADROOM + chunk;
        let buffer = empty.try_iter().find(|buffer| buffer.len() == size);
        let mut buffer = buffer.unwrap_or_else(|| vec![0; size]);
        let filled = guard::catch(|| {
            let mut end = HEADROOM;
            while let Some(room) = buffer.get_mut(end..).filter(|room| !room.is_empty()) {
                match stream.read(room) {
                    0 => break,
                    got => end += got,
                }
            }
            Ok(end)
        });
        let piece = filled.map(|end| Piece {
            start: HEADROOM,
            end,
            read: stream.bytes_read(),
            over: stream.over(),
            buffer,
        });
        let last = piece.as_ref().map_or(true, |piece| piece.over.is_some());
        if sender.send(piece).is_err() || last {
            return;
        }
    }
}
