//! Captures, byte by byte.

/// Integers of one byte order, one after the other.
#[derive(Clone, Default)]
pub(crate) struct Bytes {
    pub(crate) big: bool,
    pub(crate) out: Vec<u8>,
}

impl Bytes {
    pub(crate) fn new(big: bool) -> Self {
        Self { big, out: Vec::new() }
    }

    pub(crate) fn u16(mut self, value: u16) -> Self {
        self.out.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
        self
    }

    pub(crate) fn u32(mut self, value: u32) -> Self {
        self.out.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
        self
    }

    pub(crate) fn u64(mut self, value: u64) -> Self {
        self.out.extend(if self.big { value.to_be_bytes() } else { value.to_le_bytes() });
        self
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.out.extend(bytes);
        self
    }

    pub(crate) fn pad(mut self) -> Self {
        self.out.resize(self.out.len().next_multiple_of(4), 0);
        self
    }

    pub(crate) fn option(self, code: u16, value: &[u8]) -> Self {
        self.u16(code).u16(u16::try_from(value.len()).unwrap()).raw(value).pad()
    }

    /// A pcapng block around a body.
    pub(crate) fn block(self, kind: u32, body: &Self) -> Self {
        let length = u32::try_from(body.out.len() + 12).unwrap();
        self.u32(kind).u32(length).raw(&body.out).u32(length)
    }

    fn body(&self) -> Self {
        Self::new(self.big)
    }

    pub(crate) fn section(self) -> Self {
        let body = self.body().u32(0x1a2b_3c4d).u16(1).u16(0).u64(u64::MAX);
        self.block(0x0a0d_0d0a, &body)
    }

    pub(crate) fn interface(self, link: u16, snap: u32, options: &dyn Fn(Self) -> Self) -> Self {
        let body = options(self.body().u16(link).u16(0).u32(snap));
        self.block(1, &body)
    }

    pub(crate) fn enhanced(self, interface: u32, stamp: u64, data: &[u8]) -> Self {
        self.enhanced_with(interface, stamp, data, &|body| body)
    }

    pub(crate) fn enhanced_with(
        self,
        interface: u32,
        stamp: u64,
        data: &[u8],
        options: &dyn Fn(Self) -> Self,
    ) -> Self {
        let length = u32::try_from(data.len()).unwrap();
        let body = self
            .body()
            .u32(interface)
            .u32((stamp >> 32) as u32)
            .u32((stamp & 0xffff_ffff) as u32)
            .u32(length)
            .u32(length)
            .raw(data)
            .pad();
        let body = options(body);
        self.block(6, &body)
    }

    pub(crate) fn simple(self, original: u32, data: &[u8]) -> Self {
        let body = self.body().u32(original).raw(data).pad();
        self.block(3, &body)
    }

    pub(crate) fn old(self, interface: u16, drops: u16, stamp: u64, data: &[u8]) -> Self {
        let length = u32::try_from(data.len()).unwrap();
        let body = self
            .body()
            .u16(interface)
            .u16(drops)
            .u32((stamp >> 32) as u32)
            .u32((stamp & 0xffff_ffff) as u32)
            .u32(length)
            .u32(length)
            .raw(data)
            .pad();
        self.block(2, &body)
    }
}

pub(crate) const MICRO: u32 = 0xa1b2_c3d4;
pub(crate) const NANO: u32 = 0xa1b2_3c4d;
pub(crate) const MODIFIED: u32 = 0xa1b2_cd34;

pub(crate) const EPOCH: u32 = 1_700_000_000;

/// Data of the n-th packet: all lengths modulo four, never looking like a header.
pub(crate) fn data(n: u32) -> Vec<u8> {
    vec![0x40 + (n % 50) as u8; 40 + (n * 7 % 90) as usize]
}

pub(crate) fn header(big: bool, magic: u32, version: (u16, u16), network: u32) -> Bytes {
    Bytes::new(big)
        .u32(magic)
        .u16(version.0)
        .u16(version.1)
        .u32(3600)
        .u32(0)
        .u32(65_535)
        .u32(network)
}

pub(crate) fn record(
    file: Bytes,
    seconds: u32,
    fraction: u32,
    lengths: (u32, u32),
    data: &[u8],
) -> Bytes {
    file.u32(seconds).u32(fraction).u32(lengths.0).u32(lengths.1).raw(data)
}

/// A plain classic capture of so many packets, one a second.
pub(crate) fn pcap(big: bool, magic: u32, packets: u32) -> Vec<u8> {
    let mut file = header(big, magic, (2, 4), 1);
    for n in 0..packets {
        let data = data(n);
        let length = u32::try_from(data.len()).unwrap();
        let extra: &[u8] = if magic == MODIFIED { &[0; 8] } else { &[] };
        file = record(file, EPOCH + n, n, (length, length + 10), &[extra, &data].concat());
    }
    file.out
}

/// A plain pcapng of so many packets, one a second.
pub(crate) fn pcapng(big: bool, packets: u32) -> Vec<u8> {
    let mut file = Bytes::new(big).section().interface(1, 0, &|o| o);
    for n in 0..packets {
        let stamp = u64::from(EPOCH + n) * 1_000_000 + u64::from(n);
        file = file.enhanced(0, stamp, &data(n));
    }
    file.out
}
