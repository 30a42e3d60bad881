"""The 70 cases from practice: how it ended, who ended it and why, as those who had it told."""

from __future__ import annotations

import importlib.util
import pathlib
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

HERE = pathlib.Path(__file__).resolve().parent
STILL_WRONG = HERE.parent / "practice" / "still-wrong.txt"


def _score() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", HERE.parent / "practice" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SCORE = _score()

pytestmark = [
    pytest.mark.skipif(not SCORE.CASES.exists(), reason="the cases are not there"),
    pytest.mark.filterwarnings("ignore::finrst.CaptureWarning"),
]


def test_no_case_is_wrong_but_those_that_are_known_or_argued() -> None:
    known = set(STILL_WRONG.read_text().split()) | SCORE.argued()
    wrong: dict[str, Any] = {
        result.case["id"]: result.found for result in SCORE.results() if not result.right
    }
    assert {name: found for name, found in wrong.items() if name not in known} == {}
