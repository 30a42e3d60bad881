use super::content_injected;
use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "filtered_by_name",
    class: Class::Suspicious,
    summary: "Connections that ask for this name are cut at the same service that answers for \
           others: something filters by name.",
    wire: "Handshake, then a TLS ClientHello or HTTP request with a name, then a FIN, a reset or \
           silence before the server sends a byte: so for every connection with this name, or with \
           a name of its domain, two at least, while two or more with other names at the same \
           address and port were answered. One is enough where the hello itself was repeated and \
           never acknowledged while others were answered.",
    reference: "RFC 8744; USENIX Security 2021 (Weaver), IMC 2022 (TSPU)",
    next: "Is the name on a list of a firewall, a provider or the server's own configuration?",
    examples: &[
        "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. hello=b.org, < R +5ms, > S port=3, < S., > ., > P. \
             hello=c.org, < P. 1400, > ., > F., < F., > ., > S port=4 +1s, < S., > ., > P. \
             hello=b.org, < R +5ms",
        "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. hello=b.org, < F. +5ms, > F., < ., > S port=3, < S., > \
             ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S port=4 +1s, < S., > ., > \
             P. hello=b.org, < F. +5ms, > F., < ., > S port=5, < S., > ., > P. hello=b.org, < \
             F. +5ms, > F., < ., > S port=6, < S., > ., > P. hello=c.org, < P. 1400, > ., > \
             F., < F., > .",
        "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. hello=b.org, > P. hello=b.org again +300ms, > P. \
             hello=b.org again +600ms, > P. hello=b.org again +1200ms, > P. hello=b.org again \
             +2400ms, > S port=3, < S., > ., > P. hello=c.org, < P. 1400, > ., > F., < F., > \
             ., > S port=4 +1s, < S., > ., > P. hello=b.org, > P. hello=b.org again +300ms, > P. \
             hello=b.org again +600ms, > P. hello=b.org again +1200ms, > P. hello=b.org again \
             +2400ms, > S port=5 +90s",
        "> S port=1, < S., > ., > P. get=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. get=b.org, < R. +5ms, > S port=3, < S., > ., > P. \
             get=c.org, < P. 1400, > ., > F., < F., > ., > S port=4 +1s, < S., > ., > P. \
             get=b.org, < R. +5ms",
        // Once, and in silence from the hello on, while another was answered.
        "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > S port=2, < S., > ., > P. \
             hello=b.org, > P. hello=b.org again +300ms, > P. hello=b.org again +600ms, > S \
             port=3, < S., > ., > P. hello=c.org, < P. 1400, > ., > P. hello=b.org port=2 again \
             +1200ms, > P. hello=b.org again +2400ms, > S port=5 +90s",
        // A filter lists domains.
        "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. hello=www.b.org, < F. +5ms, > F., < ., > S port=3, < S., > \
             ., > P. hello=c.org, < P. 1400, > ., > F., < F., > ., > S port=4 +1s, < S., > ., > \
             P. hello=b.org, < F. +5ms, > F., < .",
    ],
    near_misses: &[
        // Another name of the domain is answered.
        (
            "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. hello=www.b.org, < R. +5ms, > S port=3, < S., > ., > P. \
             hello=c.b.org, < P. 1400, > ., > F., < F., > ., > S port=4 +1s, < S., > ., > P. \
             hello=b.org, < R. +5ms",
            "abort_unread_data",
        ),
        // Nobody lists all of `co.uk`.
        (
            "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. hello=b.co.uk, < R. +5ms, > S port=3, < S., > ., > P. \
             hello=c.org, < P. 1400, > ., > F., < F., > ., > S port=4 +1s, < S., > ., > P. \
             hello=d.co.uk, < R. +5ms",
            "abort_unread_data",
        ),
        // Once may be chance.
        (
            "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. hello=b.org, < R. +5ms, > S port=3, < S., > ., > P. \
             hello=c.org, < P. 1400, > ., > F., < F., > .",
            "abort_unread_data",
        ),
        // Nobody else tried meanwhile: the path may be gone.
        (
            "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > S port=3, < S., > ., > P. \
             hello=c.org, < P. 1400, > ., > S port=2, < S., > ., > P. hello=b.org, > P. \
             hello=b.org again +300ms, > P. hello=b.org again +600ms, > P. hello=b.org again \
             +1200ms, > P. hello=b.org again +2400ms, > S port=5 server=2 +90s",
            "retransmission_timeout",
        ),
        // One other alone does not show that the server answers.
        (
            "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. hello=b.org, < R. +5ms, > S port=4 +1s, < S., > ., > P. \
             hello=b.org, < R. +5ms",
            "abort_unread_data",
        ),
        // The same name is answered as well.
        (
            "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2, < S., > ., > P. hello=b.org, < R. +5ms, > S port=3, < S., > ., > P. \
             hello=c.org, < P. 1400, > ., > F., < F., > ., > S port=4 +1s, < S., > ., > P. \
             hello=b.org, < P. 1400, > ., > F., < F., > ., > S port=5, < S., > ., > P. \
             hello=b.org, < R. +5ms",
            "abort_unread_data",
        ),
        // Another service.
        (
            "> S port=1, < S., > ., > P. hello=a.org, < P. 1400, > ., > F., < F., > ., > S \
             port=2 service=444, < S., > ., > P. hello=b.org, < R. +5ms, > S port=3 \
             service=443, < S., > ., > P. hello=c.org, < P. 1400, > ., > F., < F., > ., > S \
             port=4 service=444, < S., > ., > P. hello=b.org, < R. +5ms",
            "abort_unread_data",
        ),
    ],
    // What it explains holds beside it, and is its alternative.
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING.extra().by(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// More than two with the name were cut, and more than two with others answered.
    confidence SURE = 0.7;
    /// Two at least were, of both.
    confidence TWICE = 0.6;
    /// One alone was cut, whose hello was never acknowledged.
    confidence ONCE = 0.61;
}

/// Whether it holds.
pub(super) fn held(case: &Case<'_>) -> bool {
    holds(case).is_some()
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if fate(c) != Some(true) {
        return None;
    }
    let end = began(case, Side::Server);
    if case.reset.is_some() && end.is_none() {
        return None;
    }
    let (fate, beside) = case.context.service(c)?.fates(c)?;
    let once = fate.cut < 2;
    if fate.answered > 0 || beside < 2 || once && !swallowed(case) {
        return None;
    }
    let sure = fate.cut > 2 && beside > 2;
    let finding = Finding::new(if once {
        ONCE
    } else if sure {
        SURE
    } else {
        TWICE
    })
    .with(Evidence::text("name", c.extra()?.server_name.clone()?))
    .with(Evidence::count("cut_with_this_name", u64::from(fate.cut)))
    .with(Evidence::count("answered_with_others", u64::from(beside)))
    .with_some(end.map(|end| Evidence::of("cut_after_the_name").at(end.packet)));
    // A server that lives acknowledges, and aborts in its own socket's name.
    let reply = case.reset_of(Form::Reply).is_some();
    let silent = c.ending == Ending::PeerUnresponsive;
    Some(if content_injected::injected(case).is_some() {
        finding.data_by_third_party()
    } else if (reply || silent) && !once {
        finding.by_third_party()
    } else {
        finding
    })
}

/// The hello was repeated and never acknowledged, while the service answered who came meanwhile.
fn swallowed(case: &Case<'_>) -> bool {
    let c = case.connection;
    let unheard = c.ending == Ending::PeerUnresponsive && c.side(Side::Client).acked <= 1;
    let service = case.context.service(c);
    unheard && service.is_some_and(|service| service.served_between(c.start..=c.end))
}
