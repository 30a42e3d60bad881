//! The words for what a payload or a window says about how a connection ends.

use crate::conn::facts::reset::Reason;
use crate::packet::Told;

/// Names of TLS alert descriptions (RFC 8446 section 6).
pub fn alert_name(description: u8) -> &'static str {
    match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "unknown alert",
    }
}

/// The reason that a reset's payload tells.
pub(crate) fn reason(told: Told) -> Reason {
    match told {
        Told::Text(text) => Reason::Text(text),
        Told::Diagnostic(code, 0) => Reason::Diagnostic(code, diagnostic_name(code).into()),
        Told::Diagnostic(code, enterprise) => {
            Reason::Diagnostic(code, format!("code of vendor {enterprise}").into())
        }
    }
}

fn diagnostic_name(code: u16) -> &'static str {
    match code {
        1 => "illegal option",
        2 => "desynchronized state",
        3 => "new data after CLOSE",
        4 => "ABORT",
        5 => "unexpected ACK in a non-synchronized state",
        6 => "unexpected SYN in the window",
        7 => "security compartment",
        8 => "malformed message",
        9 => "not authorized",
        10 => "resource exceeded",
        11 => "network failure",
        12 => "reset received from the peer",
        13 => "destination unreachable",
        14 => "connection timeout",
        15 => "too much outstanding data",
        16 => "unacceptable performance",
        17 => "middlebox interference",
        _ => "unassigned code",
    }
}

/// Meaning of Citrix NetScaler's reset codes, which it sends in the window field.
pub(crate) fn netscaler_name(window: u16) -> Option<&'static str> {
    Some(match window {
        8201 => "stray packet from the server",
        8202 | 8212 => "stray packet or SYN cookie mismatch",
        8204 => "retransmitted SYN with a wrong sequence number",
        8205 => "bad final acknowledgment",
        8207 => "SYN in the window",
        8208 => "too many duplicate retransmissions",
        8209 | 9219 | 9220 => "out of memory",
        9100 => "orphaned connection",
        9300..=9303 => "idle or zombie timeout",
        9304 => "zero window probes unanswered",
        9305 => "acknowledgment of the SYN does not match",
        9310 => "keep-alive failed",
        9700 | 9701 => "reset passed on from the peer",
        9702 => "data after FIN",
        9811 => "fatal TLS alert",
        9814 => "policy: RESET",
        9830 => "denied by access list",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_name_of_its_own() {
        let named = |name: fn(u8) -> &'static str, none| -> Vec<u8> {
            (0..=255).filter(|&code| name(code) != none).collect()
        };
        let distinct = |names: Vec<&str>| {
            assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len());
        };
        // RFC 8446 section 6, with the older ones of RFC 5246 and RFC 7507.
        let alerts = [
            0, 10, 20, 22, 40, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 70, 71, 80, 86, 90, 109,
            110, 112, 113, 115, 116, 120,
        ];
        assert_eq!(named(alert_name, "unknown alert"), alerts);
        distinct(alerts.map(alert_name).to_vec());
        let diagnostic = |code| diagnostic_name(u16::from(code));
        assert_eq!(named(diagnostic, "unassigned code"), (1..=17).collect::<Vec<_>>());
        distinct((1..=17).map(diagnostic_name).collect());
        let codes: Vec<u16> =
            (0..u16::MAX).filter(|&window| netscaler_name(window).is_some()).collect();
        assert_eq!(
            codes,
            [
                8201, 8202, 8204, 8205, 8207, 8208, 8209, 8212, 9100, 9219, 9220, 9300, 9301, 9302,
                9303, 9304, 9305, 9310, 9700, 9701, 9702, 9811, 9814, 9830
            ]
        );
    }

    #[test]
    fn a_diagnostic_code_has_a_name_unless_a_vendor_defined_it() {
        let told = |enterprise| reason(Told::Diagnostic(4, enterprise));
        assert_eq!(told(0), Reason::Diagnostic(4, "ABORT".into()));
        assert_eq!(told(9), Reason::Diagnostic(4, "code of vendor 9".into()));
    }
}
