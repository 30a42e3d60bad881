//! What the quality of the capture takes from a verdict.

use super::Fact;

const fn guard(name: &'static str, words: &'static [&'static str]) -> Fact {
    Fact::new(name, "weight", words)
}

pub(super) const FACTS: &[Fact] = &[
    guard("guard_one_direction_only", &["Only one direction was captured"]),
    guard("guard_capture_gaps", &["Packets of it are missing from the capture"]),
    guard("guard_began_mid_stream", &["It began before the capture"]),
    guard("guard_duplicated_packets", &["The capture has some of its packets twice"]),
    guard("guard_time_goes_back", &["The capture's clock goes back while it lasts"]),
    guard(
        "guard_reused_ports",
        &["An earlier connection of the same addresses and ports had not ended"],
    ),
    guard("guard_capture_ends_soon_after", &["The capture ends too soon to know how it went on"]),
];
