"""How sure finrst should be: `python3 tests/lab/calibrate.py DIR|frozen ... [--write]`.

Needs the package. Reads labelled captures, and looks how often each cause was right where its rule
stated each confidence. What is said of a cell (a cause, a twentieth of confidence) is

    (sum over scenarios of the share right there + PRIOR times the start) / (scenarios + PRIOR)

since the connections of one scenario are no independent trials. Where two causes are an even chance
to anybody, PRIOR is that much greater. Families of scenarios are folded:
what four fifths of them say is tried on the last fifth, five times; that is what may be expected
of captures that the list was not made from. The start is how often all causes were right that
stated as much, each cause counting once; this is also what holds for a cell without scenarios
(`*` in the list). What comes to less than RIGHT is kept below 0.8: a cause that is stated at 0.8
or more is one that can be built on. So is what its rule states below 0.8. `--write` writes the list from all of them into
`src/cause/calibration/measured.rs`, and both tables into `docs/reliability-table.md`; build again
after it.
"""

from __future__ import annotations

import argparse
import collections
import csv
import dataclasses
import hashlib
import pathlib
from typing import TYPE_CHECKING

from score import ENDS, HERE, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = HERE.parents[1]
LIST = ROOT / "src" / "cause" / "calibration" / "measured.rs"
TABLE = ROOT / "docs" / "reliability-table.md"
FOLDS = 5
# The start counts as much as this many scenarios, and as many as these where it is an even chance
# between two that nobody can tell apart: which of them a laboratory arranges says little of others.
PRIOR, EVEN_PRIOR = 1.0, 20.0
# Causes from which all together say something of a stated confidence.
CAUSES = 3
# What is right less often than this is doubtful, and so is what a rule states below SURE; the
# engine takes both bounds from the list.
RIGHT, SURE, DOUBTFUL = 0.9, 0.8, 0.79
# Nothing is told of a cell with fewer scenarios: what the rule states is as good.
LEAST = 2
RANGE = (0.05, 0.98)
# Nobody on the path can tell these two from each other, and a label that allows both would make
# either of them always right. How often the one that was named is the one that was done is what
# counts here.
EVEN = frozenset({"abort_unread_data", "application_abort"})
EVEN_UP_TO = 0.6
BINS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)


@dataclasses.dataclass(frozen=True)
class Row:
    """One labelled connection, and what was said of it."""

    family: str
    scenario: str
    cause: str
    stated: float
    right: bool
    # The capture lacks something, or a third party is accused: what was measured in a laboratory,
    # which captures everything and arranges its forgers, can only lower what is stated.
    guarded: bool

    @property
    def cell(self) -> tuple[str, int]:
        return self.cause, round(self.stated * 20)


Cells = dict[tuple[str, int], float]


def rows(run: pathlib.Path) -> list[Row]:
    """What the rules state of each labelled connection that shows what happened to it."""
    with (run / "labels.csv").open(newline="") as file:
        labels = [row for row in csv.DictReader(file) if row["visible"] == "yes"]
    found, capture, known = [], "", {}
    for label in sorted(labels, key=lambda row: row["capture"]):
        if label["capture"] != capture:
            capture = label["capture"]
            (path,) = run.glob(f"{capture}.pcap*")
            known = verdicts(path, parameters={"calibration": 0.0})
        verdict = known.get((*(label[name] for name in ENDS), label["ordinal"]))
        if verdict is None:
            message = f"{capture}: a labelled connection was not found: {label}"
            raise SystemExit(message)
        right = verdict.cause in {label["cause"], *label["alternatives_allowed"].split("|")}
        if {verdict.cause, label["cause"]} <= EVEN:
            right = verdict.cause == label["cause"]
        family = capture.partition(".")[0]
        stated = float(verdict.confidence)
        guarded = verdict.ended_by == "third_party" or any(
            str(fact["fact"]).startswith("guard_") for fact in verdict.evidence
        )
        found.append(Row(family, label["scenario"], verdict.cause, stated, right, guarded))
    return found


def cells(known: Iterable[Row]) -> Cells:
    """How often each cell was right; `*` is all causes."""
    scenarios: dict[tuple[str, int], dict[tuple[str, str], list[bool]]] = {}
    for row in known:
        if row.cause != "undetermined" and not row.guarded:
            told = scenarios.setdefault(row.cell, {})
            told.setdefault((row.family, row.scenario), []).append(row.right)
    shares = {
        cell: [sum(right) / len(right) for right in told.values()]
        for cell, told in scenarios.items()
    }
    found = {}
    for step in range(21):
        together = [sum(s) / len(s) for (_, at), s in shares.items() if at == step]
        if len(together) >= CAUSES:
            found["*", step] = frequency(together, step / 20)
    for (cause, step), share in shares.items():
        if cause in EVEN and step / 20 <= EVEN_UP_TO:
            found[cause, step] = frequency(share, step / 20, EVEN_PRIOR)
        elif len(share) >= LEAST:
            found[cause, step] = frequency(share, found.get(("*", step), step / 20))
    return found


