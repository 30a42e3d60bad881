//! One pass over a capture.

use std::collections::VecDeque;

use super::pass::Pass;
use super::shards::Shards;
use super::state::{Carried, Saved, Saving, Standing, look};
use super::{Intake, Ledger, Options, Output};
use crate::base::error::Error;
use crate::base::guard;
use crate::base::issue::Issues;
use crate::base::text::printable;
use crate::capture::{
    Batch, FileSummary, Interface, Progress, Reader, Source, SourceFiles, Status,
};
use crate::cause::{Context, Left, Parameters};
use crate::conn::{Connection, Counts, Release, Remaining, Rows, seconds};
use crate::hosts::Hosts;
use crate::packet::Path;
use crate::table::Columns;

/// Bytes read between two looks at whether there is memory.
const ASKED: u64 = 1 << 20;
/// How many times as many bytes a flood may take in memory, compressed as it may be.
const GROWTH: u64 = 1024;
/// Nanoseconds by which what is read may begin before the end of what was read before: packets come
/// out of order, and captures are rotated between them.
const EARLY: i64 = 60_000_000_000;
/// Bytes that a connection may come to at the end: in the context, or as a row.
pub(super) const ENDING: u64 = 640;
/// Rows that are let go before the caller is asked to take them, or FIN and RST segments of theirs.
const RELEASED: usize = 8192;
const RELEASED_TEARDOWNS: usize = 8 * RELEASED;

/// Makes sure that what is read until memory is asked for again can be kept.
///
/// # Errors
/// [`Error::Memory`] where it cannot.
pub(crate) fn room_to_go_on(progress: Progress) -> Result<(), Error> {
    let left = progress.bytes_total.map(|total| total.saturating_sub(progress.bytes_read));
    guard::room_for(left.unwrap_or(u64::MAX).saturating_mul(GROWTH))
}

/// One pass over a capture.
pub struct Session {
    reader: Reader,
    intake: Intake,
    shards: Shards,
    context: Context,
    options: Options,
    released: Rows,
    /// FIN and RST segments of these rows.
    teardowns: usize,
    /// What was let go behind them: no part of the context yet, so that verdicts do not depend on
    /// how much is read at a time.
    waiting: VecDeque<Connection>,
    streaming: bool,
    /// File of the latest batch.
    file: u32,
    /// Bytes read when memory is asked for next.
    asked_at: u64,
    /// Where it began, if another reading came before.
    begun: Option<Begun>,
    /// That it begins before that ended.
    late: Issues,
    /// Where its state is saved at the end.
    saving: Option<Saving>,
    /// A panic that ended the pass.
    broken: Option<String>,
}

/// What came before a reading that goes on.
struct Begun {
    standing: Standing,
    /// The name of the state.
    name: String,
    /// The first packet that has a time was held against the end of what came before.
    checked: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("progress", &self.progress()).finish_non_exhaustive()
    }
}

impl Session {
    /// Opens a capture, and where a reading goes on or is saved, its states.
    ///
    /// # Errors
    /// As [`Reader::open`], [`Saved::open`] and [`Saving::open`].
    pub fn open(sources: Vec<Source>, options: Options) -> Result<Self, Error> {
        guard::room_for(0)?;
        let mut options = options.settled();
        let saved = Saved::resumed(&mut options)?;
        let reader = Reader::open(sources, options.reading.clone())?;
        let saving = options.save.as_deref();
        let saving = saving.map(|path| Saving::open(path, reader.sources(), &options));
        let saving = saving.transpose()?;
        let mut session = Self { saving, ..Self::of(reader, options) };
        if let Some(saved) = saved {
            session.go_on(saved)?;
        }
        if session.options.leaves() {
            session.shards.leave();
        }
        Ok(session)
    }

    /// Of a reader that was opened, with options that are settled, and that is all there is.
    pub(super) fn of(reader: Reader, options: Options) -> Self {
        let streaming = !options.limits.keep;
        Self {
            reader,
            intake: Intake::new(options.decoding),
            shards: Shards::new(&options.limits, options.threads(), options.seed()),
            context: match (options.knows_others(), streaming) {
                (false, _) => Context::idle(),
                (true, false) => Context::default(),
                (true, true) => Context::bounded(),
            },
            options,
            released: Rows::default(),
            teardowns: 0,
            waiting: VecDeque::new(),
            streaming,
            file: 0,
            asked_at: 0,
            begun: None,
            late: Issues::default(),
            saving: None,
            broken: None,
        }
    }

