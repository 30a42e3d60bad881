//! The interfaces on which packets were captured.

use super::frame::LinkType;

/// [`Frame::interface`](super::Frame::interface) of a packet whose interface the file does not
/// (validly) describe.
pub const NO_INTERFACE: u32 = u32::MAX;

/// One interface of one section of one file. A classic pcap file has exactly one.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// Index of the file.
    pub file: u32,
    /// Section of the file, from 0.
    pub section: u32,
    /// Number within the section, from 0.
    pub id_in_section: u32,
    /// Link type of its packets.
    pub link: LinkType,
    /// `if_name`, empty where absent. Text from outside: not fit to print unescaped.
    pub name: String,
    /// `if_description`, empty where absent.
    pub description: String,
    /// `if_filter` where it is text, empty where absent.
    pub filter: String,
    /// `if_os`, empty where absent.
    pub os: String,
    /// Bytes kept of each packet; 0 is no limit.
    pub snap_length: u32,
    /// Bytes of frame check sequence at each packet's end, where the file says so.
    pub fcs_length: Option<u8>,
    /// Unit of the timestamps, as `us`, `ns`, `2^-20 s`.
    pub resolution: String,
    /// Packets read.
    pub packets: u64,
    /// What the capturing machine said that it lost.
    pub drops: Drops,
}

/// Counters of the capturing machine; the last statistics block of an interface stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drops {
    /// `isb_ifrecv`: packets that the interface received.
    pub received: Option<u64>,
    /// `isb_ifdrop`: dropped by the interface.
    pub interface_dropped: Option<u64>,
    /// `isb_filteraccept`: accepted by the filter.
    pub filter_accepted: Option<u64>,
    /// `isb_osdrop`: dropped by the operating system.
    pub os_dropped: Option<u64>,
    /// `isb_usrdeliv`: delivered to the capturing program.
    pub delivered: Option<u64>,
    /// Sum of `epb_dropcount` and the obsolete block's drop count: lost between packets.
    pub between_packets: u64,
}
