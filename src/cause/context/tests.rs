use super::service::MAX_ABORTED;
use super::*;
use crate::conn::play;
use proptest::prelude::*;

fn one(script: &str) -> Connection {
    let mut all = play(script).unwrap();
    assert_eq!(all.len(), 1, "{script}");
    all.remove(0)
}

/// Of so many clients and services, each with one accepted connection.
fn accepted(number: u8) -> Connection {
    one(&format!("> S client={number} server={number}, < S., > ."))
}

#[test]
fn what_is_beyond_the_limit_is_counted_and_what_is_known_is_still_added_to() {
    let mut context = Context { limit: Some(4), ..Context::default() };
    for number in 1..=2 {
        context.add(&accepted(number));
    }
    // Two services, two clients, their four hosts, two attempts, two connections.
    assert_eq!((context.size(), context.forgotten), (12, 0));
    // Two hosts have no room any more; service, client, attempt and connection have.
    context.add(&accepted(3));
    assert_eq!((context.size(), context.forgotten), (16, 2));
    assert!(context.host(accepted(3).addresses.client).is_none());
    context.add(&accepted(1));
    assert_eq!((context.size(), context.forgotten), (18, 2));
    assert_eq!(context.service(&accepted(1)).map(|service| service.accepted), Some(2));
    // Another service and another client beyond the limit, with both of their hosts.
    context.add(&accepted(4));
    assert_eq!((context.size(), context.forgotten), (22, 4));
    context.add(&accepted(5));
    assert_eq!((context.size(), context.forgotten), (22, 8));
    assert!(context.service(&accepted(5)).is_none());
    // Four times as many attempts, and connections, as anything else.
    (0..11).for_each(|_| context.add(&accepted(1)));
    assert_eq!((context.attempts, context.remembered, context.forgotten), (16, 16, 8));
    context.add(&accepted(1));
    assert_eq!((context.attempts, context.remembered, context.forgotten), (16, 16, 10));
}

#[test]
fn a_context_is_bounded_only_when_asked() {
    assert_eq!(Context::bounded().limit, Some(MAX_REMEMBERED));
    assert_eq!(Context::default().limit, None);
}

#[test]
fn a_client_has_4096_attempts_and_a_service_4096_short_connections_and_65536_aborts() {
    let aborted = one("> S, < S., > ., < R.");
    let mut context = Context::default();
    for _ in 0..MAX_ABORTED {
        context.add(&aborted);
    }
    assert_eq!(context.attempts, 4096);
    assert_eq!(context.forgotten, 2 * (65_536 - 4096));
    let aborts = |context: &Context| {
        context.service(&aborted).map(|service| service.aborted_around(aborted.end, 1.0))
    };
    assert_eq!(aborts(&context), Some(65_536));
    context.add(&aborted);
    assert_eq!(aborts(&context), Some(65_536));
    assert_eq!(context.forgotten, 2 * (65_536 - 4096) + 3);
}

#[test]
fn times_of_aborts_are_asked_for_and_added_to_in_turns() {
    let [first, second] = [0, 5].map(|s| one(&format!("> S +{s}s, < S., > ., < R.")));
    let mut context = Context::default();
    context.add(&second);
    let around = |context: &Context, time, seconds| {
        context.service(&first).map(|service| service.aborted_around(time, seconds))
    };
    assert_eq!(around(&context, second.end, 0.0), Some(1));
    context.add(&first);
    for (time, seconds, number) in [
        (first.end, 1.0, 1),
        (first.end, 4.999, 1),
        (first.end, 5.0, 2),
        (second.end, 4.999, 1),
        (second.end, 5.0, 2),
        (second.end + 6_000_000_000, 5.0, 0),
    ] {
        assert_eq!(around(&context, time, seconds), Some(number), "{seconds} s");
    }
}

#[test]
fn a_hosts_ttl_is_that_of_all_its_segments_but_resets() {
    let mut context = Context::default();
    let seen = |context: &Context, c: &Connection| {
        context.host(c.addresses.server).map(|h| (h.ttl_low, h.ttl_high, h.connections))
    };
    let c = one("> S, < S. ttl=50, > ., < P. 5 ttl=60, < P. 5 ttl=58, < R. ttl=200");
    assert_eq!(seen(&context, &c), None);
    context.add(&c);
    assert_eq!(seen(&context, &c), Some((50, 60, 1)));
    context.add(&one("> S, < S. ttl=63, > ."));
    assert_eq!(seen(&context, &c), Some((50, 63, 2)));
    context.add(&one("> S, < S. ttl=57, > ."));
    assert_eq!(seen(&context, &c), Some((50, 63, 3)));
    context.add(&one("> S, < R. ttl=9"));
    assert_eq!(seen(&context, &c), Some((50, 63, 3)));
}

