//! What is said of a connection in words of a fixed list.

use crate::conn::primitives::plain::coded;

coded! {
    /// One of the two sides.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub enum Side {
        /// The initiator: it sent the first SYN, or is taken to have.
        #[default]
        Client,
        /// The responder.
        Server,
    }
}

impl Side {
    /// The other side.
    #[must_use]
    #[inline]
    pub const fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// Index into a pair of sides.
    #[inline]
    pub const fn index(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 1,
        }
    }
}

/// One for each side: `pair[side]` cannot miss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct BySide<T> {
    /// The client's.
    pub client: T,
    /// The server's.
    pub server: T,
}

impl<T> BySide<T> {
    /// What a function gives for each side.
    #[inline]
    pub fn of(mut each: impl FnMut(Side) -> T) -> Self {
        Self { client: each(Side::Client), server: each(Side::Server) }
    }

    /// What a function makes of each.
    #[inline]
    pub fn map<U>(self, mut each: impl FnMut(T) -> U) -> BySide<U> {
        BySide { client: each(self.client), server: each(self.server) }
    }

    /// A reference to each.
    #[inline]
    pub const fn each_ref(&self) -> BySide<&T> {
        BySide { client: &self.client, server: &self.server }
    }

    /// The client's, then the server's.
    #[inline]
    pub fn iter(&self) -> std::array::IntoIter<&T, 2> {
        [&self.client, &self.server].into_iter()
    }

    /// The client's, then the server's.
    #[inline]
    pub fn iter_mut(&mut self) -> std::array::IntoIter<&mut T, 2> {
        [&mut self.client, &mut self.server].into_iter()
    }

    /// Those of one side and of its peer.
    #[inline]
    pub const fn split_mut(&mut self, side: Side) -> (&mut T, &mut T) {
        let Self { client, server } = self;
        match side {
            Side::Client => (client, server),
            Side::Server => (server, client),
        }
    }

    /// The client's, then the server's.
    #[inline]
    pub fn pair(self) -> [T; 2] {
        [self.client, self.server]
    }

    /// Gives each side what the other had.
    #[inline]
    pub const fn swap(&mut self) {
        std::mem::swap(&mut self.client, &mut self.server);
    }
}

impl<T: PartialEq> BySide<T> {
    /// Whether a side has this value.
    #[inline]
    pub fn contains(&self, value: &T) -> bool {
        self.client == *value || self.server == *value
    }
}

impl<T: Copy> BySide<T> {
    /// The same for both.
    #[inline]
    pub const fn both(value: T) -> Self {
        Self { client: value, server: value }
    }
}

impl<T> IntoIterator for BySide<T> {
    type Item = T;
    type IntoIter = std::array::IntoIter<T, 2>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        [self.client, self.server].into_iter()
    }
}

impl<'a, T> IntoIterator for &'a BySide<T> {
    type Item = &'a T;
    type IntoIter = std::array::IntoIter<&'a T, 2>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut BySide<T> {
    type Item = &'a mut T;
    type IntoIter = std::array::IntoIter<&'a mut T, 2>;

    #[inline]
    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T> std::ops::Index<Side> for BySide<T> {
    type Output = T;

    #[inline]
    fn index(&self, side: Side) -> &T {
        match side {
            Side::Client => &self.client,
            Side::Server => &self.server,
        }
    }
}

impl<T> std::ops::IndexMut<Side> for BySide<T> {
    #[inline]
    fn index_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

coded! {
    /// How the capture shows the beginning.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Opening {
        /// With the client's SYN.
        #[default]
        Syn,
        /// With the server's SYN-ACK: the SYN was not captured.
        SynAckFirst,
        /// In the middle; who is the client is a guess from the ports or the first packet.
        MidStream,
    }
}

coded! {
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
}

coded! {
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
}

coded! {
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
}

impl Release {
    /// Counts one more that was let go so.
    pub(in crate::conn) const fn count(self, counts: &mut [u64; 5]) {
        let [closed, idle, reuse, evicted, end] = counts;
        *match self {
            Self::Closed => closed,
            Self::Idle => idle,
            Self::Reuse => reuse,
            Self::Evicted => evicted,
            Self::End => end,
        } += 1;
    }
}

coded! {
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
}

impl From<Side> for EndedBy {
    fn from(side: Side) -> Self {
        match side {
            Side::Client => Self::Client,
            Side::Server => Self::Server,
        }
    }
}

coded! {
    /// The shape of a reset: what kind of sender makes one like it (RFC 9293 section 3.10.7).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Form {
        /// Sent by a socket that existed and was aborted: sequence number at the end of what its side
        /// sent, ACK with what it had received.
        Abort,
        /// The answer of a stack without a usable socket: its numbers are copied from a segment.
        Reply,
        /// Neither.
        Other,
    }
}

coded! {
    /// Where a reset's sequence number lies for its receiver (RFC 5961 section 3).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum SequenceCheck {
        /// Exactly the next byte the receiver expects: the reset is obeyed.
        Exact,
        /// One before it, the number of a FIN already sent (macOS after Ctrl-C; Linux obeys it).
        FinMinusOne,
        /// Inside the receive window, not exact: answered by a challenge ACK.
        InWindow,
        /// Before the window: ignored.
        Old,
        /// Beyond the window: ignored.
        Future,
        /// In SYN-SENT: acknowledges the SYN, so it is obeyed.
        AcksSyn,
        /// In SYN-SENT: acknowledges nothing that was sent, so it is void.
        Void,
        /// There is nothing to compare with.
        NotCheckable,
    }
}

coded! {
    /// Which segment of the peer a reply answers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Trigger {
        /// A SYN.
        Syn,
        /// A SYN-ACK.
        SynAck,
        /// A segment without payload and flags other than ACK.
        Ack,
        /// A keep-alive probe.
        Probe,
        /// A segment with payload.
        Data,
        /// A FIN.
        Fin,
    }
}
