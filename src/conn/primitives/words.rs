//! What is said of a connection in words of a fixed list.

/// One of the two sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// The initiator: it sent the first SYN, or is taken to have.
    #[default]
    Client,
    /// The responder.
    Server,
}

impl Side {
    /// The other side.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// Index into a pair of sides.
    pub const fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

/// How the capture shows the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// With the client's SYN.
    Syn,
    /// With the server's SYN-ACK: the SYN was not captured.
    SynAckFirst,
    /// In the middle; who is the client is a guess from the ports or the first packet.
    MidStream,
}

/// How a connection ended, mechanically (decided by `ending`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// No SYN and no exchange: lone RST, ACK or FIN segments of an unknown context.
    Stray,
    /// SYN without any answer.
    HandshakeUnanswered,
    /// SYN answered by an acceptable reset (or refused by an ICMP error).
    HandshakeRefused,
    /// Reset by the client before it ever acknowledged or sent data.
    HandshakeAbandoned,
    /// Reset by the server after its SYN-ACK, before the third acknowledgment.
    HandshakeAbortedByServer,
    /// SYN-ACK, then neither acknowledgment nor reset.
    HandshakeIncomplete,
    /// Replaced by a new SYN with another initial sequence number.
    Superseded,
    /// FIN of both sides.
    Graceful,
    /// FIN of one side, then a reset before the other's FIN.
    ResetAfterFin,
    /// A reset with no FIN before it.
    Reset,
    /// FIN of one side; the other never closed.
    HalfClosed,
    /// Ends in at least three unanswered retransmissions or probes.
    PeerUnresponsive,
    /// None of these: still established when last seen.
    Open,
}

/// In which phase the deciding segment came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before both sides were open.
    Handshake,
    /// Open, no payload yet.
    AfterHandshake,
    /// Payload had been exchanged within the last second.
    Data,
    /// Nothing had been sent for a second or more.
    Idle,
    /// After a FIN.
    Closing,
}

/// Why the row was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Over, and its linger time passed.
    Closed,
    /// Its idle limit passed.
    Idle,
    /// The same addresses and ports began a new connection.
    Reuse,
    /// To stay within the memory limit.
    Evicted,
    /// The capture ended.
    End,
}

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndedBy {
    /// The client.
    Client,
    /// The server.
    Server,
    /// Both at once.
    Both,
    /// A box in between, or a forger.
    ThirdParty,
    /// Nobody: silence, an open connection, a path that died.
    None,
}

impl From<Side> for EndedBy {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}
