use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "connection_age_limit",
    class: Class::Orderly,
    summary: "The server closed a connection in use because it was old enough, or had carried as \
           many requests as one may.",
    wire: "The server's FIN without a long silence before it, on a connection with several \
           requests; at least {age_connections} closes of the service, at different times, came at \
           the same age (within {age_variation}) whatever was exchanged, or after the same number \
           of requests whatever the age, and no connection of it became older or had more; or \
           {timed_closes} had {several_requests} requests or more, not all the same number, and \
           ages within {age_variation} of each other; or those with {several_requests} or more \
           were closed between two requests, not with an answer, at ages that differ by one round \
           or {age_variation} at most.",
    reference: "RFC 9113 section 6.8 (GOAWAY); gRPC MAX_CONNECTION_AGE; nginx keepalive_time and \
           keepalive_requests; Apache MaxKeepAliveRequests",
    next: "None, if the clients open a new connection in time; else make them retry, or raise the \
           limit.",
    examples: &[
        "> S port=1 +0ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +98ms, < P. \
             300 port=1 +5ms, > S port=2 +2895ms, < S. port=2 +1ms, > . port=2 +1ms, > P. 90 \
             port=2 +98ms, < P. 300 port=2 +5ms, > S port=3 +2895ms, < S. port=3 +1ms, > . \
             port=3 +1ms, > P. 90 port=3 +98ms, < P. 300 port=3 +5ms, > P. 90 port=2 +1495ms, \
             < P. 300 port=2 +5ms, > S port=4 +1395ms, < S. port=4 +1ms, > . port=4 +1ms, > \
             P. 90 port=1 +98ms, > P. 90 port=4 +0ms, < P. 300 port=1 +5ms, < P. 300 port=4 \
             +0ms, > P. 90 port=2 +2995ms, < P. 300 port=2 +5ms, > P. 90 port=3 +495ms, < P. \
             300 port=3 +5ms, > P. 90 port=4 +395ms, < P. 300 port=4 +5ms, > P. 90 port=2 \
             +3595ms, < P. 300 port=2 +5ms, > P. 90 port=4 +295ms, < P. 300 port=4 +5ms, > P. \
             90 port=1 +1195ms, < P. 300 port=1 +5ms, > P. 90 port=3 +995ms, < P. 300 port=3 \
             +5ms, < F. port=1 +895ms, > F. port=1 +1ms, < . port=1 +1ms, > P. 90 port=4 \
             +798ms, < P. 300 port=4 +5ms, > P. 90 port=2 +295ms, < P. 300 port=2 +5ms, < F. \
             port=2 +895ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 port=4 +2698ms, < P. \
             300 port=4 +5ms, > P. 90 port=3 +895ms, < P. 300 port=3 +5ms, < F. port=3 \
             +1395ms, > F. port=3 +1ms, < . port=3 +1ms, > P. 90 port=4 +1598ms, < P. 300 \
             port=4 +5ms, < F. port=4 +895ms, > F. port=4 +1ms, < . port=4 +1ms",
        "> S port=1 +0ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +98ms, < P. \
             300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 \
             +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > P. \
             90 port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 \
             +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. \
             300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 \
             +205ms, < P. 300 port=1 +5ms, > S port=2 +5ms, < S. port=2 +1ms, > . port=2 \
             +1ms, > P. 90 port=2 +98ms, < P. 300 port=2 +5ms, < F. port=1 +95ms, > F. port=1 \
             +1ms, < . port=1 +1ms, > P. 90 port=2 +228ms, < P. 300 port=2 +5ms, > P. 90 \
             port=2 +325ms, < P. 300 port=2 +5ms, > P. 90 port=2 +325ms, < P. 300 port=2 \
             +5ms, > P. 90 port=2 +325ms, < P. 300 port=2 +5ms, > P. 90 port=2 +325ms, < P. \
             300 port=2 +5ms, > S port=3 +245ms, < S. port=3 +1ms, > . port=3 +1ms, > P. 90 \
             port=2 +78ms, < P. 300 port=2 +5ms, > P. 90 port=3 +15ms, < P. 300 port=3 +5ms, \
             > P. 90 port=2 +305ms, < P. 300 port=2 +5ms, > P. 90 port=3 +245ms, < P. 300 \
             port=3 +5ms, > P. 90 port=2 +75ms, < P. 300 port=2 +5ms, > P. 90 port=2 +325ms, \
             < P. 300 port=2 +5ms, > P. 90 port=3 +145ms, < P. 300 port=3 +5ms, < F. port=2 \
             +75ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 port=3 +478ms, < P. 300 port=3 \
             +5ms, > S port=4 +215ms, < S. port=4 +1ms, > . port=4 +1ms, > P. 90 port=4 \
             +98ms, < P. 300 port=4 +5ms, > P. 90 port=3 +235ms, < P. 300 port=3 +5ms, > P. \
             90 port=3 +555ms, < P. 300 port=3 +5ms, > P. 90 port=4 +195ms, < P. 300 port=4 \
             +5ms, > P. 90 port=3 +355ms, < P. 300 port=3 +5ms, > P. 90 port=3 +555ms, < P. \
             300 port=3 +5ms, > P. 90 port=4 +75ms, < P. 300 port=4 +5ms, > P. 90 port=3 \
             +475ms, < P. 300 port=3 +5ms, > P. 90 port=4 +515ms, < P. 300 port=4 +5ms, > P. \
             90 port=3 +35ms, < P. 300 port=3 +5ms, < F. port=3 +55ms, > F. port=3 +1ms, < . \
             port=3 +1ms, > P. 90 port=4 +898ms, < P. 300 port=4 +5ms, > P. 90 port=4 +995ms, \
             < P. 300 port=4 +5ms, > P. 90 port=4 +995ms, < P. 300 port=4 +5ms, > P. 90 \
             port=4 +995ms, < P. 300 port=4 +5ms, > P. 90 port=4 +995ms, < P. 300 port=4 \
             +5ms, > P. 90 port=4 +995ms, < P. 300 port=4 +5ms, < F. port=4 +195ms, > F. \
             port=4 +1ms, < . port=4 +1ms",
        // As many requests each, and closed when the next one was due, not with an answer.
        "> S port=1 +0ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +98ms, < \
             P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 \
             port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 \
             +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > S port=2 +185ms, < S. \
             port=2 +1ms, > . port=2 +1ms, > P. 90 port=1 +18ms, < P. 300 port=1 +5ms, > \
             P. 90 port=2 +75ms, < P. 300 port=2 +5ms, > P. 90 port=1 +125ms, < P. 300 \
             port=1 +5ms, > P. 90 port=2 +75ms, < P. 300 port=2 +5ms, > P. 90 port=1 \
             +125ms, < P. 300 port=1 +5ms, > P. 90 port=2 +75ms, < P. 300 port=2 +5ms, > \
             P. 90 port=1 +125ms, < P. 300 port=1 +5ms, > P. 90 port=2 +75ms, < P. 300 \
             port=2 +5ms, < F. port=1 +115ms, > F. port=1 +1ms, < . port=1 +1ms, > P. 90 \
             port=2 +88ms, < P. 300 port=2 +5ms, > S port=3 +185ms, < S. port=3 +1ms, > . \
             port=3 +1ms, > P. 90 port=2 +18ms, < P. 300 port=2 +5ms, > P. 90 port=3 \
             +75ms, < P. 300 port=3 +5ms, > P. 90 port=2 +125ms, < P. 300 port=2 +5ms, > \
             P. 90 port=3 +75ms, < P. 300 port=3 +5ms, > P. 90 port=2 +125ms, < P. 300 \
             port=2 +5ms, > P. 90 port=3 +75ms, < P. 300 port=3 +5ms, > P. 90 port=2 \
             +125ms, < P. 300 port=2 +5ms, > P. 90 port=3 +75ms, < P. 300 port=3 +5ms, < \
             F. port=2 +115ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 port=3 +88ms, < \
             P. 300 port=3 +5ms, > S port=4 +185ms, < S. port=4 +1ms, > . port=4 +1ms, > \
             P. 90 port=3 +18ms, < P. 300 port=3 +5ms, > P. 90 port=4 +75ms, < P. 300 \
             port=4 +5ms, > P. 90 port=3 +125ms, < P. 300 port=3 +5ms, > P. 90 port=4 \
             +75ms, < P. 300 port=4 +5ms, > P. 90 port=3 +125ms, < P. 300 port=3 +5ms, > \
             P. 90 port=4 +75ms, < P. 300 port=4 +5ms, > P. 90 port=3 +125ms, < P. 300 \
             port=3 +5ms, > P. 90 port=4 +75ms, < P. 300 port=4 +5ms, < F. port=3 +115ms, \
             > F. port=3 +1ms, < . port=3 +1ms, > P. 90 port=4 +88ms, < P. 300 port=4 \
             +5ms, > P. 90 port=4 +205ms, < P. 300 port=4 +5ms, > P. 90 port=4 +205ms, < \
             P. 300 port=4 +5ms, > P. 90 port=4 +205ms, < P. 300 port=4 +5ms, > P. 90 \
             port=4 +205ms, < P. 300 port=4 +5ms, < F. port=4 +195ms, > F. port=4 +1ms, < \
             . port=4 +1ms",
        // Many requests, some more than others, in one time.
        "> S port=1 +1200ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +195ms, < P. 300 \
             port=1 +5ms, > P. 90 port=1 +195ms, < P. 300 port=1 +5ms, > P. 90 port=1 +195ms, < P. \
             300 port=1 +5ms, > P. 90 port=1 +195ms, < P. 300 port=1 +5ms, > P. 90 port=1 +195ms, \
             < P. 300 port=1 +5ms, > P. 90 port=1 +195ms, > S port=2 +3ms, < S. port=2 +1ms, < P. \
             300 port=1 +1ms, > . port=2 +0ms, > P. 90 port=2 +176ms, < P. 300 port=2 +5ms, > P. \
             90 port=1 +14ms, < P. 300 port=1 +5ms, > P. 90 port=2 +157ms, < P. 300 port=2 +5ms, > \
             P. 90 port=1 +33ms, < P. 300 port=1 +5ms, > P. 90 port=2 +138ms, < P. 300 port=2 \
             +5ms, > P. 90 port=1 +52ms, < P. 300 port=1 +5ms, > P. 90 port=2 +119ms, < P. 300 \
             port=2 +5ms, > P. 90 port=1 +71ms, < P. 300 port=1 +5ms, < F. port=1 +20ms, > F. \
             port=1 +1ms, < . port=1 +1ms, > P. 90 port=2 +78ms, < P. 300 port=2 +5ms, > P. 90 \
             port=2 +176ms, < P. 300 port=2 +5ms, > S port=3 +112ms, < S. port=3 +1ms, > . port=3 \
             +1ms, > P. 90 port=2 +62ms, < P. 300 port=2 +5ms, > P. 90 port=3 +109ms, < P. 300 \
             port=3 +5ms, > P. 90 port=2 +62ms, < P. 300 port=2 +5ms, > P. 90 port=3 +109ms, < P. \
             300 port=3 +5ms, > P. 90 port=2 +62ms, < P. 300 port=2 +5ms, > P. 90 port=3 +109ms, < \
             P. 300 port=3 +5ms, > P. 90 port=2 +62ms, < P. 300 port=2 +5ms, > P. 90 port=3 \
             +109ms, < P. 300 port=3 +5ms, > P. 90 port=2 +62ms, < P. 300 port=2 +5ms, < F. port=2 \
             +20ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 port=3 +87ms, < P. 300 port=3 +5ms, \
             > P. 90 port=3 +176ms, < P. 300 port=3 +5ms, > S port=4 +112ms, < S. port=4 +1ms, > . \
             port=4 +1ms, > P. 90 port=3 +62ms, < P. 300 port=3 +5ms, > P. 90 port=4 +94ms, < P. \
             300 port=4 +5ms, > P. 90 port=3 +77ms, < P. 300 port=3 +5ms, > P. 90 port=4 +79ms, < \
             P. 300 port=4 +5ms, > P. 90 port=3 +92ms, < P. 300 port=3 +5ms, > P. 90 port=4 +64ms, \
             < P. 300 port=4 +5ms, > P. 90 port=3 +107ms, < P. 300 port=3 +5ms, > P. 90 port=4 \
             +49ms, < P. 300 port=4 +5ms, > P. 90 port=3 +122ms, < P. 300 port=3 +5ms, < F. port=3 \
             +20ms, > F. port=3 +1ms, < . port=3 +1ms, > P. 90 port=4 +12ms, < P. 300 port=4 +5ms, \
             > P. 90 port=4 +161ms, < P. 300 port=4 +5ms, > P. 90 port=4 +161ms, < P. 300 port=4 \
             +5ms, > S port=5 +36ms, < S. port=5 +1ms, > . port=5 +1ms, > P. 90 port=4 +123ms, < \
             P. 300 port=4 +5ms, > P. 90 port=5 +67ms, < P. 300 port=5 +5ms, > P. 90 port=4 +89ms, \
             < P. 300 port=4 +5ms, > P. 90 port=5 +101ms, < P. 300 port=5 +5ms, > P. 90 port=4 \
             +55ms, < P. 300 port=4 +5ms, > P. 90 port=5 +135ms, < P. 300 port=5 +5ms, > P. 90 \
             port=4 +21ms, < P. 300 port=4 +5ms, > P. 90 port=4 +161ms, < P. 300 port=4 +5ms, > P. \
             90 port=5 +3ms, < P. 300 port=5 +5ms, < F. port=4 +12ms, > F. port=4 +1ms, < . port=4 \
             +1ms, > P. 90 port=5 +181ms, < P. 300 port=5 +5ms, > P. 90 port=5 +195ms, < P. 300 \
             port=5 +5ms, > P. 90 port=5 +195ms, < P. 300 port=5 +5ms, > P. 90 port=5 +195ms, < P. \
             300 port=5 +5ms, > P. 90 port=5 +195ms, < P. 300 port=5 +5ms, > P. 90 port=5 +195ms, \
             < P. 300 port=5 +5ms, < F. port=5 +20ms, > F. port=5 +1ms, < . port=5 +1ms",
    ],
    near_misses: &[
        // Closed between two requests, three only.
        (
            "> S port=1 +0ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 \
                 +98ms, < P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 \
                 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 \
                 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 \
                 +5ms, > S port=2 +185ms, < S. port=2 +1ms, > . port=2 +1ms, > P. 90 \
                 port=1 +18ms, < P. 300 port=1 +5ms, > P. 90 port=2 +75ms, < P. 300 \
                 port=2 +5ms, > P. 90 port=1 +125ms, < P. 300 port=1 +5ms, > P. 90 port=2 \
                 +75ms, < P. 300 port=2 +5ms, > P. 90 port=1 +125ms, < P. 300 port=1 \
                 +5ms, > P. 90 port=2 +75ms, < P. 300 port=2 +5ms, > P. 90 port=1 +125ms, \
                 < P. 300 port=1 +5ms, > P. 90 port=2 +75ms, < P. 300 port=2 +5ms, < F. \
                 port=1 +115ms, > F. port=1 +1ms, < . port=1 +1ms, > P. 90 port=2 +88ms, \
                 < P. 300 port=2 +5ms, > S port=3 +185ms, < S. port=3 +1ms, > . port=3 \
                 +1ms, > P. 90 port=2 +18ms, < P. 300 port=2 +5ms, > P. 90 port=3 +75ms, \
                 < P. 300 port=3 +5ms, > P. 90 port=2 +125ms, < P. 300 port=2 +5ms, > P. \
                 90 port=3 +75ms, < P. 300 port=3 +5ms, > P. 90 port=2 +125ms, < P. 300 \
                 port=2 +5ms, > P. 90 port=3 +75ms, < P. 300 port=3 +5ms, > P. 90 port=2 \
                 +125ms, < P. 300 port=2 +5ms, > P. 90 port=3 +75ms, < P. 300 port=3 \
                 +5ms, < F. port=2 +115ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 \
                 port=3 +88ms, < P. 300 port=3 +5ms, > P. 90 port=3 +205ms, < P. 300 \
                 port=3 +5ms, > P. 90 port=3 +205ms, < P. 300 port=3 +5ms, > P. 90 port=3 \
                 +205ms, < P. 300 port=3 +5ms, > P. 90 port=3 +205ms, < P. 300 port=3 \
                 +5ms, < F. port=3 +195ms, > F. port=3 +1ms, < . port=3 +1ms",
            "server_close",
        ),
        // Ten requests each, at one pace: a dialogue that was done.
        (
            "> S port=1 +1200ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +195ms, < P. \
             300 port=1 +5ms, > P. 90 port=1 +195ms, < P. 300 port=1 +5ms, > P. 90 port=1 +195ms, \
             < P. 300 port=1 +5ms, > P. 90 port=1 +195ms, < P. 300 port=1 +5ms, > P. 90 port=1 \
             +195ms, < P. 300 port=1 +5ms, > P. 90 port=1 +195ms, > S port=2 +3ms, < S. port=2 \
             +1ms, < P. 300 port=1 +1ms, > . port=2 +0ms, > P. 90 port=1 +195ms, > P. 90 port=2 \
             +0ms, < P. 300 port=1 +5ms, < P. 300 port=2 +0ms, > P. 90 port=1 +195ms, > P. 90 \
             port=2 +0ms, < P. 300 port=1 +5ms, < P. 300 port=2 +0ms, > P. 90 port=1 +195ms, > P. \
             90 port=2 +0ms, < P. 300 port=1 +5ms, < P. 300 port=2 +0ms, > P. 90 port=1 +195ms, > \
             P. 90 port=2 +0ms, < P. 300 port=1 +5ms, < P. 300 port=2 +0ms, < F. port=1 +20ms, > \
             F. port=1 +1ms, < . port=1 +1ms, > P. 90 port=2 +173ms, < P. 300 port=2 +5ms, > P. 90 \
             port=2 +195ms, > S port=3 +3ms, < S. port=3 +1ms, < P. 300 port=2 +1ms, > . port=3 \
             +0ms, > P. 90 port=2 +195ms, > P. 90 port=3 +0ms, < P. 300 port=2 +5ms, < P. 300 \
             port=3 +0ms, > P. 90 port=2 +195ms, > P. 90 port=3 +0ms, < P. 300 port=2 +5ms, < P. \
             300 port=3 +0ms, > P. 90 port=2 +195ms, > P. 90 port=3 +0ms, < P. 300 port=2 +5ms, < \
             P. 300 port=3 +0ms, > P. 90 port=2 +195ms, > P. 90 port=3 +0ms, < P. 300 port=2 +5ms, \
             < P. 300 port=3 +0ms, < F. port=2 +20ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 \
             port=3 +173ms, < P. 300 port=3 +5ms, > P. 90 port=3 +195ms, > S port=4 +3ms, < S. \
             port=4 +1ms, < P. 300 port=3 +1ms, > . port=4 +0ms, > P. 90 port=3 +195ms, > P. 90 \
             port=4 +0ms, < P. 300 port=3 +5ms, < P. 300 port=4 +0ms, > P. 90 port=3 +195ms, > P. \
             90 port=4 +0ms, < P. 300 port=3 +5ms, < P. 300 port=4 +0ms, > P. 90 port=3 +195ms, > \
             P. 90 port=4 +0ms, < P. 300 port=3 +5ms, < P. 300 port=4 +0ms, > P. 90 port=3 +195ms, \
             > P. 90 port=4 +0ms, < P. 300 port=3 +5ms, < P. 300 port=4 +0ms, < F. port=3 +20ms, > \
             F. port=3 +1ms, < . port=3 +1ms, > P. 90 port=4 +173ms, < P. 300 port=4 +5ms, > P. 90 \
             port=4 +195ms, > S port=5 +3ms, < S. port=5 +1ms, < P. 300 port=4 +1ms, > . port=5 \
             +0ms, > P. 90 port=4 +195ms, > P. 90 port=5 +0ms, < P. 300 port=4 +5ms, < P. 300 \
             port=5 +0ms, > P. 90 port=4 +195ms, > P. 90 port=5 +0ms, < P. 300 port=4 +5ms, < P. \
             300 port=5 +0ms, > P. 90 port=4 +195ms, > P. 90 port=5 +0ms, < P. 300 port=4 +5ms, < \
             P. 300 port=5 +0ms, > P. 90 port=4 +195ms, > P. 90 port=5 +0ms, < P. 300 port=4 +5ms, \
             < P. 300 port=5 +0ms, < F. port=4 +20ms, > F. port=4 +1ms, < . port=4 +1ms, > P. 90 \
             port=5 +173ms, < P. 300 port=5 +5ms, > P. 90 port=5 +195ms, < P. 300 port=5 +5ms, > \
             P. 90 port=5 +195ms, < P. 300 port=5 +5ms, > P. 90 port=5 +195ms, < P. 300 port=5 \
             +5ms, > P. 90 port=5 +195ms, < P. 300 port=5 +5ms, > P. 90 port=5 +195ms, < P. 300 \
             port=5 +5ms, < F. port=5 +20ms, > F. port=5 +1ms, < . port=5 +1ms",
            "server_close",
        ),
        // Another one became older.
        (
            "> S port=1 +1200ms, < S. port=1 +1ms, > . port=1 +1ms, > S port=6 +98ms, < S. port=6 \
             +1ms, > . port=6 +1ms, > P. 90 port=1 +95ms, < P. 300 port=1 +5ms, > P. 90 port=6 \
             +95ms, < P. 300 port=6 +5ms, > P. 90 port=1 +95ms, < P. 300 port=1 +5ms, > P. 90 \
             port=6 +95ms, < P. 300 port=6 +5ms, > P. 90 port=1 +95ms, < P. 300 port=1 +5ms, > P. \
             90 port=6 +95ms, < P. 300 port=6 +5ms, > P. 90 port=1 +95ms, < P. 300 port=1 +5ms, > \
             P. 90 port=6 +95ms, < P. 300 port=6 +5ms, > P. 90 port=1 +95ms, < P. 300 port=1 +5ms, \
             > P. 90 port=6 +95ms, < P. 300 port=6 +5ms, > P. 90 port=1 +95ms, > S port=2 +3ms, < \
             S. port=2 +1ms, < P. 300 port=1 +1ms, > . port=2 +0ms, > P. 90 port=6 +95ms, < P. 300 \
             port=6 +5ms, > P. 90 port=2 +76ms, < P. 300 port=2 +5ms, > P. 90 port=1 +14ms, < P. \
             300 port=1 +5ms, > P. 90 port=6 +95ms, < P. 300 port=6 +5ms, > P. 90 port=2 +57ms, < \
             P. 300 port=2 +5ms, > P. 90 port=1 +33ms, < P. 300 port=1 +5ms, > P. 90 port=6 +95ms, \
             < P. 300 port=6 +5ms, > P. 90 port=2 +38ms, < P. 300 port=2 +5ms, > P. 90 port=1 \
             +52ms, < P. 300 port=1 +5ms, > P. 90 port=6 +95ms, < P. 300 port=6 +5ms, > P. 90 \
             port=2 +19ms, < P. 300 port=2 +5ms, > P. 90 port=1 +71ms, < P. 300 port=1 +5ms, < F. \
             port=1 +20ms, > F. port=1 +1ms, < . port=1 +1ms, > P. 90 port=6 +73ms, > P. 90 port=2 \
             +5ms, < P. 300 port=6 +0ms, < P. 300 port=2 +5ms, > P. 90 port=2 +176ms, < P. 300 \
             port=2 +5ms, > P. 90 port=6 +9ms, < P. 300 port=6 +5ms, > S port=3 +98ms, < S. port=3 \
             +1ms, > . port=3 +1ms, > P. 90 port=2 +62ms, < P. 300 port=2 +5ms, > P. 90 port=6 \
             +28ms, < P. 300 port=6 +5ms, < F. port=6 +20ms, > F. port=6 +1ms, < . port=6 +1ms, > \
             P. 90 port=3 +54ms, < P. 300 port=3 +5ms, > P. 90 port=2 +62ms, < P. 300 port=2 +5ms, \
             > P. 90 port=3 +109ms, < P. 300 port=3 +5ms, > P. 90 port=2 +62ms, < P. 300 port=2 \
             +5ms, > P. 90 port=3 +109ms, < P. 300 port=3 +5ms, > P. 90 port=2 +62ms, < P. 300 \
             port=2 +5ms, > P. 90 port=3 +109ms, < P. 300 port=3 +5ms, > P. 90 port=2 +62ms, < P. \
             300 port=2 +5ms, < F. port=2 +20ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 port=3 \
             +87ms, < P. 300 port=3 +5ms, > P. 90 port=3 +176ms, < P. 300 port=3 +5ms, > S port=4 \
             +112ms, < S. port=4 +1ms, > . port=4 +1ms, > P. 90 port=3 +62ms, < P. 300 port=3 \
             +5ms, > P. 90 port=4 +94ms, < P. 300 port=4 +5ms, > P. 90 port=3 +77ms, < P. 300 \
             port=3 +5ms, > P. 90 port=4 +79ms, < P. 300 port=4 +5ms, > P. 90 port=3 +92ms, < P. \
             300 port=3 +5ms, > P. 90 port=4 +64ms, < P. 300 port=4 +5ms, > P. 90 port=3 +107ms, < \
             P. 300 port=3 +5ms, > P. 90 port=4 +49ms, < P. 300 port=4 +5ms, > P. 90 port=3 \
             +122ms, < P. 300 port=3 +5ms, < F. port=3 +20ms, > F. port=3 +1ms, < . port=3 +1ms, > \
             P. 90 port=4 +12ms, < P. 300 port=4 +5ms, > P. 90 port=4 +161ms, < P. 300 port=4 \
             +5ms, > P. 90 port=4 +161ms, < P. 300 port=4 +5ms, > S port=5 +36ms, < S. port=5 \
             +1ms, > . port=5 +1ms, > P. 90 port=4 +123ms, < P. 300 port=4 +5ms, > P. 90 port=5 \
             +67ms, < P. 300 port=5 +5ms, > P. 90 port=4 +89ms, < P. 300 port=4 +5ms, > P. 90 \
             port=5 +101ms, < P. 300 port=5 +5ms, > P. 90 port=4 +55ms, < P. 300 port=4 +5ms, > P. \
             90 port=5 +135ms, < P. 300 port=5 +5ms, > P. 90 port=4 +21ms, < P. 300 port=4 +5ms, > \
             P. 90 port=4 +161ms, < P. 300 port=4 +5ms, > P. 90 port=5 +3ms, < P. 300 port=5 +5ms, \
             < F. port=4 +12ms, > F. port=4 +1ms, < . port=4 +1ms, > P. 90 port=5 +181ms, < P. 300 \
             port=5 +5ms, > P. 90 port=5 +195ms, < P. 300 port=5 +5ms, > P. 90 port=5 +195ms, < P. \
             300 port=5 +5ms, > P. 90 port=5 +195ms, < P. 300 port=5 +5ms, > P. 90 port=5 +195ms, \
             < P. 300 port=5 +5ms, > P. 90 port=5 +195ms, < P. 300 port=5 +5ms, < F. port=5 +20ms, \
             > F. port=5 +1ms, < . port=5 +1ms",
            "server_close",
        ),
        // Three may be chance.
        (
            "> S port=1 +0ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +98ms, < P. \
             300 port=1 +5ms, > S port=2 +2895ms, < S. port=2 +1ms, > . port=2 +1ms, > P. 90 \
             port=2 +98ms, < P. 300 port=2 +5ms, > S port=3 +2895ms, < S. port=3 +1ms, > . \
             port=3 +1ms, > P. 90 port=3 +98ms, < P. 300 port=3 +5ms, > P. 90 port=2 +1495ms, \
             < P. 300 port=2 +5ms, > P. 90 port=1 +1495ms, < P. 300 port=1 +5ms, > P. 90 \
             port=2 +2995ms, < P. 300 port=2 +5ms, > P. 90 port=3 +495ms, < P. 300 port=3 \
             +5ms, > P. 90 port=2 +3995ms, < P. 300 port=2 +5ms, > P. 90 port=1 +1495ms, < P. \
             300 port=1 +5ms, > P. 90 port=3 +995ms, < P. 300 port=3 +5ms, < F. port=1 \
             +895ms, > F. port=1 +1ms, < . port=1 +1ms, > P. 90 port=2 +1098ms, < P. 300 \
             port=2 +5ms, < F. port=2 +895ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 \
             port=3 +3598ms, < P. 300 port=3 +5ms, < F. port=3 +1395ms, > F. port=3 +1ms, < . \
             port=3 +1ms",
            "server_close",
        ),
        // All did the same, and were done at the same age.
        (
            "> S port=1 +0ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +98ms, < P. \
             300 port=1 +5ms, > S port=2 +2895ms, < S. port=2 +1ms, > . port=2 +1ms, > P. 90 \
             port=2 +98ms, < P. 300 port=2 +5ms, > S port=3 +2895ms, < S. port=3 +1ms, > . \
             port=3 +1ms, > P. 90 port=3 +98ms, < P. 300 port=3 +5ms, > P. 90 port=1 +495ms, \
             < P. 300 port=1 +5ms, > S port=4 +2395ms, < S. port=4 +1ms, > . port=4 +1ms, > \
             P. 90 port=4 +98ms, < P. 300 port=4 +5ms, > P. 90 port=2 +495ms, < P. 300 port=2 \
             +5ms, > P. 90 port=3 +2995ms, < P. 300 port=3 +5ms, > P. 90 port=1 +495ms, < P. \
             300 port=1 +5ms, > P. 90 port=4 +2495ms, < P. 300 port=4 +5ms, > P. 90 port=2 \
             +495ms, < P. 300 port=2 +5ms, > P. 90 port=3 +2995ms, < P. 300 port=3 +5ms, > P. \
             90 port=1 +495ms, < P. 300 port=1 +5ms, < F. port=1 +395ms, > F. port=1 +1ms, < \
             . port=1 +1ms, > P. 90 port=4 +2098ms, < P. 300 port=4 +5ms, > P. 90 port=2 \
             +495ms, < P. 300 port=2 +5ms, < F. port=2 +395ms, > F. port=2 +1ms, < . port=2 \
             +1ms, > P. 90 port=3 +2598ms, < P. 300 port=3 +5ms, < F. port=3 +395ms, > F. \
             port=3 +1ms, < . port=3 +1ms, > P. 90 port=4 +2598ms, < P. 300 port=4 +5ms, < F. \
             port=4 +395ms, > F. port=4 +1ms, < . port=4 +1ms",
            "server_close",
        ),
        // At any age.
        (
            "> S port=1 +0ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +98ms, < P. \
             300 port=1 +5ms, > S port=2 +2895ms, < S. port=2 +1ms, > . port=2 +1ms, > P. 90 \
             port=2 +98ms, < P. 300 port=2 +5ms, > P. 90 port=2 +1995ms, < P. 300 port=2 \
             +5ms, > S port=3 +895ms, < S. port=3 +1ms, > . port=3 +1ms, > P. 90 port=3 \
             +98ms, < P. 300 port=3 +5ms, > P. 90 port=2 +995ms, < P. 300 port=2 +5ms, > S \
             port=4 +1895ms, < S. port=4 +1ms, > . port=4 +1ms, > P. 90 port=1 +98ms, > P. 90 \
             port=2 +0ms, > P. 90 port=4 +0ms, < P. 300 port=1 +5ms, < P. 300 port=2 +0ms, < \
             P. 300 port=4 +0ms, > P. 90 port=2 +1995ms, < P. 300 port=2 +5ms, < F. port=2 \
             +895ms, > P. 90 port=4 +0ms, > F. port=2 +1ms, < . port=2 +1ms, < P. 300 port=4 \
             +3ms, > P. 90 port=4 +2895ms, < P. 300 port=4 +5ms, > P. 90 port=3 +695ms, < P. \
             300 port=3 +5ms, > P. 90 port=4 +2195ms, < P. 300 port=4 +5ms, > P. 90 port=1 \
             +295ms, < P. 300 port=1 +5ms, < F. port=1 +1895ms, > F. port=1 +1ms, < . port=1 \
             +1ms, > P. 90 port=4 +698ms, < P. 300 port=4 +5ms, > P. 90 port=4 +2895ms, < P. \
             300 port=4 +5ms, < F. port=4 +395ms, > F. port=4 +1ms, < . port=4 +1ms, > P. 90 \
             port=3 +1098ms, < P. 300 port=3 +5ms, > P. 90 port=3 +9495ms, < P. 300 port=3 \
             +5ms, < F. port=3 +1395ms, > F. port=3 +1ms, < . port=3 +1ms",
            "server_close",
        ),
        // Another one became twice as old.
        (
            "> S port=1 +0ms, > S port=9 +0ms, < S. port=1 +1ms, < S. port=9 +0ms, > . port=1 \
             +1ms, > . port=9 +0ms, > P. 90 port=1 +98ms, > P. 90 port=9 +0ms, < P. 300 \
             port=1 +5ms, < P. 300 port=9 +0ms, > S port=2 +2895ms, < S. port=2 +1ms, > . \
             port=2 +1ms, > P. 90 port=2 +98ms, < P. 300 port=2 +5ms, > S port=3 +2895ms, < \
             S. port=3 +1ms, > . port=3 +1ms, > P. 90 port=3 +98ms, < P. 300 port=3 +5ms, > \
             P. 90 port=2 +1495ms, < P. 300 port=2 +5ms, > S port=4 +1395ms, < S. port=4 \
             +1ms, > . port=4 +1ms, > P. 90 port=1 +98ms, > P. 90 port=4 +0ms, < P. 300 \
             port=1 +5ms, < P. 300 port=4 +0ms, > P. 90 port=2 +2995ms, < P. 300 port=2 +5ms, \
             > P. 90 port=3 +495ms, < P. 300 port=3 +5ms, > P. 90 port=4 +395ms, < P. 300 \
             port=4 +5ms, > P. 90 port=9 +95ms, < P. 300 port=9 +5ms, > P. 90 port=2 +3495ms, \
             < P. 300 port=2 +5ms, > P. 90 port=4 +295ms, < P. 300 port=4 +5ms, > P. 90 \
             port=1 +1195ms, < P. 300 port=1 +5ms, > P. 90 port=3 +995ms, < P. 300 port=3 \
             +5ms, < F. port=1 +895ms, > F. port=1 +1ms, < . port=1 +1ms, > P. 90 port=4 \
             +798ms, < P. 300 port=4 +5ms, > P. 90 port=2 +295ms, < P. 300 port=2 +5ms, < F. \
             port=2 +895ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 port=4 +2698ms, < P. \
             300 port=4 +5ms, > P. 90 port=3 +895ms, < P. 300 port=3 +5ms, > P. 90 port=9 \
             +495ms, < P. 300 port=9 +5ms, < F. port=3 +895ms, > F. port=3 +1ms, < . port=3 \
             +1ms, > P. 90 port=4 +1598ms, < P. 300 port=4 +5ms, < F. port=4 +895ms, > F. \
             port=4 +1ms, < . port=4 +1ms, > P. 90 port=9 +9598ms, < P. 300 port=9 +5ms, > F. \
             port=9 +895ms, < F. port=9 +1ms, > . port=9 +1ms",
            "server_close",
        ),
        // Closed after a silence.
        (
            "> S port=1 +0ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +98ms, < P. \
             300 port=1 +5ms, > P. 90 port=1 +495ms, < P. 300 port=1 +5ms, > P. 90 port=1 \
             +495ms, < P. 300 port=1 +5ms, > S port=2 +1895ms, < S. port=2 +1ms, > . port=2 \
             +1ms, > P. 90 port=2 +98ms, < P. 300 port=2 +5ms, > P. 90 port=2 +495ms, < P. \
             300 port=2 +5ms, > P. 90 port=2 +495ms, < P. 300 port=2 +5ms, > P. 90 port=2 \
             +495ms, < P. 300 port=2 +5ms, > P. 90 port=2 +495ms, < P. 300 port=2 +5ms, > S \
             port=3 +895ms, < S. port=3 +1ms, > . port=3 +1ms, > P. 90 port=3 +98ms, < P. 300 \
             port=3 +5ms, > P. 90 port=3 +495ms, < P. 300 port=3 +5ms, > P. 90 port=3 +495ms, \
             < P. 300 port=3 +5ms, > P. 90 port=3 +495ms, < P. 300 port=3 +5ms, > S port=4 \
             +1395ms, < S. port=4 +1ms, > . port=4 +1ms, > P. 90 port=4 +98ms, < P. 300 \
             port=4 +5ms, > P. 90 port=4 +495ms, < P. 300 port=4 +5ms, > P. 90 port=4 +495ms, \
             < P. 300 port=4 +5ms, > P. 90 port=4 +495ms, < P. 300 port=4 +5ms, > P. 90 \
             port=4 +495ms, < P. 300 port=4 +5ms, > P. 90 port=4 +495ms, < P. 300 port=4 \
             +5ms, < F. port=1 +8395ms, > F. port=1 +1ms, < . port=1 +1ms, < F. port=2 \
             +2998ms, > F. port=2 +1ms, < . port=2 +1ms, < F. port=3 +2998ms, > F. port=3 \
             +1ms, < . port=3 +1ms, < F. port=4 +2998ms, > F. port=4 +1ms, < . port=4 +1ms",
            "server_close",
        ),
        // Nine requests each: a dialogue of clients that do the same.
        (
            "> S port=1 +0ms, < S. port=1 +1ms, > . port=1 +1ms, > P. 90 port=1 +98ms, < P. \
             300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 \
             +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > P. \
             90 port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 \
             +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, > P. 90 port=1 +205ms, < P. \
             300 port=1 +5ms, > P. 90 port=1 +205ms, < P. 300 port=1 +5ms, < F. port=1 \
             +215ms, > S port=2 +0ms, < S. port=2 +1ms, > F. port=1 +0ms, < . port=1 +1ms, > \
             . port=2 +0ms, > P. 90 port=2 +98ms, < P. 300 port=2 +5ms, > P. 90 port=2 \
             +325ms, < P. 300 port=2 +5ms, > P. 90 port=2 +325ms, < P. 300 port=2 +5ms, > P. \
             90 port=2 +325ms, < P. 300 port=2 +5ms, > P. 90 port=2 +325ms, < P. 300 port=2 \
             +5ms, > P. 90 port=2 +325ms, < P. 300 port=2 +5ms, > S port=3 +245ms, < S. \
             port=3 +1ms, > . port=3 +1ms, > P. 90 port=2 +78ms, < P. 300 port=2 +5ms, > P. \
             90 port=3 +15ms, < P. 300 port=3 +5ms, > P. 90 port=2 +305ms, < P. 300 port=2 \
             +5ms, > P. 90 port=3 +245ms, < P. 300 port=3 +5ms, > P. 90 port=2 +75ms, < P. \
             300 port=2 +5ms, < F. port=2 +155ms, > F. port=2 +1ms, < . port=2 +1ms, > P. 90 \
             port=3 +318ms, < P. 300 port=3 +5ms, > P. 90 port=3 +555ms, < P. 300 port=3 \
             +5ms, > S port=4 +215ms, < S. port=4 +1ms, > . port=4 +1ms, > P. 90 port=4 \
             +98ms, < P. 300 port=4 +5ms, > P. 90 port=3 +235ms, < P. 300 port=3 +5ms, > P. \
             90 port=3 +555ms, < P. 300 port=3 +5ms, > P. 90 port=4 +195ms, < P. 300 port=4 \
             +5ms, > P. 90 port=3 +355ms, < P. 300 port=3 +5ms, > P. 90 port=3 +555ms, < P. \
             300 port=3 +5ms, > P. 90 port=4 +75ms, < P. 300 port=4 +5ms, > P. 90 port=3 \
             +475ms, < P. 300 port=3 +5ms, < F. port=3 +115ms, > F. port=3 +1ms, < . port=3 \
             +1ms, > P. 90 port=4 +398ms, < P. 300 port=4 +5ms, > P. 90 port=4 +995ms, < P. \
             300 port=4 +5ms, > P. 90 port=4 +995ms, < P. 300 port=4 +5ms, > P. 90 port=4 \
             +995ms, < P. 300 port=4 +5ms, > P. 90 port=4 +995ms, < P. 300 port=4 +5ms, > P. \
             90 port=4 +995ms, < P. 300 port=4 +5ms, < F. port=4 +195ms, > F. port=4 +1ms, < \
             . port=4 +1ms",
            "server_close",
        ),
    ],
    // What it explains holds beside it, and is its alternative.
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.end_by_server().ending(&[Ending::Graceful, Ending::HalfClosed]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// Many closes show the limit.
    confidence MANY_ALIKE = 0.75;
    /// Fewer show it.
    confidence ALIKE = 0.65;
    /// Connections with requests in all numbers ended at one age, whatever else differed.
    confidence TIMED = 0.55;
    /// All that it closed in use, it closed between two requests, at about one age.
    confidence BETWEEN_ROUNDS = 0.55;
    /// Too few others show a limit: a candidate.
    confidence SUSPECTED = 0.3;
    /// Closes that are many.
    count MANY: usize = 8;
    /// Closes that must have been made at one age where requests are the only thing that differs.
    count TIMED_CLOSES: usize = 5;
    /// Requests from which their number is no chance.
    count MANY_REQUESTS: u16 = 10;
    /// Requests from which their number tells a length of time from a dialogue.
    count SEVERAL_REQUESTS: u16 = 8;
    /// Requests from which a connection was in use for some time.
    count SOME_REQUESTS: u16 = 5;
    /// Closes of one age from which a limit is suspected.
    count FEW: usize = 3;
    /// Numbers differ whose highest is more than so many times the lowest.
    fraction VARIED = 1.3;
    /// No connection may be older than their age by more than so many times its variation.
    fraction OLDEST = 2.0;
    /// Others than those alike are few where they are less than one in so many.
    fraction LIKE: usize = 5;
    /// A server's FIN so long after its own payload does not belong to an answer.
    window QUIET_S = 0.05;
    /// Limits of age that servers and balancers have.
    windows AGES = &[60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0];
    /// So late after its limit a connection may be closed.
    window LATE_S = 0.5;
}

