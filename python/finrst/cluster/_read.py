"""Reading a capture on many workers: which tasks there are, and in which order."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from finrst._base.stores import covers, is_url, parsed, together
from finrst._base.times import zone
from finrst._base.units import count, octets
from finrst._face import steps
from finrst._face.options import Options, settings
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
        places = [None if one is None else place(one, storage_options) for one in (to, scratch)]
        sizes = (octets(run_bytes), None if buckets is None else count(buckets))
        reading = _Reading(names(paths), engine, places, sizes, storage_options, read_options)
        made = reading.dataset()
        done = True
    finally:
        engine.close(at_once=not done)
    warn(made.files, 3)
    return made


class _Reading:
    """One reading: what is to be done, what of it is done."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a reading is asked
        self,
        sources: tuple[str, ...],
        engine: Engine,
        places: Sequence[Place | None],
        sizes: tuple[int, int | None],
        storage: Mapping[str, Any] | None,
        options: ReadOptions,
    ) -> None:
        to, scratch = places
        assert to is not None  # noqa: S101 - as it is called
        self._to = to
        self._engine = engine
        self._storage = storage
        self._progress: Progress = options.pop("progress", "auto")
        given: dict[str, Any] = {k: v for k, v in options.items() if v is not None}
        where = zone(given.get("tz", "UTC"))
        steps.refuse(given)
        known: Any = {name: value for name, value in given.items() if name != "tz"}
        native = settings(known, where)
        self._sources = sources
        # With all options, so that wrong ones are told before there is anything.
        self._recursive = bool(known.get("recursive"))
        self._survey = steps.survey(self._sources, storage_options=storage, **known)
        self._files = files(self._survey, self._sources)
        for one in (to, scratch):
            self._outside(one)
        self._options = _told(given, native)
        changing = {k: v for k, v in native.items() if k not in _NO_MATTER}
        asked = {**changing, "run_bytes": sizes[0], "buckets": sizes[1]}
        self._record = self._agreed(json.loads(json.dumps(asked)))
        around = self._to / SCRATCH if scratch is None else scratch
        self._scratch = around / f"finrst-{self._record.job}"
        self._own_scratch = around if scratch is None else None

    def _agreed(self, parameters: dict[str, Any]) -> Record:
        """Go on with what an earlier start has begun here, or begin."""
        known = load(self._to)
        if known is None and not self._to.is_empty():
            # Another start may have begun here just now.
            known = load(self._to)
            if known is None:
                raise refused(
                    self._to, "it holds something else: results go into a directory of theirs"
                )
        if known is None:
            begun = self._begun(parameters)
            if isinstance(self._to, OnDisk):
                self._to.path.mkdir(parents=True, exist_ok=True)
            if begun.begin(self._to):
                return begun
            # Somebody else was faster.
            known = load(self._to)
        differs = None if known is None else known.differs(parameters, self._files)
        if known is None or differs is not None:
            raise refused(self._to, f"it holds the results of a reading {differs}")
        return known

    def _begun(self, parameters: dict[str, Any]) -> Record:
        total, workers = sum(file.size or 0 for file in self._files), self._engine.count
        run_bytes, buckets = parameters["run_bytes"], parameters["buckets"]
        # No worker is without a run where there are files enough.
        grouped = runs(self._files, min(run_bytes, math.ceil(total / workers)))
        least = max(workers, math.ceil(total / _OF_A_BUCKET))
        return Record.new(parameters, grouped, least if buckets is None else buckets)

    def _outside(self, place: Place | None) -> None:
        """Make sure that what is written is not read as part of the capture the next time."""
        if isinstance(place, OnDisk):
            self._outside_on_disk(place)
        elif place is not None:
            for source in self._sources:
                if is_url(source) and covers(source, place.name, recursive=self._recursive):
                    raise _inside(place, source)
            for file in self._files:
                if file.path.startswith(f"{place}/"):
                    raise _around(place, file)

    def _outside_on_disk(self, place: OnDisk) -> None:
        real = Path(os.path.realpath(place.path))
        for source in self._sources:
            around = Path(os.path.realpath(source))
            if around.is_dir() and (real == around or around in real.parents):
                raise _inside(place, source)
        for file in self._files:
            if real in Path(os.path.realpath(file.path)).parents:
                raise _around(place, file)

    def dataset(self) -> Dataset:
        """Do what is left to do."""
        if not self._record.complete:
            if sum(file.size or 0 for file in self._files) < _LITTLE:
                self._engine.stay()
            if isinstance(self._scratch, OnDisk):
                self._scratch.path.mkdir(parents=True, exist_ok=True)
            try:
                self._run()
                self._record.save(self._to)
            except Exception:
                if not self._done_by_another():
                    raise
        for left in (self._scratch, self._own_scratch):
            if left is not None:
                left.clear()
        self._to.tidy()
        return Dataset(self._to, self._record, self._storage)

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
            len(self._files),
            self._survey["origin"],
            self._options,
            self._storage,
        )
        telling = Telling(self._progress, sum(file.size or 0 for file in self._files))
        try:
            digested = self._stage(
                telling,
                {run.number: (_tasks.digest, (job, run)) for run in record.runs},
                _tasks.digested,
            )
            summaries = [digested[run.number] for run in record.runs]
            plan = steps.plan(summaries, self._survey, storage_options=self._storage)
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
        together(lambda file: file.check(self._storage), self._files)
        tables = steps.accounts(plan, job.scratch, storage_options=self._storage)
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
