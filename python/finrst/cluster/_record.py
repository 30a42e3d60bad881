"""What a directory of results says of itself: ``_finrst.json``."""

from __future__ import annotations

import errno
import json
import os
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finrst import _native
from finrst._base.text import printable

from ._runs import File, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from finrst._files.places import Place

NAME = "_finrst.json"
FORMAT = 1
SCRATCH = "_scratch"
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
        told = {
            "format": FORMAT,
            "finrst": self.version,
            "state": "complete" if self.complete else "reading",
            "parameters": self.parameters,
            "job": self.job,
            "seed": self.seed,
            "buckets": self.buckets,
            "runs": runs,
        }
        return json.dumps(told, indent=1) + "\n"

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
        told = json.loads(text)
        _check_format(told)
        runs = tuple(_run(number, one) for number, one in enumerate(told["runs"]))
        done = {run.number: one["rows"] for run, one in zip(runs, told["runs"], strict=True)}
        return Record(
            told["job"],
            told["seed"],
            told["buckets"],
            told["parameters"],
            runs,
            {number: rows for number, rows in done.items() if rows is not None},
            str(told["finrst"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        message = f"'{printable((to / NAME).name)}' is no record of a dataset: {error!r}"
        raise ValueError(message) from None
    except ValueError as error:
        message = f"'{printable((to / NAME).name)}' cannot be used: {error}"
        raise ValueError(message) from None


def _check_format(told: Mapping[str, Any]) -> None:
    if told["format"] != FORMAT:
        message = f"it is of format {told['format']}, made by finrst {told['finrst']}"
        raise ValueError(message)


def _run(number: int, told: Mapping[str, Any]) -> Run:
    files = tuple(
        File(one["file"], one["size"], one.get("modified_ns", one.get("tag")), one["time_ns"])
        for one in told["files"]
    )
    if not files or told["number"] != number:
        message = "its runs are not in order"
        raise ValueError(message)
    return Run(number, files)


def refused(to: Place, why: str) -> FileExistsError:
    """Say why nothing is written into a directory."""
    return FileExistsError(errno.EEXIST, why, to.name)
