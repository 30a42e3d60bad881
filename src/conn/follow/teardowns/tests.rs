//! What a reset is, what it answers and whether it did anything, by conversations.

use crate::conn::facts::reset::Kind;
use crate::conn::facts::teardown::Teardown;
use crate::conn::primitives::words::{Form, Trigger};
use crate::conn::{Connection, EndedBy, Ending, play};

fn only(script: &str) -> Connection {
    let mut all = play(script).unwrap();
    assert_eq!(all.len(), 1, "{script}");
    all.remove(0)
}

fn resets(script: &str) -> Vec<Teardown> {
    only(script).teardowns.into_iter().filter(|row| row.kind == Kind::Rst).collect()
}

fn form(script: &str) -> (Option<Form>, Option<Trigger>) {
    let row = resets(script).remove(0);
    (row.form, row.trigger)
}

const OPENED: &str = "> S, < S. +20ms, > ., > P. 80, < P. 300 +20ms, > .";

#[test]
fn a_reset_answers_what_came_within_three_round_trips() {
    let answers = |rest: &str| form(&format!("{OPENED}, > P. 80 +9s, {rest}"));
    assert_eq!(answers("< R +20ms"), (Some(Form::Reply), Some(Trigger::Data)));
    assert_eq!(answers("< R +250ms"), (Some(Form::Reply), Some(Trigger::Data)));
    assert_eq!(answers("< R +251ms"), (Some(Form::Other), None));
    assert_eq!(answers("< R +42s"), (Some(Form::Other), None));
}

#[test]
fn silence_is_measured_to_the_last_segment_and_before_what_is_answered() {
    let idle = |rest: &str| resets(&format!("{OPENED}, {rest}")).remove(0).idle.get().unwrap();
    assert_eq!(idle("< R +300s"), 300_000_000_000);
    assert_eq!(idle("< R. nots win=0 ttl=60 +300s"), 300_000_000_000);
    assert_eq!(idle("< R. +300s"), 300_000_000_000);
    assert_eq!(idle("> P. 80 +300s, < R +20ms"), 300_000_000_000);
    assert_eq!(idle("> P. 80 +300s, < R +2s"), 2_000_000_000);
}

#[test]
fn what_a_socket_acknowledged_it_does_not_answer_by_a_reset() {
    let end = |rest: &str| form(&format!("{OPENED}, {rest}"));
    assert_eq!(end("< F., > ., > R +9ms"), (Some(Form::Abort), None));
    assert_eq!(end("< P. 9, > ., > R +9ms"), (Some(Form::Abort), None));
    // The FIN came once more, or something else came since.
    assert_eq!(end("< F., > ., < F. again, > R +9ms"), (Some(Form::Reply), Some(Trigger::Fin)));
    assert_eq!(end("< P. 9, > ., < P. 9, > R +9ms"), (Some(Form::Reply), Some(Trigger::Data)));
    // From elsewhere, or long after: nobody knows.
    assert_eq!(end("< F., > ., > R ttl=50 +9ms"), (Some(Form::Other), None));
    assert_eq!(end("< F., > ., > R +9s"), (Some(Form::Other), None));
}

#[test]
fn an_abort_needs_a_timestamp_a_window_or_an_identification_of_its_own() {
    let end = |rest: &str| form(&format!("{OPENED}, < P. 9, < P. 9, {rest}")).0.unwrap();
    assert_eq!(end("< R. +3s"), Form::Abort);
    // macOS and iOS; Windows.
    assert_eq!(end("< R. nots +3s"), Form::Abort);
    assert_eq!(end("< R. nots win=0 +3s"), Form::Abort);
    // lwIP: one window for all.
    assert_eq!(end("< R. nots win=4135 +3s"), Form::Abort);
    assert_eq!(end("< R. nots win=4135 id=9999 +2s"), Form::Abort);
    assert_eq!(end("< R. nots win=4135 id=9999 +2001ms"), Form::Other);
    assert_eq!(end("< R. nots win=4135 id=0 +1s"), Form::Other);
    assert_eq!(end("< R. nots win=0 id=9999 +1s"), Form::Other);
    assert_eq!(end("< R. nots win=4135 id=9999 ttl=63 +1s"), Form::Other);
    assert_eq!(end("< R. nots win=0 id=0 +3s"), Form::Other);
    assert_eq!(end("< R. nots ttl=50 +3s"), Form::Other);
    assert_eq!(end("< R. clock=-900000000 +3s"), Form::Other);
    // Numbers of nobody.
    assert_eq!(end("< R. seq=+77 +3s"), Form::Other);
    assert_eq!(end("< R. ack=+77 +3s"), Form::Other);
    assert_eq!(end("< R. seq=-400 +3s"), Form::Other);
}

#[test]
fn with_a_full_window_some_stacks_abort_where_the_unacknowledged_begins() {
    let full = "> S, < S., > ., > P. 1440, > P. 1440, < . win=0 ack=-1440";
    assert_eq!(form(&format!("{full}, > R. seq=-1440 +500ms")).0, Some(Form::Abort));
    assert_eq!(
        form(&format!("{full}, > R. seq=-1440 nots win=0 id=0 +500ms")).0,
        Some(Form::Abort)
    );
    assert_eq!(form(&format!("{full}, > R. seq=-1441 nots +500ms")).0, Some(Form::Other));
    let open = "> S, < S., > ., > P. 1440, > P. 1440, < . ack=-1440";
    assert_eq!(form(&format!("{open}, > R. seq=-1440 +500ms")).0, Some(Form::Abort));
    assert_eq!(
        form(&format!("{open}, > R. seq=-1440 nots win=0 id=0 +500ms")).0,
        Some(Form::Other)
    );
}

