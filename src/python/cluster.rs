//! The steps of a parallel reading: digest, plan, stitch, judge.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::errors;
use super::options::options;
use super::read::{At, Tables, begun, named, told};
use super::remote::Objects;
use super::slices::Slices;
use super::source::Raised;
use super::table::Table;
use super::wait::wait;
use crate::base::error::Error;
use crate::base::issue::{Issues, KINDS, NO_FILE};
use crate::capture::SourceFiles;
use crate::digest::Stamp;
use crate::engine::runs::{self, Facts, Held, Job, Most, Surveyed, Together, Way, Writing, settle};
use crate::engine::{Options, metadata};
use crate::packet::Class;
use crate::table::shared::Shared;

/// The least there is stands for no time.
fn timed(key: i64) -> Option<i64> {
    (key != i64::MIN).then_some(key)
}

/// Files in the order in which they are read: name, path, time by which each stands in line, where
/// it was named, bytes; kinds, details and counts of what was met besides; the first packet's time.
type Survey =
    (Vec<(String, Option<PathBuf>, Option<i64>, Option<usize>, Option<u64>)>, Odd, Option<i64>);

/// Oddities of no file: kinds and details of examples, kinds and counts.
type Odd = (Vec<(String, String)>, Vec<(String, u64)>);

/// Looks for the files of a capture.
#[pyfunction]
pub(super) fn surveyed<'py>(
    py: Python<'py>,
    sources: &Bound<'py, PyList>,
    options: &Bound<'py, PyDict>,
) -> PyResult<Survey> {
    errors::guarded(py, || {
        let (found, _, _) = begun(py, sources, options, |sources, options| {
            runs::survey(sources, &options.reading)
        })?;
        let files = found.files.into_iter();
        let files = files
            .map(|file| (file.name, file.path, timed(file.key), file.named, file.size))
            .collect();
        let examples = found.odd.examples().into_iter();
        let examples = examples.map(|odd| (odd.kind.to_owned(), odd.detail.clone())).collect();
        let counts = found.odd.counts().map(|(_, kind, count)| (kind.to_owned(), count)).collect();
        Ok((files, (examples, counts), found.origin))
    })
}

/// One run that is read into a digest.
#[pyclass(frozen, module = "finrst._native")]
pub struct Digesting {
    /// `None` while in use, and after the end or an error.
    writing: Mutex<Option<Writing>>,
    raised: Raised,
}

/// A file before it is read: name, bytes, time of change in nanoseconds, tag.
type Stamped = (String, Option<u64>, Option<i64>, Option<String>);

/// How a run is to be read: fingerprint of the options, seed, buckets, files of the whole capture.
type How = (u64, u64, u32, Option<usize>);

#[pymethods]
impl Digesting {
    #[new]
    #[allow(clippy::needless_pass_by_value)] // as Python hands it over
    fn new<'py>(
        py: Python<'py>,
        sources: &Bound<'py, PyList>,
        to: PathBuf,
        options: &Bound<'py, PyDict>,
        how: How,
        stamps: Vec<Stamped>,
    ) -> PyResult<Self> {
        errors::guarded(py, || {
            let (fingerprint, seed, buckets, of) = how;
            let stamps = stamps.into_iter();
            let stamps = stamps
                .map(|(name, size, modified, tag)| Stamp { name, size, modified, tag })
                .collect();
            let (writing, _, raised) = begun(py, sources, options, |sources, options| {
                let options = settle(options, None)?;
                let way = Way { options, fingerprint, seed, buckets, of };
                Writing::open(sources, &to, stamps, way)
            })?;
            Ok(Self { writing: Mutex::new(Some(writing)), raised })
        })
    }

    /// Reads on, as `Reading.step` does.
    fn step(&self, py: Python<'_>) -> PyResult<Option<At>> {
        errors::guarded(py, || {
            let mut writing = self.take()?;
            let mut slices = Slices::new(py, self.raised.clone());
            // What fails half done goes at once, and its file with it.
            let more = slices.until_told(|budget| writing.step(budget))?;
            let at = told(writing.progress());
            self.put_back(writing);
            Ok(more.then_some(at))
        })
    }

    /// Ends the file, which then appears; what is known of the run.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        errors::guarded(py, || {
            let writing = self.take()?;
            let (run, length) = wait(py, move |_| writing.finish())?;
            let summary = PyDict::new(py);
            summary.set_item("bytes", length)?;
            summary.set_item("packets", run.head.frames())?;
            let kept: u64 = run.ledger.total(Class::Tcp);
            summary.set_item("segments", kept)?;
            let begins = run.head.files.iter().filter_map(|file| file.begins).min();
            summary.set_item("first_time", begins)?;
            let latest = run.head.files.iter().filter_map(|file| file.latest).max();
            summary.set_item("last_time", latest)?;
            let files = PyList::empty(py);
            for (file, place) in run.files.iter().zip(&run.head.files) {
                let row = PyDict::new(py);
                row.set_item("name", &file.name)?;
                let path = file.path.as_ref().map(|path| path.to_string_lossy().into_owned());
                row.set_item("path", path)?;
                row.set_item("named", place.named)?;
                row.set_item("status", file.status.as_str())?;
                row.set_item("packets", place.frames)?;
                row.set_item("first_time", place.begins)?;
                row.set_item("last_time", place.latest)?;
                row.set_item("size", file.source_bytes)?;
                files.append(row)?;
            }
            summary.set_item("files", files)?;
            let ledger = PyDict::new(py);
            for class in Class::ALL {
                let count = run.ledger.total(class);
                if count > 0 {
                    ledger.set_item(class.name(), count)?;
                }
            }
            summary.set_item("ledger", ledger)?;
            let issues = PyDict::new(py);
            for (_, kind, count) in run.issues.iter().flat_map(Issues::counts) {
                let known: u64 = issues.get_item(kind)?.map_or(Ok(0), |known| known.extract())?;
                issues.set_item(kind, known + count)?;
            }
            summary.set_item("issues", issues)?;
            Ok(summary)
        })
    }
}

