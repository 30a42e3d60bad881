//! Made by `tests/lab/calibrate.py --write`.

/// The name of all causes together.
pub const ALL: &str = "*";

/// What a rule states below this was doubtful to it, and stays so however often it was right in
/// a laboratory: at most [`DOUBTFUL`].
pub const SURE: f64 = 0.8;
/// See [`SURE`].
pub const DOUBTFUL: f64 = 0.79;
/// What is left to doubt: nothing seen from outside is certain.
pub const RANGE: (f64, f64) = (0.05, 0.98);

/// Cause, stated confidence in twentieths, share that was right in hundredths.
pub const MEASURED: &[(&str, u8, u8)] = &[
    ("*", 13, 91),
    ("*", 14, 95),
    ("*", 15, 96),
    ("*", 16, 95),
    ("*", 17, 79),
    ("*", 18, 98),
    ("*", 19, 98),
    ("abort_unread_data", 10, 60),
    ("accept_queue_dropped", 15, 98),
    ("accept_queue_dropped", 17, 93),
    ("accept_queue_overflow_reset", 17, 93),
    ("admission_limit", 16, 98),
    ("application_abort", 11, 31),
    ("application_abort", 14, 79),
    ("client_close", 19, 98),
    ("client_handshake_timeout", 8, 79),
    ("client_handshake_timeout", 13, 73),
    ("client_handshake_timeout", 19, 98),
    ("connect_race_lost", 14, 98),
    ("connect_race_lost", 18, 98),
    ("data_after_close", 19, 98),
    ("filtered_by_name", 14, 98),
    ("fin_wait2_expired", 15, 98),
    ("forged_syn_ack", 18, 98),
    ("half_close_eof", 19, 98),
    ("half_open_discovered", 15, 98),
    ("health_check_probe", 18, 98),
    ("idle_timeout_reset", 13, 98),
    ("intermittent_refusal", 18, 98),
    ("keepalive_race", 19, 98),
    ("keepalive_timeout", 19, 98),
    ("nat_bypassed", 15, 98),
    ("no_socket", 14, 79),
    ("no_socket", 16, 90),
    ("port_closed", 16, 98),
    ("port_closed", 19, 98),
    ("port_reuse_collision", 13, 97),
    ("request_unanswered", 15, 98),
    ("server_close", 19, 98),
    ("service_event", 17, 93),
    ("still_open", 19, 98),
    ("stray_segment", 15, 98),
    ("syn_ack_unanswered", 13, 97),
    ("syn_ack_unanswered", 17, 98),
    ("syn_ack_unanswered", 18, 98),
    ("syn_option_dropped", 14, 98),
    ("syn_scan", 17, 26),
    ("syn_unanswered", 15, 79),
    ("syn_unanswered", 17, 72),
    ("tls_failure", 19, 98),
    ("unread_close_notify", 14, 98),
    ("zero_window_giveup", 16, 98),
];
