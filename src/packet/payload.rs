//! What a payload says about how a connection ends: a server name, a TLS alert, the reason in a
//! reset, and by what its bytes are known again. All of it is found in one payload alone, so that
//! it can be found where the bytes are and told where they are not.

use super::checksum::Sum;
use super::segment::Segment;

/// Longest server name kept, in bytes (RFC 1035 section 2.3.4 allows 255).
pub const MAX_NAME: usize = 255;
/// Longest reset text kept, in characters.
pub const MAX_TEXT: usize = 120;
/// Bytes of a payload that [`Marks`] are made of, at most.
pub const MARKED: usize = 128;

/// The captured part of a payload: its bytes, or what was found in them where they were at hand.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// The bytes.
    Octets(&'a [u8]),
    /// What is known of them.
    Known(&'a Facts),
}

impl Default for Payload<'_> {
    fn default() -> Self {
        Self::Octets(&[])
    }
}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(octets: &'a [u8]) -> Self {
        Self::Octets(octets)
    }
}

/// Everything that is asked of a payload, found in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Bytes that were captured.
    pub captured: u32,
    /// See [`Payload::is_tls`].
    pub tls: bool,
    /// See [`Payload::is_alert`].
    pub alert: bool,
    /// See [`Segment::tls_alert`].
    pub last_alert: Option<Alert>,
    /// See [`Payload::server_name`].
    pub server_name: Option<Box<str>>,
    /// Of a RST, see [`Payload::reset_reason`].
    pub reset_reason: Option<Told>,
    /// See [`Payload::marks`].
    pub marks: Marks,
    /// Of a SYN, see [`Payload::sum`].
    pub sum: u16,
}

impl Facts {
    /// Finds them in the payload of a segment.
    pub fn of(segment: &Segment<'_>) -> Self {
        let payload = segment.payload;
        if payload.is_empty() {
            return Self::default();
        }
        let (captured, marks) = (payload.captured(), payload.marks());
        let sum = if segment.flags.syn() { payload.sum() } else { 0 };
        if !payload.is_told(segment.flags.rst()) {
            return Self { captured, marks, sum, ..Self::default() };
        }
        Self {
            captured,
            tls: payload.is_tls(),
            alert: payload.is_alert(),
            last_alert: segment.tls_alert(),
            server_name: payload.server_name(),
            reset_reason: if segment.flags.rst() { payload.reset_reason() } else { None },
            marks,
            sum,
        }
    }
}

/// A TLS alert: its level and description, where it is in clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Level and description; `None` of an encrypted one.
    pub clear: Option<(u8, u8)>,
}

/// What a reset's payload says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A diagnostic payload: its code, and the enterprise number of who defined it (0 for IANA).
    Diagnostic(u16, u32),
    /// Readable text.
    Text(Box<str>),
}

