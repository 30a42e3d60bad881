//! What else it could be: the rivals of a cause, each with its share of what that leaves.
//!
//! Shares are counted in hundredths, as the tables show them. The cause takes its confidence; the
//! rest is divided among its rivals in proportion to what their own rules give them, and what is
//! then left is unknown. No rival gets more than the cause itself.

use std::sync::OnceLock;

use super::Cause;
use crate::base::numbers::numbers;

numbers! {
    /// What a twin counts for when its own rule says nothing of it.
    confidence TWIN = 0.3;
}

/// Causes that say what came and not why. Beside one that says why they describe the same thing,
/// only less of it, so they are not its rivals.
const DESCRIPTIONS: [&str; 10] = [
    "client_close",
    "server_close",
    "simultaneous_close",
    "half_close_eof",
    "fin_unanswered",
    "retransmission_timeout",
    "syn_unanswered",
    "stray_segment",
    "follow_up_reset",
    "still_open",
];

/// Another cause that it could be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alternative {
    /// The cause.
    pub cause: Cause,
    /// How likely it is, 0 to 1 in steps of 0.01.
    pub confidence: f64,
}

/// A confidence in hundredths.
pub(super) fn hundredths(confidence: f64) -> u32 {
    in_parts(confidence, 100.0)
}

/// A confidence in so many parts, to the nearest; halves go up, as `f64::round` has them.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and `parts`
pub(super) fn in_parts(confidence: f64, parts: f64) -> u32 {
    let all = confidence.clamp(0.0, 1.0) * parts;
    let whole = all as u32;
    whole + u32::from(all - f64::from(whole) >= 0.5)
}

/// The number that is shown of so many hundredths.
pub(super) fn shown(hundredths: u32) -> f64 {
    f64::from(hundredths) / 100.0
}

/// The rivals of a cause, likeliest first. `others` are the causes whose rules hold too or offer
/// themselves, each with its own confidence; `twins` those that cannot be told from it, of which
/// only those with `possible` bits may be here.
pub(super) fn rivals(
    cause: Cause,
    confidence: u32,
    mut others: Vec<(Cause, f64)>,
    twins: &[Cause],
    possible: u128,
) -> Vec<Alternative> {
    let known = others.iter().fold(0, |known, (other, _)| known | other.bit());
    let added = possible & !known;
    others.extend(twins.iter().filter(|twin| added & twin.bit() != 0).map(|&twin| (twin, TWIN)));
    others.retain(|(other, own)| *own > 0.0 && (!describes(*other) || twins.contains(other)));
    // Most have none, and cost nothing more.
    if others.is_empty() {
        return Vec::new();
    }
    let mut left = 100_u32.saturating_sub(confidence);
    let most = if cause == Cause::UNDETERMINED { left } else { confidence };
    let sum: f64 = others.iter().map(|(_, own)| own).sum();
    let each = f64::from(left) / sum.max(1.0);
    others.sort_by(|(a, x), (b, y)| y.total_cmp(x).then(a.index().cmp(&b.index())));
    let share = |(cause, own): (Cause, f64)| {
        // Rounded down, so that all together are never more than there is.
        let share = whole(each * own).clamp(1, most.max(1));
        left = left.checked_sub(share)?;
        Some(Alternative { cause, confidence: shown(share) })
    };
    others.into_iter().map_while(share).collect()
}

