//! Connections followed on several threads, each by one tracker that has all packets of its
//! addresses and ports. The rows are those of one tracker: a connection depends on its own packets
//! and on the capture's clock, and this is told from here.

mod away;

use away::Away;

use crate::base::error::Error;
use crate::conn::{
    Clock, Connection, Counts, Followed, Limits, PREFETCHED, Remaining, Rows, Seed, Tracker,
    finish, finish_part,
};
use crate::packet::{IcmpError, Segment};

/// As few connections as this, some MiB, lie in the caches anyway: nothing is read ahead for them.
const FEW: u32 = 2048;
/// Packets taken before others help: a small capture is done sooner than they are there.
const ENOUGH: u64 = 4096;
/// Trackers beside that of the caller at most: he decodes for all of them.
const MOST: usize = 4;

/// A segment and what is known of it.
pub(super) struct Coming<'a> {
    segment: Segment<'a>,
    hash: u32,
    now: i64,
    shard: usize,
}

/// All trackers of a capture. The first stays with the caller.
pub(super) struct Shards {
    clock: Clock,
    now: i64,
    seed: Seed,
    /// Which tracker has the hashes that begin with a byte (the index of a tracker uses the
    /// others first).
    split: [u8; 256],
    trackers: Vec<Shard>,
    taken: u64,
    started: bool,
    /// So few connections are followed without reading ahead.
    few: u32,
    /// How many connections had begun before, where another reading came first or comes next.
    begun: Option<u64>,
}

enum Shard {
    Here(Box<Tracker>),
    Away(Away),
}

/// Who has which first bytes of a hash. The caller decodes as well: of two threads it follows the
/// lesser part, of more nothing.
fn split(helpers: u8) -> [u8; 256] {
    let own: u8 = match helpers {
        0 => return [0; 256],
        1 => 56,
        _ => 0,
    };
    let mut split = [0; 256];
    let others = split.iter_mut().skip(usize::from(own));
    others.zip((1..=helpers).cycle()).for_each(|(shard, number)| *shard = number);
    split
}

impl Shards {
    /// For as many threads as may be used.
    pub(super) fn new(limits: &Limits, threads: usize, seed: Seed) -> Self {
        let helpers = if limits.hangs_together() { 0 } else { threads.saturating_sub(1).min(MOST) };
        let tracker = || Shard::Here(Box::new(Tracker::with_seed(limits.clone(), seed)));
        Self {
            clock: Clock::default(),
            now: i64::MIN,
            seed,
            split: split(u8::try_from(helpers).unwrap_or(0)),
            trackers: (0..=helpers).map(|_| tracker()).collect(),
            taken: 0,
            started: helpers == 0,
            few: FEW,
            begun: None,
        }
    }

    /// Goes on behind another reading, before anything was taken.
    pub(super) fn resume(&mut self, clock: Clock, connections: u64) {
        (self.clock, self.now, self.begun) = (clock, clock.now(), Some(connections));
        for shard in &mut self.trackers {
            if let Shard::Here(tracker) = shard {
                tracker.go_on(clock.now(), connections);
            }
        }
    }

    /// Goes on with one of its connections, each younger than the one before; false where there are
    /// too many of the same addresses and ports.
    pub(super) fn carry_on(&mut self, followed: Followed) -> bool {
        let shard = self.shard(followed.hash(self.seed));
        match self.trackers.get_mut(shard) {
            Some(Shard::Here(tracker)) => tracker.carry_on(followed),
            _ => false,
        }
    }

    /// Leaves what is still followed at the end to another reading, if this is told before anything
    /// was taken.
    pub(super) fn leave(&mut self) {
        self.begun.get_or_insert(0);
        for shard in &mut self.trackers {
            if let Shard::Here(tracker) = shard {
                tracker.leave_followed();
            }
        }
    }

    /// What time it is in the capture.
    pub(super) fn clock(&self) -> Clock {
        self.clock
    }

    #[inline]
    fn shard(&self, hash: u32) -> usize {
        let [first, ..] = hash.to_be_bytes();
        self.split.get(usize::from(first)).map_or(0, |&shard| usize::from(shard))
    }

    #[inline]
    fn pass(&mut self, time: i64) -> i64 {
        self.taken += 1;
        self.now = self.clock.advance(time);
        self.now
    }

