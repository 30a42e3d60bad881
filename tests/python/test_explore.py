"""The Python half of the widget; the other half is tested in a browser."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import finrst

pytest.importorskip("anywidget", reason="anywidget is not installed: the widget is not tested")
pytestmark = pytest.mark.filterwarnings("ignore")
DEMO = Path(__file__).parents[1] / "data/demo.pcap"


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
    assert "data of the peer still unread" in widget.detail["lines"][0]
    assert "RST ACK" in widget.detail["svg"]
    widget.picked = None
    assert widget.detail == {}


def test_what_the_browser_sends_is_checked(widget: Any) -> None:
    widget.chosen = {"nonsense": ["x"], "cause": ["<script>"]}
    assert widget.selection.num_rows == 0
    with pytest.raises(KeyError):
        widget.picked = 10**6


def test_many_connections() -> None:
    item = "> S, < S., > ., > F., < F., > ."
    cap = finrst.conversation(", ".join([item] * 150))
    widget = cap.explore()
    begin = time.perf_counter()
    widget.chosen = {"ending": ["graceful"]}
    assert time.perf_counter() - begin < 5
    assert len(widget.view["rows"]) <= 100