#[test]
fn a_hosts_paths_are_told_in_routers_whatever_its_segments_began_with() {
    let mut context = Context::default();
    for script in
        ["> S, < S. ttl=57, > .", "> S, < S. ttl=121, > .", "> S, < S. ttl=250, < . ttl=249"]
    {
        context.add(&one(script));
    }
    let host = context.host(one("> S, < S.").addresses.server).unwrap();
    assert_eq!((host.hops_low, host.hops_high, host.hops_within), (5, 7, 1));
    // A program chose these.
    let mut context = Context::default();
    for script in ["> S ttl=1, < S. ttl=1, > . ttl=1", "> S ttl=255, < S. ttl=255, > . ttl=255"] {
        context.add(&one(script));
    }
    assert!(context.host(one("> S, < S.").addresses.server).is_none());
}

#[test]
fn a_servers_delay_is_its_shortest() {
    let mut context = Context::default();
    for (wait, shortest) in [(30, 30), (20, 20), (25, 20), (0, 20)] {
        let c = one(&format!("> S, < S. +{wait}ms, > ."));
        context.add(&c);
        let delay = |side: Side| context.host(c.addresses[side]).and_then(|h| h.syn_ack_delay);
        assert_eq!((delay(Side::Client), delay(Side::Server)), (None, Some(shortest * 1_000_000)));
    }
}

#[test]
fn a_service_has_accepted_refused_and_left_unserved() {
    let mut context = Context::default();
    for (script, accepted, refused, unserved) in [
        ("> S", 0, 0, 0),
        ("> S, < S., > .", 1, 0, 1),
        ("> S, < S., > ., > P. 5", 2, 0, 2),
        ("> S, < S., > ., < P. 5", 3, 0, 2),
        ("> S, < S., > ., > F.", 4, 0, 2),
        ("> S, < S., > ., < F.", 5, 0, 2),
        ("> S, < S., > ., < R.", 6, 0, 2),
        ("> S, < R.", 6, 1, 2),
        ("> S, < S. ack=+5, > R", 6, 1, 2),
    ] {
        let c = one(script);
        context.add(&c);
        let found = context.service(&c).map(|s| (s.accepted, s.refused, s.unserved));
        let expected = (script != "> S").then_some((accepted, refused, unserved));
        assert_eq!(found, expected, "{script}");
    }
    let late = one("> S +9s, < S., > .");
    context.add(&late);
    context.add(&one("> S, < S., > ."));
    assert_eq!(context.service(&late).map(|s| s.last_accepted), Some(late.start));
}

#[test]
fn folded_gaps_and_rows_that_are_not_compared_are_counted() {
    let gaps = "(> P. 1), > P. 1, ".repeat(300);
    let c = one(&format!("> S, < S., > ., {gaps} < ."));
    let rows = one(&format!("> S, < S., > .{}", ", > F. seq=#1".repeat(66)));
    let mut context = Context::default();
    context.add(&c);
    assert_eq!(context.folded, c.endpoints.client.folded());
    assert!(context.folded > 0);
    assert_eq!(context.not_compared, 0);
    context.add(&rows);
    assert_eq!(context.not_compared, (rows.teardowns.len() - SEARCHED) as u64);
    let once = context.folded;
    context.add(&c);
    assert_eq!(context.folded, 2 * once);
}

#[test]
fn a_clients_limit_needs_three_of_each_and_no_overlap() {
    let limit = |completed, abandoned, overlap| WaitLimit {
        completed,
        abandoned,
        overlap,
        longest_completed: Some(10),
        shortest_abandoned: Some(11),
        longest_abandoned: Some(13),
        ..WaitLimit::default()
    };
    for (found, interval, refuted) in [
        (limit(3, 3, 0), Some((10, 11)), false),
        // All as long as the path: nobody's limit.
        (WaitLimit { longest_abandoned: Some(12), ..limit(3, 3, 0) }, None, false),
        (limit(2, 3, 0), None, false),
        (limit(3, 2, 0), None, false),
        (limit(6, 4, 1), None, false),
        (limit(6, 3, 1), None, true),
        (limit(16, 4, 2), None, false),
        (limit(15, 4, 2), None, true),
        (limit(0, 0, 0), None, false),
    ] {
        assert_eq!((found.interval(), found.refuted()), (interval, refuted), "{found:?}");
    }
}

