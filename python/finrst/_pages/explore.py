"""An interactive view of a capture in a notebook."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of, class_of_ending
from finrst._base.extras import need
from finrst._base.palette import dressed
from finrst._base.services import port_name
from finrst._base.text import duration, plural, printable
from finrst._errors import CaptureError
from finrst.plot import ladder

if TYPE_CHECKING:
    from finrst._story.answer import Answer

np = need("numpy", "notebook")
traitlets = need("traitlets", "notebook")
_Widget: Any = need("anywidget", "notebook").AnyWidget

_FACETS = {
    "cause": "Cause",
    "ending": "How",
    "ended_by": "Who",
    "server_ip": "Server",
    "server_port": "Port",
    "client_ip": "Client",
}
_CLASSED = {"cause": class_of, "ending": class_of_ending}
_BARS = 8
_BINS = 60
_ROWS = 100


class Explorer(_Widget):  # type: ignore[misc]
    """Bars to click, a table that follows, and the story of the row that is picked.

    ``selection`` is the filtered connections as a ``pyarrow.Table``, ``picked`` the
    ``connection_id`` of the row that was picked. Both can be set from Python too: ``chosen`` holds
    the words chosen in each bar chart, ``span`` the seconds between which connections begin.

    Counting is done here and only what is shown goes to the browser, so a million connections are
    no burden to it.
    """

    _esm = Path(__file__).with_name("explore.js")
    _css = dressed(Path(__file__).with_name("explore.css").read_text(encoding="utf-8"))
    view = traitlets.Dict().tag(sync=True)
    detail = traitlets.Dict().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)
    searched = traitlets.Dict().tag(sync=True)
    span = traitlets.List(traitlets.Float()).tag(sync=True)
    picked = traitlets.Int(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, capture: Answer) -> None:
        """Prepare the columns that can be filtered."""
        from finrst.plot._columns import Columns

        super().__init__()
        self._capture = capture
        columns = Columns(capture, [*_FACETS, "start"], ["connections"])
        self._columns = {name: columns.words(name) for name in _FACETS}
        self._places: dict[str, dict[str, int]] = {name: {} for name in _FACETS}
        times = columns.times("start")
        self._origin = int(times.min()) if len(times) else 0
        self._start = (times - self._origin) / 1e9
        self._length = max(float(self._start.max()) if len(times) else 0.0, 1e-6)
        self.observe(self._refresh, ["chosen", "searched", "span"])
        self.observe(self._tell, ["picked"])
        self._refresh()

    @property
    def selection(self) -> Any:
        """The connections that the filters leave, as a ``pyarrow.Table``."""
        table, mask = self._capture.to_arrow(), self._joined(self._masks())
        return table if mask.all() else table.filter(need("pyarrow", "notebook").array(mask))

    def _masks(self) -> dict[str, Any]:
        """Give what each filter in force lets through."""
        masks = {}
        for name, words in self.chosen.items():
            if words and name in self._columns:
                column = self._columns[name]
                wanted = np.zeros(len(column.names) + 1, dtype=bool)
                wanted[[self._place(name, word) for word in words]] = True
                wanted[-1] = False
                masks[name] = wanted[column.codes]
        if len(self.span) == 2:  # noqa: PLR2004
            low, high = self.span
            masks["time"] = (self._start >= low) & (self._start <= high)
        return masks

    def _joined(self, masks: dict[str, Any], without: str = "") -> Any:
        others = [mask for name, mask in masks.items() if name != without]
        return np.logical_and.reduce([np.ones(len(self._start), dtype=bool), *others])

    def _place(self, name: str, word: Any) -> int:
        """Find the place of a word; that of a missing value when there is no such word."""
        known = self._places[name]
        if word not in known:
            names = self._columns[name].names
            known[word] = names.index(word) if word in names else len(names)
        return known[word]

    def _refresh(self, _change: object = None) -> None:
        masks = self._masks()
        mask = self._joined(masks)
        places = np.flatnonzero(mask)[:_ROWS].tolist()
        table, count = self._capture.connections, int(mask.sum())
        self.view = {
            "title": f"{plural(count, 'connection')} of {len(mask):,}",
            "facets": [
                self._facet(name, self._joined(masks, name) if name in masks else mask)
                for name in _FACETS
            ],
            "time": self._time(self._joined(masks, "time")),
            "rows": [
                _row(self._capture.naming.told(next(iter(table.slice(place, 1)))))
                for place in places
            ],
            "note": f"The first {_ROWS} are shown." if count > _ROWS else "",
        }

    def _facet(self, name: str, mask: Any) -> dict[str, Any]:
        column = self._columns[name]
        codes = column.codes[mask]
        counts = np.bincount(codes[codes >= 0], minlength=len(column.names))
        there = int((counts > 0).sum())
        text = str(self.searched.get(name, ""))
        if text:
            fits = (i for i, word in enumerate(column.names) if text in word and counts[i])
            found = np.fromiter(fits, dtype=np.int64)
        else:
            found = np.flatnonzero(counts)
        on = [self._place(name, word) for word in self.chosen.get(name, ())]
        order = [i for i in _top(counts, found) if i not in on] + on
        order = [i for i in order if i < len(column.names)]
        order.sort(key=lambda i: (-counts[i], column.names[i]))
        for i in order:
            self._places[name][column.names[i]] = i
        return {
            "name": name,
            "title": _FACETS[name],
            "more": max(0, len(found) - _BARS),
            "searched": text,
            "many": there > _BARS,
            "bars": [
                {
                    "value": column.names[i],
                    "text": printable(self._said(name, column.names[i]), 60),
                    "count": int(counts[i]),
                    "on": i in on,
                    "colour": _CLASSED[name](column.names[i]).colour if name in _CLASSED else None,
                }
                for i in order
            ],
        }

    def _said(self, name: str, word: str) -> str:
        """Write a word of a bar chart: addresses with their names, ports with their services."""
        if name == "server_port":
            return port_name(int(word))
        return self._capture.naming.host(word) if name.endswith("_ip") else word

    def _time(self, mask: Any) -> dict[str, Any]:
        edges = np.linspace(0, self._length, _BINS + 1)
        counts, _ = np.histogram(self._start[mask], edges)
        begin = dt.datetime.fromtimestamp(self._origin / 1e9, dt.UTC)
        end = begin + dt.timedelta(seconds=self._length)
        day = "%Y-%m-%d " if begin.date() != end.date() else ""
        return {
            "counts": counts.tolist(),
            "length": self._length,
            "begin": f"{begin:%Y-%m-%d %H:%M:%S} UTC",
            "end": end.strftime(f"{day}%H:%M:%S UTC"),
            "bin": duration(self._length / _BINS),
        }

    def _tell(self, _change: object = None) -> None:
        if self.picked is None:
            self.detail = {}
            return
        told = self._capture.connection(self.picked).explain()
        parts = (
            ("What happened", told.story),
            ("What speaks for it", told.evidence),
            ("What speaks against it", told.doubts),
            ("What to check next", (told.next,)),
        )
        detail: dict[str, Any] = {
            "sentence": printable(told.sentence, 600),
            "parts": [
                {"title": title, "lines": [printable(line, 600) for line in lines]}
                for title, lines in parts
                if lines
            ],
            "svg": "",
        }
        try:
            detail["svg"] = str(ladder(self._capture, self.picked))
        except (CaptureError, OSError) as error:
            detail["parts"].append({"title": "No ladder", "lines": [printable(error)]})
        self.detail = detail


def _top(counts: Any, found: Any) -> list[int]:
    """Give the places with the highest counts; of equals the first."""
    if len(found) > _BARS:
        least = np.partition(counts[found], -_BARS)[-_BARS]
        above = found[counts[found] > least]
        found = np.append(above, found[counts[found] == least][: _BARS - len(above)])
    return [int(place) for place in found]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    cells = [
        str(row["connection_id"]),
        row["client"],
        row["server"],
        f"{row['start']:%H:%M:%S.%f}",
        duration(row["duration_s"]),
        row["ending"],
        row["ended_by"],
        row["cause"],
        f"{row['confidence']:.0%}" if row["confidence"] else "\N{EN DASH}",
    ]
    colour = class_of(row["cause"]).colour
    shown = [printable(cell, 60) for cell in cells]
    return {"id": row["connection_id"], "cells": shown, "colour": colour}
