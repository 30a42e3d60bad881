"""Cases from practice: how it ended, who ended it and why, as those who had it told.

The 70 that were given, the blind ones of the same kinds, whose writer had not read the rules, and a
second set in other shapes, half of which nobody looks at, a third one from another laboratory, and
a fourth one, of which each that is stated surely must be right. And verdicts of public captures
that were read by packets: what was found right stays so, and who is accused is argued about.
"""

from __future__ import annotations

import functools
import importlib.util
import pathlib
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

HERE = pathlib.Path(__file__).resolve().parent
PRACTICE = HERE.parent / "practice"
BLIND_RIGHT = PRACTICE / "blind-right.txt"


def _module(name: str, path: pathlib.Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SCORE = _module("score", PRACTICE / "score.py")

pytestmark = pytest.mark.filterwarnings("ignore::finrst.CaptureWarning")


@pytest.mark.skipif(not SCORE.CASES.exists(), reason="the cases are not there")
def test_no_case_is_wrong_but_those_that_are_argued() -> None:
    wrong: dict[str, Any] = {
        result.case["id"]: result.found for result in SCORE.results() if not result.right
    }
    argued = SCORE.argued()
    assert {name: found for name, found in wrong.items() if name not in argued} == {}


def test_the_blind_cases_are_right_at_least_as_often_as_recorded() -> None:
    results = list(SCORE.results("blind"))
    right = sum(result.right for result in results)
    recorded = int(BLIND_RIGHT.read_text())
    assert right >= recorded, [result.case["id"] for result in results if not result.right]


@functools.cache
def judged(which: str) -> list[Any]:
    """Read and judge the cases of a set once."""
    return list(SCORE.results(which))


@pytest.mark.parametrize("which", ["second", "third"])
def test_each_half_is_right_at_least_as_often_as_recorded(which: str) -> None:
    results = judged(which)
    right = [sum(r.right for r in results if r.opened is opened) for opened in (True, False)]
    recorded = [int(number) for number in (PRACTICE / f"{which}-right.txt").read_text().split()]
    assert all(now >= then for now, then in zip(right, recorded, strict=True)), (right, recorded)


@pytest.mark.parametrize("which", ["second", "third"])
def test_nobody_innocent_is_accused(which: str) -> None:
    innocent = [result for result in judged(which) if result.innocent]
    assert len(innocent) >= 80
    assert sum(result.accused for result in innocent) == 0


def test_what_an_engineer_wrote_down_is_right_wherever_it_is_sure() -> None:
    results = judged("fourth")
    recorded = int((PRACTICE / "fourth-right.txt").read_text())
    wrong = {result.case["id"]: result.found for result in results if not result.right}
    assert sum(result.right for result in results) >= recorded, wrong
    sure = [result for result in results if result.sure]
    assert len(sure) >= 20
    assert [result.case["id"] for result in sure if not result.right] == []
    assert [result.case["id"] for result in results if result.innocent and result.accused] == []


@pytest.mark.parametrize("which", ["blind", "second"])
def test_the_captures_are_what_their_generator_writes(which: str, tmp_path: pathlib.Path) -> None:
    generator = _module(f"generate_{which}", PRACTICE / which / "generate.py")
    generator.main(tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.glob("*.pcap")}
    kept = {path.name: path.read_bytes() for path in (PRACTICE / which).glob("*.pcap")}
    assert written == kept


SAMPLE = _module("sample", PRACTICE / "sample.py")
#: A row of the accusations: who took the capture, its name, connection, cause.
ACCUSED = re.compile(r"^\| (\S+\+\S+) `(\S+)`[^|]*\| (\d+) \| (\w+) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def public() -> list[dict[str, Any]]:
    """Every verdict of the public captures: ten seconds, but a part would miss accusations."""
    if not (SCORE.SHARED / "captures" / "public").exists():
        pytest.skip("the public captures are not there")
    return [row for rows in SAMPLE.verdicts().values() for row in rows]


@pytest.mark.parametrize("table", sorted(PRACTICE.glob("sample*.md")), ids=lambda path: path.stem)
def test_verdicts_that_were_read_are_what_their_file_says(
    table: pathlib.Path, public: list[dict[str, Any]]
) -> None:
    now = {
        (row["file"], row["connection_id"]): (row["ending"], row["ended_by"], row["cause"])
        for row in public
    }
    read = SAMPLE.READ.findall(table.read_text())
    assert len(read) >= 30
    changed = {
        (name, number): (verdict, now[f"files/{name}", int(number)])
        for name, number, *verdict in read
        if now[f"files/{name}", int(number)] != tuple(verdict)
    }
    assert changed == {}, "read them again"


def test_every_accusation_of_a_third_party_is_argued(public: list[dict[str, Any]]) -> None:
    argued = {
        (source, name, int(number), cause)
        for source, name, number, cause in ACCUSED.findall(
            (PRACTICE / "accusations.md").read_text()
        )
    }
    accused = {
        (*place(row["file"]), row["connection_id"], row["cause"])
        for row in public
        if row["ended_by"] == "third_party" or row["mechanism"].startswith("third_party")
    }
    assert accused == argued


def place(file: str) -> tuple[str, str]:
    """Who took a public capture, and its name."""
    _, source, *_, name = file.split("/")
    return source, name
