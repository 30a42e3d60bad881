use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "idle_close",
    class: Class::Orderly,
    summary: "The server closed a connection that had been idle for as long as its keep-alive \
           limit.",
    wire: "The server's FIN after a silence near 5, 15, 30, 60, 65, 75 or 120 s that followed \
           its answer to the client's last request.",
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
    numbers: &[],
    holds,
};

const LIMITS: [f64; 7] = [5.0, 15.0, 30.0, 60.0, 65.0, 75.0, 120.0];

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    if c.ending != Ending::Graceful || c.first_fin_by != Some(Side::Server) {
        return None;
    }
    let fin = case.fins(Side::Server).next()?;
    let answered = fin.since_own_data.get()? <= fin.since_peer_data.get()?;
    let idle = s(c.idle_before_fin.get().filter(|_| answered)?);
    let limit =
        LIMITS.into_iter().find(|limit| (idle - limit).abs() <= (limit * 0.02).max(0.15))?;
    Some(
        Finding::new(0.6)
            .with(Evidence::number("idle_before_fin_s", idle))
            .with(Evidence::number("limit_s", limit)),
    )
}