impl Digesting {
    fn take(&self) -> PyResult<Writing> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        writing.take().ok_or_else(|| PyRuntimeError::new_err("this digest is over, or in use"))
    }

    fn put_back(&self, writing: Writing) {
        *self.writing.lock().unwrap_or_else(PoisonError::into_inner) = Some(writing);
    }
}

/// What a job is made of: its digests, and how its files stand in line.
type Made<'py> = (Vec<Bound<'py, PyAny>>, Option<Lineup>);

/// The same where no interpreter is.
type Known = (Vec<Held>, Option<Lineup>);

/// Run, place, time in line and rank of files.
type Lineup = Vec<(usize, usize, Option<i64>, Option<usize>)>;

/// Files by their paths, and objects, as Python hands them over.
fn held<'py>(
    objects: &mut Objects,
    items: impl IntoIterator<Item = Bound<'py, PyAny>>,
) -> PyResult<Vec<Held>> {
    let one = |item: Bound<'py, PyAny>| match item.extract::<PathBuf>() {
        Ok(path) => Ok(Held::File(path)),
        Err(_) => Ok(Held::Object(objects.object(&item)?)),
    };
    items.into_iter().map(one).collect()
}

fn known(objects: &mut Objects, (digests, surveyed): Made<'_>) -> PyResult<Known> {
    Ok((held(objects, digests)?, surveyed))
}

fn open((digests, surveyed): &Known) -> Result<Job, Error> {
    let surveyed: Option<Vec<Surveyed>> = surveyed.as_ref().map(|files| {
        let files = files.iter();
        let files = files.map(|&(run, file, key, named)| Surveyed {
            run,
            file,
            key: key.unwrap_or(i64::MIN),
            named,
        });
        files.collect()
    });
    Job::open(digests, surveyed.as_deref())
}

/// What is known of a job: its key, runs, buckets, files and packets.
#[pyfunction]
pub(super) fn planned<'py>(
    py: Python<'py>,
    made: Made<'py>,
) -> PyResult<(u64, usize, u32, usize, u64)> {
    let made = known(&mut Objects::new(py, Raised::default())?, made)?;
    wait(py, move |_| {
        let job = open(&made)?;
        let plan = &job.plan;
        Ok((job.key, plan.heads.len(), job.buckets, plan.files.len(), plan.packets()))
    })
}

/// Follows the connections of a bucket: bytes of the file, connections, FIN and RST segments.
#[pyfunction]
pub(super) fn stitched<'py>(
    py: Python<'py>,
    made: Made<'py>,
    bucket: u32,
    to: PathBuf,
    options: &Bound<'py, PyDict>,
) -> PyResult<(u64, u64, u64)> {
    let options = self::options(options)?.settled();
    let made = known(&mut Objects::new(py, Raised::default())?, made)?;
    wait(py, move |cancel| {
        let (known, length) = open(&made)?.stitch(bucket, &options, &to, &|| cancel.proceed())?;
        Ok((length, known.connections, known.teardowns))
    })
}

