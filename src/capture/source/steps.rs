//! Decoders that are led step by step, so that what a step gave before it met damage is kept.

use std::io::{self, BufRead, Read};

use flate2::FlushDecompress;
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::input::Input;

/// Memory that a zstd window may claim: 2^27 bytes.
const WINDOW_LOG: u32 = 27;
/// Bytes of the header of a zstd block.
const ZSTD_BLOCK_HEADER: usize = 3;

/// What one step did, also where it failed.
pub(super) struct Step {
    taken: usize,
    given: usize,
    /// Whether the stream is over.
    over: io::Result<bool>,
}

/// A decoder that never loses what it has decoded.
pub(super) trait Stepwise {
    /// Decodes from `data`, which is empty where nothing more comes.
    fn step(&mut self, data: &[u8], out: &mut [u8]) -> Step;
}

/// Leads a decoder over an input.
pub(super) struct Steps<D> {
    pub(super) input: Input,
    decoder: D,
    /// How it ended, told once everything was given.
    over: Option<io::Result<()>>,
}

impl<D: Stepwise> Steps<D> {
    pub(super) fn new(input: Input, decoder: D) -> Self {
        Self { input, decoder, over: None }
    }
}

impl<D: Stepwise> Read for Steps<D> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.over.is_none() {
            let data = self.input.fill_buf()?;
            let ended = data.is_empty();
            let step = self.decoder.step(data, out);
            self.input.consume(step.taken);
            self.over = match step.over {
                Ok(true) => Some(Ok(())),
                Ok(false) if ended && step.given == 0 => {
                    Some(Err(io::ErrorKind::UnexpectedEof.into()))
                }
                Ok(false) => None,
                Err(error) => Some(Err(error)),
            };
            if step.given > 0 {
                return Ok(step.given);
            }
        }
        // A failure is told once: nobody reads on behind it.
        self.over.replace(Ok(())).unwrap_or(Ok(())).map(|()| 0)
    }
}

/// How far a counter of 64 bits moved within one step.
fn moved(before: u64, after: u64) -> usize {
    usize::try_from(after.wrapping_sub(before)).unwrap_or(usize::MAX)
}

/// One member of a gzip file.
pub(super) struct Gzip(flate2::Decompress);

impl Gzip {
    pub(super) fn new() -> Self {
        Self(flate2::Decompress::new_gzip(15))
    }
}

impl Stepwise for Gzip {
    fn step(&mut self, data: &[u8], out: &mut [u8]) -> Step {
        let (taken, given) = (self.0.total_in(), self.0.total_out());
        let over = match self.0.decompress(data, out, FlushDecompress::None) {
            Ok(status) => Ok(status == flate2::Status::StreamEnd),
            // Its own words depend on how much it was given at once.
            Err(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "corrupt gzip stream")),
        };
        let (taken, given) = (moved(taken, self.0.total_in()), moved(given, self.0.total_out()));
        Step { taken, given, over }
    }
}

/// One stream of a bzip2 file. A call that fails within a block forgets what it gave before, and
/// leaves the decoder where it was: then less is asked for, so that nothing is lost.
pub(super) struct Bzip2(bzip2::Decompress);

impl Bzip2 {
    pub(super) fn new() -> Self {
        Self(bzip2::Decompress::new(false))
    }

    fn call(&mut self, data: &[u8], out: &mut [u8]) -> Step {
        let (taken, given) = (self.0.total_in(), self.0.total_out());
        let over = match self.0.decompress(data, out) {
            Ok(bzip2::Status::MemNeeded) => Err(io::Error::other("bzip2: no memory")),
            Ok(status) => Ok(status == bzip2::Status::StreamEnd),
            Err(error) => Err(error.into()),
        };
        let (taken, given) = (moved(taken, self.0.total_in()), moved(given, self.0.total_out()));
        Step { taken, given, over }
    }
}

impl Stepwise for Bzip2 {
    fn step(&mut self, data: &[u8], out: &mut [u8]) -> Step {
        // Without room nothing is given: what fails here is not within a block.
        let taking = self.call(data, &mut []);
        if !matches!(taking.over, Ok(false)) {
            return taking;
        }
        // Without data no block begins after the one at hand.
        let mut giving = self.call(&[], out);
        let mut room = out.len();
        while giving.over.is_err() && giving.given == 0 && room > 1 {
            room /= 2;
            let less = self.call(&[], out.get_mut(..room).unwrap_or_default());
            if less.over.is_ok() && less.given == room {
                giving = less;
            }
        }
        Step { taken: taking.taken, ..giving }
    }
}

/// One frame of a zstd file, block by block: a call that fails says nothing of what it gave, so
/// that no call may come to a second block, or to a next header with bytes still to be given.
pub(super) struct Zstd {
    decoder: Decoder<'static>,
    /// Bytes up to the end of the next block and the header behind it.
    wanted: usize,
    /// The last step filled its room: there may be more to give before more is taken.
    full: bool,
}

impl Zstd {
    pub(super) fn new() -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Self { decoder, wanted: ZSTD_BLOCK_HEADER, full: false })
    }
}

impl Stepwise for Zstd {
    fn step(&mut self, data: &[u8], out: &mut [u8]) -> Step {
        let take = match self.wanted.checked_sub(ZSTD_BLOCK_HEADER) {
            _ if self.full => 0,
            None | Some(0) => self.wanted.max(1),
            Some(block) => block,
        };
        let (mut data, room) = (InBuffer::around(data.get(..take).unwrap_or(data)), out.len());
        let mut out = OutBuffer::around(out);
        let over = self.decoder.run(&mut data, &mut out).map(|wanted| {
            self.wanted = wanted;
            wanted == 0
        });
        let given = out.pos();
        self.full = given == room;
        Step { taken: data.pos(), given, over }
    }
}
