//! What findings ask of connections: some columns of the table, as plain numbers.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::ArrowError;
use foldhash::fast::RandomState;

use crate::cause::Cause;
use crate::conn::{EndedBy, Ending, Opening, Side};
use crate::table::cells::{Cells, Value};
use crate::table::summary::column;
use crate::table::vocabulary::Vocabulary;

/// The columns of connections that findings are made of.
pub const COLUMNS: &[&str] = &[
    "connection_id",
    "client_ip",
    "server_ip",
    "server_port",
    "server_name",
    "start",
    "end",
    "confidence",
    "harmless",
    "capture_gaps",
    "server_syn_acks",
    "client_bytes",
    "server_bytes",
    "client_bytes_lost",
    "server_bytes_lost",
    "idle_before_close_s",
    "client_wait_s",
    "ending",
    "cause",
    "opening",
    "directions_seen",
    "ended_by",
    "close_start",
    "first_fin_by",
    "first_rst_by",
];

/// No name.
pub(super) const NONE: u32 = u32::MAX;
/// Numbers of hosts from here on are places among texts; IPv4 addresses are numbers themselves.
const OTHERS: u64 = 1 << 32;
const PORT_BITS: u32 = 16;

/// How a connection ended, as far as findings tell endings apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nobody answered the SYN.
    Unanswered,
    /// A reset answered the SYN.
    Refused,
    /// The handshake was answered and came to nothing.
    Unopened,
    /// Closed in order.
    Closed,
    /// Reset after the handshake.
    Reset,
    /// Open, or half closed, when last seen.
    Open,
    /// Anything else.
    Other,
}

impl Shape {
    /// How many there are.
    pub const COUNT: usize = Self::Other as usize + 1;

    fn of(ending: &str) -> Self {
        let found = |of: Ending| of.word() == ending;
        if found(Ending::HandshakeUnanswered) {
            Self::Unanswered
        } else if found(Ending::HandshakeRefused) {
            Self::Refused
        } else if ending.starts_with("handshake_") {
            Self::Unopened
        } else if found(Ending::Graceful) {
            Self::Closed
        } else if found(Ending::Reset) || found(Ending::ResetAfterFin) {
            Self::Reset
        } else if found(Ending::Open) || found(Ending::HalfClosed) {
            Self::Open
        } else {
            Self::Other
        }
    }

    /// Whether it never came to a connection.
    pub fn failed(self) -> bool {
        matches!(self, Self::Unanswered | Self::Refused | Self::Unopened)
    }
}

/// One connection.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools)] // as the columns are
pub struct Row {
    /// `connection_id`.
    pub id: i64,
    /// The client's address, as a number of [`Hosts`].
    pub client: u64,
    /// The server's: its address as such a number, and its port.
    pub service: u64,
    /// `server_name`, by its number.
    pub name: u32,
    /// `start`.
    pub start: i64,
    /// `end`.
    pub end: i64,
    /// `ending`.
    pub shape: Shape,
    /// `cause`.
    pub cause: Cause,
    /// `confidence`.
    pub confidence: f64,
    /// `harmless`.
    pub harmless: bool,
    /// Whether the capture shows its beginning.
    pub begun: bool,
    /// Whether the SYN was answered.
    pub answered: bool,
    /// Whether one direction only was captured, though both must have been there.
    pub one_sided: bool,
    /// `capture_gaps` is not 0.
    pub gaps: bool,
    /// Whether the client sent payload.
    pub client_said: bool,
    /// Whether the server did.
    pub server_said: bool,
    /// Payload that a reset threw away.
    pub lost: i64,
    /// `idle_before_close_s`.
    pub silence: Option<f64>,
    /// Who sent the first FIN, else the first RST.
    pub closer: Option<Side>,
    /// When that was: `close_start`.
    pub closed: Option<i64>,
    /// `ended_by`.
    pub by: EndedBy,
    /// `client_wait_s`.
    pub wait: Option<f64>,
}

/// Texts by their numbers.
#[derive(Default)]
pub struct Texts {
    texts: Vec<Arc<str>>,
    places: HashMap<Arc<str>, u32, RandomState>,
}