/// Everything that judging needs.
struct Ready {
    job: Job,
    facts: Vec<Facts>,
    together: Together,
    shared: Shared,
}

/// A job that is ready, by what tells it from others.
type Latest = Mutex<Option<(String, Arc<Ready>)>>;

/// The job that was judged last: the next part is most often one of the same.
fn latest() -> &'static Latest {
    static LATEST: OnceLock<Latest> = OnceLock::new();
    LATEST.get_or_init(Mutex::default)
}

fn ready(
    key: String,
    made: &Known,
    facts: &[Held],
    options: &Options,
    proceed: &dyn Fn() -> bool,
) -> Result<Arc<Ready>, Error> {
    let mut latest = latest().lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, ready)) = &*latest
        && *known == key
    {
        return Ok(Arc::clone(ready));
    }
    // Two of them may be more than there is room for.
    *latest = None;
    let job = open(made)?;
    let facts = job.facts(facts)?;
    let (together, shared) = job.together(&facts, options, Most::default(), proceed)?;
    let ready = Arc::new(Ready { job, facts, together, shared });
    *latest = Some((key, Arc::clone(&ready)));
    Ok(ready)
}

/// The tables of a part, or of a slice of it: connections and FIN and RST segments; and how many
/// slices it has. `key` tells a job, its options and its facts from others.
#[pyfunction]
pub(super) fn judged<'py>(
    py: Python<'py>,
    key: String,
    made: Made<'py>,
    facts: Vec<Bound<'py, PyAny>>,
    at: (usize, Option<usize>),
    options: &Bound<'py, PyDict>,
) -> PyResult<(Table, Table, usize)> {
    let (options, (part, slice)) = (self::options(options)?.settled(), at);
    let mut objects = Objects::new(py, Raised::default())?;
    let made = known(&mut objects, made)?;
    let facts = held(&mut objects, facts)?;
    let (tables, slices) = wait(py, move |cancel| {
        let proceed = || cancel.proceed();
        let ready = ready(key, &made, &facts, &options, &proceed)?;
        let plan = &ready.job.plan;
        if part >= plan.heads.len() {
            let text = format!("no part {part}: there are {}", plan.heads.len());
            return Err(Error::Argument(text));
        }
        let metadata = metadata(&options);
        let with = (&ready.shared, &options, &metadata);
        let slices = ready.together.slices(plan, part);
        let first = slice.unwrap_or(0);
        let judge = |slice| ready.together.judge(plan, &ready.facts, (part, slice), with, &proceed);
        let mut tables = judge(first)?;
        for slice in first + 1..slice.map_or(slices, |_| 0) {
            for (table, more) in tables.iter_mut().zip(judge(slice)?) {
                table.batches.extend(more.batches);
            }
        }
        Ok((tables, slices))
    })?;
    let [connections, teardowns] = tables.map(|made| Table::of(made, &SourceFiles::default()));
    Ok((connections, teardowns, slices))
}

/// The tables about the capture itself; `odd` is what the survey met besides.
#[pyfunction]
pub(super) fn accounts<'py>(
    py: Python<'py>,
    key: String,
    made: Made<'py>,
    facts: Vec<Bound<'py, PyAny>>,
    odd: Odd,
    options: &Bound<'py, PyDict>,
) -> PyResult<Tables> {
    let options = self::options(options)?.settled();
    let word = |text: &str| {
        let known = KINDS.into_iter().find(|kind| *kind == text);
        known.ok_or_else(|| PyValueError::new_err(format!("no kind of issue: {text}")))
    };
    let mut issues = Issues::default();
    for (kind, detail) in odd.0 {
        issues.add(NO_FILE, None, None, word(&kind)?, || detail);
    }
    for (kind, count) in odd.1 {
        issues.count_all(NO_FILE, word(&kind)?, count);
    }
    let mut objects = Objects::new(py, Raised::default())?;
    let made = known(&mut objects, made)?;
    let facts = held(&mut objects, facts)?;
    let tables = wait(py, move |cancel| {
        let proceed = || cancel.proceed();
        let ready = ready(key, &made, &facts, &options, &proceed)?;
        let metadata = metadata(&options);
        let known = (&ready.together, &ready.facts[..]);
        ready.job.accounts(known, &issues, (&options, &metadata), &proceed)
    })?;
    Ok(named(tables, &SourceFiles::default()))
}
