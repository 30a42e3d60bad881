"""Reading a capture on many workers: which tasks there are, and in which order."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from finrst._base.stores import covers, is_url, parsed, shared, together
from finrst._base.times import zone
from finrst._base.units import count, octets
from finrst._face import steps
from finrst._face.declared import Options
from finrst._face.options import settings
from finrst._face.read import warn
from finrst._files.places import OnDisk, place

from . import _parts, _scratch, _tasks
from ._dataset import Dataset
from ._executors import Engine
from ._record import SCRATCH, Record, load, refused
from ._runs import Paths, files, names, runs
from ._telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from finrst._base.progress import Progress
    from finrst._base.times import Zone
    from finrst._base.units import Size
    from finrst._files.places import Place

    from ._executors import Task
    from ._runs import File

# A bucket of a capture of headers is a tenth of this, one of scans alone may be as large.
_OF_A_BUCKET = 8 << 30
# Bytes that are read before another process is there.
_LITTLE = 16 << 20
# What changes no row.
_NO_MATTER = ("threads", "chunk")


class ReadOptions(Options, total=False):
    """Options of reading, as :func:`finrst.read` takes them, with ``progress`` and ``tz``.

    >>> import finrst
    >>> options: finrst.cluster.ReadOptions = {"filter": "port 4001", "progress": False}
    """

    progress: Progress
    tz: Zone


def read(  # noqa: PLR0913 - what a reading on many workers is asked
    paths: Paths,
    *,
    to: str | os.PathLike[str],
    client: Any = None,
    scratch: str | os.PathLike[str] | None = None,
    run_bytes: Size = "4 GiB",
    buckets: int | None = None,
    storage_options: dict[str, Any] | None = None,
    **read_options: Unpack[ReadOptions],
) -> Dataset:
    """Read a capture on many workers, into a directory of Parquet files.

    ``paths`` are those of :func:`finrst.read` (files, directories, patterns, URLs of these, or a
    list), and so are the options, ``progress`` and ``tz`` (for ``start`` and ``end``: tables are in
    UTC).
    The rows are those of one :func:`finrst.read` of all of it: same columns, same values, same
    ``connection_id``, packet numbers, ledger, interfaces and issues.

    ``to`` is a directory or a bucket's folder (``s3://``, ``gs://``, ``az://``), new or of an
    earlier start of the same reading, which goes on where it stopped; it gets
    ``connections/date=2026-11-29/part-00007.parquet``, ``teardowns/...``, a file for each other
    table, and ``_finrst.json``. ``client`` runs the tasks: a Client of Dask (needs
    the extra ``cluster``), any executor of ``concurrent.futures``, or ``None`` for processes of
    this machine, as many as it has processors (:class:`Workers` for another number; a few megabytes
    are read by this process). They reach ``paths``, ``to`` and ``scratch`` by the same names and
    have the same finrst. What they tell each other are files in ``scratch`` (else ``to/_scratch``),
    some hundredth of what is read, which are taken away at the end. ``storage_options`` are for all
    URLs; they go to the workers with the tasks and are kept nowhere. A task whose worker is lost is
    done again, four times at most.

    A run is as many neighbouring files as have ``run_bytes`` together (less where some worker
    would have none), and never more than begin on one day, in UTC: that is the ``date`` of its
    part. A file is never split. ``buckets`` are parts by addresses and ports: more of them take
    less memory each (default: one for each worker, and for 8 GiB of capture).

    Raises what :func:`finrst.read` raises, and :exc:`CaptureError` for a file or an object that
    changed meanwhile; ``FileExistsError`` where ``to`` holds anything else, or the results of other
    files or options; ``ValueError`` for ``memory_limit``, and for ``to`` within what is read;
    ``ChildProcessError`` for a task that lost every worker. Nothing has its final name before it
    is whole, and what is done is used when the same is read again.

    >>> import finrst, tempfile
    >>> to = tempfile.mkdtemp() + "/endings"
    >>> ds = finrst.cluster.read("tests/data/demo.pcap", to=to, filter="port 4001")
    >>> ds.arrow("connections")["cause"].to_pylist()
    ['port_closed']
    """
    engine = Engine(client)
    done = False
    try:
        with shared():
            between = None if scratch is None else place(scratch, storage_options)
            where = _Where(place(to, storage_options), between)
            sizes = (octets(run_bytes), None if buckets is None else count(buckets))
            asked = _Asked.of(names(paths), storage_options, read_options)
            made = _Reading(engine, asked, where, sizes).dataset()
        done = True
    finally:
        engine.close(at_once=not done)
    warn(made.files, 3)
    return made


@dataclass(frozen=True)
class _Asked:
    """What is to be read, and how."""

    sources: tuple[str, ...]
    storage: Mapping[str, Any] | None
    progress: Progress
    recursive: bool
    survey: Mapping[str, Any]
    files: Sequence[File]
    changing: Mapping[str, Any]
    """The options that change rows, as the engine takes them."""
    told: Mapping[str, Any]
    """The options, as the tasks are told them."""

    @classmethod
    def of(
        cls, sources: tuple[str, ...], storage: Mapping[str, Any] | None, options: ReadOptions
    ) -> Self:
        """Look at what there is to read; wrong options are told before there is anything."""
        progress: Progress = options.pop("progress", "auto")
        given: dict[str, Any] = {k: v for k, v in options.items() if v is not None}
        steps.refuse(given)
        known: Any = {name: value for name, value in given.items() if name != "tz"}
        native = settings(known, zone(given.get("tz", "UTC")))
        survey = steps.survey(sources, storage_options=storage, **known)
        return cls(
            sources,
            storage,
            progress,
            recursive=bool(known.get("recursive")),
            survey=survey,
            files=files(survey, sources),
            changing={k: v for k, v in native.items() if k not in _NO_MATTER},
            told=_told(given, native),
        )

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(file.size or 0 for file in self.files)


class _Where:
    """Where the results go, and what leads to them."""

    def __init__(self, to: Place, scratch: Place | None) -> None:
        self.to = to
        self.given = scratch
        self._around = to / SCRATCH if scratch is None else scratch

    def scratch(self, record: Record) -> Place:
        """Give the place of one reading."""
        return self._around / f"finrst-{record.job}"

    def tidy(self, record: Record) -> None:
        """Take away what led to the results: all that is finrst's own."""
        (self._around if self.given is None else self.scratch(record)).clear()
        self.to.tidy()


