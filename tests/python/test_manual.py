"""The manual builds, its references name everything, and it loads nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import finrst
from finrst.__main__ import COMMANDS

ROOT = Path(__file__).parents[2]
pytest.importorskip("mkdocs", reason="mkdocs is not installed: the manual is not built")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def test_every_cause_is_described(site: Path) -> None:
    text = (site / "causes.html").read_text(encoding="utf-8")
    for name in finrst.causes()["name"]:
        assert f'id="{name}"' in text, name


def test_every_column_is_described(site: Path) -> None:
    text = (site / "columns.html").read_text(encoding="utf-8")
    for name in finrst.columns()["name"]:
        assert f"<td>{name}</td>" in text, name


def test_every_function_is_described(site: Path) -> None:
    text = (site / "functions.html").read_text(encoding="utf-8")
    for name in finrst.__all__:
        if not name.startswith("_"):
            assert f"finrst.{name}" in text, name
    for name in finrst.Options.__annotations__:
        assert f"<td><code>{name}</code></td>" in text, name


def test_every_command_is_described(site: Path) -> None:
    text = (site / "command.html").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f">finrst {name}<" in text, name
    for option in ("--filter EXPR", "--stream", "--within COLUMNS", "--json"):
        assert f"<code>{option}</code>" in text, option
    assert "read, but the capture is cut short or damaged" in text


def test_how_sure_it_is_has_its_figures(site: Path) -> None:
    text = (site / "sure.html").read_text(encoding="utf-8")
    lines = (ROOT / "docs/confusion.md").read_text(encoding="utf-8").splitlines()
    heads = ("| label", "| family")
    rows = [line for line in lines if line.startswith("| ") and not line.startswith(heads)]
    assert len(rows) > 40
    assert text.count("<tr>") >= len(rows)
    for row in rows:
        _, label, verdict, count, *_ = (cell.strip() for cell in row.split("|"))
        cells = f"<td>{re.escape(label)}</td>\n<td[^>]*>{verdict}</td>\n<td[^>]*>{count}</td>"
        assert re.search(cells, text), row


def test_nothing_is_left_to_fill_in(site: Path) -> None:
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "{{" not in text, page.name
        assert "`" not in re.sub(r"(?s)<(pre|code|script).*?</\1>", "", text), page.name


def test_it_loads_nothing(site: Path) -> None:
    for page in site.glob("*.html"):
        loaded = re.findall(r'(?:src|<link[^>]+href)="([^"]+)"', page.read_text(encoding="utf-8"))
        assert not [url for url in loaded if url.startswith(("http", "//"))], page.name


def test_its_pictures_are_drawn(site: Path) -> None:
    assert (site / "looking.html").read_text(encoding="utf-8").count("<svg") == 6
    assert "{{" not in (site / "tutorial.html").read_text(encoding="utf-8")
