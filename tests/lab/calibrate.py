"""How sure finrst should be: `python3 tests/lab/calibrate.py DIR|frozen ... [--write]`.

Needs the package. Reads labelled captures, and the cases from practice (`tests/practice`), and looks
how often each cause was right where its rule stated each confidence; `frequencies.py` has the
estimate. Families of scenarios, and kinds of cases from practice, are folded: what four fifths of
them say is tried on the last fifth, five times. That is what may be expected of captures that the
list was not made from; beside it stands how it does on those that it was made from. Two rows below
tell the same of the families that rules were never tuned on, by a list made without them, and of the
closed half of the cases, which nobody looks at and which takes no part in the list.

`--write` writes the list from all of them into `src/cause/calibration/measured.rs`, and the tables
into `docs/reliability-table.md`; build again after it.
"""

from __future__ import annotations

import argparse
import collections
import csv
import importlib.util
import pathlib
import sys
import warnings
from typing import TYPE_CHECKING, Any

from frequencies import BINS, FOLDS, RANGE, Reliability, Row, fold, frequencies, judged, right
from score import ENDS, HERE, held_out, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from frequencies import Frequencies

ROOT = HERE.parents[1]
LIST = ROOT / "src" / "cause" / "calibration" / "measured.rs"
TABLE = ROOT / "docs" / "reliability-table.md"
STATED = {"calibration": 0.0}
# Told of a verdict that nothing sets apart from its double: nothing is built on it.
DOUBLE = "something_else_leaves_the_same"
# Kinds of cases from practice are families of this name and theirs.
PRACTICE = "practice "


def laboratory(run: pathlib.Path) -> Iterator[Row]:
    """What the rules state of each labelled connection that shows what happened to it."""
    with (run / "labels.csv").open(newline="") as file:
        labels = [label for label in csv.DictReader(file) if label["visible"] == "yes"]
    capture, known = "", {}
    for label in sorted(labels, key=lambda label: label["capture"]):
        if label["capture"] != capture:
            capture = label["capture"]
            (path,) = run.glob(f"{capture}.pcap*")
            known = verdicts(path, parameters=STATED)
        verdict = known.get((*(label[name] for name in ENDS), label["ordinal"]))
        if verdict is None:
            message = f"{capture}: a labelled connection was not found: {label}"
            raise SystemExit(message)
        allowed = {label["cause"], *label["alternatives_allowed"].split("|")}
        # What a scenario does besides its point is a scenario of its own.
        scenario = f"{label['scenario']}: {label['cause']}"
        yield row(capture.partition(".")[0], scenario, verdict, allowed)


def practice(*, opened: bool = True) -> Iterator[Row]:
    """The same of cases from practice: each kind is a family, each case a scenario."""
    place = ROOT / "tests" / "practice" / "score.py"
    spec = importlib.util.spec_from_file_location("practice_score", place)
    assert spec is not None
    assert spec.loader is not None
    score = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = score  # where its dataclasses look for it
    spec.loader.exec_module(score)
    for name in ("blind", "second"):
        for case in score.cases(name):
            if (name == "blind" or score.opened(case["id"])) != opened:
                continue
            with warnings.catch_warnings(action="ignore"):
                verdict = score.connection(case, name, STATED)
            if verdict is not None:
                family = PRACTICE + case.get("kind", case["id"])
                yield row(family, case["id"], verdict, set(case["cause"]))


def row(family: str, scenario: str, verdict: Any, label: set[str]) -> Row:
    stated = float(verdict.confidence)
    facts = {str(fact["fact"]) for fact in verdict.evidence}
    guarded = any(fact.startswith("guard_") for fact in facts)
    good = right(verdict.cause, stated, label)
    as_stated = verdict.ended_by == "third_party" or DOUBLE in facts
    one_way = "guard_one_direction_only" in facts and verdict.ending != "stray"
    doubted = one_way or DOUBLE in facts
    return Row(family, scenario, verdict.cause, stated, good, guarded, as_stated, doubted)


