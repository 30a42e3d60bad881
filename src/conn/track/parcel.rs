//! Packets on their way to a tracker on another thread: they own their bytes.

use crate::conn::memory::store::PREFETCHED;
use crate::conn::track::tracker::Tracker;
use crate::packet::{Facts, IcmpError, MARKED, Payload, Segment};

/// Packets that make a parcel full.
const PACKETS: usize = 1024;
/// Bytes that do.
const OCTETS: usize = 256 * 1024;
/// The longest payload of which only the first bytes are put in, and its length: longer ones are
/// put in whole.
const LONGEST: usize = 65_536;

/// Some packets in order, each with the capture's time at it.
#[derive(Debug, Default)]
pub struct Parcel {
    packets: Vec<Packet>,
    octets: Vec<u8>,
    /// What is known of payloads whose bytes are not at hand.
    facts: Vec<Facts>,
}

#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a segment is the common case and must not be boxed")]
enum Packet {
    Tcp(Sent),
    Icmp { error: IcmpError, hash: u32, now: i64 },
}

/// A segment whose bytes lie in its parcel.
#[derive(Debug)]
struct Sent {
    head: Segment<'static>,
    hash: u32,
    now: i64,
    /// Where its options begin, followed by its payload.
    start: usize,
    options: usize,
    payload: usize,
    /// How many of the payload's first bytes were put in; zeros stand for the others, of which
    /// only the number counts.
    kept: usize,
    /// Where there are facts instead, which.
    known: Option<usize>,
}

impl Parcel {
    /// Whether it is worth sending.
    pub fn is_full(&self) -> bool {
        self.packets.len() >= PACKETS || self.octets.len() >= OCTETS
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.packets.clear();
        self.octets.clear();
        self.facts.clear();
    }

    /// Puts a segment in, with the hash of its tuple.
    pub fn add(&mut self, segment: &Segment<'_>, hash: u32, now: i64) {
        let octets = segment.payload.octets();
        let (start, payload) = (self.octets.len(), octets.len());
        let (syn, rst) = (segment.flags.syn(), segment.flags.rst());
        // Of a SYN the checksum is looked at as well.
        let whole = payload > LONGEST || syn || segment.payload.is_told(rst);
        let kept = if whole { payload } else { payload.min(MARKED) };
        self.octets.extend_from_slice(segment.options);
        self.octets.extend_from_slice(octets.get(..kept).unwrap_or_default());
        let known = match segment.payload {
            Payload::Octets(_) => None,
            Payload::Known(facts) => {
                self.facts.push(facts.clone());
                Some(self.facts.len() - 1)
            }
        };
        let head = Segment { options: &[], payload: Payload::default(), ..*segment };
        let options = segment.options.len();
        let sent = Sent { head, hash, now, start, options, payload, kept, known };
        self.packets.push(Packet::Tcp(sent));
    }

    /// Puts an ICMP error in, with the hash of the tuple that it quotes.
    pub fn add_icmp(&mut self, error: IcmpError, hash: u32, now: i64) {
        self.packets.push(Packet::Icmp { error, hash, now });
    }

    /// Numbers of the first and the last packet.
    pub fn numbers(&self) -> Option<(u64, u64)> {
        let number = |packet: &Packet| match packet {
            Packet::Tcp(sent) => sent.head.packet,
            Packet::Icmp { error, .. } => error.packet,
        };
        Some((self.packets.first().map(number)?, self.packets.last().map(number)?))
    }

    /// Hands everything to a tracker.
    pub fn deliver(&self, tracker: &mut Tracker) {
        let cut = self.packets.iter().map(|packet| match packet {
            Packet::Tcp(sent) if sent.kept < sent.payload => sent.payload,
            _ => 0,
        });
        let mut zeros = vec![0; cut.max().unwrap_or(0)];
        for group in self.packets.chunks(PREFETCHED) {
            tracker.touch(group.iter().filter_map(|packet| match packet {
                Packet::Tcp(sent) => Some((sent.hash, sent.head.source_port)),
                Packet::Icmp { .. } => None,
            }));
            for packet in group {
                match packet {
                    Packet::Tcp(sent) => {
                        tracker.take_at(&self.segment(sent, &mut zeros), sent.hash, sent.now);
                    }
                    Packet::Icmp { error, hash, now } => {
                        tracker.icmp_at(error, *hash, *now);
                    }
                }
            }
        }
    }

    /// A segment as it was, or with `zeros` behind the first bytes of its payload: of these no more
    /// than [`MARKED`] are ever written.
    fn segment<'a>(&'a self, sent: &Sent, zeros: &'a mut [u8]) -> Segment<'a> {
        let middle = sent.start + sent.options;
        let options = self.octets.get(sent.start..middle).unwrap_or_default();
        let kept = self.octets.get(middle..middle + sent.kept).unwrap_or_default();
        let payload = if sent.kept == sent.payload {
            kept
        } else {
            if let Some(first) = zeros.get_mut(..sent.kept) {
                first.copy_from_slice(kept);
            }
            zeros.get(..sent.payload).unwrap_or_default()
        };
        let facts = sent.known.and_then(|known| self.facts.get(known));
        let payload = facts.map_or(Payload::Octets(payload), Payload::Known);
        Segment { options, payload, ..sent.head }
    }
}

#[cfg(test)]
mod tests {
    use super::Parcel;
    use crate::conn::memory::limits::Limits;
    use crate::conn::script;
    use crate::conn::track::play::play;
    use crate::conn::track::tracker::Tracker;

    #[test]
    fn the_checksum_of_a_syn_with_payload_is_as_sound_in_a_parcel() {
        let odd = "ff07".repeat(150);
        let script = format!("> S hex={odd}, < S., > S hex={odd} again +1s");
        let (mut parcel, mut tracker) = (Parcel::default(), Tracker::new(Limits::default()));
        for packet in script::parse(&script).unwrap() {
            let script::Packet::Tcp(owned) = packet else { panic!("no segment") };
            let segment = owned.segment();
            parcel.add(&segment, tracker.hash(&segment), segment.time);
        }
        parcel.deliver(&mut tracker);
        let sound = |c: &crate::conn::Connection| c.extra().is_some_and(|extra| extra.sound_syn);
        assert!(tracker.finish(|_| ()).1.iter().all(|c| sound(&c)));
        assert!(play(&script).unwrap().iter().all(sound));
    }
}