impl<'a> Payload<'a> {
    /// The bytes that are at hand: none where only facts are.
    pub fn octets(self) -> &'a [u8] {
        match self {
            Self::Octets(octets) => octets,
            Self::Known(_) => &[],
        }
    }

    /// How many bytes were captured.
    #[inline]
    pub fn captured(self) -> u32 {
        match self {
            Self::Octets(octets) => u32::try_from(octets.len()).unwrap_or(u32::MAX),
            Self::Known(facts) => facts.captured,
        }
    }

    /// Whether nothing was captured.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.captured() == 0
    }

    /// Whether it begins with a TLS record (handshake or alert).
    pub fn is_tls(self) -> bool {
        match self {
            Self::Octets(octets) => matches!(octets, [20..=23, 3, 0..=4, _, _, ..]),
            Self::Known(facts) => facts.tls,
        }
    }

    /// Whether it is one TLS alert record and nothing else; sealed by TLS 1.3 it is a record of data
    /// that is as long.
    pub fn is_alert(self) -> bool {
        match self {
            Self::Octets([kind @ (21 | 23), 3, 0..=4, l0, l1, body @ ..]) => {
                let length = usize::from(u16::from_be_bytes([*l0, *l1]));
                body.len() == length && (*kind == 21 || length == SEALED_ALERT)
            }
            Self::Octets(_) => false,
            Self::Known(facts) => facts.alert,
        }
    }

    /// The server name of a TLS `ClientHello` (RFC 6066 section 3) or the host of an HTTP request.
    pub fn server_name(self) -> Option<Box<str>> {
        match self {
            Self::Octets(octets @ [22, ..]) => tls_server_name(octets),
            Self::Octets(octets) => http_host(octets),
            Self::Known(facts) => facts.server_name.clone(),
        }
    }

    /// The reason in a reset's payload: the diagnostic payload of
    /// draft-boucadair-tcpm-rst-diagnostic (magic 0x33aa or 0xf317) or readable text.
    pub fn reset_reason(self) -> Option<Told> {
        match self {
            Self::Octets([0x33, 0xaa, c0, c1, p0, p1, p2, p3]) => {
                let enterprise = u32::from_be_bytes([*p0, *p1, *p2, *p3]);
                Some(Told::Diagnostic(u16::from_be_bytes([*c0, *c1]), enterprise))
            }
            Self::Octets([0xf3, 0x17, text @ ..] | text) => readable(text).map(Told::Text),
            Self::Known(facts) => facts.reset_reason.clone(),
        }
    }

    /// By what the payload's first bytes are known again.
    pub fn marks(self) -> Marks {
        match self {
            Self::Octets(octets) => Marks::of(octets),
            Self::Known(facts) => facts.marks,
        }
    }

    /// The sum of its 16-bit words in ones' complement, as for a checksum.
    pub fn sum(self) -> u16 {
        match self {
            Self::Octets(octets) => {
                let mut sum = Sum::default();
                sum.add(octets);
                sum.folded()
            }
            Self::Known(facts) => facts.sum,
        }
    }

    /// Whether any of these can find something (`reset` in the payload of a RST), its length and
    /// [`Payload::marks`] left out; else zeros tell as much.
    pub fn is_told(self, reset: bool) -> bool {
        match self {
            Self::Octets([22, ..] | [_, 3, 0..=4, _, _, ..]) | Self::Known(_) => true,
            Self::Octets([first, ..]) => reset || first.is_ascii_alphabetic(),
            Self::Octets([]) => false,
        }
    }
}

impl Segment<'_> {
    /// A TLS alert record as the last record of the payload (RFC 8446 section 6).
    pub fn tls_alert(&self) -> Option<Alert> {
        match self.payload {
            Payload::Octets(octets) => {
                last_alert(octets, self.payload.captured() == self.payload_length)
            }
            Payload::Known(facts) => facts.last_alert,
        }
    }
}

/// By what the first bytes of a payload are known again: a byte or two each of the hashes of its
/// first 4, 8, 16, 32, 64 and 128 bytes, so that payloads of different lengths can be compared as
/// far as both go. Equal bytes have equal marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The bits, those of fewer bytes lower.
    pub bits: u64,
    /// How many bytes they were made of: one of these six numbers, or 0.
    pub octets: u8,
}

impl Marks {
    /// For each of the six, how many bits there are for it and all fewer.
    const REACH: [(usize, u32); 6] = [(4, 8), (8, 16), (16, 24), (32, 40), (64, 48), (128, 64)];

    /// Those of some bytes.
    pub fn of(payload: &[u8]) -> Self {
        let mut marks = Self::default();
        let (mut hash, mut from, mut low) = (0x9e37_79b9_7f4a_7c15, 0, 0);
        for (octets, high) in Self::REACH {
            let Some(part) = payload.get(from..octets) else { break };
            hash = mixed(hash, part);
            marks.bits |= hash >> (64 - (high - low)) << low;
            marks.octets = u8::try_from(octets).unwrap_or(0);
            (from, low) = (octets, high);
        }
        marks
    }

    /// Those of a payload of which so many bytes were captured, from the bytes that hold their bits;
    /// there are [`Marks::width`] of these.
    pub fn from_bits(captured: u32, bits: u64) -> Self {
        let octets = match captured {
            0..4 => 0,
            4..128 => 1 << captured.ilog2(),
            128.. => 128,
        };
        Self { bits, octets }
    }

    /// How many bytes hold the bits.
    pub fn width(self) -> usize {
        let reach = Self::REACH.iter().find(|(octets, _)| *octets == usize::from(self.octets));
        reach.map_or(0, |(_, bits)| *bits as usize / 8)
    }

