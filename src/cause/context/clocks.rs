//! Whether a service took a client's SYNs by their timestamps: what a server, or a box before it, does
//! that takes an address for one host, whose clock never goes back.

use super::{Attempt, Client, Context, MAX_AROUND, near};
use crate::base::numbers::numbers;
use crate::conn::{Connection, nanoseconds};

numbers! {
    /// A clock of a tick each millisecond may run fast by one part in so many.
    fraction FAST: i64 = 10;
    /// And by so many ticks.
    count TICKS: i64 = 10;
    /// How often the quickest clocks tick in a millisecond.
    count QUICKEST: i64 = 1000;
    /// A SYN with a timestamp that is behind by no more ticks is taken.
    count STILL_TAKEN: i32 = 1;
    /// Clocks of an address that are told apart.
    bound MAX_CLOCKS: usize = 16;
}

impl Attempt {
    /// Whether a later attempt's timestamp comes from the same clock: it lies ahead, by no more than a
    /// tick each millisecond and a tenth.
    pub(in crate::cause) fn one_clock(&self, later: &Self) -> bool {
        self.one_clock_of(1, later)
    }

    /// The same of a clock that ticks so often in a millisecond.
    fn one_clock_of(&self, often: i64, later: &Self) -> bool {
        let (Some(one), Some(other)) = (self.stamp, later.stamp) else { return false };
        let ticks = i64::from(other.wrapping_sub(one));
        let passed = later.start.saturating_sub(self.start) / (1_000_000 / often);
        (0..=passed.saturating_add(passed / FAST).saturating_add(TICKS)).contains(&ticks)
    }

    /// Whether its timestamp is behind that of an earlier attempt; `None` where one has none.
    fn behind(&self, earlier: &Self) -> Option<bool> {
        let (stamp, seen) = (self.stamp?, earlier.stamp?);
        Some(stamp.wrapping_sub(seen).cast_signed() < -STILL_TAKEN)
    }
}

impl Context {
    /// How many attempts had the fate that their timestamps foretold, if every one had and a
    /// connection that nobody answered is one of them: the service took those whose timestamp was
    /// not behind the last one that it had taken within so many seconds, and no other. An attempt
    /// counts where its clock is none of those before it, so that it lay as likely behind as ahead.
    pub(in crate::cause) fn foretold(&self, c: &Connection, kept: f64) -> Option<u32> {
        let client = self.clients.get(&c.addresses.client)?;
        let (mut taken, mut clocks): (Option<&Attempt>, Vec<&Attempt>) = (None, Vec::new());
        let (mut foretold, mut own) = (0, false);
        for attempt in tried(client, c, kept) {
            let dropped = attempt.completed.is_none();
            // Timestamps say nothing of a SYN that has none; where it is dropped, something else does.
            if dropped && attempt.stamp.is_none() {
                return None;
            }
            let known = clocks.iter().any(|clock| clock.one_clock_of(QUICKEST, attempt));
            let new = !known && clocks.len() < MAX_CLOCKS;
            let last =
                taken.filter(|last| attempt.start.saturating_sub(last.start) < nanoseconds(kept));
            if let Some(behind) = last.and_then(|last| attempt.behind(last)) {
                if behind != dropped {
                    return None;
                }
                foretold += u32::from(new);
                own |= attempt.id == c.id;
            }
            if new && attempt.stamp.is_some() {
                clocks.push(attempt);
            }
            if !dropped && attempt.stamp.is_some() {
                taken = Some(attempt);
            }
        }
        (own && foretold > 0).then_some(foretold)
    }
}

/// What a client tried at a connection's service that was taken, or that nobody answered, earliest
/// first: from so many seconds before it until so many after, as far as it is looked at.
fn tried<'a>(client: &'a Client, c: &Connection, seconds: f64) -> Vec<&'a Attempt> {
    let taken: Vec<_> = near(client.completed(), c, seconds).collect();
    let last = taken.last().filter(|_| taken.len() >= MAX_AROUND);
    let until = last.map_or(i64::MAX, |last| last.start);
    let service = (c.addresses.server, c.ports.server);
    let dropped = near(client.unanswered(), c, seconds).filter(|other| other.start <= until);
    let mut all: Vec<_> =
        taken.into_iter().chain(dropped).filter(|other| other.service == service).collect();
    all.sort_by_key(|attempt| (attempt.start, attempt.id));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::play;

    /// What is told of the connection of a script that began last.
    fn foretold(script: &str) -> Option<u32> {
        let all = play(script).unwrap();
        let mut context = Context::default();
        for c in &all {
            context.add(c);
        }
        let last = all.iter().max_by_key(|c| c.start).unwrap();
        context.foretold(last, 60.0)
    }

    #[test]
    fn an_address_that_opens_hundreds_is_compared_with_the_nearest() {
        // One clock that goes on, the last one just before: further ones say nothing of it.
        let many =
            "> S port=1..300 clock=+900000 +100ms, < S. port=1..300 +1ms, > . port=1..300 +1ms";
        assert_eq!(foretold(&format!("{many}, > S port=999 clock=+0 +1s")), Some(1));
        // Among them one that was behind: the service takes such.
        let taken = "> S port=998 clock=+0 +1s, < S. +1ms, > . clock=+0 +1ms";
        let behind =
            format!("{many}, {taken}, > S port=999 clock=+900000 +1s, > S port=997 clock=+0");
        assert_eq!(foretold(&behind), None);
    }

    #[test]
    fn a_clock_counts_once_whatever_its_ticks() {
        let one = |often: i64| {
            Attempt { stamp: Some(7), ..Attempt::default() }.one_clock_of(
                often,
                &Attempt { stamp: Some(1_000_007), start: 1_000_000_000, ..Attempt::default() },
            )
        };
        assert_eq!([1, 1000].map(one), [false, true]);
    }

    #[test]
    fn a_tick_behind_is_taken() {
        let at = |stamp| Attempt { stamp: Some(stamp), ..Attempt::default() };
        assert_eq!([9, 8, 7].map(|stamp| at(stamp).behind(&at(9))), [false, false, true].map(Some));
        assert_eq!(at(5).behind(&at(u32::MAX)), Some(false), "numbers go round");
        assert_eq!(at(5).behind(&Attempt::default()), None);
    }
}
