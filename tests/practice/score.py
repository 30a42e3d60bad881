"""Scores finrst on the cases from practice: ending, who ended it and cause, each against its list.

    python tests/practice/score.py [--blind] [ID…]

With identifiers only these are told, with the notes of their cases. Exit code 1 when a case is
wrong that `argued.md` does not name.

`--blind` scores `blind.jsonl` instead: other cases of the same kinds, written by somebody who had
not read the rules. It tells also how many are right among those stated at 0.8 or more, and how
many innocent ones (nobody may say that a third party ended them) accuse one.
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
BLIND = HERE / "blind.jsonl"
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


def results(*, blind: bool = False) -> Iterator[Result]:
    """Every case, in the order of the file."""
    file = BLIND if blind else CASES / "cases.jsonl"
    for line in file.read_text().splitlines():
        case = json.loads(line)
        path = file.parent / case.get("input", "")
        if "script" in case:
            capture = finrst.conversation(case["script"])
        elif path.suffix == ".script":
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


def tell(result: Result, *, note: bool) -> None:
    """What is wrong of one case."""
    case = result.case
    print(case["id"], case.get("input", ""), "wrong:", *result.wrong)
    print("  found", result.found)
    print("  should", {key: case[key] for key in ASKED})
    if note:
        print("  note", case["note"])


def main() -> None:
    """Tells the wrong ones and counts the right ones."""
    arguments = set(sys.argv[1:])
    blind, asked, excused = "--blind" in arguments, arguments - {"--blind"}, argued()
    everything = list(results(blind=blind))
    wrong = [result for result in everything if not result.right]
    for result in everything if asked else wrong:
        if not asked or result.case["id"] in asked:
            tell(result, note=bool(asked))
    print(f"{len(everything) - len(wrong)} of {len(everything)} right")
    if blind:
        sure = [result for result in everything if result.sure]
        innocent = [result for result in everything if result.innocent]
        accused = [result.case["id"] for result in innocent if result.accused]
        print(f"{sum(r.right for r in sure)} of {len(sure)} right at 0.8 or more")
        print(f"{len(accused)} of {len(innocent)} innocent ones accuse a third party", *accused)
    sys.exit(any(result.case["id"] not in excused for result in wrong))


if __name__ == "__main__":
    main()
