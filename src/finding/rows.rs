//! What findings ask of connections: some columns of the table, as plain numbers.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use foldhash::fast::RandomState;

use crate::cause::Cause;
use crate::conn::{EndedBy, Ending, Opening, Side};
use crate::table::cells::{Cells, Value};
use crate::table::summary::column;
use crate::table::vocabulary::Vocabulary;

/// No name.
pub const NONE: u32 = u32::MAX;

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
    /// The client's address, by its number.
    pub client: u32,
    /// The server's address and port, by its number.
    pub service: u32,
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
    /// `client_bytes`.
    pub client_bytes: i64,
    /// `server_bytes`.
    pub server_bytes: i64,
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

    /// How many there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }
}

/// All connections, in the order in which they came.
#[derive(Default)]
pub struct Rows {
    /// One each.
    pub rows: Vec<Row>,
    /// Addresses.
    pub hosts: Texts,
    /// Names of services.
    pub names: Texts,
    /// Services: the number of the address, and the port.
    pub services: Vec<(u32, u16)>,
    places: HashMap<(u32, u16), u32, RandomState>,
}

/// A column whose words are looked up once for each batch.
struct Words<'a, T> {
    cells: Cells<'a>,
    known: Vec<T>,
    other: fn(&str) -> T,
}

impl<'a, T: Copy> Words<'a, T> {
    fn of(batch: &'a RecordBatch, name: &str, other: fn(&str) -> T) -> Result<Self, ArrowError> {
        let cells = column(batch, name)?;
        let known = match &cells {
            Cells::Word(_, words) => words.iter().map(|word| other(word.unwrap_or(""))).collect(),
            _ => Vec::new(),
        };
        Ok(Self { cells, known, other })
    }

    fn at(&self, row: usize) -> T {
        if let Cells::Word(keys, _) = &self.cells {
            let known = usize::try_from(keys.value(row)).ok().and_then(|key| self.known.get(key));
            if let Some(&known) = known.filter(|_| !arrow_array::Array::is_null(*keys, row)) {
                return known;
            }
        }
        match self.cells.value(row) {
            Value::Text(text) => (self.other)(text),
            _ => (self.other)(""),
        }
    }
}

fn whole(cells: &Cells<'_>, row: usize) -> i64 {
    match cells.value(row) {
        Value::Integer(number) | Value::Time(number) => number,
        _ => 0,
    }
}

fn float(cells: &Cells<'_>, row: usize) -> Option<f64> {
    match cells.value(row) {
        Value::Float(number) if number.is_finite() => Some(number),
        _ => None,
    }
}

fn truth(cells: &Cells<'_>, row: usize) -> bool {
    matches!(cells.value(row), Value::Bool(true))
}

fn text<'a>(cells: &Cells<'a>, row: usize) -> Option<&'a str> {
    match cells.value(row) {
        Value::Text(text) => Some(text),
        _ => None,
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
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let of = |name: &str| column(batch, name);
        let (id, client, server) = (of("connection_id")?, of("client_ip")?, of("server_ip")?);
        let (port, name) = (of("server_port")?, of("server_name")?);
        let (start, end, confidence) = (of("start")?, of("end")?, of("confidence")?);
        let (harmless, gaps) = (of("harmless")?, of("capture_gaps")?);
        let (client_bytes, server_bytes) = (of("client_bytes")?, of("server_bytes")?);
        let lost = (of("client_bytes_lost")?, of("server_bytes_lost")?);
        let (silence, wait) = (of("idle_before_close_s")?, of("client_wait_s")?);
        let syn_acks = of("server_syn_acks")?;
        let shape = Words::of(batch, "ending", Shape::of)?;
        let cause =
            Words::of(batch, "cause", |word| Cause::named(word).unwrap_or(Cause::UNDETERMINED))?;
        let begun = Words::of(batch, "opening", |word| word != Opening::MidStream.word())?;
        let one_way = Words::of(batch, "directions_seen", |word| word != "both")?;
        let by = Words::of(batch, "ended_by", ended_by)?;
        let closed = of("close_start")?;
        let first_fin = Words::of(batch, "first_fin_by", side)?;
        let first_rst = Words::of(batch, "first_rst_by", side)?;
        self.rows.reserve(batch.num_rows());
        for row in 0..batch.num_rows() {
            let host = self.hosts.number(text(&server, row).unwrap_or(""));
            let port = u16::try_from(whole(&port, row)).unwrap_or(0);
            let (shape, begun) = (shape.at(row), begun.at(row));
            let (client_bytes, server_bytes) =
                (whole(&client_bytes, row), whole(&server_bytes, row));
            // Who gets no answer at all is alone, and nobody else to be seen.
            let both = !begun || client_bytes > 0 || server_bytes > 0 || !shape.failed();
            let row = Row {
                id: whole(&id, row),
                client: self.hosts.number(text(&client, row).unwrap_or("")),
                service: self.service(host, port),
                name: text(&name, row).map_or(NONE, |name| self.names.number(name)),
                start: whole(&start, row),
                end: whole(&end, row),
                shape,
                cause: cause.at(row),
                confidence: float(&confidence, row).unwrap_or(0.0),
                harmless: truth(&harmless, row),
                begun,
                answered: whole(&syn_acks, row) > 0 || shape == Shape::Refused,
                one_sided: one_way.at(row) && both,
                gaps: whole(&gaps, row) > 0,
                client_bytes,
                server_bytes,
                lost: whole(&lost.0, row).saturating_add(whole(&lost.1, row)),
                silence: float(&silence, row),
                closer: first_fin.at(row).or_else(|| first_rst.at(row)),
                closed: match closed.value(row) {
                    Value::Time(time) => Some(time),
                    _ => None,
                },
                by: by.at(row),
                wait: float(&wait, row),
            };
            self.rows.push(row);
        }
        Ok(())
    }

    fn service(&mut self, host: u32, port: u16) -> u32 {
        let next = u32::try_from(self.services.len()).unwrap_or(NONE);
        let place = *self.places.entry((host, port)).or_insert(next);
        if place == next {
            self.services.push((host, port));
        }
        place
    }

    /// The address of a row's server, by its number.
    pub fn server(&self, row: &Row) -> u32 {
        self.services.get(row.service as usize).map_or(NONE, |&(host, _)| host)
    }

    /// The port of a row's server.
    pub fn port(&self, row: &Row) -> u16 {
        self.services.get(row.service as usize).map_or(0, |&(_, port)| port)
    }
}