/// Whether a limit of age may have ended it, though too few others show one: it was in use, and as
/// old as such limits are, or as two others that the server closed in use.
pub(super) fn suspected(case: &Case<'_>) -> bool {
    let c = case.connection;
    let Some(own) = Life::of(c).filter(Life::in_use) else { return false };
    if began(case, Side::Server).is_none() {
        return false;
    }
    let age = s(own.age());
    let round = AGES.iter().any(|limit| (0.0..=LATE_S).contains(&(age - limit)));
    let limits = case.context.service(c).and_then(|service| Some(service.lives()?.limits()));
    let alike = limits.is_some_and(|limits| {
        // A limit that is looked at once a round is met so much later.
        let late =
            if own.requests < SEVERAL_REQUESTS { 0.0 } else { age / f64::from(own.requests) };
        let most = late.max(case.parameters.age_variation * age);
        let near = |&other: &i64| (s(other) - age).abs() <= most;
        limits.ages.len() >= FEW && limits.ages.iter().all(near)
    });
    // A server that closes with its last answer has done its work.
    let fin = case.fins(Side::Server).next();
    let quiet =
        fin.and_then(|fin| fin.since_own_data.get()).is_some_and(|since| s(since) >= QUIET_S);
    quiet && own.requests >= SOME_REQUESTS && (own.requests >= MANY_REQUESTS && round || alike)
}

