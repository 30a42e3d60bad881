"""Scores finrst on the cases from practice: ending, who ended it and cause, each against its list.

    python tests/practice/score.py [ID…]

With identifiers only these are told, with the notes of their cases. Exit code 1 when a case is
wrong that `argued.md` does not name.
"""

from __future__ import annotations

import dataclasses
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
ASKED = ("ending", "ended_by", "cause")


@dataclasses.dataclass(frozen=True)
class Result:
    """One case, and what was found of its connection: `None` where there is no such connection."""

    case: dict[str, Any]
    found: dict[str, Any] | None

    @property
    def right(self) -> bool:
        """Whether ending, who and cause are all among those of the case."""
        return not self.wrong

    @property
    def wrong(self) -> list[str]:
        """The columns that are not what the case has."""
        found = self.found
        return [name for name in ASKED if found is None or found[name] not in self.case[name]]


def results() -> Iterator[Result]:
    """Every case, in the order of the file."""
    for line in (CASES / "cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        path = CASES / case["input"]
        if path.suffix == ".script":
            capture = finrst.conversation(path.read_text())
        else:
            capture = finrst.read(path)
        rows = capture.connections.to_pandas()
        found = None
        if case["connection"] < len(rows):
            row = rows.iloc[case["connection"]]
            found = {name: row[name] for name in (*ASKED, "confidence")}
        yield Result(case, found)


def argued() -> set[str]:
    """Cases whose answer is argued against, with the reason, in `argued.md`."""
    return (
        set(re.findall(r"^## (\w+)", ARGUED.read_text(), re.MULTILINE))
        if ARGUED.exists()
        else set()
    )


def main() -> None:
    """Tells the wrong ones and counts the right ones."""
    asked, excused, right, bad = set(sys.argv[1:]), argued(), 0, 0
    everything = list(results())
    for result in everything:
        right += result.right
        name = result.case["id"]
        bad += not result.right and name not in excused
        if name in asked or (not asked and not result.right):
            print(name, result.case["input"], "wrong:", *result.wrong)
            print("  found", result.found)
            print("  should", {key: result.case[key] for key in ASKED})
            if asked:
                print("  note", result.case["note"])
    print(f"{right} of {len(everything)} right")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
