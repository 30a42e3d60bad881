"""The examples in the manual run."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from commands import DEMO
from cutting import cut

ROOT = Path(__file__).resolve().parents[2]
PAGES = [page for page in sorted((ROOT / "docs").glob("*.md")) if ">>>" in page.read_text("utf-8")]


def test_there_are_some() -> None:
    assert {page.name for page in PAGES} >= {"recipes.md", "tutorial.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for needed in ("pandas", "pyarrow", "duckdb", "matplotlib"):
        pytest.importorskip(needed)
    monkeypatch.chdir(ROOT)
    if page.stem == "cluster":
        pytest.importorskip("dask.dataframe")
        cut(DEMO, tmp_path / "captures", 5)
        monkeypatch.chdir(tmp_path)
    # The closing fence of a code block is no output.
    text = re.sub(r"^```.*$", "", page.read_text("utf-8"), flags=re.MULTILINE)
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, page.name, 0)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.DocTestRunner(optionflags=options).run(test)
    assert result.attempted > 3
    assert result.failed == 0
