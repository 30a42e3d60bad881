//! What other tools would say: Zeek's states and history, Wireshark's completeness, published tampering
//! signatures. Never finrst's own verdict.

pub(super) mod tampering;
pub(super) mod wireshark;
pub(super) mod zeek;
