use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "half_close_eof",
    class: Class::Orderly,
    summary: "One side closed its half first and the other went on sending before it closed too.",
    wire: "Payload of the other side after the first FIN, then its FIN.",
    reference: "RFC 9293 section 3.6, case 2",
    next: "None: an orderly end.",
    examples: &["> S, < S., > ., > P. 10, > F., < ., < P. 500, > ., < F., > ."],
    near_misses: &[],
    twins: &[],
    applies: Applies::Connection,
    holds,
};

fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let first = c.first_fin_by.filter(|_| c.ending == Ending::Graceful)?;
    let bytes = c.bytes_after_first_fin[first.peer().index()];
    (bytes > 0).then(|| {
        Finding::new(0.87)
            .with_some(case.fins(first).next().map(|row| Evidence::of("first_fin").at(row.packet)))
            .with(Evidence::count("bytes_after_first_fin", bytes))
    })
}
