use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "tls_failure",
    class: Class::Abort,
    summary: "TLS failed: an alert was sent just before the connection ended.",
    wire: "A fatal alert in clear (or an encrypted one before the handshake's end) is the \
           last record of a side before its FIN or a reset; a close_notify is no failure.",
    reference: "RFC 8446 section 6.2",
    next: "Read the alert; compare certificates, versions, ciphers and names at both ends \
           (openssl s_client -connect).",
    examples: &[
        "> S, < S., > ., > P. tls, < P. hex=15030300020228, < F., > ., > F., < .",
        "> S, < S., > ., > P. tls, < P. 900, > P. hex=15030300020230, > F., < F., > .",
    ],
    near_misses: &[
        (
            "> S, < S., > ., > P. tls, < P. 900, > P. hex=15030300020100, > F., < F., > .",
            "client_close",
        ),
        (
            "> S, < S., > ., > P. tls, < P. 900, > P. hex=150303000301ffff, > F., < F., > .",
            "client_close",
        ),
        ("> S, < S., > ., > P. tls, < P. hex=15030300020228, > .", "still_open"),
    ],
    twins: &[],
    applies: Applies::Any,
    needs: Needs::NOTHING.extra().ending(&[Ending::Reset, Ending::ResetAfterFin, Ending::Graceful]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// An alert says why.
    confidence ALERT = 0.85;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let extra = c.extra()?;
    let ended = matches!(c.ending, Ending::Reset | Ending::ResetAfterFin | Ending::Graceful);
    let (side, alert, description) = [Side::Client, Side::Server].into_iter().find_map(|side| {
        let alert = extra.tls_alert[side]?;
        let (_, description) = alert.clear.filter(|&(_, description)| description != 0)?;
        Some((side, alert, description))
    })?;
    ended.then(|| {
        Finding::new(ALERT)
            .with(
                Evidence::text("tls_alert", crate::conn::alert_name(description)).at(alert.packet),
            )
            .with(Evidence::count("alert_code", u64::from(description)))
            .with(Evidence::text(
                "alert_by",
                if side == Side::Client { "client" } else { "server" },
            ))
    })
}
