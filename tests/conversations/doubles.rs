//! What something else leaves as well, or what only one direction shows, is told and not built on:
//! pairs of conversations, of which the second shows the fact that the first one lacks.

use finrst::cause::{Context, Parameters, Verdict, judge};
use finrst::conn::play;

/// From here on a cause can be built on (`docs/sure.md`).
const SURE: f64 = 0.8;
/// The fact of a verdict that nothing sets apart from its double.
const DOUBLE: &str = "something_else_leaves_the_same";

/// The verdict of the connection from this port.
fn of_port(script: &str, port: u16) -> Verdict {
    let all = play(script).expect(script);
    let mut context = Context::default();
    for c in &all {
        context.add(c);
    }
    let c = all.iter().find(|c| c.ports.client == port).expect(script);
    judge(c, &context, &Parameters::default())
}

/// The verdict of the connection from the port that none names.
fn verdict(script: &str) -> Verdict {
    of_port(script, 40_000)
}

/// The first script has this cause and is not sure of it, the second has it and is not kept down.
fn pair(cause: &str, doubted: &str, shown: &str) {
    let [doubted, shown] = [doubted, shown].map(|script| (verdict(script), script));
    for (verdict, script) in [&doubted, &shown] {
        assert_eq!(verdict.cause.name(), cause, "{script}");
    }
    let told = |verdict: &Verdict| verdict.evidence.iter().any(|fact| fact.fact == DOUBLE);
    assert!(told(&doubted.0), "{}", doubted.1);
    assert!(doubted.0.confidence < SURE, "{} at {}", doubted.1, doubted.0.confidence);
    assert!(!told(&shown.0), "{}", shown.1);
}

#[test]
fn a_bare_reset_that_nothing_asked_for_soon_after_a_close_may_be_a_programs() {
    let closed = "> S, < S., > ., > P. 80, < P. 300, > ., > F., < .";
    let cause = "fin_wait2_expired";
    for after in ["+2s", "+5s", "+54s"] {
        pair(cause, &format!("{closed}, > R {after}"), &format!("{closed}, > R +56s"));
    }
    let doubted = verdict(&format!("{closed}, > R +3s"));
    let rivals: Vec<_> = doubted.alternatives.iter().map(|rival| rival.cause.name()).collect();
    assert_eq!(rivals, ["application_abort"]);
    // A host without the socket answers a FIN, which asks for it.
    pair(cause, &format!("{closed}, > R +3s"), &format!("{closed}, < F. +3s, > R +1ms"));
}

#[test]
fn a_handshake_that_the_server_does_not_hear_may_be_lost_on_the_way() {
    let unheard = "> P. 50, > P. 50 again +200ms, > P. 50 again +400ms, < S. again +300ms, > . \
                   +1ms, > P. 50 again +800ms";
    let alone = format!("> S, < S., > ., {unheard}");
    // The host hears this client on another connection.
    let heard = format!(
        "> S, < S., > ., > S port=40001 +1ms, < S., > ., > P. 40, < P. 80, > ., {}",
        unheard.replacen("> P. 50", "> P. 50 port=40000", 1)
    );
    pair("accept_queue_overflow", &alone, &heard);
    assert!(verdict(&heard).confidence >= SURE);
    // So are several clients.
    let others = format!(
        "> S, < S., > ., > S client=2, < S., > ., > S client=3, < S., > ., {}",
        unheard.replacen("> P. 50", "> P. 50 client=1", 1)
    );
    pair("accept_queue_overflow", &alone, &others);
}

#[test]
fn a_single_connection_without_an_answer_fills_no_queue() {
    let dropped = "> S port=9 +2s, > S again +1s, > S service=22 port=30 +500ms, < S. +1ms, > ., \
                   < P. 41 +1ms, > S service=443 port=9 again +1s, > P. 9 service=22 port=30 +300s";
    let opened = |ports: &str| {
        format!(
            "> S port={ports}, < S. port={ports} +1ms, > . port={ports}, > P. 100 port={ports} \
             +1ms, < . port={ports} +1ms, {dropped}"
        )
    };
    let [one, three] = ["1..1", "1..3"].map(|ports| of_port(&opened(ports), 9));
    for verdict in [&one, &three] {
        assert_eq!(verdict.cause.name(), "accept_queue_overflow");
    }
    assert!(one.confidence < SURE && three.confidence >= SURE);
}

#[test]
fn one_reset_that_answers_the_first_data_alone_may_be_a_proxys() {
    let opened = "> S, < S. +20ms, > .";
    let alone = verdict(&format!("{opened}, > P. 517 +1ms, < R +20ms"));
    assert_eq!(alone.cause.name(), "no_socket");
    assert!(alone.confidence < SURE, "{}", alone.confidence);
    // The acknowledgment was refused, and so were the data that had followed at once.
    let both = verdict(&format!("{opened}, > P. 517 +1ms, < R ack=-517 +19ms, < R +1ms"));
    let acknowledgment = verdict(&format!("{opened}, < R +20ms"));
    for verdict in [both, acknowledgment] {
        assert_eq!(verdict.cause.name(), "accept_queue_overflow_reset");
        assert!(verdict.confidence >= SURE, "{}", verdict.confidence);
    }
    // Who has answered was there.
    let used = "> S, < S., > ., > P. 80, < P. 300, > .";
    pair(
        "no_socket",
        &format!("{opened}, > P. 517 +2s, < R +20ms"),
        &format!("{used}, > P. 80 +2s, < R +1ms"),
    );
}