#[test]
fn a_wait_is_usual_where_three_attempts_and_a_quarter_completed_after_one_like_it() {
    let often = |waits: &[&str]| {
        let script = waits.iter().enumerate().map(|(n, wait)| {
            let port = 40000 + n;
            format!("> S port={port} +1s, < S. port={port} {wait}, > . port={port} +0s")
        });
        let mut context = Context::default();
        for c in play(&script.collect::<Vec<_>>().join(", ")).unwrap() {
            context.add(&c);
        }
        context.often_waited(&one("> S"), 300_000_000)
    };
    assert!(often(&["+280ms", "+300ms", "+310ms"]));
    assert!(!often(&["+280ms", "+300ms", "+200ms"]));
    assert!(!often(&["+280ms", "+300ms", "+340ms"]));
    let rarely = [&["+280ms", "+300ms", "+310ms"][..], &["+20ms"; 10]].concat();
    assert!(!often(&rarely));
}

#[test]
fn failed_services_are_counted_up_to_16() {
    for (services, counted) in [(1, 1), (15, 15), (16, 16), (17, 16)] {
        let mut context = Context::default();
        for service in 0..services {
            let c = one(&format!("> S service={}, < R.", 1 + service));
            context.add(&c);
            context.add(&c);
        }
        context.add(&one("> S service=9000, < S., > ."));
        assert_eq!(context.fan_out(&one("> S")), counted);
        assert_eq!(context.fan_out(&one("> S client=9")), 0);
    }
}

/// Every connection of every rule's examples and near misses.
fn all_connections() -> Vec<Connection> {
    let scripts = crate::cause::RULES.iter().flat_map(|rule| {
        rule.examples.iter().chain(rule.near_misses.iter().map(|(script, _)| script))
    });
    scripts.flat_map(|script| play(script).unwrap()).collect()
}

/// All that may be asked of a context about connections, as text.
fn told(context: &Context, connections: &[&Connection]) -> Vec<String> {
    let parameters = Parameters::default();
    let one = |c: &&Connection| {
        let rows = c.teardowns.iter();
        let rows = rows.map(|row| crate::cause::judge_teardown(c, row, context, &parameters));
        let rows: Vec<_> = rows.collect();
        let whole = crate::cause::judge(c, context, &parameters);
        format!(
            "{whole:?} {rows:?} {:?}",
            c.addresses.map(|address| context.host(address).copied())
        )
    };
    let mut all: Vec<String> = connections.iter().map(one).collect();
    let counts = (context.forgotten, context.folded, context.not_compared);
    all.push(format!("{} {counts:?}", context.size()));
    all
}

#[test]
fn merged_in_order_contexts_say_what_one_says() {
    let connections = all_connections();
    let places = prop::collection::vec(0..connections.len(), 1..120);
    let cuts = prop::collection::vec(any::<prop::sample::Index>(), 0..4);
    let config =
        ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(places in places, cuts in cuts, bounded in any::<bool>())| {
        let chosen: Vec<&Connection> = places.iter().map(|&at| &connections[at]).collect();
        let new = || if bounded { Context::bounded() } else { Context::default() };
        let mut alone = new();
        for c in &chosen {
            alone.add(c);
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(chosen.len())).collect();
        cuts.extend([0, chosen.len()]);
        cuts.sort_unstable();
        let mut merged = new();
        for part in cuts.windows(2) {
            let mut one = new();
            one.add_all(&chosen[part[0]..part[1]]);
            merged.merge(one);
        }
        let (merged, alone) = (told(&merged, &chosen), told(&alone, &chosen));
        for (merged, alone) in merged.iter().zip(&alone) {
            prop_assert_eq!(merged, alone);
        }
    });
}

#[test]
fn merged_contexts_remember_the_first_of_each_and_count_the_others() {
    let aborted = one("> S, < S., > ., < R.");
    let of = |number| {
        let mut context = Context::default();
        (0..number).for_each(|_| context.add(&aborted));
        context
    };
    for (first, second) in [(4000, 96), (4000, 97), (3000, 5000), (60_000, 6000)] {
        let mut merged = of(first);
        merged.merge(of(second));
        let alone = of(first + second);
        assert_eq!(told(&merged, &[&aborted]), told(&alone, &[&aborted]), "{first} and {second}");
    }
}

#[test]
fn a_flood_is_counted_by_its_sources_and_only_so_many_are_looked_at() {
    let mut context = Context::default();
    let half = |client: u8, at: u32| one(&format!("> S client={client} +{at}ms, < S."));
    for client in 1..=9 {
        context.add(&half(client, 100 * u32::from(client)));
        context.add(&half(client, 100 * u32::from(client)));
    }
    // One that repeats its SYN is no flood.
    context.add(&one("> S client=20 +500ms, < S., > S again +1s, < S."));
    let first = half(1, 100);
    let facts = context.service(&first).unwrap();
    assert_eq!((facts.half_open, facts.accepted), (18, 19));
    for (seconds, sources) in [(0.0, 1), (0.1, 2), (0.35, 4), (9.0, 9)] {
        assert_eq!(facts.half_open_around(first.start, seconds), sources, "{seconds} s");
    }
    for client in 10..=250 {
        context.add(&half(client, 1000));
    }
    let last = half(251, 1000);
    let facts = context.service(&last).unwrap();
    let around = facts.half_open_around(last.start, 0.0);
    assert!((60..=128).contains(&around), "{around} of 241 sources");
}

