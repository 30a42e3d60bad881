use super::Connections;
use crate::conn::{Side, seconds};
use crate::table::column::{Column, count};

type Kind = crate::table::column::Kind<Connections>;

pub(super) const COLUMNS: &[Column<Connections>] = sides! {
    required "packets", "packets", "segments sent.", int64,
        |c, side| count(c.side(side).packets);
    required "bytes", "bytes", "payload sent, each byte counted once.", int64,
        |c, side| count(c.side(side).unique_bytes);
    required "bytes_on_wire", "bytes", "payload sent, retransmissions counted again.", int64,
        |c, side| count(c.side(side).bytes);
    required "retransmitted_packets", "packets", "segments that brought nothing new.", uint32,
        |c, side| Some(c.side(side).retransmitted_packets);
    required "retransmitted_bytes", "bytes", "payload sent again.", int64,
        |c, side| count(c.side(side).retransmitted_bytes);
    required "out_of_order", "packets", "segments that filled a gap after later bytes.", uint32,
        |c, side| Some(c.side(side).out_of_order);
    required "missing_bytes", "bytes", "payload below the highest seen that was not captured.",
        int64, |c, side| count(c.side(side).missing_bytes());
    required "duplicate_acks", "packets", "acknowledgments repeated while data was outstanding.",
        uint32, |c, side| Some(c.side(side).duplicate_acks);
    required "zero_windows", "packets", "segments that closed its receive window.", uint32,
        |c, side| Some(c.side(side).zero_windows);
    required "probes", "packets", "keep-alive and zero-window probes sent.", uint32,
        |c, side| Some(c.side(side).probes);
    required "ece_packets", "packets", "segments outside the handshake that echo congestion (ECE).",
        uint32, |c, side| Some(c.counts.echoed_congestion[side]);
    optional "window_minimum", "bytes", "smallest receive window outside SYN and RST, scaled.",
        int64, |c, side| c.side(side).window_minimum.map(i64::from);
    optional "ttl", "hops", "TTL or hop limit of its SYN, else of its first segment.", uint8,
        |c, side| {
            let ttl = c.side(side).ttl;
            [ttl.syn, ttl.first].into_iter().find(|&ttl| ttl > 0)
        };
    optional "min_rtt_s", "s", "shortest time from its segment to the acknowledgment.", float64,
        |c, side| c.side(side).min_rtt.get().map(seconds);
};
