"""A fresh quick run of the laboratory, judged; what fails is repeated and never forgotten.

    sudo python3 tests/lab/fresh.py

The rule, for .ci/run and for whoever reads its output:

- A wrong verdict is told, whatever its repetition says. Its scenario is repeated six times: a mistake
  that shows again is WRONG and fails the run, one that does not is FLAKY. More than FORGIVEN kinds
  of flaky mistakes fail the run, too.
  `accepted.csv` lists the verdicts that are known to differ from their labels, each with its reason.
- A scenario that was not on the wire what it meant to be (its setup) is repeated too. That is
  forgiven, and told, only if the machine was busy at the first try and the second one holds.
- A verdict that is wrong only when repeated is flaky as well.
- Families that were held out of the tuning (`held_out.txt`) must be on the wire what they mean to be;
  their wrong verdicts are counted and told, and fail nothing: docs/confusion.md holds their figures.

Returns 0 or 1, or 77 where there are no network namespaces.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SKIPPED = 77
REPETITIONS = 6
# Kinds of mistakes of one run that may be the machine's: a stall in the wrong moment.
FORGIVEN = 2
# As tests/lab_verdicts.rs prints a row that differs from its label.
ROW = re.compile(
    r"(?P<scenario>\w+) (?P<family>\w+)\.(?P<vantage>[\w-]+) packet (?P<packet>\d+): "
    r"(?P<verdict>\S+ \S+ \S+), not (?P<label>\S+ \S+ \S+)"
)
APART = "held out: "
RIGHT = re.compile(r"^- `(?:ending|ended_by|cause)` right: (\d+) of (\d+) ", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Wrong:
    """A verdict that is not its label's."""

    scenario: str
    family: str
    vantage: str
    packet: int
    verdict: str
    label: str

    @property
    def kind(self) -> tuple[str, str, str, str]:
        """What makes it the same mistake in another run."""
        return (self.scenario, self.vantage, self.verdict, self.label)

    def fits(self, listed: tuple[str, str, str, str]) -> bool:
        """Whether it is of a listed kind; `*` stands for any scenario or vantage point."""
        return all(mine == theirs or theirs == "*" for mine, theirs in zip(self.kind, listed))

    def __str__(self) -> str:
        where = f"{self.family}.{self.vantage} packet {self.packet}"
        return f"{self.scenario} ({where}): {self.verdict}, not {self.label}"


@dataclasses.dataclass(frozen=True)
class Setup:
    """A scenario, or a whole family, that was not what it meant to be."""

    family: str
    scenario: str | None
    text: str
    busy: bool

    @property
    def kind(self) -> tuple[str, str]:
        return (self.family, self.scenario or "")

    def __str__(self) -> str:
        return f"{self.scenario or self.family}: {self.text.strip().splitlines()[-1]}"


@dataclasses.dataclass
class Outcome:
    """One run: setups that failed, verdicts that are wrong, and what keeps it from being judged."""

    setups: list[Setup]
    verdicts: list[Wrong]
    trouble: str = ""
    # Wrong verdicts of families that were held out of the tuning.
    apart: int = 0


def accepted(path: pathlib.Path = HERE / "accepted.csv") -> set[tuple[str, str, str, str]]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(len(row["reason"]) > 20 for row in rows)
    return {(row["scenario"], row["vantage"], row["verdict"], row["label"]) for row in rows}


def parse(printed: str, known: set[tuple[str, str, str, str]]) -> Outcome:
    """What the judging test printed, without the verdicts that are accepted."""
    counts = [(int(right), int(rows)) for right, rows in RIGHT.findall(printed)]
    apart = sum(line.startswith(APART) for line in printed.splitlines())
    judged = counts and counts[0][1] or "\n## Added later\n" in printed
    if len(counts) != 3 or not judged:
        return Outcome([], [], f"the verdicts were not judged:\n{printed[-2000:]}")
    fields = [m.groupdict() for line in printed.splitlines() if (m := ROW.fullmatch(line))]
    made = [Wrong(**{**row, "packet": int(row["packet"])}) for row in fields]  # type: ignore[arg-type]
    # Each row differs in one to three of the counted columns: else a line was not understood.
    missing = [rows - right for right, rows in counts]
    if not max(missing) <= len(made) <= sum(missing):
        return Outcome([], made, f"{missing} verdicts are wrong, but {len(made)} rows were told")
    left = [row for row in made if not any(row.fits(listed) for listed in known)]
    return Outcome([], left, apart=apart)


