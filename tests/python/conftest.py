"""What the tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import finrst
import platforms

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("FINRST_SHARED", ROOT.parent / "shared"))

# Every kind of ending in one line each: what the tables hold is real, if small.
SCRIPT = "> S, < S., > ., > P. 120, < ., < P. 5000, > ., < F., > ., > F., < ."


@pytest.fixture
def cap() -> finrst.Capture:
    return finrst.conversation(SCRIPT)


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> str:
    """Text that a notebook, a terminal and a spreadsheet would each obey."""
    monkeypatch.setenv("NO_COLOR", "1")
    return "=cmd()<script>alert(1)</script>\x1b[2J\u202e\"'&\x00\x9b31m"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        function = item.name.partition("[")[0]
        if why := platforms.why_not(item.path.name, function):
            item.add_marker(pytest.mark.skip(reason=why))


def pytest_report_header() -> list[str]:
    if (SHARED / "captures").is_dir():
        return [f"shared captures: {SHARED / 'captures'}"]
    absent = f"shared captures: ABSENT at {SHARED}: their tests are SKIPPED (see FINRST_SHARED)"
    return [absent]
