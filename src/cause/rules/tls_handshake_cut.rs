use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "tls_handshake_cut",
    class: Class::Abort,
    summary: "The server closed after the client's TLS hello without a word: no record, no alert.",
    wire: "The client's first payload is a TLS record, the server sent no payload at all and was \
           the first to send its FIN.",
    reference: "RFC 8446 section 6 (an alert should have been sent)",
    next: "Does the server speak TLS at this port, and does a filter act on the server name?",
    examples: &["> S, < S., > ., > P. tls, < ., < F. +20ms, > F., < ."],
    near_misses: &[("> S, < S., > ., > P. 200, < ., < F. +20ms, > F., < .", "server_close")],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.extra().ending(&[Ending::Graceful]).first_fin(Side::Server),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// The server closed without a byte.
    confidence CUT = 0.75;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let hello = c.extra()?.tls[Side::Client];
    let silent = c.side(Side::Server).unique_bytes == 0 && c.side(Side::Server).unseen_acked == 0;
    let by_server = c.first_fin_by == Some(Side::Server) && !c.simultaneous_close;
    if !hello || !silent || !by_server || c.ending != Ending::Graceful {
        return None;
    }
    Some(
        Finding::new(CUT)
            .with_some(
                case.fins(Side::Server)
                    .next()
                    .map(|row| Evidence::of("fin_without_any_record").at(row.packet)),
            )
            .with(Evidence::count("client_bytes", c.side(Side::Client).unique_bytes)),
    )
}
