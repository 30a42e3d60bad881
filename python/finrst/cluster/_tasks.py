"""What workers do: the steps of :mod:`finrst`, each once, on files that are as they were."""

from __future__ import annotations

import contextlib
import errno
import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finrst._base.stores import is_url, shared
from finrst._face import steps
from finrst._files.places import place

from . import _parts
from ._record import PARTED, part
from ._scratch import once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finrst._files.places import Place

    from ._runs import Run

PLAN = "plan.json"


@dataclass(frozen=True)
class Job:
    """What every task is told; small, for it goes to each of them."""

    scratch: str
    to: str
    buckets: int
    seed: int
    files: int
    """How many there are in all runs."""
    origin: int | None
    """Time of the first packet."""
    options: Mapping[str, Any]
    """Those of reading, as :func:`finrst.digest` takes them."""
    # Schedulers write into logs how arguments of a task show themselves, and these may be secrets.
    storage: Mapping[str, Any] | None = field(default=None, repr=False)

    def kept(self, name: str) -> Place:
        """Give the place in scratch of this name."""
        return place(self.scratch, self.storage) / name

    def plan(self) -> steps.Plan:
        """Read the plan."""
        return _plan(self.kept(PLAN).read().decode())


def digested(run: int) -> str:
    """Name what a run's summary is kept in."""
    return f"run-{run:05}.json"


def stitched(bucket: int) -> str:
    """Name what a bucket's account is kept in."""
    return f"bucket-{bucket:05}.json"


def judged(run: int) -> str:
    """Name what the account of a run's rows is kept in."""
    return f"rows-{run:05}.json"


@functools.lru_cache(1)
def _plan(text: str) -> steps.Plan:
    """Give the plan of this text; the next task asks for the same one."""
    return steps.Plan.from_json(text)


@shared()
def digest(job: Job, run: Run) -> dict[str, Any]:
    """Read a run's files."""

    def work() -> dict[str, Any]:
        for file in run.files:
            file.check(job.storage)
        told = steps.digest(
            [file.opened for file in run.files],
            job.kept(f"run-{run.number:05}.frd").name,
            buckets=job.buckets,
            seed=job.seed,
            of=job.files,
            origin=job.origin,
            storage_options=job.storage,
            **job.options,
        )
        for file in run.files:
            file.check(job.storage)
        for one in told["files"]:
            # A store that is out of reach for a while is no end of a capture.
            if one["status"] == "io_error" and is_url(one["name"]):
                raise OSError(errno.EIO, "It could not be read to its end", one["name"])
        return told

    return once(job.kept(digested(run.number)), work)


@shared()
def stitch(job: Job, bucket: int) -> dict[str, Any]:
    """Follow the connections of a bucket through all runs."""

    def work() -> dict[str, Any]:
        return steps.stitch(job.plan(), bucket, job.scratch, storage_options=job.storage)

    return once(job.kept(stitched(bucket)), work)


@shared()
def judge(job: Job, run: Run) -> dict[str, Any]:
    """Write the rows of a run, and count them."""

    def work() -> dict[str, Any]:
        rows, to = dict.fromkeys(PARTED, 0), place(job.to, job.storage)
        with contextlib.ExitStack() as stack:
            files = {}
            for tables in steps.slices(job.plan(), run.number, job.scratch, job.storage):
                for which in PARTED:
                    if which not in files:
                        there = _parts.writing(to / part(which, run))
                        files[which] = stack.enter_context(there)
                    files[which](tables[which])
                    rows[which] += len(tables[which])
        return rows

    return once(job.kept(judged(run.number)), work)