impl Texts {
    fn number(&mut self, text: &str) -> u32 {
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        let place = u32::try_from(self.texts.len()).unwrap_or(NONE);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.places.insert(text, place);
        place
    }

    /// A text by its number.
    pub fn get(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }
}

/// Addresses by numbers that compare and hash faster than texts.
#[derive(Default)]
pub struct Hosts(Texts);

impl Hosts {
    fn number(&mut self, text: &str) -> u64 {
        // An IPv4 address has one text, and a text that reads as one is it.
        text.parse().map_or_else(
            |_| OTHERS | u64::from(self.0.number(text)),
            |address: Ipv4Addr| u64::from(address.to_bits()),
        )
    }

    fn other(&self, number: u64) -> &str {
        self.0.get(u32::try_from(number & !OTHERS).unwrap_or(NONE))
    }

    /// The text of an address.
    pub fn text(&self, number: u64) -> String {
        u32::try_from(number)
            .map_or_else(|_| self.other(number).to_owned(), |v4| Ipv4Addr::from(v4).to_string())
    }

    /// IPv4 addresses in their order, then the others by their texts: whatever order they came in.
    pub fn order(&self, a: u64, b: u64) -> Ordering {
        if a < OTHERS || b < OTHERS { a.cmp(&b) } else { self.other(a).cmp(self.other(b)) }
    }
}

/// The host of a service.
pub(super) fn host(service: u64) -> u64 {
    service >> PORT_BITS
}

/// The port of a service.
pub(super) fn port(service: u64) -> u16 {
    u16::try_from(service & u64::from(u16::MAX)).unwrap_or(u16::MAX)
}

/// All connections, in the order in which they came.
#[derive(Default)]
pub struct Rows {
    /// One each.
    pub rows: Vec<Row>,
    /// Addresses.
    pub hosts: Hosts,
    /// Names of services.
    pub names: Texts,
}

/// A column with its words told by what they mean; each word is looked up once for each batch.
fn words<T: Copy>(
    batch: &RecordBatch,
    name: &str,
    meaning: fn(&str) -> T,
) -> Result<Vec<T>, ArrowError> {
    let cells = column(batch, name)?;
    let none = meaning("");
    if let Cells::Word(places, words) = &cells {
        let known: Vec<T> = words.iter().map(|word| word.map_or(none, meaning)).collect();
        let of = |row| known.get(places.get(row)?).copied();
        return Ok((0..batch.num_rows()).map(|row| of(row).unwrap_or(none)).collect());
    }
    Ok(each(batch, &cells, |value| match value {
        Value::Text(text) => meaning(text),
        _ => none,
    }))
}

fn each<T>(batch: &RecordBatch, cells: &Cells<'_>, of: impl Fn(Value<'_, '_>) -> T) -> Vec<T> {
    (0..batch.num_rows()).map(|row| of(cells.value(row))).collect()
}

/// Whole numbers and times, those that are missing as 0.
fn whole(batch: &RecordBatch, name: &str) -> Result<Vec<i64>, ArrowError> {
    let cells = column(batch, name)?;
    Ok(match &cells {
        Cells::Int64(array) if array.null_count() == 0 => array.values().to_vec(),
        Cells::Time(array) if array.null_count() == 0 => array.values().to_vec(),
        _ => each(batch, &cells, |value| match value {
            Value::Integer(number) | Value::Time(number) => number,
            _ => 0,
        }),
    })
}

fn times(batch: &RecordBatch, name: &str) -> Result<Vec<Option<i64>>, ArrowError> {
    Ok(each(batch, &column(batch, name)?, |value| match value {
        Value::Time(time) => Some(time),
        _ => None,
    }))
}

fn floats(batch: &RecordBatch, name: &str) -> Result<Vec<Option<f64>>, ArrowError> {
    let cells = column(batch, name)?;
    if let Cells::Float64(array) = &cells {
        return Ok(array.iter().map(|number| number.filter(|one| one.is_finite())).collect());
    }
    Ok(vec![None; batch.num_rows()])
}

