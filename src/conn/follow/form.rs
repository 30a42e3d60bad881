//! Abort or reply: the numbers tell first; window, options and identification differ by stack.
//!
//! A socket that is aborted sends RST and ACK at the end of what it sent and with what it received.
//! A host without one repeats the numbers of what it answers. Linux, the BSDs and Windows answer
//! without ACK; lwIP answers with one, and sends both with one constant window, TTL 255 and no
//! option. Windows and XNU write no timestamps on a reset, gVisor closes the window on it, and old
//! stacks abort without ACK, some right after the acknowledgment of their last byte.

use crate::base::numbers::numbers;
use crate::conn::facts::connection::{Connection, Stage};
use crate::conn::facts::endpoint::{Endpoint, State};
use crate::conn::facts::reset::Reset;
use crate::conn::follow::recent::{Entry, Seen};
use crate::conn::primitives::words::{Form, SequenceCheck, Side};
use crate::packet::Segment;

numbers! {
    /// A silence after which a host may well have lost a connection.
    window SILENCE: i64 = 1_000_000_000;
    /// A silence after which it is likelier that it lost one than that a program ends it at once.
    window LONG_SILENCE: i64 = 10_000_000_000;
    /// A silence after which a device may have forgotten a connection, and reset it.
    window LULL: i64 = 2_000_000_000;
    /// Identifications that a host may have used since its latest segment.
    count OWN_IDS: i32 = 64;
}
/// The highest TTL that began as 128; above it, it began as 255.
const TTL_OF_128: u8 = 128;

/// The form of a reset, given all else that is known of it.
pub(crate) fn of(
    c: &Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
    reset: &Reset,
    trigger: Option<&Entry>,
) -> Form {
    let endpoint = c.side(sender);
    if segment.flags.syn() {
        // No host opens and resets in one segment.
        return Form::Other;
    }
    if !segment.flags.ack() {
        return match trigger {
            Some(trigger) if !hears(c, segment, endpoint, reset, trigger) => Form::Reply,
            Some(_) => Form::Abort,
            None if speaks(c, recent, segment, sender, reset) => Form::Abort,
            None => Form::Other,
        };
    }
    // Without a number of its own it can only answer; lwIP does so with an open window.
    let answers_syn = trigger.is_some_and(|t| !t.flags.ack());
    if segment.sequence.0 == 0 && (answers_syn || trigger.is_some() && reset.reply_shape) {
        return Form::Reply;
    }
    if trigger.is_some_and(|t| answers(c, recent, segment, sender, reset, t)) {
        return Form::Reply;
    }
    if lives(c, segment, sender, reset) {
        return Form::Abort;
    }
    if endpoint.state <= State::SynSent && trigger.is_some() && reset.reply_shape {
        return Form::Reply;
    }
    let plain = segment.header_length == 20 && plain_stack(endpoint, segment);
    if trigger.is_some() && plain { Form::Reply } else { Form::Other }
}

/// A reset without ACK that answers nothing, of a socket that has just spoken itself: at the end
/// of what it sent, after all that came from the peer, or with its own window or next
/// identification.
fn speaks(
    c: &Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
    reset: &Reset,
) -> bool {
    let endpoint = c.side(sender);
    if reset.sequence_check != SequenceCheck::Exact || endpoint.state < State::Open {
        return false;
    }
    let ended = reset.ahead.get() == Some(0);
    let last = recent.backwards().find(|entry| !entry.flags.rst());
    let spoke_last = last.is_some_and(|entry| {
        entry.sender == sender && segment.time.saturating_sub(entry.time) <= c.reply_time()
    });
    ended
        && own_hops(reset)
        && (spoke_last || own_window(endpoint, segment) || own_id(endpoint, reset))
}

/// A reset without ACK, with the window of a socket that has just been told that its data came: no
/// host loses one in that time.
fn hears(
    c: &Connection<impl Stage>,
    segment: &Segment<'_>,
    endpoint: &Endpoint,
    reset: &Reset,
    trigger: &Entry,
) -> bool {
    let plain =
        trigger.payload == 0 && !trigger.flags.fin() && !trigger.flags.syn() && !trigger.probe;
    let since = segment.time.saturating_sub(endpoint.last_data_time);
    plain
        && own_window(endpoint, segment)
        && endpoint.state == State::Open
        && endpoint.unique_bytes > 0
        && reset.sequence_check == SequenceCheck::Exact
        && since <= c.reply_time()
        && own_hops(reset)
}

