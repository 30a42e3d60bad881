//! Frames to pcapng, byte by byte as they were captured.

use std::io::{self, Write};

use super::annotate::{comment, with_comments};
use super::bytes::Order;
use super::frame::{Direction, Frame, LinkType};

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 6;
const NANOSECONDS: u8 = 9;
/// `if_tsoffset` of packets before 1970, as timestamps have no sign: before all that 64 bits of
/// nanoseconds can say.
const LONG_AGO: i64 = -10_000_000_000;
const NANOS: i128 = 1_000_000_000;

/// Writes one section of little-endian pcapng with nanoseconds, one interface a link type, and another
/// one for its packets before 1970.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    /// Link types, and the seconds to be added to their times.
    interfaces: Vec<(LinkType, i64)>,
}

impl<W: Write> Writer<W> {
    /// Begins a file; `about` becomes the comment of its section.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn new(mut out: W, about: Option<&str>) -> io::Result<Self> {
        let mut body = Vec::with_capacity(16);
        body.extend(0x1a2b_3c4d_u32.to_le_bytes());
        body.extend(1_u16.to_le_bytes());
        body.extend(0_u16.to_le_bytes());
        body.extend(u64::MAX.to_le_bytes());
        let about = about.map(comment);
        let about = about.as_deref();
        with_comments(&mut body, Order::Little, about.as_slice(), &[]);
        block(&mut out, SECTION, &body)?;
        Ok(Self { out, interfaces: Vec::new() })
    }

    /// Adds a frame with its time, in nanoseconds since the epoch, and comments.
    ///
    /// # Errors
    /// When the sink fails.
    pub fn frame(&mut self, frame: &Frame<'_>, time: i64, comments: &[&str]) -> io::Result<()> {
        let offset = if time < 0 { LONG_AGO } else { 0 };
        let interface = self.interface(frame.link, offset)?;
        let stamp = i128::from(time) - i128::from(offset) * NANOS;
        let time = u64::try_from(stamp)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a time out of range"))?;
        let captured = u32::try_from(frame.data.len()).unwrap_or(u32::MAX);
        let mut body = Vec::with_capacity(frame.data.len() + 36);
        body.extend(interface.to_le_bytes());
        body.extend(u32::try_from(time >> 32).unwrap_or(0).to_le_bytes());
        body.extend(u32::try_from(time & 0xffff_ffff).unwrap_or(0).to_le_bytes());
        body.extend(captured.to_le_bytes());
        body.extend(frame.original_length.to_le_bytes());
        body.extend(frame.data);
        body.resize(body.len().next_multiple_of(4), 0);
        let direction = match frame.direction {
            Direction::Unknown => 0_u32,
            Direction::Inbound => 1,
            Direction::Outbound => 2,
        };
        let mut options = Vec::new();
        if direction > 0 {
            options.extend([2, 0, 4, 0]);
            options.extend(direction.to_le_bytes());
            options.extend([0; 4]);
        }
        let comments: Vec<Vec<u8>> = comments.iter().map(|text| comment(text)).collect();
        let comments: Vec<&[u8]> = comments.iter().map(Vec::as_slice).collect();
        with_comments(&mut body, Order::Little, &comments, &options);
        block(&mut self.out, PACKET, &body)
    }

    /// Hands the sink back.
    pub fn into_inner(self) -> W {
        self.out
    }

    fn interface(&mut self, link: LinkType, offset: i64) -> io::Result<u32> {
        let known = self.interfaces.iter().position(|&other| other == (link, offset));
        let place = if let Some(place) = known {
            place
        } else {
            let mut body = Vec::with_capacity(32);
            body.extend(link.0.to_le_bytes());
            body.extend([0; 6]);
            body.extend([9, 0, 1, 0, NANOSECONDS, 0, 0, 0]);
            if offset != 0 {
                body.extend([14, 0, 8, 0]);
                body.extend(offset.to_le_bytes());
            }
            body.extend([0; 4]);
            block(&mut self.out, INTERFACE, &body)?;
            self.interfaces.push((link, offset));
            self.interfaces.len() - 1
        };
        Ok(u32::try_from(place).unwrap_or(u32::MAX))
    }
}

fn block(out: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len() + 12)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a packet of over 4 GiB"))?;
    out.write_all(&kind.to_le_bytes())?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(body)?;
    out.write_all(&length.to_le_bytes())
}
