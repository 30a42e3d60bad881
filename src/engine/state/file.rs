//! The file that a state lies in: who made it and how at the front, then pieces, each compressed and
//! with a checksum, as those of the steps are.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use super::{Standing, fields};
use crate::base::error::Error;
use crate::base::text::file_name;
use crate::capture::SourceFiles;
use crate::cause::{Context, RULE_SET};
use crate::conn::{Followed, Remaining, load_followed, seconds};
use crate::digest::checksum;
use crate::digest::wire::{Bad, Coder, Cursor, Out, get, put};
use crate::engine::Options;
use crate::engine::runs::Held;
use crate::engine::runs::chest::{Chest, Packing, Tag};
use crate::table::export::{Guard, Whole};

/// The first octets: no text.
const MAGIC: [u8; 8] = *b"\x89FRS\r\n\x1a\n";
/// Version of the format: another one is refused.
const VERSION: u32 = 3;
/// Bytes before what tells how it was made, and of that at most.
const HEAD: u64 = 28;
const LONGEST: u64 = 1 << 20;
/// Bytes of a piece, about.
const PIECE: usize = 1 << 18;

const STANDING: u8 = 1;
const CONTEXT: u8 = 2;
const FOLLOWED: u8 = 3;

const fn tag(kind: u8) -> Tag {
    Tag { kind, part: 0 }
}

/// What a state was made with: versions, and the options that change rows.
fn made_with(options: &Options) -> Vec<(String, String)> {
    let Options {
        filter,
        start,
        end,
        limits,
        decoding,
        parameters,
        hosts: _,
        reading,
        memory_limit,
        seed: _,
        strict: _,
        threads: _,
        resume: _,
        save: _,
        leave: _,
        columns: _,
    } = options;
    let crate::conn::Limits {
        linger,
        handshake,
        half_closed,
        idle,
        connections,
        memory: _,
        teardowns,
        keep: _,
        unpacked: _,
        quiet: _,
    } = limits;
    let said = [
        ("version of finrst", env!("CARGO_PKG_VERSION").to_owned()),
        ("rule set", RULE_SET.to_owned()),
        ("filter", format!("{filter:?}")),
        ("start", format!("{start:?}")),
        ("end", format!("{end:?}")),
        ("linger", seconds(*linger).to_string()),
        ("handshake_timeout", seconds(*handshake).to_string()),
        ("half_closed_timeout", seconds(*half_closed).to_string()),
        ("idle_timeout", seconds(*idle).to_string()),
        ("memory_limit", format!("{memory_limit:?} {connections:?}")),
        ("limit of FIN and RST segments", teardowns.to_string()),
        ("limits of decoding", format!("{decoding:?}")),
        ("resync", reading.resync.to_string()),
    ];
    let thresholds = parameters.list().into_iter();
    let thresholds = thresholds.map(|(name, value, _)| (name, value.to_string()));
    said.into_iter().chain(thresholds).map(|(what, how)| (what.to_owned(), how)).collect()
}

fn known<C: Coder>(coder: &mut C, made: &mut Vec<(String, String)>) -> Result<(), Bad> {
    coder.list(made, |coder, (what, how)| {
        coder.text(what)?;
        coder.text(how)
    })
}

fn coded(code: impl FnOnce(&mut Out) -> Result<(), Bad>) -> Result<Vec<u8>, Error> {
    let mut out = Out::default();
    code(&mut out).map_err(|Bad(reason)| Error::Internal(reason.to_owned()))?;
    Ok(out.0)
}

/// A state in the making; dropped without [`Saving::commit`], it leaves nothing behind.
pub struct Saving {
    packing: Packing<BufWriter<Whole>>,
    name: String,
}

impl Saving {
    /// Begins one.
    ///
    /// # Errors
    /// When the system refuses; [`Error::Exists`] where it would replace a source or a capture.
    pub fn open(path: &Path, sources: &SourceFiles, options: &Options) -> Result<Self, Error> {
        let name = file_name(path);
        let io = |source| Error::Io { file: name.clone(), source };
        let guard = Guard { sources: sources.clone(), never: true, ..Guard::default() };
        let mut out = BufWriter::new(Whole::create(path, guard)?);
        let made = coded(|out| known(out, &mut made_with(options)))?;
        let mut front = MAGIC.to_vec();
        front.extend(VERSION.to_le_bytes());
        front.extend((made.len() as u64).to_le_bytes());
        front.extend(checksum(&made).to_le_bytes());
        front.extend(made);
        out.write_all(&front).map_err(io)?;
        Ok(Self { packing: Packing::new(out, front.len() as u64, Vec::new()), name })
    }

    fn put(&mut self, kind: u8, count: u64, octets: &[u8]) -> Result<(), Error> {
        let io = |source| Error::Io { file: self.name.clone(), source };
        self.packing.put(tag(kind), count, octets).map_err(io)
    }

    fn pieces(&mut self, kind: u8, octets: &[u8]) -> Result<(), Error> {
        octets.chunks(PIECE).try_for_each(|piece| self.put(kind, 1, piece))
    }

