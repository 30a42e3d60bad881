//! A script played through a tracker of its own.

use crate::base::error::Error;
use crate::conn::facts::connection::Connection;
use crate::conn::memory::limits::Limits;
use crate::conn::script;
use crate::conn::track::tracker::Tracker;

/// Plays a script: its connections, in order of their first packets.
///
/// # Errors
/// As [`script::parse`].
pub fn play(script: &str) -> Result<Vec<Connection>, Error> {
    let mut tracker = Tracker::new(Limits::default());
    for packet in script::parse(script)? {
        match packet {
            script::Packet::Tcp(owned) => {
                let segment = owned.segment();
                let hash = tracker.hash(&segment);
                tracker.take(&segment, hash);
            }
            script::Packet::Icmp(error) => {
                tracker.icmp(&error);
            }
        }
    }
    Ok(tracker.finish(|_| ()).1.iter().collect())
}