def report(known: list[Row], closed: list[Row]) -> str:
    """Both tables: by fold, and pooled over all folds by confidence."""
    head = "| fold | families | connections | error | of the others | "
    lines = [
        head + "stated 0.8 or more | right | 0.9 or more | right |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    pooled, inside = Reliability(), Reliability()
    for number in range(FOLDS):
        mine = [row for row in known if fold(row.family) == number]
        theirs = [row for row in known if fold(row.family) != number]
        by = frequencies(theirs)
        found, made_from = judged(mine, by), judged(theirs, by)
        pooled.pool(found)
        inside.pool(made_from)
        lines.append(line(str(number + 1), told(mine), found, made_from))
    lines.append(line("all", "", pooled, inside))
    apart = held_out() - held_out("opened")
    mine = [row for row in known if row.family in apart]
    theirs = frequencies(row for row in known if row.family not in apart)
    lines.append(line("", "held out of the tuning of rules", judged(mine, theirs), None))
    lines.append(line("", "the closed half of the cases", judged(closed, frequencies(known)), None))
    lines += ["", "| confidence | connections | mean | right |", "|---|---:|---:|---:|"]
    for start, end, (count, said, good) in zip(BINS, BINS[1:], pooled.bins, strict=False):
        if count:
            span = f"{start:g} to {min(end, 1):g}"
            lines.append(f"| {span} | {count:.0f} | {said / count:.2f} | {good / count:.2f} |")
    return "\n".join(lines)


def told(rows: list[Row]) -> str:
    """The families of a fold, those from practice counted."""
    names = sorted({row.family for row in rows})
    arranged = [name for name in names if not name.startswith(PRACTICE)]
    return f"{', '.join(arranged)}, {len(names) - len(arranged)} kinds of cases"


def line(name: str, families: str, found: Reliability, made_from: Reliability | None) -> str:
    """One row of the first table."""
    (sure, right), (surer, righter) = found.above(0.8), found.above(0.9)
    other = "" if made_from is None else f"{made_from.error:.3f}"
    return (
        f"| {name} | {families} | {found.count} | {found.error:.3f} | {other} "
        f"| {sure} | {right:.3f} | {surer} | {righter:.3f} |"
    )


def written(found: Frequencies) -> str:
    """The list, as Rust; a cell that says what all causes together say is left out."""
    together = ", ".join(f"{round(share * 100)}" for share in found.together)
    cells = "".join(
        f'    ("{cause}", {str(guarded).lower()}, {step}, {round(share * 100)}),\n'
        for (cause, guarded, step), share in sorted(found.cells.items())
        if share != found.together[step]
    )
    return (
        "//! Made by `tests/lab/calibrate.py --write`.\n\n"
        "/// What is left to doubt: nothing seen from outside is certain.\n"
        f"pub(super) const RANGE: (f64, f64) = {RANGE};\n\n"
        "/// Share that was right over all causes, in hundredths, by twentieths of stated confidence.\n"
        f"pub(super) const ALL: [u8; 21] =\n    [{together}];\n\n"
        "/// Cause, whether a guard applied, stated confidence in twentieths, share that was right in\n"
        "/// hundredths.\n"
        f"pub(super) const MEASURED: &[(&str, bool, u8, u8)] = &[\n{cells}];\n"
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
        for row in laboratory(HERE / "frozen" if run == "frozen" else pathlib.Path(run))
    ]
    known += practice()
    table, found = report(known, list(practice(opened=False))), frequencies(known)
    print(table)
    if args.cells:
        counts = collections.Counter(row.cell for row in known)
        for (cause, guarded, step), count in sorted(counts.items()):
            cell = (cause, guarded, step)
            good = sum(row.right for row in known if row.cell == cell)
            guard = "guarded" if guarded else ""
            said = found.cells.get(cell)
            print(f"{cause:28} {guard:8} {step / 20:.2f} {said} {good:g}/{count}")
    if args.write:
        LIST.write_text(written(found))
        TABLE.write_text(table + "\n")


if __name__ == "__main__":
    main()