#[test]
fn who_answers_after_a_long_silence_may_be_a_box_that_forgot() {
    let used = "> S, < S., > ., > P. 80, < P. 300, > .";
    // Another connection of the service outlived a longer silence.
    let survived = "> S port=7, < S., > ., > P. 80, < P. 300, > ., > S port=40000 +100s, < S., > ., > \
                    P. 80, < P. 300, > ., > P. 80 port=7 +500s, < P. 300, > ., > P. 80 port=40000 \
                    +1ms, < R +1ms";
    assert!(verdict(survived).confidence >= SURE);
    for idle in ["+21s", "+400s"] {
        let doubted = format!("{used}, > P. 80 {idle}, < R +1ms");
        pair("no_socket", &doubted, &format!("{used}, > P. 80 +19s, < R +1ms"));
        pair("no_socket", &doubted, survived);
    }
}

#[test]
fn one_direction_alone_shows_no_silence_of_the_other() {
    // Its probes were answered where nobody listened.
    let one_way = "(> S), < S., (> .), < P. 300, (> .), < . probe +60s, (> .), < . probe +60s, \
                   (> .), < . probe +60s, (> .), < R. +30s";
    assert!(verdict(one_way).confidence < SURE);
    let both = verdict(
        "> S, < S., > ., < P. 300, > ., < . probe +60s, < . probe +60s, < . probe +60s, < R. +30s",
    );
    assert_eq!(both.cause.name(), "keepalive_timeout");
    assert!(both.confidence >= SURE);
    // What goes on after its SYN has heard an answer: that direction is missing, and is told so.
    let told = |script: &str| {
        let facts = verdict(script).evidence;
        facts.iter().any(|fact| fact.fact == "guard_one_direction_only")
    };
    assert!(told("> S, (< S.), > ., > P. 80, (< .), > P. 80 +1s"));
    assert!(!told("> S, > S again +1s, > S again +2s, > S again +4s"));
}

#[test]
fn a_client_that_resets_a_late_answer_may_be_a_scan_far_away() {
    let late = "> S, < S. +150ms, > R +1ms";
    // All that its other attempts show: what was answered as late was used.
    let others = format!(
        "> S port=7, < S. +20ms, > ., > P. 80, < P. 90, > ., > S port=9, < S. +20ms, > ., > P. 80, \
         < P. 90, > ., {}",
        late.replacen("> S", "> S port=40000", 1)
    );
    let [alone, known] = [late, &others].map(verdict);
    for verdict in [&alone, &known] {
        assert_eq!(verdict.cause.name(), "client_handshake_timeout");
    }
    assert!(alone.confidence < SURE && known.confidence >= SURE);
}

#[test]
fn who_aborts_after_a_goodbye_may_have_meant_to() {
    let used = "> S, < S., > ., > P. hello=a.org, < P. 3000 tls, > P. 80, < P. 900, > ., ";
    pair(
        "unread_close_notify",
        &format!("{used}< P. hex=1503030013 24, > R. +1ms"),
        &format!("{used}> F., < . +1ms, < P. hex=1503030013 24 +1ms, > R +1ms"),
    );
}

#[test]
fn an_answer_that_the_capture_lost_was_given() {
    let asked = "> S, < S., > ., > P. 80, < P. 300, > ., > P. 80, ";
    let closed = "< F. +5s, > ., > F., < .";
    for lost in ["(< P. 900), > ., ", "(< P. 900), (> .), "] {
        let verdict = verdict(&format!("{asked}{lost}{closed}"));
        assert_ne!(verdict.cause.name(), "request_unanswered", "{lost}");
        assert!(verdict.evidence.iter().any(|fact| fact.fact == "guard_capture_gaps"), "{lost}");
    }
    // What was lost came before the request, or nothing was.
    let before = asked.replace("< P. 300,", "(< P. 200), < P. 300,");
    for asked in [asked, &before] {
        let verdict = verdict(&format!("{asked}{closed}"));
        assert_eq!(verdict.cause.name(), "request_unanswered", "{asked}");
    }
    // The client gives up; its FIN acknowledges what the capture lost.
    let given_up = "> F. +5s, < F., > .";
    let answered = verdict(&format!("{asked}(< P. 900), {given_up}"));
    assert_ne!(answered.cause.name(), "request_unanswered");
    assert_eq!(verdict(&format!("{asked}{given_up}")).cause.name(), "request_unanswered");
}

#[test]
fn a_filter_that_keeps_flags_alone_shows_no_silence() {
    // A single SYN, which a kernel would have repeated.
    let alone = "> S, > S port=9 +400s";
    pair("syn_unanswered", alone, "> S, > S port=9 +20s, < R., > S port=8 +400s");
    pair("syn_unanswered", alone, "> S, > S again +1s, > S port=9 +400s");
    // The reset tells by its numbers that bytes passed.
    for (bytes, cause) in [("80", "undetermined"), ("0", "health_check_probe")] {
        let round = |port: u16| {
            format!("> S port={port} +5s, < S., (> .), (> P. {bytes}), (< P. {bytes}), (> .), > R.")
        };
        let rounds: Vec<_> = [1, 2, 3, 4, 40_000].map(round).into();
        assert_eq!(verdict(&rounds.join(", ")).cause.name(), cause, "{bytes}");
    }
    let opened = "> S, < S., (> .), (> P. 80), (< P. 300), (> .), < R. +2s, > S port=9 +400s";
    assert_eq!(verdict(opened).cause.name(), "undetermined");
}
