//! The kinds of findings: each is declared once, with what it tells and what to do next.

/// How much a finding matters to the reader, gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Somebody else had a hand in it.
    Suspicious,
    /// Something was lost, refused or waited for in vain.
    Costly,
    /// Worth knowing, and nothing was lost by it.
    Notable,
    /// The capture does not show enough.
    Uncertain,
    /// It can be passed over.
    Harmless,
}

impl Severity {
    /// All of them, gravest first.
    pub const ALL: [Self; 5] =
        [Self::Suspicious, Self::Costly, Self::Notable, Self::Uncertain, Self::Harmless];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Suspicious => "suspicious",
            Self::Costly => "costly",
            Self::Notable => "notable",
            Self::Uncertain => "uncertain",
            Self::Harmless => "harmless",
        }
    }
}

/// What is known of a kind.
pub struct Declared {
    /// Its name.
    pub name: &'static str,
    /// How much it matters, where its connections do not say otherwise.
    pub severity: Severity,
    /// Causes whose connections are of this kind, whatever else is seen.
    pub causes: &'static [&'static str],
    /// What it tells.
    pub doc: &'static str,
    /// What to do about it.
    pub next: &'static str,
}

macro_rules! kinds {
    ($($name:ident = $word:literal, $severity:ident, $causes:expr, $doc:literal, $next:literal;)+) => {
        /// What a finding tells: in this order where all else is equal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $(#[doc = $doc] $name,)+
        }

        impl Kind {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// What is known of it.
            pub const fn declared(self) -> &'static Declared {
                match self {
                    $(Self::$name => &Declared {
                        name: $word,
                        severity: Severity::$severity,
                        causes: &$causes,
                        doc: $doc,
                        next: $next,
                    },)+
                }
            }
        }
    };
}

kinds! {
    Injection = "injection", Suspicious, ["reset_injected", "content_injected", "forged_syn_ack"],
        "Resets, data or handshake answers that their claimed sender did not send, by the path that \
         they share.",
        "Capture on both sides of each device on the path: the box that forges lies where the \
         packet first appears.";
    FilteredName = "filtered_name", Suspicious, ["filtered_by_name"],
        "A name whose connections are cut while the same service answers for others.",
        "Ask for the same name from another network, and for another name from this one.";
    SynFlood = "syn_flood", Suspicious, [],
        "Many sources leave one service half open, or ask and never answer, at once.",
        "Are SYN cookies on? Limit the rate of SYNs before the service.";
    Scan = "scan", Suspicious, ["syn_scan", "probe_scan"],
        "One source tries many hosts or ports and says nothing where it is answered.",
        "Is the source known to you (an inventory, a monitor)? Else block it, and look at what \
         answered.";
    OverloadedListener = "overloaded_listener", Costly,
        ["accept_queue_overflow", "accept_queue_overflow_reset", "admission_limit"],
        "A listener that has no room: it drops, resets or turns away while it serves others.",
        "Look at the listen backlog (somaxconn, ss -ltn, nstat TcpExtListenOverflows), at the limit \
         of connections, and at why the service accepts slowly.";
    ServiceRestart = "service_restart", Costly, ["service_event", "accept_queue_dropped"],
        "A service that ended many connections at one moment, and what it refused afterwards.",
        "What was done to the service at that moment? See its log and the deployment's.";
    ConnectLimit = "connect_limit", Costly, ["client_handshake_timeout"],
        "A client that gives up connecting after a time of its own.",
        "Its reset, also one right after the SYN-ACK, says that its own limit had passed: raise the \
         client's connect timeout, or find out why the handshake takes so long.";
    KeepaliveRace = "keepalive_race", Costly, ["keepalive_race"],
        "Requests lost because the service closed the idle connection just as they were sent.",
        "Let the client drop idle connections sooner than the service does, and repeat the request \
         once.";
    Firewall = "firewall", Costly, ["rejected_by_firewall", "icmp_unreachable"],
        "Connections that a firewall or router on the way turned down.",
        "Ask for the rule of the device whose TTL or address the answer bears.";
    Refused = "refused", Costly, ["port_closed", "intermittent_refusal", "handshake_reset_ignored"],
        "A port at which hosts answer SYNs with resets.",
        "Is the service running, and does it listen on this address?";
    Unanswered = "unanswered", Costly, ["syn_unanswered"],
        "A port from which no answer comes.",
        "Is a filter dropping it, or is the host down? Capture nearer to the server.";
    SameCause = "same_cause", Costly, [],
        "Connections that ended for the same cause, and are not told above.",
        "See the cause.";
    Unexplained = "unexplained", Costly, [],
        "Connections whose end no rule explains.",
        "Capture nearer to one of the hosts, and from before the connection began.";
    IdleLimit = "idle_limit", Notable, ["idle_timeout_reset"],
        "Connections that one side, or a box, ends after the same silence.",
        "Let keep-alives be sent more often than the limit, or raise it.";
    AgeLimit = "age_limit", Notable, ["connection_age_limit"],
        "Connections in use that a service closed at the same age, or after as many requests.",
        "Let clients take that for granted: repeat a request that meets the close, or raise the \
         limit.";
    BusiestHost = "busiest_host", Notable, [],
        "One host that is part of most of the trouble, and of much less of the rest. Its connections \
         are told in other findings, too.",
        "Begin there: look at that host, its link and its log.";
    Stray = "stray", Uncertain, ["stray_segment"],
        "Segments that belong to no connection of the capture.",
        "Begin the capture earlier; a host that was started anew gets such segments, too.";
    OneSided = "one_sided", Uncertain, [],
        "Connections of which one direction only was captured. They are told in other findings, too.",
        "Capture where both directions pass, or on both paths.";
    CaptureGaps = "capture_gaps", Uncertain, [],
        "Connections with acknowledged payload that the capture does not have. They are told in \
         other findings, too.",
        "Capture with a larger buffer (tcpdump -B), a snap length or a filter.";
    BegunBefore = "begun_before", Uncertain, [],
        "Connections that began before the capture. They are told in other findings, too.",
        "Begin the capture earlier.";
    HarmlessReset = "harmless_reset", Harmless, ["connect_race_lost"],
        "Connections that ended in a reset when all had been said and acknowledged.",
        "Nothing: it can be passed over.";
    HealthCheck = "health_check", Harmless, ["health_check_probe"],
        "Checks whether a port is open, at a steady interval.",
        "Nothing: it can be passed over.";
    StillOpen = "still_open", Harmless, [],
        "Connections that were open, or half closed, when last seen.",
        "Nothing, or capture for longer.";
    InOrder = "in_order", Harmless, [],
        "Connections that closed in order.",
        "Nothing: it can be passed over.";
    Rest = "rest", Harmless, [],
        "All findings beyond the number shown, added up.",
        "Filter the capture by host or time to see them apart.";
}

impl Kind {
    /// The kind of connections that have this cause, whatever else is seen.
    pub fn of_cause(cause: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.declared().causes.contains(&cause))
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use crate::cause::Cause;

    #[test]
    fn every_cause_that_a_kind_takes_is_a_cause_and_only_one_takes_it() {
        let taken: Vec<_> = Kind::ALL.iter().flat_map(|kind| kind.declared().causes).collect();
        for cause in &taken {
            assert!(Cause::named(cause).is_some(), "{cause}");
            assert_eq!(taken.iter().filter(|other| *other == cause).count(), 1, "{cause}");
        }
    }
}
