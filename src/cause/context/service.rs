//! What is remembered of one service.

use std::ops::RangeInclusive;

use super::MAX_AROUND;
use super::half_open::HalfOpen;
use super::kept::Kept;
use super::lives::Lives;
use super::names::{self, Fate, Names};
use super::saved::few;
use crate::base::numbers::numbers;
use crate::conn::{Connection, Ending, Form, Side};
use crate::digest::wire::{Bad, Coder};

numbers! {
    /// Aborted connections remembered for each service.
    pub(super) bound MAX_ABORTED: usize = 65_536;
}

/// What happened at one service.
#[derive(Clone, Debug, Default)]
pub struct ServiceFacts {
    /// Connections accepted (SYN-ACK that fits).
    pub accepted: u32,
    /// Time of the latest accepted SYN.
    pub last_accepted: i64,
    /// SYNs refused by a reset.
    pub refused: u32,
    /// Connections that it accepted of which the capture shows SYNs, FINs and resets alone, though
    /// bytes went: a filter left the others out.
    pub flags_only: u32,
    /// Connections of one SYN that it answered and never heard of again.
    pub half_open: u32,
    /// When those began; most services have none.
    pub(super) half_open_since: Option<Box<HalfOpen>>,
    /// The longest silence after which a connection went on, in nanoseconds.
    pub survived: i64,
    /// When connections were aborted by the server without any payload of its own; most services
    /// have none.
    pub(super) aborted: Option<Box<Kept<i64, MAX_ABORTED>>>,
    /// Connections accepted by the kernel and never served: no payload and no FIN of the server.
    pub unserved: u32,
    /// When a SYN was last refused.
    pub last_refused: Option<i64>,
    /// Its connections that were open; many services have none.
    pub(super) lives: Option<Box<Lives>>,
    /// What became of them by name; most services have none.
    pub(super) names: Option<Box<Names>>,
}

impl ServiceFacts {
    /// Its connections that were open, as far as they are remembered.
    pub fn lives(&self) -> Option<&Lives> {
        self.lives.as_deref()
    }

    /// How much is remembered of single connections.
    pub(super) fn remembered(&self) -> usize {
        self.lives().map_or(0, |lives| lives.all().len())
            + self.half_open_since.as_deref().map_or(0, HalfOpen::len)
    }

    /// As bytes.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C) -> Result<(), Bad> {
        let Self {
            accepted,
            last_accepted,
            refused,
            flags_only,
            half_open,
            half_open_since,
            survived,
            aborted,
            unserved,
            last_refused,
            lives,
            names,
        } = self;
        for count in [accepted, refused, flags_only, half_open, unserved] {
            few(coder, count)?;
        }
        coder.signed(last_accepted)?;
        coder.signed(survived)?;
        coder.option(last_refused, Coder::signed)?;
        coder.option(half_open_since, |coder, since| since.code(coder))?;
        coder.option(aborted, |coder, times| times.code(coder, Coder::signed))?;
        coder.option(lives, |coder, lives| lives.code(coder))?;
        coder.option(names, |coder, names| names.code(coder))
    }

    /// What became of the connections with the name of this one or of its domain, and how many with
    /// other names were answered.
    pub fn fates(&self, c: &Connection) -> Option<(Fate, u32)> {
        let (name, names) = (names::name(c)?, self.names.as_deref()?);
        Some(names.of(name))
    }

    /// Different clients that left it half open within `seconds` of a time, up to some dozens.
    pub fn half_open_around(&self, time: i64, seconds: f64) -> usize {
        self.half_open_since.as_ref().map_or(0, |all| all.clients_around(time, seconds))
    }

    /// Adds an attempt to open a connection to it, and remembers it where it was left half open, if
    /// there is room; how many were remembered, and how much there was no room for.
    pub(super) fn try_open(&mut self, c: &Connection, room: bool) -> (usize, u64) {
        let (mut added, mut forgotten) = (0, 0);
        let accepted = c.good_syn_ack_time.is_some();
        let client = c.side(Side::Client);
        self.survived = self.survived.max(c.silence.survived);
        if accepted {
            self.last_accepted = self.last_accepted.max(c.start);
            self.accepted += 1;
            let server = c.side(Side::Server);
            let idle = server.unique_bytes == 0 && server.fins + server.rsts + client.fins == 0;
            self.unserved += u32::from(idle);
            self.flags_only += u32::from(client.fins > 0 && flags_only(c));
        }
        match c.ending {
            Ending::HandshakeIncomplete if accepted && client.syns == 1 => {
                self.half_open += 1;
                let since = self.half_open_since.get_or_insert_default();
                let kept = room && since.add(c.start, c.addresses.client);
                added = usize::from(kept);
                forgotten += u64::from(!kept);
            }
            Ending::HandshakeRefused => {
                self.refused += 1;
                self.last_refused = self.last_refused.max(Some(c.end));
            }
            Ending::Reset | Ending::ResetAfterFin => {
                let bare = c.side(Side::Server).unique_bytes == 0;
                let reset = c.deciding().filter(|row| {
                    row.sender == Side::Server
                        && row.form == Some(Form::Abort)
                        && bare
                        && !row.sender_fin_before
                });
                if let Some(row) = reset {
                    forgotten += u64::from(!self.aborted.get_or_insert_default().add(row.time));
                }
            }
            _ => {}
        }
        (added, forgotten)
    }

    /// Connections aborted by the server without any payload of its own within `seconds` of a time.
    pub fn aborted_around(&self, time: i64, seconds: f64) -> usize {
        let Some(aborted) = &self.aborted else { return 0 };
        let sorted = aborted.sorted();
        let after = |other: i64| crate::conn::seconds(other.saturating_sub(time));
        let from = sorted.partition_point(|&other| after(other) < -seconds);
        let to = sorted.partition_point(|&other| after(other) <= seconds);
        to - from
    }

    /// Whether a connection began between two times that it accepted and served.
    pub fn served_between(&self, range: RangeInclusive<i64>) -> bool {
        let Some(lives) = self.lives() else { return false };
        let within = lives.between(*range.start(), *range.end());
        within.take(MAX_AROUND).any(|life| life.bytes.server > 0)
    }
}

/// Whether nothing but SYNs, FINs and resets of both sides was captured, though bytes went.
fn flags_only(c: &Connection) -> bool {
    c.endpoints.iter().all(|e| e.unique_bytes == 0 && e.alive == e.syns + e.syn_acks + e.fins)
        && c.endpoints.iter().any(|e| e.unseen_acked + e.missing_bytes() > 0)
}
