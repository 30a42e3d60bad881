"""Scores finrst on the cases from practice: ending, who ended it and cause, each against its list.

    python tests/practice/score.py [--blind|--second|--third|--fourth] [--opened|--closed] [ID…]

With identifiers only these are told, with the notes of their cases. Exit code 1 when a case is
wrong that `argued.md` does not name.

`--blind` scores `blind.jsonl` instead: other cases of the same kinds, written by somebody who had
not read the rules. It tells also how many are right among those stated at 0.8 or more, and how
many innocent ones (nobody may say that a third party ended them) accuse one.

`--second` scores `second.jsonl`: cases in other shapes, from public threads and manuals, written
truth first. A hash of the name splits them: what is wrong in the opened half was looked at and
mended, of the closed half only the score was ever read, and it is told without names.

`--third` and `--fourth` score those of `third.md` and `fourth.md`; the fourth has no closed half.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import sys
from typing import TYPE_CHECKING, Any

import finrst

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = pathlib.Path(__file__).resolve().parent
SHARED = pathlib.Path(os.environ.get("FINRST_SHARED", HERE.parents[2] / "shared"))
CASES = SHARED / "captures" / "practice"
ARGUED = HERE / "argued.md"
SETS = {
    "given": CASES / "cases.jsonl",
    "blind": HERE / "blind.jsonl",
    "second": HERE / "second.jsonl",
    "third": HERE / "third.jsonl",
    "fourth": HERE / "fourth.jsonl",
}
ASKED = ("ending", "ended_by", "cause")


@dataclasses.dataclass(frozen=True)
class Result:
    """One case, and what was found of its connection: `None` where there is no such connection."""

    case: dict[str, Any]
    found: dict[str, Any] | None

    @property
    def opened(self) -> bool:
        """Whether it is of the half that is looked at."""
        return opened(self.case["id"])

    @property
    def right(self) -> bool:
        """Whether ending, who and cause are all among those of the case."""
        return not self.wrong

    @property
    def wrong(self) -> list[str]:
        """The columns that are not what the case has."""
        found = self.found
        return [name for name in ASKED if found is None or found[name] not in self.case[name]]

    @property
    def sure(self) -> bool:
        """Whether the verdict is stated at 0.8 or more."""
        return self.found is not None and self.found["confidence"] >= 0.8

    @property
    def innocent(self) -> bool:
        """Whether nobody may say that a third party ended it."""
        return "third_party" not in self.case["ended_by"]

    @property
    def accused(self) -> bool:
        """Whether a third party is said to have ended it."""
        return self.found is not None and self.found["ended_by"] == "third_party"


def opened(name: str) -> bool:
    """Whether a case of this name is of the half that is looked at."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def cases(which: str = "given") -> Iterator[dict[str, Any]]:
    """Every case of a set, in the order of its file."""
    for line in SETS[which].read_text().splitlines():
        yield json.loads(line)


def connection(
    case: dict[str, Any], which: str, parameters: dict[str, float] | None = None
) -> Any | None:
    """The row of a case's connection, or `None` where there is no such connection."""
    path = SETS[which].parent / case.get("input", "")
    if "script" in case or path.suffix == ".script":
        script = case["script"] if "script" in case else path.read_text()
        capture = finrst.conversation(script, parameters=parameters)
    else:
        capture = finrst.read(path, parameters=parameters)
    rows = capture.connections.to_pandas()
    return rows.iloc[case["connection"]] if case["connection"] < len(rows) else None


def results(which: str = "given") -> Iterator[Result]:
    """What is found of every case of a set."""
    for case in cases(which):
        row = connection(case, which)
        found = None if row is None else {name: row[name] for name in (*ASKED, "confidence")}
        yield Result(case, found)


def argued() -> set[str]:
    """Cases whose answer is argued against, with the reason, in `argued.md`."""
    return (
        set(re.findall(r"^## (\w+)", ARGUED.read_text(), re.MULTILINE))
        if ARGUED.exists()
        else set()
    )


def tell(result: Result, *, note: bool) -> None:
    """What is wrong of one case."""
    case = result.case
    print(case["id"], case.get("input", ""), "wrong:", *result.wrong)
    print("  found", result.found)
    print("  should", {key: case[key] for key in ASKED})
    if note:
        print("  note", case["note"])


def summary(everything: list[Result]) -> None:
    """How many are right, how many of the sure ones, and who is accused wrongly."""
    print(f"{sum(r.right for r in everything)} of {len(everything)} right")
    sure = [result for result in everything if result.sure]
    innocent = [result for result in everything if result.innocent]
    accused = sum(result.accused for result in innocent)
    print(f"{sum(r.right for r in sure)} of {len(sure)} right at 0.8 or more")
    print(f"{accused} of {len(innocent)} innocent ones accuse a third party")


def main() -> None:
    """Tells the wrong ones and counts the right ones."""
    arguments = set(sys.argv[1:])
    words = {word for word in arguments if word.startswith("--")}
    asked = arguments - words
    which = next((name for name in SETS if f"--{name}" in words), "given")
    everything = list(results(which))
    halves = {True: "--opened", False: "--closed"}
    if words & set(halves.values()):
        everything = [result for result in everything if halves[result.opened] in words]
    # Names of the closed half are told to nobody.
    known = [r for r in everything if which not in ("second", "third") or r.opened]
    for result in known:
        if result.case["id"] in asked or (not asked and not result.right):
            tell(result, note=bool(asked))
    summary(everything)
    excused = argued()
    sys.exit(any(not result.right and result.case["id"] not in excused for result in everything))


if __name__ == "__main__":
    main()