/// Whether a cause only says what came.
fn describes(cause: Cause) -> bool {
    static ALL: OnceLock<u128> = OnceLock::new();
    let bits = || DESCRIPTIONS.iter().filter_map(|name| Cause::named(name).map(Cause::bit));
    ALL.get_or_init(|| bits().fold(0, |all, bit| all | bit)) & cause.bit() != 0
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and 100
fn whole(hundredths: f64) -> u32 {
    (hundredths + 1e-9) as u32
}

#[cfg(test)]
mod tests {
    use super::{Alternative, rivals};
    use crate::cause::Cause;

    /// Shares in hundredths of what is left by a cause, with rivals and twins by name.
    fn shares(
        cause: &str,
        sure: u32,
        others: &[(&str, f64)],
        twins: &[&str],
    ) -> Vec<(&'static str, u32)> {
        let named = |name: &str| Cause::named(name).unwrap();
        let others = others.iter().map(|&(name, own)| (named(name), own)).collect();
        let twins: Vec<_> = twins.iter().map(|twin| named(twin)).collect();
        let all = rivals(named(cause), sure, others, &twins, u128::MAX);
        let told = |other: &Alternative| (other.cause.name(), super::hundredths(other.confidence));
        all.iter().map(told).collect()
    }

    #[test]
    fn a_rival_gets_its_own_confidence_of_what_the_cause_leaves() {
        let two = [("no_socket", 0.5), ("idle_timeout_reset", 0.6)];
        assert_eq!(shares("reset_injected", 60, &two[..1], &[]), [("no_socket", 20)]);
        // More than there is to divide: in proportion.
        assert_eq!(
            shares("reset_injected", 45, &two, &[]),
            [("idle_timeout_reset", 30), ("no_socket", 25)]
        );
    }

    #[test]
    fn no_rival_is_likelier_than_the_cause() {
        assert_eq!(shares("reset_injected", 20, &[("no_socket", 0.9)], &[]), [("no_socket", 20)]);
    }

    #[test]
    fn candidates_keep_their_shares_where_nothing_decides() {
        let candidates = [("syn_scan", 0.3), ("connect_race_lost", 0.15)];
        assert_eq!(
            shares("undetermined", 0, &candidates, &[]),
            [("syn_scan", 30), ("connect_race_lost", 15)]
        );
    }

    #[test]
    fn a_twin_is_named_unless_its_rule_excludes_it() {
        let twins = ["no_socket", "port_closed"];
        assert_eq!(
            shares("reset_injected", 60, &[], &twins),
            [("port_closed", 12), ("no_socket", 12)]
        );
        assert_eq!(
            shares("reset_injected", 60, &[("no_socket", 0.0)], &twins),
            [("port_closed", 12)]
        );
        assert_eq!(
            shares("reset_injected", 60, &[("no_socket", 0.7)], &twins[..1]),
            [("no_socket", 28)]
        );
    }

    #[test]
    fn a_description_is_a_rival_only_as_a_twin() {
        let held = [("server_close", 0.97)];
        assert_eq!(shares("idle_close", 70, &held, &[]), []);
        assert_eq!(shares("idle_close", 70, &held, &["server_close"]), [("server_close", 29)]);
    }

    #[test]
    fn all_together_are_never_more_than_one() {
        let twins: Vec<_> =
            crate::cause::names().into_iter().filter(|name| *name != "undetermined").collect();
        for sure in [1, 50, 97, 100] {
            let all: u32 =
                shares("undetermined", sure, &[], &twins).iter().map(|(_, share)| share).sum();
            assert!(all + sure <= 100, "{all} and {sure}");
        }
    }

    #[test]
    fn parts_are_rounded_as_numbers_are() {
        for thousandths in 0..=2000_u32 {
            let near = f64::from(thousandths) / 2000.0;
            for confidence in [near.next_down(), near, near.next_up(), -near] {
                for parts in [20.0, 100.0] {
                    let rounded = (confidence.clamp(0.0, 1.0) * parts).round();
                    let told = f64::from(super::in_parts(confidence, parts));
                    assert!((told - rounded).abs() < 0.5, "{confidence} in {parts}");
                }
            }
        }
    }

    #[test]
    fn every_cause_has_a_bit_of_its_own() {
        let bits = crate::cause::names().into_iter().map(|name| Cause::named(name).unwrap().bit());
        let all = bits.clone().fold(0, |all, bit| all | bit);
        assert_eq!(all.count_ones() as usize, bits.count() - 1, "undetermined has none");
    }
}
