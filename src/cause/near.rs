//! What the resets around one say of it.

use std::borrow::Borrow;

use super::rule::{Case, MAX_ROWS};
use crate::base::numbers::numbers;
use crate::conn::{Form, Moment, Side, Teardown};
use crate::packet::Seq;

numbers! {
    /// Bytes from one reset to where an injector that guesses places the next: a segment.
    size SEGMENT: u64 = 1460;
    /// Or three segments.
    size THREE_SEGMENTS: u64 = 4380;
    /// Resets of one side within this time belong together.
    window NEAR: u64 = 2_000_000_000;
}

/// What the resets around one say: half of [`MAX_ROWS`] rows on either side, copies left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Near {
    /// One of its side is where injectors that guess place the next.
    pub guessed: bool,
    /// Two or more of its side answer nothing and are no aborts, and one has another number.
    pub several: bool,
    /// Three of its side in a row have one number, and TTL and window go up together.
    pub lockstep: bool,
    /// Another one of its side lies beyond what that side sent.
    pub beyond: bool,
    /// The peer answers later with a reset.
    pub peer_answers: bool,
}

/// The little of a row that is asked of it when it stands near another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbour {
    time: i64,
    relative_sequence: Moment,
    /// Sequence number, window and TTL in one.
    numbers: u64,
    /// The same of one that goes on from it in lockstep.
    next: u64,
    sequence: Seq,
    /// `None` for a FIN and for a copy.
    sender: Option<Side>,
    untriggered: bool,
    beyond: bool,
    reply: bool,
}

impl Neighbour {
    /// What is asked of this row.
    pub(super) fn of(row: &Teardown) -> Self {
        let numbers = |window: u16, ttl: u8| {
            u64::from(row.sequence.0) << 24 | u64::from(window) << 8 | u64::from(ttl)
        };
        Self {
            time: row.time,
            relative_sequence: row.relative_sequence,
            numbers: numbers(row.window, row.ttl),
            next: numbers(row.window.wrapping_add(1), row.ttl.wrapping_add(1)),
            sequence: row.sequence,
            sender: Some(row.sender).filter(|_| !row.is_fin() && !row.duplicate),
            untriggered: row.trigger.is_none() && row.form != Some(Form::Abort),
            beyond: row.trigger.is_none() && row.ahead.get().is_some_and(|ahead| ahead > 2),
            reply: row.form == Some(Form::Reply),
        }
    }
}

/// The part of so many rows that is near the one at this place.
pub(super) fn around<T>(rows: &[T], at: usize) -> &[T] {
    let from = at.saturating_sub(MAX_ROWS / 2);
    rows.get(from..rows.len().min(at.saturating_add(MAX_ROWS / 2))).unwrap_or_default()
}

impl Near {
    /// For a row of the connection.
    pub(super) fn of(case: &Case<'_>, row: &Teardown) -> Self {
        let near = around(&case.connection.teardowns, case.place(row));
        Self::among(row, near.iter().map(Neighbour::of))
    }

