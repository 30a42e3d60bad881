"""A report in one file: HTML that needs nothing else, or Markdown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finrst._base.text import duration, number, plural
from finrst._base.times import stamp, zone_name
from finrst._errors import CaptureError
from finrst._files.atomic import check, whole
from finrst._story.overview import Overview, survey
from finrst._story.summary import source_name
from finrst._story.told import matters

from . import markdown as _markdown
from . import page as _page

if TYPE_CHECKING:
    from os import PathLike

    from finrst._story.answer import Answer

_PLOTS = {
    "causes": "Causes",
    "timeline": "When",
    "matrix": "Who with whom",
    "waits": "How long clients waited",
    "lifetimes": "How long connections lived and were silent",
    "fingerprint": "Whether resets look like their sender",
}
# Inches of plots on screens and paper, and on phones, where their letters would be too small.
_WIDTHS = (None, 3.8)
_LADDERS = 5


def write(
    capture: Answer, path: str | PathLike[str], title: str | None, *, overwrite: bool
) -> None:
    """Write a report; the file appears whole or not at all."""
    sources = capture.connections._native.sources  # noqa: SLF001 - the same package
    check(path, sources, overwrite=overwrite)
    found = survey(capture)
    heading = title or _title(capture)
    if Path(path).suffix.lower() in {".md", ".markdown"}:
        text = _markdown.page(capture, found, heading, _about(capture))
    else:
        drawn = _ladders(capture, found)
        text = _page.page(capture, found, heading, _about(capture), _plots(capture), drawn)
    with whole(path, sources, overwrite=overwrite) as out:
        out.write(text.encode())


def _title(capture: Answer) -> str:
    names = [source_name(Path(name).name) for name in capture.files["file"]]
    more = f" and {plural(len(names) - 1, 'other file')}" if len(names) > 1 else ""
    return f"How the connections of {names[0]}{more} ended" if names else "How connections ended"


def _about(capture: Answer) -> list[tuple[str, str]]:
    """Tell what was read, and how."""
    table = capture.connections
    packets = sum(capture.ledger["packets"])
    about = [
        ("packets", number(packets)),
        ("TCP connections", number(len(table))),
        ("FIN and RST segments", number(len(capture.teardowns))),
    ]
    starts = [row["start"] for row in capture.files if row["start"] is not None]
    ends = [row["end"] for row in capture.files if row["end"] is not None]
    if starts and ends:
        about.append(("first packet", stamp(min(starts), capture.tz, 6)))
        about.append(("time zone", zone_name(capture.tz)))
        about.append(("span", duration((max(ends) - min(starts)).total_seconds())))
    about += [
        (key.replace("finrst.", "finrst ").replace("_", " "), _listed(value))
        for key, value in sorted(table.metadata.items())
    ]
    return about


def _listed(value: str) -> str:
    """Write parameters, which are kept as JSON, as a list of names and values."""
    if not value.startswith("{"):
        return value
    return ", ".join(f"{name} {number}" for name, number in json.loads(value).items())


def _plots(capture: Answer) -> list[tuple[str, str, str]] | None:
    """Draw what there is, once more for phones; nothing without matplotlib."""
    if not len(capture):
        return []
    try:
        from finrst import plot

        charts = {
            name: [getattr(plot, name)(capture, dark=False, width=width) for width in _WIDTHS]
            for name in _PLOTS
        }
    except ModuleNotFoundError:
        return None
    return [
        (_PLOTS[name], chart.svg(), narrow.svg())
        for name, (chart, narrow) in charts.items()
        if not chart.is_empty
    ]


def _ladders(capture: Answer, found: Overview) -> dict[int, str] | str:
    """Draw examples of the gravest findings, by their places, or tell why that cannot be."""
    from finrst.plot import ladder

    drawn: dict[int, str] = {}
    shown = [(place, one) for place, one in enumerate(found.findings) if matters(one)]
    for place, one in shown[:_LADDERS]:
        try:
            diagram: Any = ladder(capture, one.example.connection_id)
        except (CaptureError, OSError) as error:
            return str(error)
        drawn[place] = str(diagram)
    return drawn
