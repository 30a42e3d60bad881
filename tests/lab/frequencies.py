"""How often a cause is right where its rule states a confidence: the estimate, and its errors.

A *cell* is a cause, whether a guard applied (the capture lacks something), and a twentieth of stated
confidence, guards included. What is said of a cell is

    (sum over families of weight times share right there + STRENGTH times the start)
    / (sum of weights + STRENGTH)

Connections of one scenario are no independent trials, nor are scenarios of one family: a scenario
counts as one, the part of it that fell into the cell as that part, and a family of n scenarios as
n / (1 + (n - 1) ALIKE), which is never more than 1 / ALIKE (Kish's design effect). The start is the
share right over all causes that state as much, each cause counting for at most MOST families and what
is stated itself for one, made so that who states more is never right less often (isotonic
regression). So a cell of which little is known says what any rule does that states as much: it
neither claims certainty nor switches a rule off.

From SURE on, a cause is one that can be built on. What comes to less than RIGHT is kept below it, and
so is what its rule states below it, but where ESTABLISHED families at least, of FEWEST connections,
bring it to CERTAIN.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Key = TypeVar("Key")

STEPS = 20
# Families that are left out are foretold best with such numbers (the mean logarithm of what was said
# of them), which hardly tells strengths of 2 to 16 apart: of these, 8 has the smallest largest error
# of a fold, so that the errors of the folds are no proof of it.
STRENGTH = 8.0
ALIKE = 0.2
MOST = 3.0
RIGHT, SURE, DOUBTFUL = 0.9, 0.8, 0.79
CERTAIN = 0.95
ESTABLISHED, FEWEST = 1.0, 2
RANGE = (0.05, 0.98)
FOLDS = 5
# No passive observer can tell these two from each other, and how often a laboratory arranges the one
# says nothing of others: where a rule states no more than an even chance, and the label allows both,
# it counts as half right whichever it names.
EVEN = frozenset({"abort_unread_data", "application_abort"})
EVEN_UP_TO = 0.6
BINS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


@dataclasses.dataclass(frozen=True)
class Row:
    """One labelled connection, and what the rules state of it."""

    family: str
    scenario: str
    cause: str
    stated: float
    right: float
    guarded: bool
    as_stated: bool
    doubted: bool

    @property
    def step(self) -> int:
        return round(self.stated * STEPS)

    @property
    def cell(self) -> tuple[str, bool, int]:
        return self.cause, self.guarded, self.step


def right(cause: str, stated: float, label: set[str]) -> float:
    """Whether a cause is one that the label allows; half where it is an even chance to anybody."""
    if cause in EVEN and label >= EVEN and stated <= EVEN_UP_TO:
        return 0.5
    return float(cause in label)


@dataclasses.dataclass
class Weighed:
    """Shares that were right, and how many whole families they count for."""

    families: float = 0.0
    right: float = 0.0

    @property
    def share(self) -> float:
        return self.right / self.families


def weighed(rows: list[Row], key: Callable[[Row], Key]) -> dict[Key, Weighed]:
    """The families behind each key."""
    scenarios = collections.Counter((row.family, row.scenario) for row in rows)
    parts: dict[Key, dict[str, list[float]]] = {}
    for row in rows:
        part = parts.setdefault(key(row), {}).setdefault(row.family, [0.0, 0.0])
        one = 1 / scenarios[row.family, row.scenario]
        part[0] += one
        part[1] += one * row.right
    found = {}
    for at, families in parts.items():
        told = found[at] = Weighed()
        for count, good in families.values():
            weight = count / (1 + max(count - 1, 0.0) * ALIKE)
            told.families += weight
            told.right += weight * good / count
    return found


@dataclasses.dataclass(frozen=True)
class Frequencies:
    """What is said of each stated confidence, over all causes and by cell."""

    together: list[float]
    cells: dict[tuple[str, bool, int], float]

    def says(self, row: Row) -> float:
        """The confidence that is shown of a connection."""
        said = self.cells.get(row.cell, self.together[row.step])
        said = min(said, row.stated) if row.as_stated else said
        return min(said, DOUBTFUL) if row.doubted else said


def frequencies(rows: Iterable[Row]) -> Frequencies:
    """What labelled connections say."""
    known = [row for row in rows if row.cause != "undetermined"]
    counts = collections.Counter(row.cell for row in known)
    start = starts(known)
    cells = {
        cell: shown(
            (told.right + STRENGTH * start[cell[2]]) / (told.families + STRENGTH),
            cell[2],
            established=told.families >= ESTABLISHED and counts[cell] >= FEWEST,
        )
        for cell, told in weighed(known, lambda row: row.cell).items()
    }
    together = [shown(share, step, established=False) for step, share in enumerate(start)]
    return Frequencies(together, cells)


def starts(rows: list[Row]) -> list[float]:
    """The share right over all causes, by step of what is stated; never falling."""
    by_cause = weighed(rows, lambda row: (row.cause, row.step))
    # Neighbours that fall are pooled until none does: weight, share, steps.
    pools: list[tuple[float, float, int]] = []
    for step in range(STEPS + 1):
        weight, good = 1.0, step / STEPS
        for (_, at), told in by_cause.items():
            if at == step:
                counts = min(told.families, MOST)
                weight, good = weight + counts, good + counts * told.share
        pool = (weight, good / weight, 1)
        while pools and pools[-1][1] > pool[1]:
            before = pools.pop()
            both = before[0] + pool[0]
            share = (before[0] * before[1] + pool[0] * pool[1]) / both
            pool = (both, share, before[2] + pool[2])
        pools.append(pool)
    return [share for _, share, steps in pools for _ in range(steps)]


def shown(share: float, step: int, *, established: bool) -> float:
    """What is shown of a share, in hundredths, on its side of SURE."""
    said = round(min(max(share, RANGE[0]), RANGE[1]), 2)
    sure = step >= SURE * STEPS or (established and said >= CERTAIN)
    doubtful = said < RIGHT or not sure
    return min(said, DOUBTFUL) if doubtful else said


def fold(family: str) -> int:
    """Which fifth a family belongs to, the same everywhere."""
    return hashlib.sha256(family.encode()).digest()[0] % FOLDS


@dataclasses.dataclass
class Reliability:
    """What was said with each confidence, and how often it was right."""

    bins: list[list[float]] = dataclasses.field(
        default_factory=lambda: [[0.0, 0.0, 0.0] for _ in BINS[1:]]
    )

    def add(self, confidence: float, good: float) -> None:
        at = next(n for n, end in enumerate(BINS[1:]) if confidence < end)
        for n, value in enumerate((1.0, confidence, good)):
            self.bins[at][n] += value

    def pool(self, other: Reliability) -> None:
        for mine, theirs in zip(self.bins, other.bins, strict=True):
            mine[:] = [a + b for a, b in zip(mine, theirs, strict=True)]

    @property
    def count(self) -> int:
        return int(sum(n for n, _, _ in self.bins))

    @property
    def error(self) -> float:
        """The mean difference of confidence and share right, by connections."""
        apart = sum(abs(said - good) for _, said, good in self.bins)
        return apart / self.count if self.count else 0.0

    def above(self, least: float) -> tuple[int, float]:
        """How many were said with so much confidence, and the share that was right."""
        chosen = [b for b, start in zip(self.bins, BINS, strict=False) if start >= least]
        count = sum(n for n, _, _ in chosen)
        return int(count), sum(good for _, _, good in chosen) / count if count else 1.0


def judged(rows: Iterable[Row], by: Frequencies) -> Reliability:
    """How reliable confidences are that come from these frequencies."""
    found = Reliability()
    for row in rows:
        if row.cause != "undetermined":
            found.add(by.says(row), row.right)
    return found