#[test]
fn a_host_without_a_socket_may_answer_with_ack() {
    let lwip = "> S nots, < S. ttl=255 win=40000, > ., > P. 80, < P. 300 ttl=255 win=9863, > .";
    let end = |rest: &str| form(&format!("{lwip}, {rest}")).0.unwrap();
    // It acknowledges less than its socket had.
    assert_eq!(end("> . probe +1s, < R. ttl=255 win=4135 id=0 ack=-1"), Form::Reply);
    // It was silent, and has a window that it never had.
    assert_eq!(end("> P. 80 +1s, < R. ttl=255 win=4135 id=0"), Form::Reply);
    assert_eq!(end("> P. 80 +900ms, < R. ttl=255 win=4135 id=0"), Form::Abort);
    assert_eq!(end("> P. 80 +1s, < R. ttl=255 win=9863 id=0"), Form::Abort);
    assert_eq!(end("> P. 80 +10s, < R. ttl=255 win=9863 id=0"), Form::Reply);
    assert_eq!(end("> F. +1s, < R. ttl=255 win=9863 id=0"), Form::Reply);
    assert_eq!(end("> F. +900ms, < R. ttl=255 win=9863 id=0"), Form::Abort);
    // A socket answers a probe, whatever its TTL.
    assert_eq!(end("> . probe +5s, < R. ttl=60 win=0 id=0 ack=-1"), Form::Reply);
}

#[test]
fn a_reset_with_an_old_or_far_number_ends_nothing_and_lets_nothing_go() {
    for seq in ["-300", "-1", "+70000"] {
        let script = format!("{OPENED}, < R. seq={seq} +9s, > P. 80 +200s, < P. 300 +20ms, > .");
        let c = only(&script);
        assert_eq!(c.ending, Ending::Open, "{script}");
        assert_eq!(c.counts.late_packets, 0, "{script}");
        assert_eq!(c.teardowns[0].effective, Some(false), "{script}");
    }
    // What follows it or not is of no account.
    let c = only(&format!("{OPENED}, < R. seq=-300 +9s"));
    assert_eq!((c.ending, c.teardowns[0].effective), (Ending::Open, Some(false)));
    let c = only(&format!("{OPENED}, < R. +9s"));
    assert_eq!((c.ending, c.teardowns[0].effective), (Ending::Reset, Some(true)));
}

#[test]
fn a_challenged_reset_lets_nothing_go() {
    let c = only(&format!("{OPENED}, < R. seq=+500, > . +1ms, > P. 80 +200s, < P. 30 +20ms, > ."));
    assert_eq!((c.ending, c.counts.late_packets), (Ending::Open, 0));
    assert!(c.teardowns[0].challenged);
}

#[test]
fn a_reset_that_is_obeyed_a_round_trip_later_ends_the_connection() {
    let flight = "< P. 1000, > ., < P. 1000, > .";
    let c = only(&format!("{OPENED}, < P. 500 seq=-300, > R +30us, {flight}, < R +20ms, < R +1ms"));
    assert_eq!((c.ending, c.ended_by), (Ending::Reset, EndedBy::Client));
    assert_eq!(c.deciding().unwrap().packet, 8);
    // Something that was sent after it was accepted: it had no effect here.
    let c = only(&format!("{OPENED}, > R seq=+0, < P. 1000, > P. 9, < P. 1000, > ., < R +20ms"));
    assert_eq!(c.ended_by, EndedBy::Server);
    // Its receiver goes on for longer.
    let c = only(&format!("{OPENED}, > R seq=+0, < P. 9, > ., < P. 9 +2s, > ., < R +20ms"));
    assert_eq!(c.ended_by, EndedBy::Server);
}

#[test]
fn one_segment_and_its_answer_show_a_connection() {
    for (script, ending) in [
        ("> P. 80, < R +1ms", Ending::Reset),
        ("> P. 80, < R. +1ms", Ending::Reset),
        ("< R. ts", Ending::Reset),
        ("> ., < R", Ending::Stray),
        ("> - 5, < R.", Ending::Stray),
        ("< R", Ending::Stray),
        ("< R. win=0 nots", Ending::Stray),
    ] {
        assert_eq!(only(script).ending, ending, "{script}");
    }
}

#[test]
fn a_reset_on_both_sides_of_a_router_is_one() {
    let copies = |rest: &str| {
        let rows = resets(&format!("{OPENED}, {rest}"));
        rows.iter().map(|row| row.duplicate).collect::<Vec<_>>()
    };
    assert_eq!(copies("> R. id=77, > R. id=77 ttl=63 seq=+0 +20us"), [false, true]);
    assert_eq!(copies("> R id=0, > R id=0 ttl=63 +20us"), [false, true]);
    assert_eq!(copies("> R id=0, > R id=0 ttl=64 +20us"), [false, false]);
    assert_eq!(copies("> R id=0, > R id=0 ttl=60 +20us"), [false, false]);
    assert_eq!(copies("> R id=0, > R id=0 ttl=63 +20ms"), [false, false]);
    assert_eq!(copies("> R id=0, < P. 9 +10us, > R id=0 ttl=63 seq=+0 +20us"), [false, false]);
}
