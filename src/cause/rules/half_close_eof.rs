use super::prelude::*;

pub(super) const RULE: Rule = Rule {
    name: "half_close_eof",
    class: Class::Orderly,
    summary: "One side closed its half first and the other went on sending before it closed too.",
    wire: "Payload of the other side after the first FIN, then its FIN, all of it acknowledged. \
           The goodbye of TLS (close_notify) alone is no payload.",
    reference: "RFC 9293 section 3.6, case 2",
    next: "None: an orderly end.",
    examples: &["> S, < S., > ., > P. 10, > F., < ., < P. 500, > ., < F., > ."],
    near_misses: &[
        ("> S, < S., > ., > P. 10, > F., < ., < P. 500, < F.", "client_close"),
        (
            "> S, < S., > ., > P. tls, < P. tls, > P. 80, < P. 90, > F., < P. hex=15030300020100, \
             < F., > .",
            "client_close",
        ),
        ("> S, < S., > ., > F., < ., < P. 24 +300ms, < F., > R +5ms, > R", "data_after_close"),
    ],
    twins: &[],
    applies: Applies::Connection,
    needs: Needs::NOTHING.ending(&[Ending::Graceful]),
    numbers: NUMBERS,
    holds,
};

numbers! {
    /// All that came after the first FIN was taken.
    confidence SURE = 0.87;
    /// Longest record of an alert: a header of 5 bytes, an initial vector of 16, and the alert with a
    /// code of SHA-384 (48 bytes), padded to 64.
    pub(super) size LONGEST_ALERT: u64 = 85;
}

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let first = c.first_fin_by.filter(|_| c.ending == Ending::Graceful)?;
    let other = first.peer();
    let bytes = c.bytes_after_first_fin[other];
    let delivered = c.side(other).unacked() == 0;
    (bytes > 0 && delivered && !only_close_notify(case, first, bytes)).then(|| {
        Finding::new(SURE)
            .with_some(case.fins(first).next().map(|row| Evidence::of("first_fin").at(row.packet)))
            .with(Evidence::count("bytes_after_first_fin", bytes))
    })
}

/// After the first FIN the other side only said that it closes too.
fn only_close_notify(case: &Case<'_>, first: Side, bytes: u64) -> bool {
    let fin = case.fins(first).next();
    let alert = case.connection.extra().and_then(|extra| extra.tls_alert[first.peer()]);
    bytes <= LONGEST_ALERT && alert.zip(fin).is_some_and(|(alert, fin)| alert.packet > fin.packet)
}