    /// Begins where another reading ended.
    fn go_on(&mut self, saved: Saved) -> Result<(), Error> {
        saved.standing.begin(saved.name(), &mut self.intake, &self.options)?;
        if self.options.knows_others() {
            self.context = saved.context()?;
        }
        self.shards.resume(saved.standing.clock, saved.standing.connections);
        saved.followed(|followed| {
            guard::room_for(0)?;
            let carried = self.shards.carry_on(followed);
            let crowd = "more connections of the same addresses and ports than are told apart";
            if carried { Ok(()) } else { Err(saved.broken(crowd)) }
        })?;
        let name = saved.name().to_owned();
        self.begun = Some(Begun { standing: saved.standing, name, checked: false });
        Ok(())
    }

    /// Reads on for about `budget` bytes; true while there is more.
    ///
    /// # Errors
    /// With `strict`, [`Error::Damaged`] for anything but a complete capture; otherwise only what
    /// the system refuses before anything was read. A panic is [`Error::Internal`] with the place
    /// in the capture, and so is every call after it: what was half done is not carried on.
    pub fn step(&mut self, budget: u64) -> Result<bool, Error> {
        self.guarded(|session| session.read_on(budget))
    }

    /// Leaves no part of a state that will not be saved, whenever the rest is let go.
    pub fn give_up_saving(&mut self) {
        self.saving = None;
    }

    fn guarded(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        if let Some(reason) = &self.broken {
            return Err(Error::Internal(reason.clone()));
        }
        let done = guard::catch(|| work(self));
        done.map_err(|error| match error {
            Error::Internal(reason) => {
                let reason = format!("{reason}, {}", self.place());
                self.broken = Some(reason.clone());
                Error::Internal(reason)
            }
            other => other,
        })
    }

    /// Where in the capture reading stands.
    fn place(&self) -> String {
        let name = self.reader.files().get(self.file as usize).map_or("", |file| &file.name);
        format!(
            "in {}, near packet {} of it, before byte {} of what is read",
            printable(name),
            self.ledger().packets(self.file) + 1,
            self.reader.progress().bytes_read
        )
    }

    /// Reads on for the packets at hand, or waits for some; true while there is more.
    ///
    /// # Errors
    /// As [`Session::step`].
    pub fn turn(&mut self) -> Result<bool, Error> {
        self.guarded(Self::next_batch)
    }

