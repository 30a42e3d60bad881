use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "idle_close",
    class: Class::Orderly,
    summary: "The server closed a connection that had been idle for as long as its keep-alive \
           limit.",
    wire: "The server's FIN after a silence near {limits} that followed its answer to the client's \
           last request.",
    reference: "defaults of Node.js and Apache (5 s), nginx (75 s) and others",
    next: "None, unless requests race with it (look for keepalive_race).",
    examples: &["> S, < S., > ., > P. 10, < P. 100, > ., < F. +5s, > ., > F., < ."],
    near_misses: &[
        ("> S, < S., > ., > P. 10, < P. 100, > ., < F. +8s, > ., > F., < .", "server_close"),
        ("> S, < S., > ., < F. +5s, > ., > F., < .", "server_close"),
        ("> S, < S., > ., < P. 30, > ., < F. +120s, > ., > F., < .", "server_close"),
        ("> S, < S., > ., > P. 10, < ., < F. +5s, > ., > F., < .", "request_unanswered"),
    ],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::Graceful]).first_fin(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The silence is near one of the limits.
    confidence NEAR = 0.6;
    /// Limits for idle connections that servers have.
    windows LIMITS = &[5.0, 15.0, 30.0, 60.0, 65.0, 75.0, 120.0];
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::Graceful || c.first_fin_by != Some(Side::Server) {
        return None;
    }
    let fin = case.fins(Side::Server).next()?;
    let answered = fin.since_own_data.get()? <= fin.since_peer_data.get()?;
    let idle = s(c.idle_before_fin.get().filter(|_| answered)?);
    let limit = timer(LIMITS, idle)?;
    Some(
        Finding::new(NEAR)
            .with(Evidence::number("idle_before_fin_s", idle))
            .with(Evidence::number("limit_s", limit)),
    )
}
