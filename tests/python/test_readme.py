"""The README tells the truth."""

from __future__ import annotations

import doctest
import re
from pathlib import Path
from typing import TYPE_CHECKING

import finrst
from finrst.__main__ import COMMANDS, main

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_examples_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    # The closing fence of a code block is no output.
    text = re.sub(r"^```.*$", "", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    result = doctest.DocTestRunner(optionflags=options).run(test)
    assert result.attempted > 5
    assert result.failed == 0


def test_the_summary_is_real(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    readme = (ROOT / "README.md").read_text()
    shown = readme.split("$ finrst tests/data/demo.pcap\n")[1].split("  ...\n")[0]
    assert main(["tests/data/demo.pcap"]) == 0
    assert capsys.readouterr().out.startswith(shown)


def test_the_table_is_real() -> None:
    rows = re.findall(
        r"^\| [\d.]+ to [\d.]+:(\d+) \| `(\w+)` \| (.+?) \| `(\w+)`.*? \| ([\d.]+) \|$",
        (ROOT / "README.md").read_text(),
        flags=re.MULTILINE,
    )
    assert len(rows) == 5
    cap = finrst.read(ROOT / "tests" / "data" / "demo.pcap")
    for port, ending, ended_by, cause, confidence in rows:
        (row,) = [row for row in cap.connections if row["server_port"] == int(port)]
        assert row["ending"] == ending
        assert row["ended_by"] == ended_by.replace(" ", "_")
        assert row["cause"] == cause
        assert f"{row['confidence']:.2f}" == confidence


def test_the_story_is_real(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    command = "finrst explain tests/data/demo.pcap --connection 13 --packets"
    shown = (ROOT / "README.md").read_text().split(f"$ {command}\n")[1].split("```")[0]
    assert main(command.split()[1:]) == 0
    out = capsys.readouterr().out
    parts = re.split(r" +\.\.\.\n", shown)
    assert len(parts) == 4
    for part in parts:
        assert part in out


def test_its_commands_are_commands() -> None:
    text = (ROOT / "README.md").read_text()
    commands = re.findall(r"^finrst (\w+) ", text, flags=re.MULTILINE)
    assert set(commands) >= {"explain", "report", "convert", "compare"}
    assert set(commands) - {"incident"} <= set(COMMANDS)
