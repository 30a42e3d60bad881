"""The plots look as they did: drawn from real captures, and compared with pictures.

`FINRST_RECORD=1` makes the pictures anew, for these tests and for the manual.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import finrst

pytest.importorskip("matplotlib", reason="matplotlib is not installed: no picture is compared")
pytest.importorskip("pyarrow")
import finrst.plot
import pictures

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "tests/data/demo.pcap"
HALF_CLOSED = ROOT / "tests/data/captures/lab_half_close_then_rst.c.pcap"


def demo() -> finrst.Capture:
    return finrst.read(DEMO)


def million() -> Any:
    """The demonstration's connections 40,000 times over, their times spread."""
    import pyarrow as pa
    import pyarrow.compute as pc

    one = demo().to_arrow().select(["duration_s", "idle_before_end_s", "cause"])
    spread = [1 + step / 50 for step in range(100)]
    parts = []
    for lived in spread:
        part = one
        for place, factor in ((0, lived), (1, 2 - 0.5 * lived)):
            scaled = pc.multiply(one.column(place), factor)
            part = part.set_column(place, one.column_names[place], scaled)
        parts += [part] * 400
    return pa.concat_tables(parts)


PICTURES: dict[str, Callable[[], Any]] = {
    "causes": lambda: demo().plot.causes(dark=False),
    "causes_dark": lambda: demo().plot.causes(dark=True),
    "timeline": lambda: demo().plot.timeline(dark=False),
    "matrix": lambda: demo().plot.matrix(dark=False),
    "matrix_dark": lambda: demo().plot.matrix(dark=True),
    "waits": lambda: demo().plot.waits(dark=False),
    "lifetimes": lambda: demo().plot.lifetimes(dark=False),
    "lifetimes_million_dark": lambda: finrst.plot.lifetimes(million(), dark=True),
    "fingerprint": lambda: demo().plot.fingerprint(dark=False),
    "sequence": lambda: finrst.read(HALF_CLOSED).plot.sequence(0, dark=False),
    "sequence_dark": lambda: finrst.read(HALF_CLOSED).plot.sequence(0, dark=True),
}


@pytest.mark.parametrize("name", PICTURES)
def test_it_looks_as_it_did(name: str, tmp_path: Path) -> None:
    figure = PICTURES[name]()
    figure.savefig(tmp_path / "manual.png", dpi=100)
    made = pictures.marks(figure, tmp_path / "marks.png")
    if pictures.RECORD:
        pictures.keep(tmp_path / "manual.png", pictures.MANUAL / f"{name}.png")
        pictures.keep(made, pictures.MARKS / f"{name}.png")
    assert pictures.changed(made, pictures.MARKS / f"{name}.png") <= pictures.MOST
    whole = pictures.blocks_changed(tmp_path / "manual.png", pictures.MANUAL / f"{name}.png")
    assert whole <= pictures.MOST_OF_MANUAL


def without(table: finrst.Table, row: int) -> Any:
    import pyarrow as pa

    rows = table.to_arrow()
    return pa.concat_tables([rows.slice(0, row), rows.slice(row + 1)])


@pytest.mark.parametrize(
    ("name", "which", "row"),
    [
        ("causes", "connections", 3),
        ("timeline", "teardowns", 4),
        ("matrix", "connections", 3),
        ("waits", "connections", 13),
        ("lifetimes", "connections", 13),
        ("fingerprint", "teardowns", 11),
    ],
)
def test_one_row_less_is_seen(name: str, which: str, row: int, tmp_path: Path) -> None:
    """The comparison lets through less than one row of 25 or 32."""
    figure = getattr(finrst.plot, name)(without(demo().table(which), row), dark=False)
    made = pictures.marks(figure, tmp_path / "marks.png")
    assert pictures.changed(made, pictures.MARKS / f"{name}.png") > pictures.MOST


def test_one_segment_less_is_seen(tmp_path: Path) -> None:
    packets = finrst.read(HALF_CLOSED).packets(0)
    last = max(place for place, octets in enumerate(packets["payload_length"]) if octets)
    figure = finrst.plot.sequence(without(packets, last), dark=False)
    made = pictures.marks(figure, tmp_path / "marks.png")
    assert pictures.changed(made, pictures.MARKS / "sequence.png") > pictures.MOST


LADDERS: dict[str, Callable[[], Any]] = {
    "ladder": lambda: demo().plot.ladder(13),
    "refused": lambda: demo().plot.ladder(0),
    "script": lambda: finrst.conversation("> S, < S., > ., > P. 120, < ., < R.").plot.ladder(0),
}


@pytest.mark.parametrize("name", LADDERS)
def test_the_ladder_is_the_manuals(name: str) -> None:
    """It is drawn without a library, so every byte is decided here."""
    path = pictures.MANUAL / f"{name}.svg"
    text = str(LADDERS[name]())
    if pictures.RECORD:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_pictures_are_small_and_there() -> None:
    sizes = {path.name: path.stat().st_size for path in pictures.MANUAL.iterdir()}
    assert max(sizes.values()) < 150_000, sizes
    assert sum(sizes.values()) < 1_500_000
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = {
        Path(found).name
        for page in pages
        for found in re.findall(r"pictures/[\w.]+", page.read_text(encoding="utf-8"))
    }
    assert shown <= set(sizes)
