//! Deadlines in capture time, to the second: amortised constant work for each.

/// Seconds ahead that have a slot of their own.
const SPAN: usize = 4096;
const SECOND: i64 = 1_000_000_000;

/// A place in the slab and the low half of the connection's number, by which an entry is told from
/// those of a later connection in the same place: without it they would add up there.
pub(crate) type Entry = (u32, u32);

/// Connections to look at when their second has passed. An entry may be stale: whoever takes it
/// checks the true deadline and enters it again.
#[derive(Debug, Default)]
pub(crate) struct Wheel {
    slots: Vec<Vec<Entry>>,
    /// The first second not yet handed out.
    now: Option<i64>,
    entries: usize,
}

/// Time of the first moment at which there is something to hand out.
const fn turn(now: i64) -> i64 {
    now.saturating_add(1).saturating_mul(SECOND)
}

impl Wheel {
    /// Enters a connection for a time in nanoseconds; far ones come up early and are entered again.
    pub(crate) fn add(&mut self, entry: Entry, deadline: i64, clock: i64) {
        if self.slots.is_empty() {
            self.slots.resize(SPAN, Vec::new());
        }
        let second = deadline.div_euclid(SECOND).saturating_add(1);
        let now = *self.now.get_or_insert(clock.div_euclid(SECOND));
        let second = second.clamp(now, now.saturating_add(SPAN_SECONDS - 1));
        if let Some(slot) = self.slots.get_mut(index(second)) {
            slot.push(entry);
            self.entries += 1;
        }
    }

    /// Whether a second passed since entries were last handed out.
    #[inline]
    pub(crate) fn is_due(&self, time: i64) -> bool {
        self.now.is_some_and(|now| time >= turn(now))
    }

    /// Everything entered for seconds before `time`, in order. Jumps cost at most one round.
    pub(crate) fn due(&mut self, time: i64) -> Vec<Entry> {
        let second = time.div_euclid(SECOND);
        let Some(now) = self.now else { return Vec::new() };
        if second <= now {
            return Vec::new();
        }
        let mut due = Vec::new();
        if self.entries > 0 {
            for passed in now..second.min(now.saturating_add(SPAN_SECONDS)) {
                if let Some(slot) = self.slots.get_mut(index(passed)) {
                    due.append(slot);
                }
            }
        }
        self.entries -= due.len();
        self.now = Some(second);
        due
    }
}

#[allow(clippy::cast_possible_wrap)] // 4096
const SPAN_SECONDS: i64 = SPAN as i64;

fn index(second: i64) -> usize {
    usize::try_from(second.rem_euclid(SPAN_SECONDS)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{SECOND, Wheel};

    #[test]
    fn hands_out_in_order_and_once() {
        let mut wheel = Wheel::default();
        wheel.add((1, 0), 5 * SECOND, SECOND);
        wheel.add((2, 0), 3 * SECOND, SECOND);
        wheel.add((3, 0), 100_000 * SECOND, SECOND);
        assert_eq!(wheel.due(3 * SECOND), [] as [super::Entry; 0]);
        assert_eq!(wheel.due(5 * SECOND), [(2, 0)]);
        assert_eq!(wheel.due(7 * SECOND), [(1, 0)]);
        assert_eq!(wheel.due(i64::MAX / 2), [(3, 0)]);
        assert_eq!(wheel.due(i64::MAX / 2 + SECOND), [] as [super::Entry; 0]);
    }
}