/// RST and ACK by a host without a socket (lwIP): what it answers is all that it knows.
fn answers(
    c: &Connection<impl Stage>,
    recent: Seen<'_>,
    segment: &Segment<'_>,
    sender: Side,
    reset: &Reset,
    trigger: &Entry,
) -> bool {
    let (endpoint, peer) = (c.side(sender), c.side(sender.peer()));
    if reset.has_timestamp || segment.header_length != 20 || !endpoint.based {
        return false;
    }
    // A socket does not forget what it acknowledged, and answers a probe.
    let less = peer.based && peer.position(segment.acknowledgment) < peer.acked.cast_signed();
    if (less || trigger.probe) && endpoint.alive > 0 {
        return true;
    }
    if !plain_stack(endpoint, segment) {
        return false;
    }
    let takes_space = trigger.payload > 0 || trigger.flags.fin();
    if endpoint.fins > 0 {
        return takes_space;
    }
    let last = recent.backwards().find(|entry| entry.sender == sender);
    let silence = last.map_or(i64::MAX, |entry| trigger.time.saturating_sub(entry.time));
    let other_window = segment.window != endpoint.window;
    let forgotten =
        silence >= LONG_SILENCE || silence >= SILENCE && (other_window || trigger.flags.fin());
    takes_space && forgotten && segment.window != 0
}

/// RST and ACK of a socket: with numbers, and a timestamp, window or identification of its own.
fn lives(c: &Connection<impl Stage>, segment: &Segment<'_>, sender: Side, reset: &Reset) -> bool {
    let (endpoint, peer) = (c.side(sender), c.side(sender.peer()));
    let stamped = reset.has_timestamp && reset.timestamp_ok != Some(false);
    if reset.has_timestamp && !stamped {
        return false;
    }
    if !endpoint.based {
        return stamped || segment.window != 0 && segment.sequence.0 != 0;
    }
    let acked = peer.position(segment.acknowledgment);
    let seen = peer.packets == 0 || acked <= peer.max_end.max(peer.acked).cast_signed();
    if acked < 0 || !seen {
        return false;
    }
    let at = endpoint.position(segment.sequence);
    let ends = at == endpoint.max_end.cast_signed()
        || reset.sequence_check == SequenceCheck::FinMinusOne
        || endpoint.unseen_acked > 0
        || endpoint.packets == 0;
    let window = endpoint.alive > 0 && own_window(endpoint, segment);
    if ends {
        // Without timestamps on the connection there is nothing more to hold it against.
        let unstamped = reset.timestamp_ok.is_none();
        let own = window
            || own_id(endpoint, reset)
            || unstamped_socket(c, endpoint, segment)
            || unmarked_socket(c, endpoint, segment, reset);
        // Of itself, its window is open, unlike that of a box that speaks for a side which stamps.
        let plain =
            (segment.window != 0 || in_course(c, segment)) && plain_stack(endpoint, segment);
        return stamped || unstamped || plain || own && own_hops(reset);
    }
    // What was not acknowledged yet may be left out: with the peer's window full, some stacks
    // (gVisor, smoltcp) abort where that begins.
    let outstanding = (endpoint.acked.cast_signed()..endpoint.max_end.cast_signed()).contains(&at);
    let full = peer.zero_since.is_some() && own_hops(reset);
    outstanding && (stamped || window || full)
}

/// Before what lies between the two may have forgotten the connection.
fn in_course(c: &Connection<impl Stage>, segment: &Segment<'_>) -> bool {
    segment.time.saturating_sub(c.end) <= LULL
}

/// In the course of things, with a window that is not closed and nothing that its sender does not
/// do: lwIP after some routers.
fn unstamped_socket(
    c: &Connection<impl Stage>,
    endpoint: &Endpoint,
    segment: &Segment<'_>,
) -> bool {
    let numbered = endpoint.ip_id.is_some() && segment.ip_id == Some(0);
    segment.window != 0 && segment.header_length == 20 && in_course(c, segment) && !numbered
}

/// In the course of things, from where its sender is, and like it in all but the stamp, that some
/// stacks write on no reset: those whose identifications tell nothing.
fn unmarked_socket(
    c: &Connection<impl Stage>,
    endpoint: &Endpoint,
    segment: &Segment<'_>,
    reset: &Reset,
) -> bool {
    let alike = if segment.ip_id.is_some() {
        reset.dont_fragment == endpoint.traits.never_fragments()
    } else {
        reset.flow_label == endpoint.flow_label
    };
    // Linux stamps what it aborts.
    let may = !endpoint.answers_like_linux() && segment.header_length == 20;
    may && alike && in_course(c, segment) && reset.ttl_delta == Some(0)
}

/// The TTL of lwIP, which never stamps a reset.
fn plain_stack(endpoint: &Endpoint, segment: &Segment<'_>) -> bool {
    segment.ttl > TTL_OF_128 && endpoint.ttl.last == segment.ttl
}

/// It came as far as its sender's other segments.
fn own_hops(reset: &Reset) -> bool {
    reset.ttl_delta.is_none_or(|delta| delta == 0)
}

/// The window that its sender had before, and an open one.
fn own_window(endpoint: &Endpoint, segment: &Segment<'_>) -> bool {
    segment.window != 0 && segment.window == endpoint.window
}

/// The next identification of a host that counts them.
fn own_id(endpoint: &Endpoint, reset: &Reset) -> bool {
    endpoint.ip_id_jumps <= endpoint.ip_id_steps
        && reset.ip_id_delta.is_some_and(|delta| (1..=OWN_IDS).contains(&delta))
}
