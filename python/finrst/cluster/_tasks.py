"""What workers do: the steps of :mod:`finrst`, each once, on files that are as they were."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finrst._face import steps

from . import _parts
from ._record import PARTED, part
from ._scratch import once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._runs import Run


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

    @property
    def plan(self) -> Path:
        """Where the plan is kept."""
        return Path(self.scratch, "plan.json")

    def digested(self, run: int) -> Path:
        """Where a run's summary is kept."""
        return Path(self.scratch, f"run-{run:05}.json")

    def stitched(self, bucket: int) -> Path:
        """Where a bucket's account is kept."""
        return Path(self.scratch, f"bucket-{bucket:05}.json")

    def judged(self, run: int) -> Path:
        """Where the account of a run's rows is kept."""
        return Path(self.scratch, f"rows-{run:05}.json")


@functools.lru_cache(1)
def _plan(text: str) -> steps.Plan:
    """Give the plan of this text; the next task asks for the same one."""
    return steps.Plan.from_json(text)


def digest(job: Job, run: Run) -> dict[str, Any]:
    """Read a run's files."""

    def work() -> dict[str, Any]:
        for file in run.files:
            file.check()
        told = steps.digest(
            [file.path for file in run.files],
            Path(job.scratch, f"run-{run.number:05}.frd"),
            buckets=job.buckets,
            seed=job.seed,
            of=job.files,
            origin=job.origin,
            **job.options,
        )
        for file in run.files:
            file.check()
        return told

    return once(job.digested(run.number), work)


def stitch(job: Job, bucket: int) -> dict[str, Any]:
    """Follow the connections of a bucket through all runs."""
    plan = _plan(job.plan.read_text(encoding="utf-8"))
    return once(job.stitched(bucket), lambda: steps.stitch(plan, bucket, job.scratch))


def judge(job: Job, run: Run) -> dict[str, Any]:
    """Write the rows of a run, and count them."""

    def work() -> dict[str, Any]:
        plan = _plan(job.plan.read_text(encoding="utf-8"))
        tables = steps.judge(plan, run.number, job.scratch)
        for which in PARTED:
            _parts.write(tables[which], Path(job.to, part(which, run)))
        return {which: len(tables[which]) for which in PARTED}

    return once(job.judged(run.number), work)