#[test]
fn ports_and_hosts_that_failed_are_counted_up_to_64() {
    let mut context = Context::default();
    for number in 1..=70 {
        context.add(&one(&format!("> S service={number}, > S again +1s")));
        context.add(&one(&format!("> S server={number} service=5000, < R.")));
    }
    let asked = one("> S service=5000");
    assert_eq!((context.ports_failed(&asked), context.hosts_failed(&asked)), (64, 64));
    assert_eq!(context.hosts_failed(&one("> S service=5001")), 0);
    assert_eq!(context.ports_failed(&one("> S client=9")), 0);
    // Where as many were opened, the others failed for another reason.
    for number in 1..=70 {
        context.add(&one(&format!("> S service={number}, < S., > .")));
    }
    assert_eq!(context.ports_failed(&asked), 0);
}

#[test]
fn who_reaches_nobody_tried_another_service_at_that_time() {
    let mut context = Context::default();
    let tried = one("> S +5s, > S again +1s");
    context.add(&tried);
    assert!(!context.reaches_nobody(&tried, 0.0));
    context.add(&one("> S +9s server=2, > S again +1s"));
    assert!(!context.reaches_nobody(&tried, 0.0));
    assert!(context.reaches_nobody(&tried, 4.0));
}

#[test]
fn a_race_of_families_needs_one_pair_or_one_host() {
    let play = |script: &str| {
        let all = play(script).unwrap();
        let mut context = Context::default();
        for c in &all {
            context.add(c);
        }
        let found = context.other_family(&all[0], 0.01, 2.0);
        found.map(|(racer, tie)| (racer.id, tie))
    };
    let race = "> S v6, > S v4 port=40001 +200ms, < S., > ., < S. v6 port=40000, > R";
    assert_eq!(play(race), Some((1, Tie::Only)));
    assert_eq!(play(&race.replace("+200ms", "+9ms")), None);
    assert_eq!(play(&race.replace("+200ms", "+2001ms")), None);
    // A second client opened the same port, or dropped an attempt of its own.
    assert_eq!(play(&format!("{race}, > S v4 client=2 +40ms, < S., > .")), None);
    assert_eq!(play(&format!("{race}, > S v6 client=2, < S., > R")), None);
    // Unless it alone began as long after it as clients wait.
    let delayed = race.replace("+200ms", "+250ms");
    let crowd = "> S v6 client=2, < S., > R, > S v4 client=3 +400ms, < S., > .";
    assert_eq!(play(&format!("{delayed}, {crowd}")), Some((1, Tie::Delay)));
    assert_eq!(play(&format!("{race}, {crowd}")), None);
    let known = race.replace("S v6", "S v6 mac=7").replace("S v4", "S v4 mac=7");
    assert_eq!(play(&known), Some((1, Tie::Hardware)));
    assert_eq!(
        play(&format!("{known}, > S v4 client=2 mac=8, < S., > .")),
        Some((1, Tie::Hardware))
    );
    // Behind a router all have its hardware address.
    assert_eq!(play(&format!("{known}, > S v4 client=2 mac=7 +40ms, < S., > .")), None);
    let other = known.replace("S v4 mac=7", "S v4 mac=8");
    assert_eq!(play(&other), None);
}

#[test]
fn contexts_of_two_parts_know_half_open_ones_and_races_together() {
    let all = play(
        "> S v6, > S v4 port=40001 +250ms, < S., > ., < S. v6 port=40000, > R, > S v4 client=3, < S.",
    )
    .unwrap();
    let (mut whole, mut parts) = (Context::default(), [Context::default(), Context::default()]);
    for (number, c) in all.iter().enumerate() {
        whole.add(c);
        parts[number % 2].add(c);
    }
    let [mut one, other] = parts;
    one.merge(other);
    let told = |context: &Context| {
        let race = context.other_family(&all[0], 0.01, 2.0).map(|(racer, _)| racer.id);
        let half = context.service(&all[2]).map(|facts| facts.half_open_around(all[2].start, 1.0));
        (race, half)
    };
    assert_eq!(told(&one), told(&whole));
    assert_eq!(told(&whole), (Some(1), Some(1)));
}
