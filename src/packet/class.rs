//! The one class that every packet falls in; the ledger counts them.

/// What a packet turned out to be. Every packet read has exactly one class, decided top down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Class {
    /// Its interface is not described in the file.
    BadInterface,
    /// No decoder for its link type.
    UnsupportedLinkType,
    /// The capture ends inside the link header.
    LinkTruncated,
    /// More than 8 tags, 16 IPv6 extension headers or 8 tunnels.
    TooManyLayers,
    /// ARP, LLDP and everything else that is not IP.
    NonIp,
    /// Version, header length or total length are impossible.
    IpMalformed,
    /// The capture ends inside the IP or an extension header.
    IpTruncated,
    /// An IP fragment that did not complete a datagram.
    IpFragment,
    /// UDP (not a tunnel that was followed).
    Udp,
    /// ICMP and ICMPv6.
    Icmp,
    /// SCTP.
    Sctp,
    /// Any other transport.
    OtherIp,
    /// Data offset below 5 or beyond the segment.
    TcpMalformed,
    /// The capture ends inside the first 20 bytes of the TCP header.
    TcpTruncated,
    /// TCP, left out by the filter or the time window.
    Filtered,
    /// TCP, a part of a connection.
    Tcp,
}

impl Class {
    /// Every class, in order of precedence.
    pub const ALL: [Self; 16] = [
        Self::BadInterface,
        Self::UnsupportedLinkType,
        Self::LinkTruncated,
        Self::TooManyLayers,
        Self::NonIp,
        Self::IpMalformed,
        Self::IpTruncated,
        Self::IpFragment,
        Self::Udp,
        Self::Icmp,
        Self::Sctp,
        Self::OtherIp,
        Self::TcpMalformed,
        Self::TcpTruncated,
        Self::Filtered,
        Self::Tcp,
    ];

    /// Its name in the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadInterface => "bad_interface",
            Self::UnsupportedLinkType => "unsupported_link_type",
            Self::LinkTruncated => "link_truncated",
            Self::TooManyLayers => "too_many_layers",
            Self::NonIp => "non_ip",
            Self::IpMalformed => "ip_malformed",
            Self::IpTruncated => "ip_truncated",
            Self::IpFragment => "ip_fragment",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Sctp => "sctp",
            Self::OtherIp => "other_ip",
            Self::TcpMalformed => "tcp_malformed",
            Self::TcpTruncated => "tcp_truncated",
            Self::Filtered => "filtered",
            Self::Tcp => "tcp",
        }
    }
}
