"""The Python half of the widget; the other half is tested in a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import finrst

pytest.importorskip("anywidget", reason="anywidget is not installed: the widget is not tested")
pytestmark = pytest.mark.filterwarnings("ignore")
DEMO = Path(__file__).parents[1] / "data/demo.pcap"
# A pcap file of no packet.
EMPTY = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")


@pytest.fixture
def widget() -> Any:
    return finrst.read(DEMO).explore()


def facet(widget: Any, name: str) -> dict[str, int]:
    found = next(one for one in widget.view["facets"] if one["name"] == name)
    return {bar["value"]: bar["count"] for bar in found["bars"]}


def test_it_begins_with_everything(widget: Any) -> None:
    assert widget.view["title"] == "25 connections of 25"
    assert widget.selection.num_rows == len(widget.view["rows"]) == 25
    assert sum(widget.view["time"]["counts"]) == 25
    assert facet(widget, "cause")["still_open"] == 6


def test_filters_join(widget: Any) -> None:
    widget.chosen = {"ending": ["reset"], "ended_by": ["client"]}
    rows = widget.selection.to_pylist()
    assert rows
    assert {(row["ending"], row["ended_by"]) for row in rows} == {("reset", "client")}
    # A facet's own choice does not take away its other bars.
    assert len(facet(widget, "ended_by")) > 1
    widget.span = [0.0, 5.0]
    assert widget.selection.num_rows < len(rows)
    widget.chosen, widget.span = {}, []
    assert widget.selection.num_rows == 25


def test_a_row_tells_its_story(widget: Any) -> None:
    widget.picked = 2
    assert "data of the peer still unread" in widget.detail["sentence"]
    parts = {part["title"]: part["lines"] for part in widget.detail["parts"]}
    assert "unread bytes: 3000 (packet 29)" in parts["What speaks for it"]
    assert all(len(lines) == len(set(lines)) for lines in parts.values())
    assert "RST ACK" in widget.detail["svg"]
    widget.picked = None
    assert widget.detail == {}


def test_what_the_browser_sends_is_checked(widget: Any) -> None:
    widget.chosen = {"nonsense": ["x"], "cause": ["<script>"]}
    assert widget.selection.num_rows == 0
    with pytest.raises(KeyError):
        widget.picked = 10**6


def test_the_rest_of_many_bars_is_found_by_searching(widget: Any) -> None:
    ports = next(one for one in widget.view["facets"] if one["name"] == "server_port")
    assert ports["many"]
    assert len(ports["bars"]) == 8
    assert ports["more"] == 16 - 8
    widget.searched = {"server_port": "402"}
    assert set(facet(widget, "server_port")) == {"4022", "4025", "4026", "4028"}
    assert widget.selection.num_rows == 25
    widget.chosen = {"server_port": ["4022"]}
    widget.searched = {}
    # What is chosen stays to be seen, whatever the others' counts are.
    assert facet(widget, "server_port")["4022"] == 1
    assert widget.selection["cause"].to_pylist() == ["reset_injected"]


def test_many_connections() -> None:
    pa = pytest.importorskip("pyarrow")
    item = "> S, < S., > ., > F., < F., > ."
    cap = finrst.conversation(", ".join([item] * 150))
    widget = cap.explore()
    widget.chosen = {"ending": ["graceful"]}
    assert len(widget.view["rows"]) == 100
    assert widget.view["note"] == "The first 100 are shown."
    assert isinstance(widget.selection, pa.Table)
    assert widget.selection.num_rows == 150
    assert len(json.dumps(widget.view)) < 50_000


def test_no_connection_at_all() -> None:
    empty = finrst.read(EMPTY)
    widget = empty.explore()
    assert widget.view["title"] == "0 connections of 0"
    assert widget.view["rows"] == []
    assert widget.selection.num_rows == 0