fn truths(batch: &RecordBatch, name: &str) -> Result<Vec<bool>, ArrowError> {
    let cells = column(batch, name)?;
    Ok(each(batch, &cells, |value| matches!(value, Value::Bool(true))))
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray, ArrowError> {
    match column(batch, name)? {
        Cells::Text(texts) => Ok(texts),
        _ => Err(ArrowError::SchemaError(format!("column '{name}' is no text"))),
    }
}

fn ended_by(word: &str) -> EndedBy {
    let all = [EndedBy::Client, EndedBy::Server, EndedBy::Both, EndedBy::ThirdParty];
    all.into_iter().find(|by| by.word() == word).unwrap_or(EndedBy::None)
}

fn side(word: &str) -> Option<Side> {
    [Side::Client, Side::Server].into_iter().find(|side| side.word() == word)
}

impl Rows {
    /// Adds the connections of a batch.
    ///
    /// # Errors
    /// When a column is missing, or of another type than the table's.
    #[expect(clippy::indexing_slicing, reason = "each column has as many rows as its batch")]
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let (client, server) = (texts(batch, "client_ip")?, texts(batch, "server_ip")?);
        let (id, port) = (whole(batch, "connection_id")?, whole(batch, "server_port")?);
        let name = texts(batch, "server_name")?;
        let (start, end) = (whole(batch, "start")?, whole(batch, "end")?);
        let (confidence, harmless) = (floats(batch, "confidence")?, truths(batch, "harmless")?);
        let (gaps, syn_acks) = (whole(batch, "capture_gaps")?, whole(batch, "server_syn_acks")?);
        let bytes = (whole(batch, "client_bytes")?, whole(batch, "server_bytes")?);
        let lost = (whole(batch, "client_bytes_lost")?, whole(batch, "server_bytes_lost")?);
        let silence = floats(batch, "idle_before_close_s")?;
        let wait = floats(batch, "client_wait_s")?;
        let shape = words(batch, "ending", Shape::of)?;
        let cause =
            words(batch, "cause", |word| Cause::named(word).unwrap_or(Cause::UNDETERMINED))?;
        let begun = words(batch, "opening", |word| word != Opening::MidStream.word())?;
        let one_way = words(batch, "directions_seen", |word| word != "both")?;
        let by = words(batch, "ended_by", ended_by)?;
        let closed = times(batch, "close_start")?;
        let first_fin = words(batch, "first_fin_by", side)?;
        let first_rst = words(batch, "first_rst_by", side)?;
        self.rows.reserve(batch.num_rows());
        for row in 0..batch.num_rows() {
            let (shape, begun) = (shape[row], begun[row]);
            let (client_said, server_said) = (bytes.0[row] > 0, bytes.1[row] > 0);
            // Who gets no answer at all is alone, and nobody else to be seen.
            let both = !begun || client_said || server_said || !shape.failed();
            let port = u64::from(u16::try_from(port[row]).unwrap_or(0));
            self.rows.push(Row {
                id: id[row],
                client: self.hosts.number(client.value(row)),
                service: self.hosts.number(server.value(row)) << PORT_BITS | port,
                name: if name.is_valid(row) { self.names.number(name.value(row)) } else { NONE },
                start: start[row],
                end: end[row],
                shape,
                cause: cause[row],
                confidence: confidence[row].unwrap_or(0.0),
                harmless: harmless[row],
                begun,
                answered: syn_acks[row] > 0 || shape == Shape::Refused,
                one_sided: one_way[row] && both,
                gaps: gaps[row] > 0,
                client_said,
                server_said,
                lost: lost.0[row].saturating_add(lost.1[row]),
                silence: silence[row],
                closer: first_fin[row].or(first_rst[row]),
                closed: closed[row],
                by: by[row],
                wait: wait[row],
            });
        }
        Ok(())
    }
}

impl Row {
    /// The address of the server, as a number of [`Hosts`].
    pub fn server(&self) -> u64 {
        host(self.service)
    }

    /// The port of the server.
    pub fn port(&self) -> u16 {
        port(self.service)
    }
}