class _Reading:
    """One reading: what is to be done, what of it is done."""

    def __init__(
        self, engine: Engine, asked: _Asked, where: _Where, sizes: tuple[int, int | None]
    ) -> None:
        self._engine = engine
        self._asked = asked
        self._where = where
        self._to = where.to
        for one in (where.to, where.given):
            self._outside(one)
        run_bytes, buckets = sizes
        parameters = {**asked.changing, "run_bytes": run_bytes, "buckets": buckets}
        self._record = self._agreed(json.loads(json.dumps(parameters)))
        self._scratch = where.scratch(self._record)

    def _agreed(self, parameters: dict[str, Any]) -> Record:
        """Go on with what an earlier start has begun here, or begin."""
        # In this order: another start, which may begin here at any time, writes its record first.
        empty = self._to.is_empty()
        known = load(self._to)
        if known is None:
            if not empty:
                raise refused(
                    self._to, "it holds something else: results go into a directory of theirs"
                )
            begun = self._begun(parameters)
            self._to.make()
            if begun.begin(self._to):
                return begun
            # Somebody else was faster.
            known = load(self._to)
        differs = None if known is None else known.differs(parameters, self._asked.files)
        if known is None or differs is not None:
            raise refused(self._to, f"it holds the results of a reading {differs}")
        return known

    def _begun(self, parameters: dict[str, Any]) -> Record:
        total, workers = self._asked.size, self._engine.count
        run_bytes, buckets = parameters["run_bytes"], parameters["buckets"]
        # No worker is without a run where there are files enough.
        grouped = runs(self._asked.files, min(run_bytes, math.ceil(total / workers)))
        least = max(workers, math.ceil(total / _OF_A_BUCKET))
        return Record.new(parameters, grouped, least if buckets is None else buckets)

    def _outside(self, place: Place | None) -> None:
        """Make sure that what is written is not read as part of the capture the next time."""
        if isinstance(place, OnDisk):
            self._outside_on_disk(place)
        elif place is not None:
            for source in self._asked.sources:
                if is_url(source) and covers(source, place.name, recursive=self._asked.recursive):
                    raise _inside(place, source)
            for file in self._asked.files:
                if file.path.startswith(f"{place}/"):
                    raise _around(place, file)

    def _outside_on_disk(self, place: OnDisk) -> None:
        real = Path(os.path.realpath(place.path))
        for source in self._asked.sources:
            around = Path(os.path.realpath(source))
            if around.is_dir() and (real == around or around in real.parents):
                raise _inside(place, source)
        for file in self._asked.files:
            if real in Path(os.path.realpath(file.path)).parents:
                raise _around(place, file)

    def dataset(self) -> Dataset:
        """Do what is left to do."""
        if not self._record.complete:
            if self._asked.size < _LITTLE:
                self._engine.stay()
            self._scratch.make()
            try:
                self._run()
                self._record.save(self._to)
            except Exception:
                if not self._done_by_another():
                    raise
        self._where.tidy(self._record)
        return Dataset(self._to, self._record, self._asked.storage)

    def _done_by_another(self) -> bool:
        """Tell whether another start of the same was faster: it took away what was on its way."""
        other = load(self._to)
        if other is None or other.job != self._record.job or not other.complete:
            return False
        self._record = other
        return True

    def _run(self) -> None:
        """Do the tasks of all stages, but those that an earlier start has done."""
        record = self._record
        job = _tasks.Job(
            self._scratch.name,
            self._to.name,
            record.buckets,
            record.seed,
            len(self._asked.files),
            self._asked.survey["origin"],
            self._asked.told,
            self._asked.storage,
        )
        telling = Telling(self._asked.progress, self._asked.size)
        try:
            digested = self._stage(
                telling,
                {run.number: (_tasks.digest, (job, run)) for run in record.runs},
                _tasks.digested,
            )
            summaries = [digested[run.number] for run in record.runs]
            plan = steps.plan(summaries, self._asked.survey, storage_options=self._asked.storage)
            (self._scratch / _tasks.PLAN).write(plan.to_json().encode())
            self._stage(
                telling,
                {bucket: (_tasks.stitch, (job, bucket)) for bucket in range(record.buckets)},
                _tasks.stitched,
            )
            judged = self._stage(
                telling,
                {run.number: (_tasks.judge, (job, run)) for run in record.runs},
                _tasks.judged,
            )
        finally:
            telling.close()
        together(lambda file: file.check(self._asked.storage), self._asked.files)
        tables = steps.accounts(plan, job.scratch, storage_options=self._asked.storage)
        for name, table in tables.items():
            _parts.write(table, self._to / f"{name}.parquet")
        record.done = judged

    def _stage(
        self,
        telling: Telling,
        tasks: Mapping[int, Task],
        name: Callable[[int], str],
    ) -> dict[int, dict[str, Any]]:
        """Do the tasks of a stage that are not done yet; give what each one told."""
        found = _scratch.all_kept(self._scratch, {number: name(number) for number in tasks})
        left = {number: task for number, task in tasks.items() if number not in found}
        for number in found:
            self._tell(telling, tasks, number, found)
        for number, told in self._engine.run(left):
            found[number] = told
            self._tell(telling, tasks, number, found)
        return found

    def _tell(
        self,
        telling: Telling,
        tasks: Mapping[int, Task],
        number: int,
        found: Mapping[int, Mapping[str, Any]],
    ) -> None:
        function = tasks[number][0]
        if function is _tasks.digest:
            telling.read(self._record.runs[number].size, found[number]["packets"])
        telling.stage(function.__name__, len(found), len(tasks))


def _inside(place: Place, source: str) -> ValueError:
    shown = parsed(source).shown if is_url(source) else source
    return ValueError(f"'{place}' lies in '{shown}', which is read: choose a place outside")


def _around(place: Place, file: File) -> ValueError:
    return ValueError(f"'{file.path}', which is read, lies in '{place}': choose another place")


def _told(given: Mapping[str, Any], native: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options for :func:`finrst.digest`: nothing that a worker would have to look up."""
    told = {k: v for k, v in given.items() if k not in _NO_MATTER and k != "recursive"}
    if "hosts" in native:
        told["hosts"] = dict(native["hosts"])
    return told