    /// Writes what verdicts lean on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn context(&mut self, context: &mut Context) -> Result<(), Error> {
        self.pieces(CONTEXT, &coded(|out| context.code(out))?)
    }

    /// Writes the connections that go on.
    ///
    /// # Errors
    /// See [`Saving::context`].
    pub fn followed(&mut self, remaining: &Remaining) -> Result<(), Error> {
        let (mut octets, mut count) = (Vec::new(), 0);
        for (id, form) in remaining.all() {
            put(&mut octets, id);
            octets.extend_from_slice(form);
            count += 1;
            if octets.len() >= PIECE {
                self.put(FOLLOWED, count, &octets)?;
                (octets, count) = (Vec::new(), 0);
            }
        }
        if count > 0 { self.put(FOLLOWED, count, &octets) } else { Ok(()) }
    }

    /// Writes where the reading stands.
    ///
    /// # Errors
    /// See [`Saving::context`].
    pub fn standing(&mut self, standing: &mut Standing) -> Result<(), Error> {
        self.pieces(STANDING, &coded(|out| fields::standing(out, standing))?)
    }

    /// Ends the file, which then appears.
    ///
    /// # Errors
    /// When the system refuses, or [`Error::Exists`].
    pub fn commit(self) -> Result<(), Error> {
        let Self { packing, name } = self;
        let io = |source| Error::Io { file: name.clone(), source };
        let (out, _) = packing.finish().map_err(io)?;
        let file = out.into_inner().map_err(|error| io(error.into()))?;
        file.commit().map(drop)
    }
}

/// A state that was saved.
pub struct Saved {
    chest: Chest,
    name: String,
    /// Where the reading stood.
    pub standing: Standing,
}

impl Saved {
    /// Opens one, for a reading with these options.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::State`] for what is none, is cut or damaged, or was made by another
    /// version or with other options.
    pub fn open(path: &Path, options: &Options) -> Result<Self, Error> {
        let name = file_name(path);
        let state = |reason: &str| Error::State { file: name.clone(), reason: reason.to_owned() };
        let mut theirs = front(path)?.into_iter();
        for (what, ours) in made_with(options) {
            let (_, theirs) = theirs.next().filter(|(name, _)| *name == what).unwrap_or_default();
            if ours != theirs {
                let numbers = [&ours, &theirs].iter().all(|how| how.parse::<f64>().is_ok());
                let how = if numbers { format!(": {theirs}, not {ours}") } else { String::new() };
                return Err(state(&format!("it was saved with another {what}{how}")));
            }
        }
        let chest = Chest::open(Held::File(path.to_owned()))?;
        let mut standing = Standing::default();
        let mut cursor = Cursor::new(chest.octets(tag(STANDING))?);
        fields::standing(&mut cursor, &mut standing).map_err(|Bad(reason)| state(reason))?;
        if !cursor.is_over() {
            return Err(state("there is more in it than belongs there"));
        }
        Ok(Self { chest, name, standing })
    }

    /// The one that a reading with these options goes on with, which its reader then does.
    ///
    /// # Errors
    /// See [`Saved::open`].
    pub fn resumed(options: &mut Options) -> Result<Option<Self>, Error> {
        let Some(path) = &options.resume else { return Ok(None) };
        let saved = Self::open(path, options)?;
        saved.standing.goes_on(&mut options.reading);
        Ok(Some(saved))
    }

    /// As it was named.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// That it cannot be used, and why.
    pub fn broken(&self, reason: &str) -> Error {
        self.chest.broken(reason)
    }

    /// What verdicts lean on.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::State`].
    pub fn context(&self) -> Result<Context, Error> {
        let mut context = Context::default();
        let mut cursor = Cursor::new(self.chest.octets(tag(CONTEXT))?);
        context.code(&mut cursor).map_err(|Bad(reason)| self.broken(reason))?;
        if cursor.is_over() { Ok(context) } else { Err(self.broken("its context is too long")) }
    }

    /// Every connection that goes on, in order.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::State`], and those of `each`.
    pub fn followed(
        &self,
        mut each: impl FnMut(Followed) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut stream = self.chest.stream(tag(FOLLOWED))?;
        let mut latest = None;
        while stream.load()? {
            let mut rest = stream.octets();
            while !rest.is_empty() {
                let id = get(&mut rest).ok_or_else(|| self.broken("a number in it is cut"))?;
                let followed = load_followed(&mut rest).filter(|_| latest < Some(id));
                let followed = followed.and_then(|one| one.numbered(id, self.standing.known()));
                each(followed.ok_or_else(|| self.broken("a connection in it makes no sense"))?)?;
                latest = Some(id);
            }
        }
        Ok(())
    }
}

/// What a state says of how it was made.
fn front(path: &Path) -> Result<Vec<(String, String)>, Error> {
    let name = file_name(path);
    let state = |reason: &str| Error::State { file: name.clone(), reason: reason.to_owned() };
    let io = |source| Error::Io { file: name.clone(), source };
    let mut file = File::open(path).map_err(io)?;
    let mut octets = Vec::new();
    Read::by_ref(&mut file).take(HEAD).read_to_end(&mut octets).map_err(io)?;
    let mut cursor = Cursor::new(octets);
    if !cursor.array().is_ok_and(|magic| magic == MAGIC) {
        return Err(state("no state of finrst"));
    }
    let bad = |Bad(reason)| state(reason);
    let version = u32::from_le_bytes(cursor.array().map_err(bad)?);
    if version != VERSION {
        let reason = format!("a state in version {version} of the format, not {VERSION}");
        return Err(state(&reason));
    }
    let size = u64::from_le_bytes(cursor.array().map_err(bad)?);
    let sum = u64::from_le_bytes(cursor.array().map_err(bad)?);
    let mut octets = Vec::new();
    file.take(size.min(LONGEST)).read_to_end(&mut octets).map_err(io)?;
    if checksum(&octets) != sum {
        return Err(state("what it says of how it was made is damaged"));
    }
    let mut made = Vec::new();
    known(&mut Cursor::new(octets), &mut made).map_err(bad)?;
    Ok(made)
}