def frequency(shares: list[float], start: float, prior: float = PRIOR) -> float:
    """What is said after so many trials that were right in these shares."""
    right = (sum(shares) + prior * start) / (len(shares) + prior)
    if DOUBTFUL < right < RIGHT:
        right = DOUBTFUL
    return min(max(round(right, 2), RANGE[0]), RANGE[1])


def fold(family: str) -> int:
    """Which fifth a family belongs to, the same everywhere."""
    return hashlib.sha256(family.encode()).digest()[0] % FOLDS


@dataclasses.dataclass
class Reliability:
    """What was said with each confidence, and how often it was right."""

    bins: list[list[float]] = dataclasses.field(
        default_factory=lambda: [[0.0, 0.0, 0.0] for _ in BINS[1:]]
    )

    def add(self, confidence: float, right: bool) -> None:
        at = next(n for n, end in enumerate(BINS[1:]) if confidence < end)
        for n, value in enumerate((1.0, confidence, float(right))):
            self.bins[at][n] += value

    @property
    def error(self) -> float:
        """The mean difference of confidence and frequency, by connections."""
        count = sum(n for n, _, _ in self.bins)
        return sum(abs(said - right) for _, said, right in self.bins) / count if count else 0.0

    def above(self, least: float) -> tuple[int, float]:
        """How many were said with so much confidence, and the share that was right."""
        chosen = [b for b, start in zip(self.bins, BINS, strict=False) if start >= least]
        count = sum(n for n, _, _ in chosen)
        return int(count), sum(right for _, _, right in chosen) / count if count else 1.0


def judged(known: Iterable[Row], with_cells: Cells) -> Reliability:
    """How reliable confidences are that come from these cells."""
    found = Reliability()
    for row in known:
        if row.cause != "undetermined":
            start = with_cells.get(("*", row.cell[1]), row.stated)
            said = with_cells.get(row.cell, start)
            most = row.stated if row.guarded else DOUBTFUL if row.stated < SURE else 1.0
            found.add(min(said, most), row.right)
    return found


def report(known: list[Row]) -> str:
    """Both tables: by fold, and pooled over all folds by confidence."""
    lines = [
        "| fold | families | connections | error | stated 0.8 or more | right | 0.9 or more | right |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    pooled = Reliability()
    for number in range(FOLDS):
        inside = [row for row in known if fold(row.family) == number]
        outside = [row for row in known if fold(row.family) != number]
        found = judged(inside, cells(outside))
        for mine, theirs in zip(pooled.bins, found.bins, strict=True):
            mine[:] = [a + b for a, b in zip(mine, theirs, strict=True)]
        lines.append(line(str(number + 1), sorted({row.family for row in inside}), found))
    lines.append(line("all", [], pooled))
    lines += ["", "| confidence | connections | mean | right |", "|---|---:|---:|---:|"]
    for start, end, (count, said, right) in zip(BINS, BINS[1:], pooled.bins, strict=False):
        if count:
            span = f"{start:g} to {min(end, 1):g}"
            lines.append(f"| {span} | {count:.0f} | {said / count:.2f} | {right / count:.2f} |")
    return "\n".join(lines)


def line(name: str, families: list[str], found: Reliability) -> str:
    """One row of the first table."""
    count = int(sum(n for n, _, _ in found.bins))
    (sure, right), (surer, righter) = found.above(0.8), found.above(0.9)
    return (
        f"| {name} | {', '.join(families)} | {count} | {found.error:.3f} | {sure} | {right:.3f} "
        f"| {surer} | {righter:.3f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", help="directories of runs, or `frozen`")
    parser.add_argument("--write", action="store_true", help="write the list and the tables")
    parser.add_argument("--cells", action="store_true", help="tell every cell")
    args = parser.parse_args()
    known = [
        row
        for run in args.runs
        for row in rows(HERE / "frozen" if run == "frozen" else pathlib.Path(run))
    ]
    table, found = report(known), cells(known)
    print(table)
    if args.cells:
        counts = collections.Counter(row.cell for row in known)
        rights = collections.Counter(row.cell for row in known if row.right)
        for (cause, step), count in sorted(counts.items()):
            said = found.get((cause, step))
            print(f"{cause:28} {step / 20:.2f} {said} {rights[cause, step]}/{count}")
    if args.write:
        entries = "".join(
            f'    ("{cause}", {step}, {round(right * 100)}),\n'
            for (cause, step), right in sorted(found.items())
        )
        LIST.write_text(
            "//! Made by `tests/lab/calibrate.py --write`.\n\n"
            "/// The name of all causes together.\n"
            'pub const ALL: &str = "*";\n\n'
            "/// What a rule states below this was doubtful to it, and stays so however often it was right in\n"
            "/// a laboratory: at most [`DOUBTFUL`].\n"
            f"pub const SURE: f64 = {SURE};\n"
            "/// See [`SURE`].\n"
            f"pub const DOUBTFUL: f64 = {DOUBTFUL};\n"
            "/// What is left to doubt: nothing seen from outside is certain.\n"
            f"pub const RANGE: (f64, f64) = {RANGE};\n\n"
            "/// Cause, stated confidence in twentieths, share that was right in hundredths.\n"
            f"pub const MEASURED: &[(&str, u8, u8)] = &[\n{entries}];\n"
        )
        TABLE.write_text(table + "\n")


if __name__ == "__main__":
    main()
