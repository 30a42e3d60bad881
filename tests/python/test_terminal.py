"""What is written for terminals, as wide as they are: nothing broken inside a word, nothing cut."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import finrst
from finrst.__main__ import COMMANDS, main
from finrst._base.width import READABLE, columns

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., str]

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
WIDTHS = (40, 80, 200)
IPV6 = '> S ip="2001:db8:85a3:8d3:1319:8a2e:370:7348", < S. ip="2001:db8:1111:2222:3333:4444:5:6"'
PICTURE = re.compile(r"[█─▶◀]+")
EVERY = Counter[str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in a terminal of so many columns and give what it writes."""

    def at(width: int, *arguments: str) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        try:
            main(arguments)
        except SystemExit as end:
            assert end.code == 0  # noqa: PT017 - of help
        return capsys.readouterr().out

    return at


def words(text: str) -> EVERY:
    """Give the words, without what is only drawn."""
    return Counter(PICTURE.sub(" ", text).split())


def too_wide(text: str, width: int) -> list[str]:
    """Give the lines that a terminal would break, but for single words that are wider than it."""
    return [line for line in text.splitlines() if columns(line) > width and " " in line.strip()]


ARGUMENTS = {
    "summary": [str(DEMO)],
    "explain": ["explain", str(DEMO), "--limit", "30"],
    "packets": ["explain", str(DEMO), "--all", "--limit", "30", "--packets"],
    "causes": ["causes"],
    "compare": ["compare", str(DEMO), str(DEMO), "--by", "server_ip,server_port,cause", "--all"],
    "help": ["--help"],
    **{f"help of {name}": [name, "--help"] for name in COMMANDS},
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_no_line_is_wider_than_the_terminal_and_no_word_is_broken(name: str, run: Run) -> None:
    whole = words(run(2000, *ARGUMENTS[name]))
    assert sum(whole.values()) > 40
    for width in WIDTHS:
        told = run(width, *ARGUMENTS[name])
        assert too_wide(told, width) == []
        assert "…" not in told
        # Not a word is broken, cut or lost; where there is little room, a ladder says how many
        # notes more there are.
        left_out = {"and", "more", "more;"} if name == "packets" else set()
        broken = [word for word in words(told) - whole if word not in left_out]
        assert [word for word in broken if not word.isdecimal()] == []
        assert name == "packets" or words(told) == whole
        # The room that there is is used.
        most = max(map(columns, told.splitlines()))
        assert most > 0.75 * min(width, READABLE)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_capture_shows_itself_as_wide_as_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = finrst.conversation("> P. 10, < ., > R.")
    monkeypatch.setenv("COLUMNS", str(width))
    said = "1 connection began before the capture: who is client and who is server is a guess."
    assert said in " ".join(repr(begun).split())
    assert too_wide(repr(begun), width) == []
    story = str(begun.connection(0).explain())
    assert too_wide(story, width) == []
    assert begun.connection(0).explain().sentence in " ".join(story.split())
