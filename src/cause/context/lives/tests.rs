use super::*;
use crate::conn::play;

/// The connections of a script's one service.
fn lives(script: &str) -> Lives {
    let mut lives = Lives::default();
    for c in play(script).unwrap() {
        lives.add(Life::of(&c).unwrap());
    }
    lives
}

/// Three connections, open from 0, 2 and 4 s on; the second ends at 6 s, the others do not.
const THREE: &str = "> S +0s, < S., > ., > S port=2 +1980ms, < S., > ., \
                     > S port=3 client=2 +1980ms, < S., > ., < F. port=2 client=1 +1980ms";

fn at(lives: &Lives, seconds: i64) -> i64 {
    lives.all()[0].start + seconds * 1_000_000_000
}

#[test]
fn open_ones_are_counted_at_any_time_and_of_any_client() {
    let lives = lives(THREE);
    let (one, two) = (lives.all()[0].source, lives.all()[2].source);
    for (time, open, of_one, of_two) in
        [(-1, 0, 0, 0), (1, 1, 1, 0), (3, 2, 2, 0), (5, 3, 2, 1), (7, 2, 1, 1), (99, 2, 1, 1)]
    {
        let time = at(&lives, time);
        let found = (lives.open_at(time), lives.open_of(one, time), lives.open_of(two, time));
        assert_eq!(found, (open, of_one, of_two), "{time}");
    }
}

#[test]
fn they_are_found_by_number_and_by_time() {
    let lives = lives(THREE);
    assert_eq!(lives.of(1).map(|life| life.id), Some(1));
    assert_eq!(lives.of(7), None);
    let ids = |from, to| -> Vec<u64> {
        lives.between(at(&lives, from), at(&lives, to)).map(|life| life.id).collect()
    };
    assert_eq!((ids(0, 9), ids(0, 2), ids(3, 3)), (vec![2, 1, 0], vec![1, 0], vec![]));
}

#[test]
fn what_a_server_ended_about_a_time_is_summed_up() {
    let lives = lives(
        "> S port=1..3, < S. port=1..3, > . port=1..3, > P. 9 port=1..2 +2s, < F. port=1 +1s, \
         < R. port=2 +500ms, > F. port=3",
    );
    let end = lives.all()[0].end;
    let ended = lives.ended_around(end, 1.0);
    // The client's own close does not count.
    assert_eq!((ended.count, ended.idle), (2, 2));
    assert!((2.0..4.0).contains(&ended.mean_idle_s) && ended.deviation_s > 0.1, "{ended:?}");
    assert_eq!(lives.ended_around(end, 0.4).count, 1);
    assert_eq!(lives.ended_around(end + 5_000_000_000, 1.0).count, 0);
    assert_eq!(Lives::default().ended_around(end, 1.0).count, 0);
}
