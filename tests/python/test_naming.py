"""Addresses are shown with the names that people know, the same in every face."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import finrst
from finrst._base.places import Name, host_name, place
from finrst._cli.live import ACCOUNTS
from finrst._cli.steps import steps
from finrst._story.summary import figures, summarize, text
from finrst._story.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMED = "a.example (198.51.100.1:443, https)"


@pytest.fixture(scope="module")
def named() -> finrst.Capture:
    """A connection whose client says the server's name, and a trouble to be told."""
    return finrst.conversation("> S, < S., > ., > P. hello=a.example, < ., < R. +60s")


def report(cap: finrst.Capture, path: Path) -> str:
    cap.report(path)
    return path.read_text(encoding="utf-8")


def watched(cap: finrst.Capture) -> str:
    """What the live view and a summary of a pipe say."""
    tally = Tally()
    tally.add(cap.connections, len(cap.teardowns))
    return text(figures(tally, {name: cap.table(name) for name in ACCOUNTS}))


FACES: dict[str, Callable[[finrst.Capture], str]] = {
    "summary": lambda cap: text(summarize(cap)),
    "summary of a pipe": watched,
    "card": lambda cap: cap._repr_html_(),
    "explanation": lambda cap: str(cap.connection(0).explain()),
    "ladder": lambda cap: str(cap.plot.ladder(0)),
    "steps": lambda cap: "\n".join(steps(cap, 0)),
    "matrix": lambda cap: cap.plot.matrix().svg(),
    "widget": lambda cap: str(cap.explore().view),
}


@pytest.mark.parametrize("face", FACES)
def test_every_face_says_the_name(face: str, named: finrst.Capture) -> None:
    assert NAMED in FACES[face](named)


@pytest.mark.parametrize("name", ["x.html", "x.md"])
def test_reports_say_the_name(name: str, named: finrst.Capture, tmp_path: Path) -> None:
    assert "a.example (198.51.100.1:443, https)" in report(named, tmp_path / name)


def test_the_explanation_says_where_the_name_is_from(named: finrst.Capture) -> None:
    story = named.connection(0).explain().story
    assert story[0] == (
        "The server is called a.example by the client's TLS server name or HTTP host."
    )


def test_tables_keep_addresses_and_numbers(named: finrst.Capture) -> None:
    assert named.connections["server_ip"] == ["198.51.100.1"]
    assert named.connections["server_port"] == [443]


def test_a_server_of_several_names_says_that_there_are_more() -> None:
    hello = "> S port={}, < S., > ., > P. hello={}.example, < R."
    script = ", ".join(hello.format(40000 + n, word) for n, word in enumerate("abb"))
    cap = finrst.conversation(script)
    assert cap.naming.host("198.51.100.1") == "b.example and 1 other (198.51.100.1)"
    assert cap.naming.server(cap.connection(0).to_dict()).startswith("a.example (")


NO_NAMES: list[Any] = [
    "",
    "10.0.0.1",
    "0x7f000001",
    "[::1]",
    "x)(y",
    "a b",
    "<script>",
    "-a",
    "a" * 254,
    "\u202egro",
]


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_is_no_host_name_is_not_shown_as_one(text: str) -> None:
    assert host_name(text) == ""


def test_a_name_cannot_command_a_terminal() -> None:
    told = place("192.0.2.1", 80, Name("a\x1b[2J\u202e", "hosts"))
    assert told == "a\\x1b[2J\\u202e (192.0.2.1:80, http)"


def test_the_command_says_names_and_services(tmp_path: Path) -> None:
    script = tmp_path / "x.txt"
    script.write_text("> S, < S., > ., > P. get=a.example:443, < R.")
    command = [sys.executable, "-m", "finrst", "explain", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert NAMED in done.stdout