    /// Takes the next segment of the capture; those that are followed here wait in `ahead`, unless
    /// few are followed.
    #[inline]
    pub(super) fn take<'a>(&mut self, segment: &Segment<'a>, ahead: &mut Vec<Coming<'a>>) {
        let (now, hash) = (self.pass(segment.time), self.seed.hash(segment));
        let shard = self.shard(hash);
        match self.trackers.get_mut(shard) {
            Some(Shard::Here(tracker)) if ahead.is_empty() && tracker.followed() < self.few => {
                tracker.take_at(segment, hash, now);
            }
            Some(Shard::Here(_)) => {
                ahead.push(Coming { segment: *segment, hash, now, shard });
                if ahead.len() == PREFETCHED {
                    self.flush(ahead);
                }
            }
            Some(Shard::Away(away)) => away.add(|parcel| parcel.add(segment, hash, now)),
            None => {}
        }
    }

    /// Takes what waits: its connections are first asked for all at once, so that waiting for
    /// memory happens once and not for each.
    pub(super) fn flush(&mut self, ahead: &mut Vec<Coming<'_>>) {
        for (number, shard) in self.trackers.iter().enumerate() {
            if let Shard::Here(tracker) = shard {
                let own = ahead.iter().filter(|coming| coming.shard == number);
                tracker.touch(own.map(|coming| (coming.hash, coming.segment.source_port)));
            }
        }
        for coming in &*ahead {
            if let Some(Shard::Here(tracker)) = self.trackers.get_mut(coming.shard) {
                tracker.take_at(&coming.segment, coming.hash, coming.now);
            }
        }
        ahead.clear();
    }

    /// Takes an ICMP error; nothing may wait.
    pub(super) fn icmp(&mut self, error: &IcmpError) {
        let (now, hash) = (self.pass(error.time), self.seed.hash_quoted(error));
        let shard = self.shard(hash);
        match self.trackers.get_mut(shard) {
            Some(Shard::Here(tracker)) => {
                tracker.icmp_at(error, hash, now);
            }
            Some(Shard::Away(away)) => away.add(|parcel| parcel.add_icmp(*error, hash, now)),
            None => {}
        }
    }

    /// To be called between batches: has others help once that is worth it.
    ///
    /// # Errors
    /// What went wrong with them.
    pub(super) fn go_on(&mut self) -> Result<(), Error> {
        for shard in &mut self.trackers {
            if let Shard::Away(away) = shard {
                away.check()?;
            }
        }
        if !self.started && self.taken >= ENOUGH {
            self.started = true;
            let all = std::mem::take(&mut self.trackers).into_iter().enumerate();
            self.trackers = all
                .map(|(number, shard)| match shard {
                    Shard::Here(tracker) if number > 0 => match Away::start(tracker) {
                        Ok(away) => Shard::Away(away),
                        Err(tracker) => Shard::Here(tracker),
                    },
                    other => other,
                })
                .collect();
        }
        Ok(())
    }

    /// Waits until all packets were taken, at the end of the capture; all trackers are here then.
    ///
    /// # Errors
    /// What went wrong with those that helped.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        self.started = true;
        for shard in &mut self.trackers {
            if let Shard::Away(away) = shard {
                away.end(self.now);
            }
        }
        for shard in &mut self.trackers {
            if let Shard::Away(away) = shard {
                *shard = Shard::Here(away.join()?);
            }
        }
        Ok(())
    }

    /// Lets go of everything that is still followed, or leaves it, and shows every row in order.
    pub(super) fn finish(mut self, each: impl FnMut(&[&Connection])) -> (Counts, Rows, Remaining) {
        if let Err(error) = self.settle() {
            // As if it had happened here.
            std::panic::resume_unwind(Box::new(error.to_string()));
        }
        let all = self.trackers.into_iter().filter_map(|shard| match shard {
            Shard::Here(tracker) => Some(*tracker),
            Shard::Away(_) => None,
        });
        let all = all.collect();
        if let Some(begun) = self.begun {
            return finish_part(all, self.now, begun, each);
        }
        let (counts, rows) = finish(all, self.now, each);
        (counts, rows, Remaining::default())
    }

    /// How many connections are followed now, as far as is known here.
    pub(super) fn followed(&self) -> u32 {
        let followed = self.trackers.iter().map(|shard| match shard {
            Shard::Here(tracker) => tracker.followed(),
            Shard::Away(away) => away.followed,
        });
        followed.fold(0, u32::saturating_add)
    }

    /// Counts so far; with those that help only once they are done.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for tracker in self.here() {
            counts.add(tracker.counts());
        }
        counts
    }

    fn here(&self) -> impl Iterator<Item = &Tracker> {
        self.trackers.iter().filter_map(|shard| match shard {
            Shard::Here(tracker) => Some(&**tracker),
            Shard::Away(_) => None,
        })
    }

    /// What the connections followed now would be, were the capture to end here. Only where rows
    /// are handed out: nobody helps then.
    pub(super) fn so_far(&self) -> Vec<Connection> {
        self.here().flat_map(Tracker::so_far).collect()
    }

    /// Connections let go since the last call, in order of release (none while rows are kept).
    pub(super) fn drain(&mut self) -> Vec<Connection> {
        match self.trackers.first_mut() {
            Some(Shard::Here(tracker)) => tracker.drain(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