    /// For a row with these around it. In a storm this is most of what a row costs.
    pub(super) fn among<N: Borrow<Neighbour>>(
        row: &Teardown,
        neighbours: impl Iterator<Item = N>,
    ) -> Self {
        let mut near = Self::default();
        let own = Some(row.sender);
        let base = row.relative_sequence.get();
        // No row has these numbers.
        let mut next = u64::MAX;
        let mut went_up = false;
        let (mut untriggered, mut other_number) = (0_u32, false);
        for other in neighbours {
            let other = other.borrow();
            if other.sender != own {
                let answer = other.sender.is_some() && other.reply;
                near.peer_answers |= answer && other.time > row.time;
                continue;
            }
            if other.time.abs_diff(row.time) >= NEAR {
                continue;
            }
            other_number |= other.sequence.0 != row.sequence.0;
            untriggered += u32::from(other.untriggered);
            near.beyond |= other.beyond && other.sequence.0 != row.sequence.0;
            let up = other.numbers == next;
            near.lockstep |= up & went_up;
            (went_up, next) = (up, other.next);
            if let (Some(base), Some(other)) = (base, other.relative_sequence.get()) {
                let distance = base.abs_diff(other);
                near.guessed |= matches!(distance, SEGMENT | THREE_SEGMENTS);
            }
        }
        near.several = untriggered >= 2 && other_number;
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::{Kind, Reset, Trigger, What};
    use proptest::prelude::*;

    /// The definition, word for word.
    fn plain(row: &Teardown, rows: &[Teardown]) -> Near {
        let resets = || rows.iter().filter(|other| other.kind == Kind::Rst && !other.duplicate);
        let family: Vec<&Teardown> = resets()
            .filter(|other| other.sender == row.sender && other.time.abs_diff(row.time) < NEAR)
            .collect();
        let up = |a: &Teardown, b: &Teardown| {
            a.sequence == b.sequence
                && b.window == a.window.wrapping_add(1)
                && b.ttl == a.ttl.wrapping_add(1)
        };
        let untriggered =
            family.iter().filter(|row| row.trigger.is_none() && row.form != Some(Form::Abort));
        Near {
            guessed: row.relative_sequence.get().is_some_and(|own| {
                let others = family.iter().filter_map(|other| other.relative_sequence.get());
                others.into_iter().any(|other| [1460, 4380].contains(&(own - other).abs()))
            }),
            several: untriggered.count() >= 2
                && family.iter().any(|other| other.sequence != row.sequence),
            lockstep: family
                .windows(3)
                .any(|three| three.windows(2).all(|pair| up(pair[0], pair[1]))),
            beyond: family.iter().any(|other| {
                other.trigger.is_none()
                    && other.ahead.get().is_some_and(|ahead| ahead > 2)
                    && other.sequence != row.sequence
            }),
            peer_answers: resets().any(|other| {
                other.sender != row.sender
                    && other.time > row.time
                    && other.form == Some(Form::Reply)
            }),
        }
    }

    /// Few values of everything, so that each answer is often yes and often no.
    fn row() -> impl Strategy<Value = Teardown> {
        let forms = [None, Some(Form::Abort), Some(Form::Reply), Some(Form::Other)];
        let places = [None, Some(0), Some(1460), Some(-1460), Some(4380), Some(4381)];
        let who = (any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.2));
        let number = (0..2_u32, 0..3_u16, 0..3_u8, prop::sample::select(places.to_vec()));
        let form = prop::sample::select(forms.to_vec());
        let time = prop::sample::select(vec![0, 1, 1_999_999_999, 2_000_000_000, i64::MAX]);
        (who, number, form, any::<bool>(), time).prop_map(
            |((server, fin, duplicate), (sequence, window, ttl, place), form, answers, time)| {
                let reset = || Reset {
                    ahead: place.into(),
                    form,
                    trigger: answers.then_some(Trigger::Data),
                    ..Reset::default()
                };
                Teardown {
                    sender: if server { Side::Server } else { Side::Client },
                    what: if fin { What::Fin } else { What::Rst(Box::new(reset())) },
                    duplicate,
                    sequence: Seq(u32::MAX - sequence),
                    // Both wrap on their way up.
                    window: window.wrapping_sub(1),
                    ttl: ttl.wrapping_sub(1),
                    relative_sequence: place.into(),
                    time,
                    ..Teardown::default()
                }
            },
        )
    }

    proptest! {
        #[test]
        fn the_short_way_says_what_the_definition_says(
            rows in prop::collection::vec(row(), 1..12),
            at in any::<prop::sample::Index>(),
        ) {
            let row = &rows[at.index(rows.len())];
            let near = Near::among(row, rows.iter().map(Neighbour::of));
            prop_assert_eq!(near, plain(row, &rows));
        }
    }

    #[test]
    fn three_in_lockstep_count_and_two_do_not() {
        let step = |n: u8| Teardown {
            what: What::Rst(Box::default()),
            window: u16::from(n).wrapping_sub(1),
            ttl: n.wrapping_sub(1),
            ..Teardown::default()
        };
        let rows = [step(0), step(1), step(2)];
        let near = |rows: &[Teardown]| Near::among(&rows[0], rows.iter().map(Neighbour::of));
        assert!(near(&rows).lockstep);
        assert!(!near(&rows[..2]).lockstep);
    }

    #[test]
    fn a_row_has_as_many_neighbours_however_long_the_storm() {
        for count in [1, 127, 128, 129, 256, 1000, 100_000] {
            let rows: Vec<usize> = (0..count).collect();
            for at in [0, 1, 127, 128, 129, count / 2, count - 1] {
                let near = around(&rows, at);
                let from = at.saturating_sub(128).min(count);
                assert_eq!(near, &rows[from..count.min(at + 128).max(from)], "{at} of {count}");
            }
        }
    }
}
