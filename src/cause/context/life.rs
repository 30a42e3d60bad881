//! What others are told of one connection that was open.

use crate::base::numbers::numbers;
use crate::conn::{BySide, Connection, Kind, Opening, Side, Teardown, Trigger};
use crate::digest::wire::{Bad, Coder};
use crate::packet::Address;

numbers! {
    /// A connection that lasted this long stands: it ends for another reason than being short.
    pub(super) window STANDING: i64 = 1_000_000_000;
    /// How long beyond a round trip a server takes to turn a new connection away.
    window TURNING: i64 = 50_000_000;
    /// A silence of one part in so many of a connection's age is long: it was not in use.
    fraction SILENT: i64 = 4;
}

/// One connection of a service, as far as others are compared with it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Life {
    /// Connection.
    pub id: u64,
    /// Its first packet.
    pub start: i64,
    /// The FIN or reset that began its end; without one, its latest packet.
    pub end: i64,
    /// Milliseconds without payload before that.
    pub idle_ms: u32,
    /// Payload bytes of the client, and of the server.
    pub bytes: BySide<u32>,
    /// The client's initial sequence number and first timestamp in one: what a translator leaves as
    /// it is.
    pub number: u32,
    /// The client, in as few bytes as tell it from others.
    pub source: u32,
    /// Segments of the client with new payload: about its requests.
    pub requests: u16,
    flags: u8,
}

const BY_CLIENT: u8 = 1;
const BY_SERVER: u8 = 2;
const FIN: u8 = 1 << 2;
const OPENED: u8 = 1 << 3;
const TURNED_AWAY: u8 = 1 << 4;
const STOOD: u8 = 1 << 5;
const CUT: u8 = 1 << 6;
const TLS: u8 = 1 << 7;

impl Life {
    /// Of a connection that was open, its ending decided.
    pub fn of(c: &Connection) -> Option<Self> {
        let opened = c.handshake_time.is_some();
        let begun_before = c.opening == Opening::MidStream && c.two_sided();
        if !opened && !begun_before {
            return None;
        }
        let (end, by, fin) = match began_to_end(c) {
            Some((end, side, fin)) => (end, Some(side), fin),
            None => (c.end, None, false),
        };
        let stood = end.saturating_sub(c.start) >= STANDING || !opened;
        let flags = match by {
            Some(Side::Client) => BY_CLIENT,
            Some(Side::Server) => BY_SERVER,
            None => 0,
        };
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let few = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX);
        let client = c.side(Side::Client);
        Some(Self {
            id: c.id,
            start: c.start,
            end,
            idle_ms: u32::try_from(quiet(c, end).max(0) / 1_000_000).unwrap_or(u32::MAX),
            bytes: c.endpoints.each_ref().map(|side| few(side.unique_bytes)),
            number: client.base.0 ^ c.syn_timestamps[0].unwrap_or(0).rotate_left(16),
            source: source(c.addresses.client),
            requests: u16::try_from(client.data_packets).unwrap_or(u16::MAX),
            flags: flags
                | flag(fin, FIN)
                | flag(opened, OPENED)
                | flag(turned_away(c).is_some(), TURNED_AWAY)
                | flag(stood, STOOD)
                | flag(cut(c), CUT)
                | flag(c.extra().is_some_and(|extra| extra.tls.client), TLS),
        })
    }

    /// As bytes.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let Self { id, start, end, idle_ms, bytes, number, source, requests, flags } = self;
        coder.number(id)?;
        coder.signed(start)?;
        coder.signed(end)?;
        let BySide { client, server } = bytes;
        for small in [idle_ms, client, server, number, source] {
            coder.plain(small)?;
        }
        coder.plain(requests)?;
        coder.plain(flags)
    }

    /// Whose FIN or reset began its end.
    pub fn ended_by(&self) -> Option<Side> {
        match self.flags & (BY_CLIENT | BY_SERVER) {
            BY_CLIENT => Some(Side::Client),
            BY_SERVER => Some(Side::Server),
            _ => None,
        }
    }

    /// By a FIN.
    pub fn by_fin(&self) -> bool {
        self.flags & FIN != 0
    }

    /// The capture shows its handshake.
    pub fn opened(&self) -> bool {
        self.flags & OPENED != 0
    }

    /// See [`turned_away`].
    pub fn turned_away(&self) -> bool {
        self.flags & TURNED_AWAY != 0
    }

    /// See [`STANDING`]; one that began before the capture stands as well.
    pub fn stood(&self) -> bool {
        self.flags & STOOD != 0
    }

    /// The server's reset left a request unanswered.
    pub fn cut(&self) -> bool {
        self.flags & CUT != 0
    }

    /// Its client speaks TLS.
    pub fn tls(&self) -> bool {
        self.flags & TLS != 0
    }

    /// Until when it was open: beyond the capture where nobody ended it.
    pub fn open_until(&self) -> i64 {
        if self.ended_by().is_some() { self.end } else { i64::MAX }
    }

    /// It had several requests, and no long silence before its end.
    pub fn in_use(&self) -> bool {
        let silent = i64::from(self.idle_ms).saturating_mul(SILENT * 1_000_000) >= self.age();
        self.opened() && self.stood() && self.requests > 1 && !silent
    }

    /// Nanoseconds from its first packet to the beginning of its end.
    pub fn age(&self) -> i64 {
        self.end.saturating_sub(self.start)
    }
}

