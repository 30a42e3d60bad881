//! TCP options (RFC 9293 section 3.2, RFC 7323, RFC 2018, RFC 8684, RFC 7413).

/// The options that matter for how a connection opens and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Maximum segment size.
    pub mss: Option<u16>,
    /// Window scale shift count, at most 14 by RFC 7323 section 2.3.
    pub window_scale: Option<u8>,
    /// SACK permitted.
    pub sack_permitted: bool,
    /// Timestamp value and echo reply.
    pub timestamps: Option<(u32, u32)>,
    /// Right-most edge of the SACK blocks.
    pub sack_right_edge: Option<u32>,
    /// TCP Fast Open cookie or request.
    pub fast_open: bool,
    /// MPTCP subtype, where the option is present.
    pub mptcp: Option<u8>,
    /// Reason code of `MP_TCPRST` (RFC 8684 section 3.6).
    pub mptcp_reset_reason: Option<u8>,
    /// TCP MD5 or TCP-AO.
    pub signed: bool,
    /// Bit `k` is set when an option of kind `k` below 32 is present.
    pub kinds: u32,
}

impl Options {
    /// Reads what the captured bytes hold; stops at the end-of-list option, at a length that
    /// cannot be, or where the capture cut them.
    #[inline]
    pub fn parse(octets: &[u8]) -> Self {
        Self::usual(octets).unwrap_or_else(|| Self::walk(octets))
    }

    /// The layouts of which most captures are full, each read at once: none, timestamps alone, and
    /// what Linux puts on its SYNs and SYN-ACKs.
    #[inline]
    fn usual(octets: &[u8]) -> Option<Self> {
        let number = |octets: [u8; 4]| u32::from_be_bytes(octets);
        match *octets {
            [] => Some(Self::default()),
            [1, 1, 8, 10, v0, v1, v2, v3, e0, e1, e2, e3] => Some(Self {
                timestamps: Some((number([v0, v1, v2, v3]), number([e0, e1, e2, e3]))),
                kinds: 1 << 1 | 1 << 8,
                ..Self::default()
            }),
            [2, 4, m0, m1, 4, 2, 8, 10, v0, v1, v2, v3, e0, e1, e2, e3, 1, 3, 3, shift] => {
                Some(Self {
                    mss: Some(u16::from_be_bytes([m0, m1])),
                    window_scale: Some(shift.min(14)),
                    sack_permitted: true,
                    timestamps: Some((number([v0, v1, v2, v3]), number([e0, e1, e2, e3]))),
                    kinds: 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8,
                    ..Self::default()
                })
            }
            _ => None,
        }
    }

    /// Option by option.
    fn walk(octets: &[u8]) -> Self {
        let mut options = Self::default();
        let mut rest = octets;
        while let Some((&kind, tail)) = rest.split_first() {
            if kind == 0 {
                break;
            }
            if kind == 1 {
                options.kinds |= 2;
                rest = tail;
                continue;
            }
            let Some(&length) = tail.first() else { break };
            let Some(body) = rest.get(2..usize::from(length)) else { break };
            options.take(kind, body);
            rest = rest.get(usize::from(length)..).unwrap_or_default();
        }
        options
    }

    /// The timestamp option alone, with a short path for the layout every common stack sends.
    pub fn timestamps(octets: &[u8]) -> Option<(u32, u32)> {
        if let [1, 1, 8, 10, v0, v1, v2, v3, e0, e1, e2, e3] = *octets {
            let value = u32::from_be_bytes([v0, v1, v2, v3]);
            return Some((value, u32::from_be_bytes([e0, e1, e2, e3])));
        }
        if octets.is_empty() {
            return None;
        }
        Self::walk(octets).timestamps
    }

    fn take(&mut self, kind: u8, body: &[u8]) {
        if kind < 32 {
            self.kinds |= 1 << kind;
        }
        match (kind, body) {
            (2, &[high, low]) => self.mss = Some(u16::from_be_bytes([high, low])),
            (3, &[shift]) => self.window_scale = Some(shift.min(14)),
            (4, &[]) => self.sack_permitted = true,
            (5, blocks) => {
                self.sack_right_edge = blocks
                    .chunks_exact(8)
                    .filter_map(|block| block.get(4..8)?.try_into().ok().map(u32::from_be_bytes))
                    .reduce(|a, b| if (b.wrapping_sub(a)).cast_signed() > 0 { b } else { a });
            }
            (8, &[v0, v1, v2, v3, e0, e1, e2, e3]) => {
                let value = u32::from_be_bytes([v0, v1, v2, v3]);
                self.timestamps = Some((value, u32::from_be_bytes([e0, e1, e2, e3])));
            }
            (19 | 29, _) => self.signed = true,
            (30, &[first, ref tail @ ..]) => {
                self.mptcp = Some(first >> 4);
                if first >> 4 == 8 {
                    self.mptcp_reset_reason = tail.first().copied();
                }
            }
            (34, _) | (254, &[0xf9, 0x89, ..]) => self.fast_open = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn reads_a_linux_syn() {
        let octets = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7];
        let options = Options::parse(&octets);
        assert_eq!(options.mss, Some(1460));
        assert_eq!(options.window_scale, Some(7));
        assert!(options.sack_permitted);
        assert_eq!(options.timestamps, Some((9, 0)));
    }

    #[test]
    fn usual_layouts_are_read_as_all_others_are() {
        let stamps: &[u8] = &[1, 1, 8, 10, 0, 0, 0, 9, 255, 1, 2, 3];
        let syn: &[u8] = &[2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 7, 0, 1, 3, 3, 15];
        for layout in [&[][..], stamps, syn] {
            assert_eq!(Options::usual(layout), Some(Options::walk(layout)));
            for at in 0..layout.len() {
                for octet in [0, 1, 2, 3, 4, 8, 10, 255] {
                    let mut changed = layout.to_vec();
                    changed[at] = octet;
                    assert_eq!(Options::parse(&changed), Options::walk(&changed), "{changed:?}");
                }
                assert_eq!(Options::parse(&layout[..at]), Options::walk(&layout[..at]));
            }
        }
    }

    #[test]
    fn stops_at_lengths_that_cannot_be() {
        for octets in [&[8_u8, 0][..], &[8, 1, 0], &[2, 4, 5], &[3], &[0, 2, 4, 5, 180]] {
            assert_eq!(Options::parse(octets).mss, None);
            assert_eq!(Options::timestamps(octets), None);
        }
    }

    #[test]
    fn reads_an_mptcp_reset_reason() {
        let options = Options::parse(&[30, 4, 0x80, 3]);
        assert_eq!(options.mptcp, Some(8));
        assert_eq!(options.mptcp_reset_reason, Some(3));
    }
}
