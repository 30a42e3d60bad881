"""What the plots say and draw: the data behind them, at ten connections and at a million."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

import finrst

pytest.importorskip("matplotlib", reason="matplotlib is not installed: no plot is drawn")
import finrst.plot
from finrst._classes import CLASSES, class_of

DEMO = Path(__file__).parents[1] / "data/demo.pcap"
CHARTS = ["causes", "timeline", "matrix", "waits", "lifetimes", "fingerprint"]


@pytest.fixture(scope="module")
def demo() -> finrst.Capture:
    return finrst.read(DEMO)


def draw(name: str, data: Any, **options: Any) -> Any:
    return getattr(finrst.plot, name)(data, **options)


def test_every_cause_has_a_class() -> None:
    classes = {one.name for one in CLASSES}
    assert set(finrst.causes()["class"]) == classes
    assert class_of("port_closed").name == "refused"
    assert class_of("undetermined").name == "undecided"


def test_causes_are_the_table(demo: finrst.Capture) -> None:
    figure = demo.plot.causes()
    ax: Any = figure.axes[0]
    drawn = dict(
        zip(
            (label.get_text() for label in ax.get_yticklabels()),
            (bar.get_width() for bar in ax.patches),
            strict=True,
        )
    )
    assert drawn == dict(demo.connections.counts("cause"))
    assert figure.finding.startswith("16 of 25 (64 %) did not end")


def test_timeline_adds_up(demo: finrst.Capture) -> None:
    ax: Any = demo.plot.timeline().axes[0]
    heights = [bar.get_height() for bar in ax.patches]
    kinds = dict(demo.teardowns.counts("kind"))
    assert sum(h for h in heights if h > 0) == kinds["fin"]
    assert -sum(h for h in heights if h < 0) == kinds["rst"]


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("kind", ["table", "to_pandas", "to_polars", "to_arrow"])
def test_any_table_draws_the_same(demo: finrst.Capture, name: str, kind: str) -> None:
    which = "teardowns" if name in {"timeline", "fingerprint"} else "connections"
    table = demo.table(which)
    other = table if kind == "table" else getattr(table, kind)()
    assert draw(name, other).svg() == draw(name, demo).svg()


@pytest.mark.parametrize("name", CHARTS)
def test_without_pyarrow(demo: finrst.Capture, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = draw(name, demo).svg()

    def absent(module: str, _extra: str) -> None:
        raise ModuleNotFoundError(module)

    monkeypatch.setattr("finrst.plot._columns.need", absent)
    if name not in {"timeline", "lifetimes"}:  # times of Python have no nanoseconds
        assert draw(name, demo).svg() == wanted


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("dark", [False, True])
def test_colours(demo: finrst.Capture, name: str, *, dark: bool) -> None:
    figure = draw(name, demo, dark=dark)
    text = figure.svg(themed=False)
    assert ("#16191d" in text) is dark
    assert ("#1f2329" in text) is not dark
    themed = figure.svg()
    assert ("var(--finrst-ink,#1f2329)" in themed) is not dark
    ET.fromstring(themed)


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_to_draw(name: str) -> None:
    empty = finrst.conversation("> S, < R.").connections.slice(0, 0)
    teardowns = finrst.conversation("> S, < R.").teardowns.slice(0, 0)
    figure = draw(name, teardowns if name in {"timeline", "fingerprint"} else empty)
    assert figure.is_empty


def test_missing_columns_are_named(demo: finrst.Capture) -> None:
    with pytest.raises(ValueError, match="the table lacks time, kind; teardowns has them"):
        finrst.plot.timeline(demo.connections)
    with pytest.raises(TypeError, match="a Capture or an Arrow table"):
        finrst.plot.causes([1, 2])


@pytest.mark.parametrize("name", CHARTS)
def test_a_million_rows(demo: finrst.Capture, name: str) -> None:
    pa = pytest.importorskip("pyarrow")
    which = "teardowns" if name in {"timeline", "fingerprint"} else "connections"
    one = demo.to_arrow(which)
    many = pa.concat_tables([one] * (1_000_000 // one.num_rows)).combine_chunks()
    begin = time.perf_counter()
    text = draw(name, many).svg()
    assert time.perf_counter() - begin < 15
    assert len(text) < 600_000


def test_ladder_marks_what_decides(demo: finrst.Capture) -> None:
    text = str(demo.plot.ladder(2))
    root = ET.fromstring(text)
    said = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "Connection 2: reset, ended by client — abort_unread_data (78% sure)" in said
    assert "#29" in said
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == 1
    assert str(finrst.plot.ladder(demo.packets(2))).count("<path") == 12


def test_long_ladder_leaves_out() -> None:
    middle = ", ".join(["> P. 10", "< ."] * 300)
    cap = finrst.conversation(f"> S, < S., > ., {middle}, > F., < F., > .")
    text = str(cap.plot.ladder())
    assert text.count("<path") < 50
    assert "packets not drawn" in text


def test_sequence_of_either_side(demo: finrst.Capture) -> None:
    assert "Server sent 3,000 octets in 3 segments" in demo.plot.sequence(2).finding
    assert "Client sent 3 octets" in demo.plot.sequence(2, sender="client").finding
    with pytest.raises(ValueError, match="which of the 25 connections"):
        demo.plot.sequence()


def test_classes_have_distinct_colours() -> None:
    assert len({one.colour for one in CLASSES}) == len(CLASSES) == 6
