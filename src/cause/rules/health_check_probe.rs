use super::prelude::*;

pub const RULE: Rule = Rule {
    name: "health_check_probe",
    summary: "A health check: the same client opens the same port at a steady interval and drops \
           it without a word.",
    wire: "Handshake begun or completed, no payload, reset by the client; at least three \
           rounds whose intervals vary by less than 5 %.",
    reference: "load balancers' TCP checks (HAProxy tcp-check, IPVS, NLB)",
    next: "None: expected traffic; leave it out of failure statistics.",
    examples: &[],
    near_misses: &[],
    twins: &[("application_abort", "a single round looks like any client that resets")],
    applies: Applies::Reset,
    holds,
};

#[allow(clippy::cast_precision_loss)] // at most 512 attempts
fn holds(case: &Case<'_>) -> Option<Finding> {
    let c = case.connection;
    let reset = case.reset.filter(|reset| reset.sender == Side::Client)?;
    let silent = c.endpoints.iter().all(|e| e.unique_bytes == 0);
    if !silent || !matches!(c.ending, Ending::HandshakeAbandoned | Ending::Reset) {
        return None;
    }
    let service = (c.addresses[1], c.ports[1]);
    let starts: Vec<i64> = case
        .context
        .attempts(c)
        .iter()
        .filter(|other| other.service == service && other.bytes == 0)
        .map(|other| other.start)
        .collect();
    let gaps: Vec<f64> = starts.windows(2).map(|pair| s(pair[1].saturating_sub(pair[0]))).collect();
    if (gaps.len() as f64) < case.parameters.health_check_rounds - 1.0 || gaps.len() < 2 {
        return None;
    }
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    let steady = mean > 0.05 && variance.sqrt() / mean <= case.parameters.health_check_variation;
    steady.then(|| {
        Finding::new(0.8)
            .with(Evidence::of("no_payload").at(reset.packet))
            .with(Evidence::count("rounds", starts.len() as u64))
            .with(Evidence::number("interval_s", mean))
    })
}