    fn read_on(&mut self, budget: u64) -> Result<bool, Error> {
        let until = self.reader.progress().bytes_read.saturating_add(budget);
        while self.reader.progress().bytes_read < until && !self.is_full() {
            if !self.next_batch()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn next_batch(&mut self) -> Result<bool, Error> {
        self.ask_for_room()?;
        self.refill();
        let Some(batch) = self.reader.next_batch()? else {
            self.shards.settle()?;
            guard::room(self.ending_room())?;
            self.collect();
            self.check_strict()?;
            return Ok(false);
        };
        if let Some(begun) = self.begun.as_mut().filter(|begun| !begun.checked) {
            begun.check(&batch, &mut self.late)?;
        }
        let mut pass = Pass {
            intake: &mut self.intake,
            shards: &mut self.shards,
            options: &self.options,
            before: self.begun.as_ref().map_or([0; 2], Begun::numbers),
        };
        self.file = batch.file;
        pass.batch(&batch);
        self.shards.go_on()?;
        self.collect();
        Ok(true)
    }

    /// Makes sure, every so often, that what is read can be kept.
    fn ask_for_room(&mut self) -> Result<(), Error> {
        let progress = self.reader.progress();
        let read = progress.bytes_read;
        if read >= self.asked_at {
            room_to_go_on(progress)?;
            // The index of connections doubles at once.
            guard::room(32 * self.shards.followed() as usize)?;
            self.asked_at = read.saturating_add(ASKED);
        }
        Ok(())
    }

    /// Bytes that letting go of everything takes at most: with streaming the rows are made of what
    /// is followed; else the context learns of every connection.
    fn ending_room(&self) -> usize {
        let rows =
            if self.streaming { u64::from(self.followed()) } else { self.shards.counts().created };
        usize::try_from(rows.saturating_mul(ENDING)).unwrap_or(usize::MAX)
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        self.reader.progress()
    }

    /// With streaming: the connections that were let go and not yet taken, in order of release.
    pub fn released(&self) -> &Rows {
        &self.released
    }

    /// Whether they are to be taken before reading goes on.
    pub fn is_full(&self) -> bool {
        self.released.len() >= RELEASED || self.teardowns >= RELEASED_TEARDOWNS
    }

    /// Takes them. The context has them and those that were taken before, and no other.
    pub fn take(&mut self) -> Rows {
        self.teardowns = 0;
        std::mem::take(&mut self.released)
    }

    /// Goes on with what was let go behind the rows that were taken, as reading on does.
    pub fn refill(&mut self) {
        while !self.is_full()
            && let Some(row) = self.waiting.pop_front()
        {
            self.release(row);
        }
    }

    fn release(&mut self, row: Connection) {
        self.context.add(&row);
        self.teardowns += row.teardowns.len();
        // It is looked at soon: packed it would be unpacked at once.
        self.released.push_whole(row);
    }

    /// What the connections let go so far say together.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Thresholds in use.
    pub fn parameters(&self) -> &Parameters {
        &self.options.parameters
    }

    /// Columns that are asked for.
    pub fn columns(&self) -> &Columns {
        &self.options.columns
    }

    /// Threads that may be used.
    pub fn threads(&self) -> usize {
        self.options.threads()
    }

    /// Packets so far.
    pub fn ledger(&self) -> &Ledger {
        &self.intake.ledger
    }

    /// How many connections are followed now, or were let go and are no part of the context yet.
    pub fn followed(&self) -> u32 {
        let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        self.shards.followed().saturating_add(waiting)
    }

    /// What they would be, were the capture to end here, behind those that were let go and are no
    /// part of the context yet.
    pub fn so_far(&self) -> Vec<Connection> {
        self.waiting.iter().cloned().chain(self.shards.so_far()).collect()
    }

    /// What was odd in reading so far.
    pub fn issues(&self) -> &Issues {
        self.reader.issues()
    }

    /// What the user called addresses, and what DNS answers did so far.
    pub fn hosts(&self) -> [&Hosts; 2] {
        [&self.options.hosts, self.intake.decoder.hosts()]
    }

    /// VLANs and tunnels met so far.
    pub fn paths(&self) -> Vec<Path> {
        self.intake.decoder.paths().all()
    }

    /// The files that the capture lies in.
    pub fn sources(&self) -> &SourceFiles {
        self.reader.sources()
    }

    /// Files and interfaces met so far.
    pub fn described(&self) -> (&[FileSummary], &[Interface]) {
        (self.reader.files(), self.reader.interfaces())
    }

    /// Lets go of everything and hands out what was found. What a caller has not read yet stays
    /// unread: a cancelled pass gives what it had.
    pub fn finish(self) -> Output {
        self.end(false).0
    }

    /// The same, and with [`Options::save`] the state, which appears when it is committed.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn finish_and_save(mut self) -> Result<(Output, Option<Saving>), Error> {
        let (leaves, mut saving) = (self.options.leaves(), self.saving.take());
        let (mut output, Leaving { mut standing, remaining }) = self.end(leaves);
        if let Some(saving) = &mut saving {
            saving.context(&mut output.context)?;
            saving.followed(&remaining)?;
        }
        if leaves {
            look(&remaining, &mut output, &mut standing)?;
        }
        if let Some(saving) = &mut saving {
            saving.standing(&mut standing)?;
        }
        Ok((output, saving))
    }

    fn end(mut self, leaves: bool) -> (Output, Leaving) {
        for row in std::mem::take(&mut self.waiting) {
            self.release(row);
        }
        let mut issues = self.reader.take_issues();
        issues.absorb(self.intake.decoder.take_issues());
        issues.absorb(self.late);
        let begun = self.begun.map(|begun| begun.standing).unwrap_or_default();
        let (before, came, clock) = (begun.names.clone(), begun.carried, self.shards.clock());
        let (counts, rows, remaining) =
            self.shards.finish(|connections| self.context.add_all(connections));
        let mut standing = begun;
        if leaves {
            standing.go_on(&self.reader, &self.intake, clock, counts.created);
        }
        told_at_the_end(&mut issues, counts, self.context.left());
        let mut connections = self.released;
        connections.append(rows);
        let output = Output {
            connections,
            before,
            carried: [came, Carried::default()],
            threads: self.options.threads(),
            context: self.context,
            parameters: self.options.parameters,
            columns: self.options.columns,
            files: self.reader.files().to_vec(),
            interfaces: self.reader.interfaces().to_vec(),
            issues,
            paths: self.intake.decoder.paths().all(),
            hosts: [self.options.hosts, self.intake.decoder.take_hosts()],
            ledger: self.intake.ledger,
            counts,
        };
        (output, Leaving { standing, remaining })
    }

    fn collect(&mut self) {
        if self.streaming {
            for row in self.shards.drain() {
                if self.is_full() || !self.waiting.is_empty() {
                    self.waiting.push_back(row);
                } else {
                    self.release(row);
                }
            }
        }
    }

    fn check_strict(&self) -> Result<(), Error> {
        if self.options.strict { strict(self.reader.files()) } else { Ok(()) }
    }
}

/// What a reading leaves to the next one.
struct Leaving {
    standing: Standing,
    remaining: Remaining,
}

impl Begun {
    fn numbers(&self) -> [u32; 2] {
        self.standing.names.each_ref().map(|earlier| earlier.count)
    }

