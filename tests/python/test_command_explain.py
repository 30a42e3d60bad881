"""The command ``finrst explain``: which connections it tells of, and what it draws."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import finrst
from commands import DEMO
from finrst.__main__ import main
from finrst._cli.steps import steps

if TYPE_CHECKING:
    import pytest


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(DEMO), "--connection", "13"]) == 0
    out = capsys.readouterr().out
    assert "reset_injected" in out
    assert "What speaks for it" in out
    assert "In Wireshark\n  ip.addr == 10.77.0.1 && " in out
    assert main(["explain", str(DEMO), "--limit", "2"]) == 0
    assert "... and 13 more (--limit)." in capsys.readouterr().out
    assert main(["explain", str(DEMO), "--cause", "port_closed"]) == 0
    assert capsys.readouterr().out.count("connection ") >= 1
    assert main(["explain", str(DEMO), "--filter", "port 4003"]) == 0
    assert "ended in order" in capsys.readouterr().out


def test_a_storm_of_resets_is_told_in_a_line() -> None:
    storm = ", ".join(["> S, < S., > ., > P. 100, < R."] + ["> P. 100, < R"] * 40)
    story = str(finrst.conversation(storm).connection(0).explain())
    assert "39 more like it, until packet 85" in story
    assert story.splitlines()[0].endswith("% sure)")
    assert "reset by the server after 40 ms." in story
    assert len(story.splitlines()) < 25


def test_packets_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(DEMO), "--connection", "13", "--packets"]) == 0
    lines = capsys.readouterr().out.split("\nPackets\n")[1].splitlines()
    numbers = [line.split()[0] for line in lines if re.match(r" *\d+ +\+", line)]
    assert numbers == [str(packet) for packet in finrst.read(DEMO).packets(13)["packet"]]
    place = next(place for place, line in enumerate(lines) if "injection score" in line)
    assert lines[place - 1].lstrip().startswith("97 ")
    # A long one is told in part, and says what is left out.
    long = "> S, < S., > ., " + "< P. 100, > ., " * 200 + "< R. +5s"
    told = steps(finrst.conversation(long), 0)
    assert len(told) < 60
    assert any("more packets ..." in line for line in told)
    assert any("... 5 s of silence ..." in line for line in told)
    assert all(len(line) < 130 for line in told)
    stated = finrst.conversation('> S, < S., > ., > P. 10, < ., < R. text="a\x1b[2Jb"')
    assert not any("\x1b" in line for line in steps(stated, 0))


def test_explain_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(DEMO), "--connection", "13", "--connection", "2", "--json"]) == 0
    stories = json.loads(capsys.readouterr().out)
    assert [story["connection"]["connection_id"] for story in stories] == [13, 2]
    assert stories[0]["connection"]["cause"] == "reset_injected"
    assert stories[0]["sentence"].startswith("The connection from 10.77.0.1:51058")
