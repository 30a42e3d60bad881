"""``finrst explain`` tells what matters: one story for all that are alike, the gravest first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import finrst
from finrst.__main__ import main
from finrst._cli.groups import ACROSS, groups, listed

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
REFUSED = "> S port=1..73, < R. port=1..73"
FORGED = (
    ", > S port=100, < S. ttl=52, > ., < . ttl=52, > P. 120, < R. nots ttl=101 id=4711 win=3000 "
    "+1ms, < P. 900 ttl=52 +30ms, > R, < P. 900 ttl=52"
)


def said(capsys: pytest.CaptureFixture[str], path: Path, script: str, *options: str) -> str:
    path.write_text(script)
    assert main(["explain", str(path), *options]) == 0
    return capsys.readouterr().out


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.script"


def test_what_is_alike_is_one_paragraph_and_a_list_of_numbers(
    capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    text = said(capsys, path, REFUSED)
    assert text.count("nothing listens there") == 1
    assert "73 connections: 0 to 72" in text
    assert "told whole by --connection 0" in text
    assert "more story" not in text
    assert len(text.splitlines()) < 16
    assert said(capsys, path, REFUSED, "--connection", "17").startswith("connection 17: ")


def test_what_is_suspicious_comes_first(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    text = said(capsys, path, REFUSED + FORGED)
    assert text.index("reset_injected") < text.index("turned down")
    assert main(["explain", str(DEMO), "--no-progress"]) == 0
    assert "in between" in capsys.readouterr().out.split("\n\n")[0]


def test_the_limit_counts_stories(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    text = said(capsys, path, REFUSED + FORGED, "--limit", "1")
    assert "turned down" not in text
    assert "... and 1 more story, of 73 connections (--limit)." in text
    assert "--limit" not in said(capsys, path, REFUSED + FORGED, "--limit", "2")


def test_a_cause_chooses_those_that_have_it(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    text = said(capsys, path, REFUSED + FORGED, "--cause", "reset_injected")
    assert text.startswith("connection 73: ")
    assert "turned down" not in text


def test_programs_get_the_story_of_one_and_the_numbers_of_all(
    capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    forged, refused = json.loads(said(capsys, path, REFUSED + FORGED, "--json"))
    assert forged["connections"] == [73]
    assert forged["finding"]["severity"] == "suspicious"
    assert refused["connections"] == list(range(73))
    assert refused["finding"]["count"] == 73
    assert refused["connection"]["connection_id"] == refused["finding"]["example"]
    assert refused["sentence"].startswith("The connection from ")
    (asked,) = json.loads(said(capsys, path, REFUSED, "--json", "--connection", "3"))
    assert asked["connections"] == [3]
    assert asked["finding"] is None


def test_packets_are_drawn_of_one_of_them(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    text = said(capsys, path, REFUSED, "--packets")
    assert text.count("Packets of connection") == 1
    assert text.count("SYN seq 0") == 1


def test_every_connection_that_needs_it_is_told_once() -> None:
    capture = finrst.read(DEMO)
    numbers = [number for group in groups(capture) for number in group.connections]
    assert len(set(numbers)) == len(numbers)
    everything = [n for group in groups(capture, everything=True) for n in group.connections]
    assert sorted(everything) == list(range(len(capture)))
    endings = dict(
        zip(capture.connections["connection_id"], capture.connections["ending"], strict=True)
    )
    assert {n for n in everything if endings[n] not in {"graceful", "open", "stray"}} <= set(
        numbers
    )


def test_kinds_that_lie_across_others_are_left_out() -> None:
    kinds = {row["name"]: row["summary"] for row in finrst.finding_kinds()}
    assert {name for name, text in kinds.items() if "in other findings" in text} == ACROSS


@pytest.mark.parametrize("width", [40, 80, 200])
def test_paragraphs_fit(
    width: int,
    capsys: pytest.CaptureFixture[str],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = said(capsys, path, REFUSED + FORGED).splitlines()
    assert max(map(len, lines)) <= width


def test_runs_of_numbers() -> None:
    assert listed([7]) == "7"
    assert listed([1, 2]) == "1, 2"
    assert listed([1, 2, 3, 9]) == "1 to 3, 9"
    assert listed([*range(0, 100, 2)]).endswith("22 and 38 more")


def test_a_firewall_that_refuses_is_no_forger() -> None:
    script = "> S, < S. ttl=60, > ., < F. ttl=60, > F., < . ttl=60, > S service=80, < R. ttl=53"
    cap = finrst.conversation(script)
    story = cap.connection(1).explain()
    assert "refused by a firewall or a router in between" in story.sentence
    assert "a firewall or a router in between sends RST,ACK" in str(story)
    assert "forger" not in str(story)
    forged = finrst.read("tests/data/demo.pcap").connection(13).explain()
    assert "reset by a box or a forger in between" in forged.sentence