def judge(out: pathlib.Path, known: set[tuple[str, str, str, str]]) -> Outcome:
    command = ["cargo", "test", "--locked", "--quiet", "--test", "lab_verdicts"]
    command += ["the_laboratory_is_judged_right", "--", "--nocapture"]
    environment = {**os.environ, "FINRST_LAB": str(out)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    outcome = parse(done.stdout, known)
    if "every label has its connection" in done.stderr:
        outcome.trouble = "a labelled connection was not found:\n" + done.stderr[-2000:]
    elif outcome.trouble:
        outcome.trouble += "\n" + done.stderr[-2000:]
    return outcome


def run(out: pathlib.Path, *arguments: str) -> Outcome | None:
    """One run and its judgement; None where there is no laboratory."""
    command = [sys.executable, str(HERE / "run.py"), "--out", str(out), *arguments]
    code = subprocess.run(command, cwd=ROOT).returncode
    if code == SKIPPED:
        return None
    if code not in (0, 1):
        return Outcome([], [], f"the laboratory ended with {code}")
    made = json.loads((out / "run.json").read_text())
    busy = (os.getloadavg()[0]) > (os.cpu_count() or 1)
    setups = [
        Setup(f["family"], f["scenario"], f["text"], busy or f["stalled"]) for f in made["failures"]
    ]
    if not made["rows"]:
        return Outcome(setups, [], "" if setups else "the laboratory made no connections")
    outcome = judge(out, accepted())
    outcome.setups = setups
    return outcome


def again(first: Outcome) -> list[list[str]]:
    """How run.py is told to repeat what failed: a run of scenarios, a run of whole families."""
    names = {w.scenario for w in first.verdicts if w.scenario != "ordinary"}
    names |= {s.scenario for s in first.setups if s.scenario}
    families = {w.family for w in first.verdicts if w.scenario == "ordinary"}
    families |= {s.family for s in first.setups if not s.scenario}
    runs = []
    if names:
        repetitions = str(REPETITIONS)
        runs.append(["--repetitions", repetitions, "--only", ",".join(sorted(names))])
    if families:
        runs.append(["--quick", "--family", ",".join(sorted(families))])
    return runs


def distinct(rows: Iterable[Wrong]) -> dict[tuple[str, str, str, str], list[Wrong]]:
    found: dict[tuple[str, str, str, str], list[Wrong]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(row)
    return found


def report(first: Outcome, second: Outcome) -> tuple[list[str], int]:
    """What both runs say together, and the exit code."""
    lines, status = [], 0
    for outcome in (first, second):
        if outcome.trouble:
            lines.append(f"TROUBLE: {outcome.trouble}")
            status = 1
    before, after = distinct(first.verdicts), distinct(second.verdicts)
    for kind, rows in before.items():
        if kind in after:
            often = f"{len(rows)} rows, {len(after[kind])} when repeated"
            lines.append(f"WRONG: {rows[0]} ({often})")
        else:
            lines.append(f"FLAKY: {rows[0]} ({len(rows)} rows, right when repeated)")
    for kind, rows in after.items():
        if kind not in before:
            lines.append(f"FLAKY: {rows[0]} ({len(rows)} rows, only when repeated)")
    flaky = set(before) ^ set(after)
    if set(before) & set(after) or len(flaky) > FORGIVEN:
        status = 1
    failed = {setup.kind: setup for setup in second.setups}
    tried = {setup.kind: setup for setup in first.setups}
    for name, setup in tried.items():
        if name in failed:
            lines.append(f"SETUP failed twice: {setup}")
            status = 1
        elif not setup.busy:
            lines.append(f"SETUP failed once, and the machine was not busy: {setup}")
            status = 1
        else:
            lines.append(f"REPEATED: setup failed on a busy machine, and held then: {setup}")
    for name, setup in failed.items():
        if name not in tried:
            lines.append(f"SETUP failed when it was repeated for its verdicts: {setup}")
            status = 1
    return lines, status


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="finrst-lab-") as place:
        first = run(pathlib.Path(place, "first"), "--quick")
        if first is None:
            return SKIPPED
        second = Outcome([], [])
        for number, arguments in enumerate(again(first)):
            print(f"LABORATORY: repeating {' '.join(arguments)}", flush=True)
            part = run(pathlib.Path(place, f"second{number}"), *arguments)
            if part is None:
                part = Outcome([], [], "it could not be repeated")
            second.setups += part.setups
            second.verdicts += part.verdicts
            second.trouble += part.trouble
            second.apart += part.apart
    lines, status = report(first, second)
    for line in lines:
        print(f"LABORATORY {line}")
    if first.apart:
        print(f"LABORATORY: {first.apart} wrong verdicts of families held out of the tuning")
    print(f"LABORATORY: {'failed' if status else 'right'}, {len(lines)} remarks")
    return status


if __name__ == "__main__":
    sys.exit(main())
