//! The attacks: each makes the n-th piece of a capture.

/// One attack.
pub struct Shape {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The beginning of the capture.
    pub head: fn() -> Vec<u8>,
    /// Adds the n-th of so many pieces.
    pub make: fn(u64, u64, &mut Vec<u8>),
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

/// All attacks.
pub const SHAPES: &[Shape] = &[
    // Every packet a SYN from another address and port.
    Shape {
        name: "flood",
        head: pcap,
        make: |n, _, out| {
            packet(out, n * 100, &Tcp { client: n, flags: SYN, ..TCP });
        },
    },
    // SYN and RST, then the next flow.
    Shape {
        name: "two_packet_flows",
        head: pcap,
        make: |n, _, out| {
            let flags = if n % 2 == 0 { SYN } else { RST };
            packet(out, n * 1000, &Tcp { client: n / 2, flags, sequence: (n % 2) as u32, ..TCP });
        },
    },
    // Two flows whose packets alternate.
    Shape {
        name: "alternate_ports",
        head: pcap,
        make: |n, _, out| {
            let sequence = 1 + (n / 2 * 10) as u32;
            packet(out, n * 1000, &Tcp { client: n % 2, flags: ACK, sequence, payload: 10, ..TCP });
        },
    },
    // Every packet leaves a gap below all that came before.
    Shape {
        name: "descending_gaps",
        head: pcap,
        make: |n, end, out| {
            let sequence = if n == 0 { 0 } else { 1000 + ((end - n) * 20) as u32 };
            let flags = if n == 0 { SYN } else { ACK };
            packet(out, n * 1000, &Tcp { flags, sequence, payload: 10 * u8::from(n > 0), ..TCP });
        },
    },
    // FINs and RSTs of both sides in one connection, no two alike.
    Shape {
        name: "teardown_storm",
        head: pcap,
        make: |n, _, out| {
            let flags = [FIN | ACK, RST, ACK, RST | ACK][(n % 4) as usize];
            let flags = if n == 0 { SYN } else { flags };
            let sequence = 1 + (n * 7) as u32;
            packet(out, n * 1000, &Tcp { flags, sequence, back: n % 3 == 0, ..TCP });
        },
    },
    // FINs only, no two alike.
    Shape {
        name: "fin_storm",
        head: pcap,
        make: |n, _, out| {
            let flags = if n == 0 { SYN } else { FIN | ACK };
            packet(out, n * 1000, &Tcp { flags, sequence: 1 + (n * 7) as u32, ..TCP });
        },
    },
    // Resets only, no two alike.
    Shape {
        name: "rst_storm",
        head: pcap,
        make: |n, _, out| {
            let flags = if n == 0 { SYN } else { RST };
            packet(out, n * 1000, &Tcp { flags, sequence: 1 + (n * 7) as u32, ..TCP });
        },
    },
    // Resets behind a handshake and all alike, as a device in between repeats them.
    Shape {
        name: "rst_repeated",
        head: pcap,
        make: |n, _, out| {
            let tcp = match n {
                0 => Tcp { flags: SYN, ..TCP },
                1 => Tcp { flags: SYN | ACK, back: true, acknowledgment: 1, ..TCP },
                2 => Tcp { flags: ACK, sequence: 1, acknowledgment: 1, ..TCP },
                _ => Tcp { flags: RST, sequence: 1, ..TCP },
            };
            packet(out, n * 1000, &tcp);
        },
    },
    // Resets of the client behind one of the server that ended the connection: they say nothing, as
    // long as it is the same connection.
    Shape {
        name: "rst_answered",
        head: pcap,
        make: |n, _, out| {
            let tcp = match n {
                0 => Tcp { flags: SYN, ..TCP },
                1 => Tcp { flags: SYN | ACK, back: true, acknowledgment: 1, ..TCP },
                2 => Tcp { flags: ACK, sequence: 1, acknowledgment: 1, ..TCP },
                3 => Tcp { flags: RST, back: true, sequence: 1, ..TCP },
                _ => Tcp { flags: RST, sequence: 1 + (n * 7) as u32, ..TCP },
            };
            packet(out, n * 1000, &tcp);
        },
    },
    // Lone fragments, the first of a datagram each.
    Shape {
        name: "fragments_v4",
        head: pcap,
        make: |n, _, out| fragment(out, n * 1000, n as u32, false),
    },
    Shape {
        name: "fragments_v6",
        head: pcap,
        make: |n, _, out| fragment(out, n * 1000, n as u32, true),
    },
    // One tuple, a new SYN each time.
    Shape {
        name: "same_tuple",
        head: pcap,
        make: |n, _, out| {
            packet(out, n * 1000, &Tcp { flags: SYN, sequence: (n * 999) as u32, ..TCP });
        },
    },
    // Time runs backwards.
    Shape {
        name: "descending_time",
        head: pcap,
        make: |n, end, out| {
            packet(out, (end - n) * 1_000_000, &Tcp { client: n, flags: SYN, ..TCP });
        },
    },
    // Time leaps ahead by an hour with each packet.
    Shape {
        name: "leaping_time",
        head: pcap,
        make: |n, _, out| {
            packet(out, n * 3_600_000_000 % (1 << 51), &Tcp { client: n, flags: SYN, ..TCP });
        },
    },
    // One client that gives up a million handshakes.
    Shape {
        name: "abandoned",
        head: pcap,
        make: |n, _, out| {
            let (client, at) = (n / 3 % 60_000, n * 400_000);
            let isn = (n / 3 * 77) as u32;
            let tcp = match n % 3 {
                0 => Tcp { client, flags: SYN, sequence: isn, ..TCP },
                1 => Tcp { client, flags: SYN | ACK, back: true, acknowledgment: isn + 1, ..TCP },
                _ => Tcp { client, flags: RST, sequence: isn + 1, ..TCP },
            };
            packet(out, at, &Tcp { host: false, ..tcp });
        },
    },
    // One server that aborts every connection at once.
    Shape {
        name: "aborted",
        head: pcap,
        make: |n, _, out| {
            let client = n / 4;
            let tcp = match n % 4 {
                0 => Tcp { client, flags: SYN, ..TCP },
                1 => Tcp { client, flags: SYN | ACK, back: true, acknowledgment: 1, ..TCP },
                2 => Tcp { client, flags: ACK, sequence: 1, acknowledgment: 1, ..TCP },
                _ => Tcp {
                    client,
                    flags: RST | ACK,
                    back: true,
                    sequence: 1,
                    acknowledgment: 1,
                    ..TCP
                },
            };
            packet(out, n * 100, &tcp);
        },
    },
    // Interfaces and no packet.
    Shape { name: "interfaces", head: section, make: |_, _, out| interface(out, 0) },
    // Interface descriptions full of empty options.
    Shape { name: "options", head: section, make: |_, _, out| interface(out, 200) },
];

struct Tcp {
    client: u64,
    host: bool,
    back: bool,
    flags: u8,
    sequence: u32,
    acknowledgment: u32,
    payload: u8,
}

const TCP: Tcp = Tcp {
    client: 0,
    host: true,
    back: false,
    flags: 0,
    sequence: 0,
    acknowledgment: 0,
    payload: 0,
};

/// The header of a classic capture of raw IP.
fn pcap() -> Vec<u8> {
    let mut out = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    out.extend(65_535_u32.to_le_bytes());
    out.extend(101_u32.to_le_bytes());
    out
}

/// A record, so many microseconds after the beginning.
fn packet(out: &mut Vec<u8>, at: u64, tcp: &Tcp) {
    let length = 40 + u32::from(tcp.payload);
    out.extend((1_700_000_000 + (at / 1_000_000) as u32).to_le_bytes());
    out.extend(((at % 1_000_000) as u32).to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(length.to_le_bytes());
    let [_, a, b, c] = ((tcp.client / 50_000) as u32).to_be_bytes();
    let client = if tcp.host { [10, a, b, c] } else { [10, 0, 0, 0] };
    let port = (1024 + tcp.client % if tcp.host { 50_000 } else { 60_000 }) as u16;
    let (mut from, mut to) = ((client, port), ([192, 0, 2, 1], 443));
    if tcp.back {
        (from, to) = (to, from);
    }
    out.extend([0x45, 0, 0, length as u8, 0, 0, 0, 0, 64, 6, 0, 0]);
    out.extend(from.0);
    out.extend(to.0);
    out.extend(from.1.to_be_bytes());
    out.extend(to.1.to_be_bytes());
    out.extend(tcp.sequence.to_be_bytes());
    out.extend(tcp.acknowledgment.to_be_bytes());
    out.extend([0x50, tcp.flags, 255, 255, 0, 0, 0, 0]);
    out.resize(out.len() + usize::from(tcp.payload), b'x');
}

/// A record of a first fragment, with the header of a TCP segment and no other part to follow.
fn fragment(out: &mut Vec<u8>, at: u64, id: u32, version_6: bool) {
    let length: u32 = if version_6 { 72 } else { 44 };
    out.extend((1_700_000_000 + (at / 1_000_000) as u32).to_le_bytes());
    out.extend(((at % 1_000_000) as u32).to_le_bytes());
    out.extend([length.to_le_bytes(), length.to_le_bytes()].concat());
    if version_6 {
        out.extend([0x60, 0, 0, 0, 0, 32, 44, 64]);
        out.extend([[0x20; 16], [0x21; 16]].concat());
        out.extend([6, 0, 0, 1]);
        out.extend(id.to_be_bytes());
    } else {
        // Every 65,536 datagrams another sender, so that no two are one.
        let [high, low, a, b] = id.to_be_bytes();
        out.extend([0x45, 0, 0, length as u8, a, b, 0x20, 0, 64, 6, 0, 0]);
        out.extend([10, 0, high, low, 192, 0, 2, 1]);
    }
    out.extend([4, 0, 1, 187, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, ACK, 255, 255, 0, 0, 0, 0]);
    out.extend([b'x'; 4]);
}

/// A section header.
fn section() -> Vec<u8> {
    let mut out = vec![10, 13, 13, 10, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0];
    out.extend([255; 8]);
    out.extend([28, 0, 0, 0]);
    out
}

/// An interface description with so many empty options.
fn interface(out: &mut Vec<u8>, options: u32) {
    let length = (20 + 4 * options).to_le_bytes();
    out.extend([1, 0, 0, 0]);
    out.extend(length);
    out.extend([101, 0, 0, 0, 0, 0, 0, 0]);
    (0..options).for_each(|_| out.extend([99, 0, 0, 0]));
    out.extend(length);
}