    /// Whether the bytes differ, of those that both were made of.
    pub fn contradict(self, other: Self) -> bool {
        let both = usize::from(self.octets.min(other.octets));
        let reach = Self::REACH.iter().rev().find(|(octets, _)| *octets <= both);
        reach.is_some_and(|(_, bits)| (self.bits ^ other.bits) << (64 - bits) != 0)
    }
}

/// Takes more bytes into a hash.
#[inline]
fn mixed(hash: u64, octets: &[u8]) -> u64 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        let (high, low) = (product >> 64, product & u128::from(u64::MAX));
        u64::try_from(high ^ low).unwrap_or(0)
    };
    let mut hash = hash;
    let (words, rest) = octets.as_chunks::<8>();
    for pair in words.chunks(2) {
        let word = |at: usize| pair.get(at).map_or(0, |word| u64::from_le_bytes(*word));
        hash = fold(hash ^ word(0), 0xff51_afd7_ed55_8ccd ^ word(1));
    }
    if let Some(last) = rest.first_chunk::<4>() {
        hash = fold(hash ^ u64::from(u32::from_le_bytes(*last)), 0xc4ce_b9fe_1a85_ec53);
    }
    hash
}

fn tls_server_name(payload: &[u8]) -> Option<Box<str>> {
    let hello = payload.get(5..)?;
    if hello.first() != Some(&1) {
        return None;
    }
    let rest = skip_vector(hello.get(38..)?, 1)?;
    let rest = skip_vector(rest, 2)?;
    let rest = skip_vector(rest, 1)?;
    let mut extensions = rest.get(2..)?;
    while let [k0, k1, l0, l1, body @ ..] = extensions {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        if (*k0, *k1) == (0, 0) {
            let name_length = usize::from(u16::from_be_bytes([*body.get(3)?, *body.get(4)?]));
            return name(body.get(5..5 + name_length)?);
        }
        extensions = body.get(length..)?;
    }
    None
}

/// What follows a vector whose length stands in front of it in `width` bytes.
fn skip_vector(octets: &[u8], width: usize) -> Option<&[u8]> {
    let length = octets.get(..width)?.iter().fold(0_usize, |n, &b| n << 8 | usize::from(b));
    octets.get(width + length..)
}

fn http_host(payload: &[u8]) -> Option<Box<str>> {
    // A method is a word: whatever else a payload is, it is not searched.
    if !payload.first().is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let start = payload.get(..payload.len().min(8192))?;
    let line_end = memchr::memchr(b'\n', start)?;
    let request = payload.get(..line_end)?;
    memchr::memmem::find(request, b"HTTP/1")?;
    payload
        .get(line_end + 1..)?
        .split(|&b| b == b'\n')
        .take(64)
        .take_while(|line| !matches!(line, [] | [b'\r']))
        .find(|line| line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"host:")))
        .and_then(|line| name(line.get(5..)?.trim_ascii()))
}

fn name(octets: &[u8]) -> Option<Box<str>> {
    let fits =
        !octets.is_empty() && octets.len() <= MAX_NAME && octets.iter().all(u8::is_ascii_graphic);
    if fits { std::str::from_utf8(octets).ok().map(Into::into) } else { None }
}

/// Bytes of an alert of TLS 1.3 in its record, which has the type of data: level, description,
/// the alert's own type and a tag of 16 (RFC 8446 section 5.2).
const SEALED_ALERT: usize = 19;

fn last_alert(payload: &[u8], complete: bool) -> Option<Alert> {
    let mut rest = payload;
    while let [kind, 3, 0..=4, l0, l1, body @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let last = body.len() <= length;
        let alert = *kind == 21 || *kind == 23 && length == SEALED_ALERT;
        if alert && last && (complete || body.len() == length) {
            let clear = match *body {
                [level @ 1..=2, description] if length == 2 => Some((level, description)),
                _ => None,
            };
            return Some(Alert { clear });
        }
        rest = body.get(length..)?;
    }
    None
}

fn readable(octets: &[u8]) -> Option<Box<str>> {
    let octets = octets.strip_suffix(&[0]).unwrap_or(octets);
    let text = std::str::from_utf8(octets).ok()?.trim();
    let plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    if text.chars().count() < 3 || !text.chars().all(plain) {
        return None;
    }
    Some(text.chars().take(MAX_TEXT).collect::<String>().into())
}

#[cfg(test)]
mod tests;