    /// Holds the first packet that has a time against the end of what was read before.
    fn check(&mut self, batch: &Batch<'_>, issues: &mut Issues) -> Result<(), Error> {
        let first = batch.iter().find_map(|frame| frame.time);
        let (Some(first), Some(end)) = (first, self.standing.end()) else { return Ok(()) };
        self.checked = true;
        let early = end.saturating_sub(first);
        // Short captures are not read twice either.
        let again = self.standing.times.0.is_some_and(|begin| first <= begin) && early > 0;
        if early > EARLY || again {
            return Err(Error::State {
                file: self.name.clone(),
                reason: format!(
                    "what is read begins {} s before the end of what it was saved of: captures are \
                     read in order of time, or together in one reading",
                    seconds(early)
                ),
            });
        }
        if early > 0 {
            issues.add(batch.file, None, None, "files_overlap", || {
                format!("shares {} s with what was read before it", seconds(early))
            });
        }
        Ok(())
    }
}

/// Notes what is odd about all connections together.
pub(super) fn told_at_the_end(issues: &mut Issues, counts: Counts, left: Left) {
    issues.add_many(0, "crowded_tuple", counts.crowded, || {
        "segments of address and port pairs in more VLANs or tunnels than are kept apart".to_owned()
    });
    let evicted = counts.released.get(Release::Evicted as usize).copied().unwrap_or(0);
    issues.add_many(0, "evicted", evicted, || {
        "connections were let go early to stay within the memory limit".to_owned()
    });
    issues.add_many(0, "context_full", left.forgotten, || {
        "services, clients, hosts, attempts or aborts beyond those remembered: verdicts that compare connections may miss some".to_owned()
    });
    issues.add_many(0, "gaps_folded", left.folded, || {
        "ranges above the first gap of a side beyond 256 were folded".to_owned()
    });
    issues.add_many(0, "teardowns_not_compared", left.not_compared, || {
        "FIN and RST segments of connections that have very many of them are compared with the first 64 and the last 64 only".to_owned()
    });
}

/// Refuses files that are not whole.
pub(super) fn strict(files: &[FileSummary]) -> Result<(), Error> {
    let bad = |file: &&FileSummary| !matches!(file.status, Status::Complete | Status::Empty);
    files.iter().find(bad).map_or(Ok(()), |file| Err(damaged(file)))
}

/// What strict reading says of a file that is not whole.
fn damaged(file: &FileSummary) -> Error {
    Error::Damaged {
        file: file.name.clone(),
        offset: file.stopped_at,
        packet: Some(file.packets),
        reason: format!("strict reading: the file is {}", file.status),
    }
}
