//! Comments by packet.

/// Nanoseconds in the unit of the times by which packets are known again.
const MICROSECOND: i64 = 1000;

/// What is to be said of packets, in one piece of memory.
#[derive(Debug, Default)]
pub struct Comments {
    entries: Vec<Entry>,
    text: String,
    sorted: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    packet: u64,
    time: Option<i64>,
    begin: usize,
    end: usize,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Comment<'a> {
    /// Packet of the capture, from 1.
    pub packet: u64,
    time: Option<i64>,
    /// What is said of it.
    pub text: &'a str,
}

impl Comment<'_> {
    /// Whether a packet of this time, in nanoseconds, may be the one that it is about.
    pub fn is_at(&self, time: i64) -> bool {
        self.time.is_none_or(|at| at == time.div_euclid(MICROSECOND))
    }
}

impl Comments {
    /// Adds a comment on a packet of the capture, counted from 1, that was captured at this time
    /// (in microseconds since the epoch, rounded down), if that is known.
    pub fn add(&mut self, packet: u64, time: Option<i64>, text: &str) {
        let begin = self.text.len();
        self.text.push_str(text);
        self.entries.push(Entry { packet, time, begin, end: self.text.len() });
        self.sorted = false;
    }

    /// Puts them in order of packets, those of one packet as they were added: before any is asked for.
    pub fn sort(&mut self) {
        if !self.sorted {
            self.entries.sort_by_key(|entry| entry.packet);
            self.sorted = true;
        }
    }

    /// One by its place.
    pub fn get(&self, index: usize) -> Option<Comment<'_>> {
        let &Entry { packet, time, begin, end } = self.entries.get(index)?;
        Some(Comment { packet, time, text: self.text.get(begin..end).unwrap_or_default() })
    }

    /// What is said of a packet.
    pub fn of(&self, packet: u64) -> Vec<&str> {
        let begin = self.entries.partition_point(|entry| entry.packet < packet);
        let here = (begin..).map_while(|index| self.get(index));
        here.take_while(|comment| comment.packet == packet).map(|comment| comment.text).collect()
    }
}
