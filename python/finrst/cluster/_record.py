"""What a directory of results says of itself: ``_finrst.json``."""

from __future__ import annotations

import errno
import json
import os
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finrst import _native
from finrst._base import told
from finrst._base.text import printable
from finrst._face.steps import MOST_BUCKETS

from ._runs import File, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from finrst._files.places import Place

NAME = "_finrst.json"
FORMAT = 1
SCRATCH = "_scratch"
_JOB = re.compile("[0-9a-f]{32}")
ACCOUNTS = ("ledger", "files", "interfaces", "issues", "names")
"""Tables about the capture, each one file."""
PARTED = ("connections", "teardowns")
"""Tables with a part for each run."""


def part(which: str, run: Run) -> str:
    """Name the file of a run's rows, below the directory of results."""
    return f"{which}/date={run.date}/part-{run.number:05}.parquet"


@dataclass
class Record:
    """How a dataset was made, and what of it there is."""

    job: str
    """By which its files in scratch are known."""
    seed: int
    buckets: int
    parameters: dict[str, Any]
    """The options of reading, as the engine takes them, and ``run_bytes`` and ``buckets``."""
    runs: tuple[Run, ...]
    done: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What became of each run, by its number: rows of each table."""
    version: str = _native.__version__
    """Of the finrst that made it."""

    @classmethod
    def new(cls, parameters: dict[str, Any], runs: Iterable[Run], buckets: int) -> Record:
        """Begin one, with a seed that nobody who sends packets can know."""
        seed = int.from_bytes(os.urandom(8))
        return cls(uuid.uuid4().hex, seed, buckets, parameters, tuple(runs))

    @property
    def complete(self) -> bool:
        """Whether all rows are there."""
        return len(self.done) == len(self.runs)

    @property
    def files(self) -> list[File]:
        """All files, in the order of reading."""
        return [file for run in self.runs for file in run.files]

    def parts(self, which: str) -> list[str]:
        """Name all of them, in the order of their rows."""
        return [part(which, run) for run in self.runs]

    def rows(self, which: str) -> int:
        """Count the rows of a table with parts."""
        return sum(found[which] for found in self.done.values())

    def differs(self, parameters: Mapping[str, Any], files: Iterable[File]) -> str | None:
        """Say what is other than in this one; ``None`` where it is the same reading."""
        if self.version != _native.__version__:
            return f"by finrst {self.version}, and this is {_native.__version__}"
        if self.parameters != parameters:
            names = {*self.parameters, *parameters}
            other = [n for n in sorted(names) if self.parameters.get(n) != parameters.get(n)]
            return f"with other options ({', '.join(other)})"
        mine, theirs = (_stamps(some) for some in (self.files, files))
        for path in [*mine, *theirs]:
            if mine.get(path) != theirs.get(path):
                what = "not read" if path not in mine else "gone" if path not in theirs else "other"
                return f"when '{printable(path)}' was {what}"
        # The same files, and another order of theirs.
        return None if list(mine) == list(theirs) else "with files in another order"

    def text(self) -> str:
        """Write it as JSON."""
        runs = [
            {
                "number": run.number,
                "date": run.date,
                "files": [{"file": f.path, **f.stamped, "time_ns": f.time} for f in run.files],
                "rows": self.done.get(run.number),
            }
            for run in self.runs
        ]
        record = {
            "format": FORMAT,
            "finrst": self.version,
            "state": "complete" if self.complete else "reading",
            "parameters": self.parameters,
            "job": self.job,
            "seed": self.seed,
            "buckets": self.buckets,
            "runs": runs,
        }
        return json.dumps(record, indent=1) + "\n"

    def begin(self, to: Place) -> bool:
        """Write it where there is none yet; tell whether that was so."""
        return (to / NAME).create(self.text().encode())

    def save(self, to: Place) -> None:
        """Write it among the results; it appears whole or not at all."""
        (to / NAME).write(self.text().encode())


def _stamps(files: Iterable[File]) -> dict[str, list[Any]]:
    """Give sizes and changes by names; those of the web may be alike but for their queries."""
    found: dict[str, list[Any]] = {}
    for file in files:
        found.setdefault(file.path, []).append(file.stamp)
    return found


def load(to: Place) -> Record | None:
    """Read the one of a directory of results; ``None`` where there is none.

    Raises ``ValueError`` for what is none.
    """
    try:
        text = (to / NAME).read()
    except FileNotFoundError:
        return None
    try:
        return _record(told.load(text))
    except ValueError as error:
        message = f"'{printable((to / NAME).name)}' cannot be used: {error}"
        raise ValueError(message) from None


def _record(value: object) -> Record:
    """Give a record of which everything is what it has to be: others may have written it."""
    found = told.fields(value, "it", ("format", "finrst"))
    version = told.text(found["finrst"], "the version")
    if told.whole(found["format"], "the format") != FORMAT:
        message = f"it is of format {found['format']}, made by finrst {printable(version)}"
        raise ValueError(message)
    told.fields(found, "it", ("job", "seed", "buckets", "parameters", "runs"))
    job = told.text(found["job"], "the job")
    if not _JOB.fullmatch(job):
        # It becomes a part of names.
        message = f"its job is called '{printable(job)}'"
        raise ValueError(message)
    all_ = told.items(found["runs"], "the runs")
    runs = tuple(_run(number, one) for number, one in enumerate(all_))
    done = {run.number: _rows(one["rows"]) for run, one in zip(runs, all_, strict=True)}
    return Record(
        job,
        told.whole(found["seed"], "the seed", 0, 2**64 - 1),
        told.whole(found["buckets"], "the buckets", 1, MOST_BUCKETS),
        told.mapping(found["parameters"], "the parameters"),
        runs,
        {number: rows for number, rows in done.items() if rows is not None},
        version,
    )


def _rows(value: object) -> dict[str, Any] | None:
    if value is None:
        return None
    found = told.fields(value, "what became of a run", PARTED)
    for which in PARTED:
        told.whole(found[which], f"the rows of {which}")
    return found


def _run(number: int, value: object) -> Run:
    found = told.fields(value, "a run", ("number", "files", "rows"))
    files = tuple(_file(one) for one in told.items(found["files"], "the files of a run"))
    if not files or told.whole(found["number"], "the number of a run") != number:
        message = "its runs are not in order"
        raise ValueError(message)
    return Run(number, files)


def _file(value: object) -> File:
    found = told.fields(value, "a file", ("file", "size", "time_ns"))
    size, changed = found["size"], found.get("modified_ns", found.get("tag"))
    return File(
        told.text(found["file"], "a file's name"),
        None if size is None else told.whole(size, "a file's size", 0, 2**63 - 1),
        told.text(changed, "a tag") if isinstance(changed, str) else told.time(changed, "a change"),
        told.time(found["time_ns"], "a file's time"),
    )


def refused(to: Place, why: str) -> FileExistsError:
    """Say why nothing is written into a directory."""
    return FileExistsError(errno.EEXIST, why, to.name)
