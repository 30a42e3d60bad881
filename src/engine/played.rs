//! A script as the capture that it would have been.

use crate::base::error::Error;
use crate::capture::{Direction, Frame, LinkType, Writer};
use crate::conn::script::{self, Packet};
use crate::packet::frame::{of_error, of_segment};

const ETHERNET: LinkType = LinkType(1);

/// The packets of a script (see [`script`]), or of lines that tcpdump printed, as pcapng.
///
/// # Errors
/// As [`script::parse`].
pub fn capture(script: &str) -> Result<Vec<u8>, Error> {
    let io = |source| Error::Io { file: "script".to_owned(), source };
    let mut writer = Writer::new(Vec::new(), None).map_err(io)?;
    for (number, packet) in (1..).zip(script::parse(script)?) {
        let (data, original_length, time, direction) = match packet {
            Packet::Tcp(owned) => {
                let segment = owned.segment();
                let (data, length) = of_segment(&segment);
                (data, length, segment.time, segment.direction)
            }
            Packet::Icmp(error) => {
                let data = of_error(&error);
                let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
                (data, length, error.time, Direction::Unknown)
            }
        };
        let frame = Frame {
            number,
            file: 0,
            number_in_file: number,
            time: Some(time),
            interface: 0,
            link: ETHERNET,
            direction,
            data: &data,
            original_length,
        };
        writer.frame(&frame, time, &[]).map_err(io)?;
    }
    Ok(writer.into_inner())
}
