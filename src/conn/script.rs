//! Conversations written as one line, in tcpdump's notation.
//!
//! ```text
//! > S, < S., > ., > P. 120, < ., < R.
//! ```
//!
//! Items are separated by commas. `>` is sent by the client, `<` by the server. Flags: `S` SYN,
//! `F` FIN, `R` RST, `P` PSH, `U` URG, `E` ECE, `W` CWR, `.` ACK, `-` none. Then, in any order:
//!
//! | word | meaning |
//! |---|---|
//! | `120` | payload bytes |
//! | `+100ms`, `-5ms` | time since the segment before it (`us`, `ms`, `s`; 10 ms unless said) |
//! | `seq=+5`, `ack=-1` | moved from the number that the sender would use; the sender goes on from its own |
//! | `seq=#7`, `ack=#7` | exactly that relative number |
//! | `isn=500` | initial sequence number of a SYN |
//! | `win=0`, `ttl=60`, `id=7`, `mac=2` | header fields |
//! | `port=40001`, `service=80` | another port of the client, of the server, from here on |
//! | `client=2`, `server=2` | another client, server, from here on; a number from 1 to 253 |
//! | `client=s2`, `server=c2` | a client that is server 2 as well, a server that is client 2: a proxy |
//! | `port=1..5` | the item five times, for each of these ports; likewise `client`, `server`, `service`, one of them |
//! | `v6`, `v4` | addresses of this IP version, from here on |
//! | `path=1`, `in`, `out` | seen on another VLAN or tunnel; marked as received, as sent |
//! | `again` | the sender's latest segment with these flags once more, as a retransmission; an error without one |
//! | `probe` | one byte before the next: a keep-alive |
//! | `copy` | the same bytes once more, as a capture repeats them |
//! | `nots`, `ts` | without, with the timestamp option |
//! | `clock=+9`, `echo=-9` | the timestamp's value, its echo, moved |
//! | `mptcp=3` | an `MP_TCPRST` option with this reason |
//! | `bare` | a SYN with nothing but the MSS option, as scanners send it |
//! | `reply` | shaped as the answer of a stack without a socket: what `R` is anyhow |
//! | `badsum` | its checksum is wrong |
//! | `text="…"`, `hex=1503…` | payload text, payload bytes |
//! | `cut` | the capture kept no payload of it |
//! | `tls` | a payload that begins a TLS handshake |
//! | `hello=a.org`, `get=a.org` | a TLS `ClientHello`, an HTTP request, for a server of this name |
//!
//! Payload bytes that are shorter than a length beside them are filled up to it. A segment in
//! parentheses was sent and not captured. `< icmp 3/1` is an ICMP error about the other side's latest
//! segment, `! icmp 3/13` the same from a box between.
//!
//! Lines that tcpdump itself prints are played as well (`tcpdump`).

mod item;
mod named;
mod player;
mod tcpdump;

use item::Fault;
use player::Player;

use crate::base::error::Error;
use crate::packet::{IcmpError, Payload, Segment};

/// Longest script, in items; and in packets, where items stand for several.
const MAX_ITEMS: usize = 10_000;
/// Bytes of all payloads of a script.
const MAX_OCTETS: u64 = 100_000_000;

/// One packet of a script.
#[derive(Clone, Debug)]
pub enum Packet {
    /// A TCP segment with the bytes that it borrows.
    Tcp(Box<Owned>),
    /// An ICMP error.
    Icmp(IcmpError),
}

/// A segment that owns its bytes.
#[derive(Clone, Debug)]
pub struct Owned {
    template: Segment<'static>,
    options: Vec<u8>,
    payload: Vec<u8>,
}

impl Owned {
    /// The segment, borrowed.
    pub fn segment(&self) -> Segment<'_> {
        Segment { options: &self.options, payload: Payload::Octets(&self.payload), ..self.template }
    }
}

/// Reads a script, or lines as tcpdump prints them.
///
/// # Errors
/// `Error::Argument` with the line and column where something else was expected, and what.
pub fn parse(script: &str) -> Result<Vec<Packet>, Error> {
    let script = script.strip_prefix('\u{feff}').unwrap_or(script);
    if tcpdump::is_output(script) {
        return tcpdump::parse(script);
    }
    let mut player = Player::new();
    for (index, text) in split(script).enumerate() {
        let text = text.trim();
        let done = match index {
            MAX_ITEMS.. => Err(Fault::at(text, format!("a script has at most {MAX_ITEMS} items"))),
            _ if text.is_empty() => Ok(()),
            _ => player.play(text),
        };
        done.map_err(|fault| placed(script, &fault))?;
    }
    Ok(player.into_packets())
}

/// Tells where in the script something is wrong.
fn placed(script: &str, fault: &Fault<'_>) -> Error {
    let at = fault.word.as_ptr().addr().saturating_sub(script.as_ptr().addr());
    let before = script.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    Error::Argument(format!(
        "line {line}, column {column} of the script, \"{}\": {}",
        crate::base::text::printable(fault.word),
        crate::base::text::printable(&fault.reason)
    ))
}

/// Splits at commas outside quotes.
fn split(script: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    script.split(move |c| {
        if c == '"' {
            quoted = !quoted;
        }
        (c == ',' || c == '\n') && !quoted
    })
}