#[allow(clippy::cast_precision_loss)] // ages, and at most some ten thousand connections
fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let end = began(case, Side::Server)?;
    let own = Life::of(c).filter(Life::in_use)?;
    let lives = case.context.service(c)?.lives()?;
    let p = case.parameters;
    let limits = lives.limits();
    let number = limits.ages.len();
    let median = *limits.ages.get(number / 2)? as f64;
    // What is one moment to them depends on how long they live.
    let moment = p.event_s.min(p.age_variation * median / 1e9);
    let at_once = lives.ended_around(end.time, moment).count;
    if (number as f64) < p.age_connections || at_once * 2 > number {
        return suspected(case).then(|| Finding::candidate(SUSPECTED));
    }
    let varied = |low: f64, high: f64| high > low * VARIED;
    let (first, last) = (limits.requests.first()?, limits.requests.last()?);
    let few_others = |like: usize| like * LIKE >= number * (LIKE - 1);
    let near = |age: i64| (age as f64 - median).abs() <= p.age_variation * median;
    let aged = near(own.age())
        && few_others(limits.ages.iter().filter(|&&age| near(age)).count())
        && limits.oldest as f64 <= median * (1.0 + OLDEST * p.age_variation)
        && varied(f64::from(*first), f64::from(*last));
    let (young, old) = (*limits.ages.first()? as f64, *limits.ages.last()? as f64);
    let same = limits.requests.iter().filter(|&&requests| requests == own.requests).count();
    let counted = own.requests >= MANY_REQUESTS
        && few_others(same)
        && limits.most == own.requests
        && varied(young, old);
    // Dialogues of one length have one number of requests, too: where many were made, the numbers
    // differ, and all ages lie close together, time ended them.
    let timed = number >= TIMED_CLOSES
        && *first >= SEVERAL_REQUESTS
        && last > first
        && limits.ages.iter().all(|&age| near(age))
        && limits.oldest as f64 <= median * (1.0 + p.age_variation);
    let between_rounds = || own.requests >= SEVERAL_REQUESTS && suspected(case);
    if !aged && !counted && !timed && !between_rounds() {
        return None;
    }
    let finding = Finding::new(match (aged || counted, timed, number >= MANY) {
        (true, _, true) => MANY_ALIKE,
        (true, ..) => ALIKE,
        (false, true, _) => TIMED,
        (false, false, _) => BETWEEN_ROUNDS,
    })
    .with(Evidence::of("closed_in_use").at(end.packet))
    .with(Evidence::count("closes_alike", number as u64))
    .with(Evidence::time("age_s", own.age()));
    Some(if aged || timed || !counted {
        finding.with(Evidence::number("usual_age_s", median / 1e9))
    } else {
        finding.with(Evidence::count("requests", u64::from(own.requests)))
    })
}
