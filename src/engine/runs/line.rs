//! Every frame of a run in one or two bytes: its file, its time, and whether it takes part. What
//! several runs are in the order of one reader, and what time it is at each packet, is told by these.

use std::io::Read;

use super::broken;
use crate::base::error::Error;
use crate::digest::wire::{put, unzigzag, zigzag};

/// What a frame is to the trackers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Nothing.
    Other,
    /// A segment or an ICMP error that takes part.
    Kept,
    /// It cannot be told from its run alone: see [`super::aside`].
    Aside,
}

/// A frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Index of its file within the run.
    pub file: u32,
    /// Its number in the file, from 1.
    pub position: u64,
    /// Its number in the run, from 1.
    pub number: u64,
    /// Nanoseconds since the epoch, where it has a time.
    pub time: Option<i64>,
    pub part: Part,
}

/// The low bits of a word: what it is. Of frames the others are the distance in time.
const BITS: u32 = 3;
const UNTIMED: u64 = 3;
const FILE: u64 = 6;
/// The time follows as it is.
const LEAP: u64 = 7;
/// From here on distances are nanoseconds: before, they are microseconds.
const FINE: u64 = 3;
const COARSE: i64 = 1000;

/// Writes a line.
#[derive(Debug, Default)]
pub(super) struct LineWriter {
    octets: Vec<u8>,
    file: u32,
    time: i64,
    is_fine: bool,
}

impl LineWriter {
    /// The frames that follow are of this file.
    pub(super) fn file(&mut self, file: u32) {
        if file != std::mem::replace(&mut self.file, file) {
            put(&mut self.octets, u64::from(file) << BITS | FILE);
        }
    }

    /// Adds a frame.
    #[inline]
    pub(super) fn add(&mut self, time: Option<i64>, part: Part) {
        let code = part as u64;
        let Some(time) = time else {
            put(&mut self.octets, UNTIMED + code);
            return;
        };
        let mut distance = time.wrapping_sub(std::mem::replace(&mut self.time, time));
        if !self.is_fine {
            if distance % COARSE == 0 {
                distance /= COARSE;
            } else {
                put(&mut self.octets, FINE << BITS | LEAP);
                self.is_fine = true;
            }
        }
        let distance = zigzag(distance);
        if distance >> (64 - BITS) == 0 {
            put(&mut self.octets, distance << BITS | code);
        } else {
            put(&mut self.octets, code << BITS | LEAP);
            self.octets.extend_from_slice(&time.to_le_bytes());
        }
    }

    /// What was written since this was last asked for.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.octets)
    }

    /// How many bytes wait to be taken.
    pub(super) fn len(&self) -> usize {
        self.octets.len()
    }
}

/// Reads a line.
pub(super) struct Line<R> {
    octets: Octets<R>,
    file: u32,
    time: i64,
    is_fine: bool,
    number: u64,
    /// Frames of each file so far.
    positions: Vec<u64>,
}

impl<R: Read> Line<R> {
    /// Of a run of so many files.
    pub(super) fn new(octets: R, files: usize) -> Self {
        let octets = Octets::new(octets);
        Self { octets, file: 0, time: 0, is_fine: false, number: 0, positions: vec![0; files] }
    }

    /// Where its bytes come from: more may come once all were read.
    pub(super) fn source(&mut self) -> &mut R {
        self.octets.source()
    }

    /// The next frame; none where there are no more bytes.
    ///
    /// # Errors
    /// Where the bytes cannot be read or are no line.
    pub(super) fn next(&mut self) -> Result<Option<Mark>, Error> {
        loop {
            let Some(word) = self.octets.word()? else { return Ok(None) };
            let (code, value) = (word & LEAP, word >> BITS);
            let (time, code) = match code {
                FILE => {
                    self.file = u32::try_from(value).map_err(|_| broken("a line"))?;
                    continue;
                }
                LEAP if value == FINE => {
                    self.is_fine = true;
                    continue;
                }
                LEAP => {
                    self.time = i64::from_le_bytes(self.octets.array()?);
                    (Some(self.time), value)
                }
                code if code >= UNTIMED => (None, code - UNTIMED),
                code => {
                    let unit = if self.is_fine { 1 } else { COARSE };
                    self.time = self.time.wrapping_add(unzigzag(value).wrapping_mul(unit));
                    (Some(self.time), code)
                }
            };
            let part = match code {
                0 => Part::Other,
                1 => Part::Kept,
                2 => Part::Aside,
                _ => return Err(broken("a line")),
            };
            let position = self.positions.get_mut(self.file as usize);
            let position = position.ok_or_else(|| broken("a line"))?;
            *position += 1;
            self.number += 1;
            let (file, position, number) = (self.file, *position, self.number);
            return Ok(Some(Mark { file, position, number, time, part }));
        }
    }
}

