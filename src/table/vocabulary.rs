//! The closed vocabularies: one word for every variant, checked by the compiler.

use crate::capture::Status;
use crate::cause::{Class, Mechanism};
use crate::conn::{
    EndedBy, Ending, Form, Kind, Opening, Phase, Release, SequenceCheck, Side, Tampering, Trigger,
    Vantage, VantageBasis,
};
use crate::hosts::Origin;

/// A type whose values are the words of a fixed dictionary.
pub trait Vocabulary: Copy {
    /// Every word, in a fixed order.
    const WORDS: &'static [&'static str];

    /// The place of this value's word.
    fn index(self) -> usize;

    /// Its word.
    fn word(self) -> &'static str {
        Self::WORDS.get(self.index()).copied().unwrap_or_default()
    }
}

macro_rules! vocabulary {
    ($($name:ident { $($variant:ident = $word:literal),+ $(,)? })+) => { $(
        impl Vocabulary for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn index(self) -> usize {
                enum Place { $($variant),+ }
                match self { $(Self::$variant => Place::$variant as usize),+ }
            }
        }
    )+ };
}

vocabulary! {
    Class {
        Orderly = "orderly",
        Abort = "abort",
        Refused = "refused",
        Timeout = "timeout",
        Suspicious = "suspicious",
        Undecided = "undecided",
    }
    Mechanism {
        OrderlyClose = "orderly_close",
        HalfClose = "half_close",
        HostAbort = "host_abort",
        ReplyReset = "reply_reset",
        UnclearReset = "unclear_reset",
        Refusal = "refusal",
        HandshakeAbandoned = "handshake_abandoned",
        ThirdPartyReset = "third_party_reset",
        ThirdPartyData = "third_party_data",
        IcmpError = "icmp_error",
        Silence = "silence",
        Superseded = "superseded",
        Open = "open",
        Stray = "stray",
    }
    Tampering {
        None = "none",
        PostSynSilence = "post_syn_silence",
        PostSynReset = "post_syn_reset",
        PostAckSilence = "post_ack_silence",
        PostAckReset = "post_ack_reset",
        PostPshSilence = "post_psh_silence",
        PostPshReset = "post_psh_reset",
        LaterReset = "later_reset",
    }
    Side { Client = "client", Server = "server" }
    Opening { Syn = "syn", SynAckFirst = "syn_ack_first", MidStream = "mid_stream" }
    Ending {
        Stray = "stray",
        HandshakeUnanswered = "handshake_unanswered",
        HandshakeRefused = "handshake_refused",
        HandshakeAbandoned = "handshake_abandoned",
        HandshakeAbortedByServer = "handshake_aborted_by_server",
        HandshakeIncomplete = "handshake_incomplete",
        Superseded = "superseded",
        Graceful = "graceful",
        ResetAfterFin = "reset_after_fin",
        Reset = "reset",
        HalfClosed = "half_closed",
        PeerUnresponsive = "peer_unresponsive",
        Open = "open",
    }
    EndedBy {
        Client = "client",
        Server = "server",
        Both = "both",
        ThirdParty = "third_party",
        None = "none",
    }
    Phase {
        Handshake = "handshake",
        AfterHandshake = "after_handshake",
        Data = "data",
        Idle = "idle",
        Closing = "closing",
    }
    Release {
        Closed = "closed",
        Idle = "idle",
        Reuse = "reuse",
        Evicted = "evicted",
        End = "end",
    }
    Kind { Fin = "fin", Rst = "rst" }
    Form { Abort = "abort", Reply = "reply", Other = "other" }
    SequenceCheck {
        Exact = "exact",
        FinMinusOne = "fin_minus_one",
        InWindow = "in_window",
        Old = "old",
        Future = "future",
        AcksSyn = "acks_syn",
        Void = "void",
        NotCheckable = "not_checkable",
    }
    Vantage { Client = "client", Server = "server", Middle = "middle", Unknown = "unknown" }
    VantageBasis {
        Direction = "direction",
        Handshake = "handshake",
        Offload = "offload",
        Ttl = "ttl",
        None = "none",
    }
    Origin { Hosts = "hosts", Dns = "dns", Block = "name_block" }
    Status {
        Reading = "reading",
        Complete = "complete",
        Empty = "empty",
        TruncatedTail = "truncated_tail",
        Recovered = "recovered",
        Corrupt = "corrupt",
        Limit = "limit",
        IoError = "io_error",
    }
    Trigger {
        Syn = "syn",
        SynAck = "syn_ack",
        Ack = "ack",
        Probe = "probe",
        Data = "data",
        Fin = "fin",
    }
}

/// The words of a vocabulary, as a column asks for them.
pub fn words<V: Vocabulary>() -> Vec<&'static str> {
    V::WORDS.to_vec()
}
