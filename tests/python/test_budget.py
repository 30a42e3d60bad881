"""What finrst costs is held against a record, in continuous integration."""

from __future__ import annotations

import json
import runpy
import sys
from typing import Any

import pytest

from conftest import ROOT

BENCH = ROOT / "tests" / "bench"
NAME = "instructions per connection, small50k"


@pytest.fixture(scope="module")
def budget() -> dict[str, Any]:
    known = sys.modules.pop("run", None)
    try:
        return runpy.run_path(str(BENCH / "budget.py"))
    finally:
        # The laboratory has a module of this name, too.
        del sys.modules["run"]
        if known is not None:
            sys.modules["run"] = known


def test_every_figure_has_its_record_and_its_goals(budget: dict[str, Any]) -> None:
    record = json.loads((BENCH / "budget.json").read_text())
    assert set(record["figures"]) == set(budget["GOALS"])
    assert record["rustc"].startswith("rustc ")
    assert all(figure > 0 for figure in record["figures"].values())


def test_a_figure_more_than_3_percent_above_its_record_is_named(budget: dict[str, Any]) -> None:
    judged = budget["judged"]
    assert judged({NAME: 1029.0}, {NAME: 1000.0}) == []
    (line,) = judged({NAME: 1040.0}, {NAME: 1000.0})
    assert NAME in line
    assert "4.0 %" in line


def test_without_the_generator_it_says_that_nothing_was_judged(
    budget: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(budget["main"].__globals__, "SHARED", ROOT / "nowhere")
    assert budget["main"]() == 0
    assert "!! SKIPPED" in capsys.readouterr().out