/// When a connection began to end, by whom, and whether by a FIN.
pub(crate) fn began_to_end(c: &Connection) -> Option<(i64, Side, bool)> {
    let fin = c.first_fin_by.and_then(|side| Some((c.side(side).fin?.time, side, true)));
    let reset = c.deciding().filter(|row| row.form.is_some());
    let reset = reset.map(|row: &Teardown| (row.time, row.sender, false));
    match (fin, reset) {
        (Some(fin), Some(reset)) if reset.0 < fin.0 => Some(reset),
        (Some(fin), _) => Some(fin),
        (None, reset) => reset,
    }
}

/// Nanoseconds without payload before the end of a connection began, or before what a reset
/// answered. The alert with which TLS closes is no payload.
pub(super) fn quiet(c: &Connection, end: i64) -> i64 {
    // A reply waits for what it answers.
    let reply = c.deciding().filter(|row| row.time == end && row.trigger.is_some());
    if let Some(idle) = reply.and_then(|row| row.idle.get()) {
        return idle;
    }
    let alerts = c.extra().map(|extra| extra.tls_alert).unwrap_or_default();
    let last = c.endpoints.iter().zip(alerts).filter_map(|(side, alert)| {
        let time = Some(side.last_data_time).filter(|_| side.data_packets > 0)?;
        // An alert long before is followed by nothing either.
        alert.is_none_or(|alert| alert.time != time).then_some(time)
    });
    let quiet = end.saturating_sub(last.max().unwrap_or(c.start));
    if quiet < 0 { c.idle_before_fin.get().unwrap_or(0) } else { quiet }
}

/// The server closed or reset within a round trip of the handshake, without a byte of its own:
/// how long after it.
pub(crate) fn turned_away(c: &Connection) -> Option<i64> {
    let (end, side, _) = began_to_end(c)?;
    let after = end.saturating_sub(c.handshake_time.get()?);
    let trip = c.min_rtt().unwrap_or(0).saturating_add(TURNING);
    let away = side == Side::Server && c.side(Side::Server).unique_bytes == 0;
    (away && (0..=trip).contains(&after)).then_some(after)
}

/// Whether the server reset it with a request unanswered.
fn cut(c: &Connection) -> bool {
    let reset = c.deciding().filter(|row| row.kind == Kind::Rst && row.sender == Side::Server);
    let asked = |row: &Teardown| row.unread_bytes > 0 || row.trigger == Some(Trigger::Data);
    reset.is_some_and(asked)
}

/// An address in four bytes.
pub(crate) fn source(address: Address) -> u32 {
    // A multiplication carries every bit into the upper half.
    let folded = (address.0 >> 64) ^ address.0;
    let [.., a, b, c, d] = folded.to_be_bytes();
    let low = u64::from(u32::from_be_bytes([a, b, c, d]));
    let high = u64::try_from((folded >> 32) & 0xffff_ffff).unwrap_or(0);
    let mixed = (low ^ high.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u32::try_from(mixed >> 32).unwrap_or(0)
}
