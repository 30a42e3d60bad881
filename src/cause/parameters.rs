//! Every threshold of the rules, with its name and unit; all are echoed in the tables' metadata.

/// Version of the rule set: it changes whenever a verdict may.
pub const RULE_SET: &str = "3";

macro_rules! parameters {
    ($($(#[doc = $doc:literal])+ $name:ident = $value:literal;)+) => {
        /// Thresholds of the rules. Names ending in `_s` are seconds.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Parameters {
            $($(#[doc = $doc])+ pub $name: f64,)+
        }

        impl Default for Parameters {
            fn default() -> Self {
                Self { $($name: $value,)+ }
            }
        }

        impl Parameters {
            /// Names, values and meanings, in order.
            pub fn list(&self) -> Vec<(&'static str, f64, &'static str)> {
                vec![$((stringify!($name), self.$name, concat!($($doc),+).trim_ascii()),)+]
            }

            /// Changes one by its name; false when there is none of this name.
            pub fn set(&mut self, name: &str, value: f64) -> bool {
                match name {
                    $(stringify!($name) => self.$name = value,)+
                    _ => return false,
                }
                true
            }
        }
    };
}

parameters! {
    /// A client that resets after waiting this long gave up; before, it may be a scan or a race.
    handshake_timeout_s = 0.1;
    /// Distinct targets that make a scan of one client's abandoned or refused attempts.
    scan_fan_out = 3.0;
    /// And where nothing answered: a spoofed address takes part in floods of a few services.
    scan_fan_out_silent = 6.0;
    /// Ports of one host that make a scan of attempts with nothing else about them.
    scan_ports = 20.0;
    /// How long a server that keeps timestamps of whole hosts remembers one.
    timestamp_kept_s = 60.0;
    /// A connection attempt is a racer when its sibling started within this time.
    race_window_s = 0.3;
    /// Or, at another port of the same host, within this time.
    race_ports_s = 0.05;
    /// Or, over the other IP version, no sooner than this.
    race_families_from_s = 0.01;
    /// And within this time (RFC 8305: at most 2 s between attempts).
    race_families_s = 2.0;
    /// And when the sibling completed within this time.
    race_completion_s = 2.0;
    /// Sources that leave one service half open at once in a SYN flood.
    flood_sources = 8.0;
    /// And this close together.
    flood_s = 1.0;
    /// Attempts of one client this close to another went the same way.
    same_path_s = 60.0;
    /// Highest coefficient of variation of the intervals between health checks.
    health_check_variation = 0.05;
    /// Rounds that a health check must have been seen.
    health_check_rounds = 3.0;
    /// Resets of one listener within this time are one burst.
    burst_s = 0.05;
    /// A service that accepts again this soon after a burst of resets had not stopped.
    listener_gone_s = 0.1;
    /// Routers passed, more or fewer, from which a host's segments are not its own.
    ttl_difference = 2.0;
    /// A SYN again this soon after the client's reset shows that its socket lives.
    fast_retry_s = 0.05;
    /// Who closes after waiting this long for an answer gave the request up.
    request_wait_s = 1.0;
    /// How long a closed connection keeps its addresses and ports (twice the segment lifetime).
    time_wait_s = 60.0;
    /// A silence that counts as idle.
    idle_s = 1.0;
    /// Relative tolerance when an idle time is compared with a known limit.
    idle_tolerance = 0.02;
    /// Absolute tolerance for the same.
    idle_tolerance_s = 2.0;
    /// One more idle limit, known of a device on this path; 0 for none.
    known_idle_limit_s = 0.0;
    /// Unanswered retransmissions or probes that make a peer unresponsive.
    retransmission_run = 3.0;
    /// Unanswered keep-alive probes before a reset of their sender.
    keepalive_probes = 2.0;
    /// Age from which an orphan in `FIN_WAIT_2` is taken to have expired.
    fin_wait_2_s = 55.0;
    /// The peer's data this shortly before an abort may have been unread.
    unread_s = 1.0;
    /// And this shortly, it probably was.
    unread_fresh_s = 0.1;
    /// Segments that a multi-queue capture put out of order lie this close together.
    reorder_s = 0.005;
    /// Score from which a reset is called injected.
    injection_score = 4.0;
    /// Ends of a service's connections within this time are one event.
    event_s = 1.0;
    /// When they are so many.
    event_connections = 5.0;
    /// And this share of those that were open.
    event_share = 0.5;
    /// And their silences vary by this coefficient at least.
    event_idle_variation = 0.3;
    /// A proxy passes on the end of one connection to the other within this time.
    relay_s = 0.05;
    /// Closes of a service that show a limit of age.
    age_connections = 4.0;
    /// How far their ages may lie from the median, relatively.
    age_variation = 0.1;
    /// Open connections from which a server may turn new ones away.
    admission_open = 5.0;
    /// And from which, where it turned away whoever came while as many were open, and nobody else.
    admission_few = 3.0;
    /// A translator's copy of a SYN comes this soon.
    translated_s = 0.005;
    /// A silence from which a translator is likely to have forgotten.
    state_idle_s = 20.0;
    /// Share of the smallest round trip that no genuine answer can undercut.
    too_early = 0.5;
    /// Share of the measured frequency in a confidence; 0 gives what the rules state.
    calibration = 1.0;
}