/// Bytes of a stream, one by one.
pub(super) struct Octets<R> {
    stream: R,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
}

/// Bytes asked of a stream at a time.
const BUFFER: usize = 1 << 12;

impl<R: Read> Octets<R> {
    pub(super) fn new(stream: R) -> Self {
        Self { stream, buffer: vec![0; BUFFER], at: 0, end: 0 }
    }

    /// Where they come from.
    pub(super) fn source(&mut self) -> &mut R {
        &mut self.stream
    }

    #[inline]
    fn octet(&mut self) -> Result<Option<u8>, Error> {
        if self.at == self.end {
            self.at = 0;
            self.end = read(&mut self.stream, &mut self.buffer)?;
        }
        let octet = self.buffer.get(self.at..self.end).and_then(|rest| rest.first()).copied();
        self.at += usize::from(octet.is_some());
        Ok(octet)
    }

    /// The next word; `None` at the end.
    #[inline]
    pub(super) fn word(&mut self) -> Result<Option<u64>, Error> {
        let (mut word, mut shift) = (0, 0);
        loop {
            let Some(octet) = self.octet()? else {
                return if shift == 0 { Ok(None) } else { Err(broken("a word")) };
            };
            if shift > 63 || shift == 63 && octet > 1 {
                return Err(broken("a word"));
            }
            word |= u64::from(octet & 127) << shift;
            if octet < 128 {
                return Ok(Some(word));
            }
            shift += 7;
        }
    }

    /// The next bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut octets = [0; N];
        for octet in &mut octets {
            *octet = self.octet()?.ok_or_else(|| broken("a number"))?;
        }
        Ok(octets)
    }

    /// So many bytes: memory grows with what really comes.
    pub(super) fn some(&mut self, length: usize) -> Result<Vec<u8>, Error> {
        let mut octets = Vec::new();
        while octets.len() < length {
            if self.at == self.end {
                self.at = 0;
                self.end = read(&mut self.stream, &mut self.buffer)?;
            }
            let rest = self.buffer.get(self.at..self.end).unwrap_or_default();
            let more = rest.get(..rest.len().min(length - octets.len())).unwrap_or_default();
            if more.is_empty() {
                return Err(broken("a text"));
            }
            octets.extend_from_slice(more);
            self.at += more.len();
        }
        Ok(octets)
    }
}

fn read(stream: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Error> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::Io { file: "digest".to_owned(), source }),
            Ok(count) => return Ok(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_come_back_however_fine_they_are() {
        let coarse = [0, 1000, 1_700_000_000_000_000_000, 1_699_999_999_999_999_000];
        let fine = [1_700_000_000_000_000_001, 1_700_000_000_000_000_999, 3000, 3001];
        let ends = [i64::MIN, i64::MAX, -1, i64::MIN + 1, 1000];
        for times in [&coarse[..], &fine, &ends, &[coarse, fine].concat()] {
            let mut writer = LineWriter::default();
            for (at, &time) in (0..).zip(times) {
                writer.file(at % 2);
                writer.add(Some(time), Part::Kept);
                writer.add(None, Part::Other);
            }
            let mut line = Line::new(&*writer.octets, 2);
            let mut read = Vec::new();
            while let Some(mark) = line.next().unwrap() {
                assert_eq!(mark.part == Part::Kept, mark.time.is_some());
                read.extend(mark.time);
            }
            assert_eq!(read, times);
        }
    }

    #[test]
    fn whole_microseconds_take_less_room() {
        let line = |step: i64| {
            let mut writer = LineWriter::default();
            (0..1000).for_each(|at| writer.add(Some(at * step), Part::Kept));
            writer.len()
        };
        assert!(line(100_000) * 3 < line(100_001) * 2 + 100, "{}", line(100_000));
    }
}
