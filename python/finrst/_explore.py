"""An interactive view of a capture in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._classes import class_of
from ._errors import CaptureError
from ._extras import need
from ._summary import endpoint
from ._text import duration, plural, printable
from .plot import ladder

if TYPE_CHECKING:
    from ._capture import Capture

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
_BARS = 8
_BINS = 60
_ROWS = 100


class Explorer(_Widget):  # type: ignore[misc]
    """Bars to click, a table that follows, and the story of the row that is picked.

    ``selection`` is the filtered connections as a ``pyarrow.Table``, ``picked`` the
    ``connection_id`` of the row that was picked. Counting is done here and only what is shown
    goes to the browser, so a million connections are no burden to it.
    """

    _esm = Path(__file__).with_name("_explore.js")
    _css = Path(__file__).with_name("_explore.css")
    view = traitlets.Dict().tag(sync=True)
    detail = traitlets.Dict().tag(sync=True)
    chosen = traitlets.Dict().tag(sync=True)
    span = traitlets.List(traitlets.Float()).tag(sync=True)
    picked = traitlets.Int(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, capture: Capture) -> None:
        """Prepare the columns that can be filtered."""
        from .plot._columns import Columns

        super().__init__()
        self._capture = capture
        columns = Columns(capture, [*_FACETS, "start"], ["connections"])
        self._columns = {name: columns.words(name) for name in _FACETS}
        times = columns.times("start")
        self._origin = int(times.min()) if len(times) else 0
        self._start = (times - self._origin) / 1e9
        self._length = max(float(self._start.max()) if len(times) else 0.0, 1e-6)
        self.observe(self._refresh, ["chosen", "span"])
        self.observe(self._tell, ["picked"])
        self._refresh()

    @property
    def selection(self) -> Any:
        """The connections that the filters leave, as a ``pyarrow.Table``."""
        return self._capture.to_arrow().filter(need("pyarrow", "notebook").array(self._mask()))

    def _mask(self, without: str = "") -> Any:
        mask = np.ones(len(self._start), dtype=bool)
        for name, words in self.chosen.items():
            if words and name in self._columns and name != without:
                column = self._columns[name]
                wanted = np.array([word in words for word in column.names] + [False])
                mask &= wanted[column.codes]
        if len(self.span) == 2 and without != "time":  # noqa: PLR2004
            low, high = self.span
            mask &= (self._start >= low) & (self._start <= high)
        return mask

    def _refresh(self, _change: object = None) -> None:
        mask = self._mask()
        places = np.flatnonzero(mask)[:_ROWS].tolist()
        table = self._capture.connections
        self.view = {
            "title": f"{plural(int(mask.sum()), 'connection')} of {len(mask):,}",
            "facets": [self._facet(name) for name in _FACETS],
            "time": self._time(),
            "rows": [_row(next(iter(table.slice(place, 1)))) for place in places],
        }

    def _facet(self, name: str) -> dict[str, Any]:
        column = self._columns[name]
        codes = column.codes[self._mask(without=name)]
        counts = np.bincount(codes[codes >= 0], minlength=len(column.names))
        on = set(self.chosen.get(name, ()))
        order = [i for i in np.argsort(-counts, kind="stable") if counts[i]][:_BARS]
        order += [i for i, word in enumerate(column.names) if word in on and i not in order]
        return {
            "name": name,
            "title": _FACETS[name],
            "more": max(0, int((counts > 0).sum()) - _BARS),
            "bars": [
                {
                    "value": column.names[i],
                    "text": printable(column.names[i], 60),
                    "count": int(counts[i]),
                    "on": column.names[i] in on,
                    "colour": class_of(column.names[i]).colour if name == "cause" else None,
                }
                for i in order
            ],
        }

    def _time(self) -> dict[str, Any]:
        edges = np.linspace(0, self._length, _BINS + 1)
        starts = self._start[self._mask(without="time")]
        counts, _ = np.histogram(starts, edges)
        return {"counts": counts.tolist(), "length": self._length, "text": duration(self._length)}

    def _tell(self, _change: object = None) -> None:
        if self.picked is None:
            self.detail = {}
            return
        told = self._capture.connection(self.picked).explain()
        lines = [told.sentence]
        for title, parts in (("For it", told.evidence), ("Against it", told.doubts)):
            if parts:
                lines.append(f"{title}: " + "; ".join(parts) + ".")
        lines.append(f"Next: {told.next}")
        try:
            drawn = str(ladder(self._capture, self.picked))
        except (CaptureError, OSError) as error:
            drawn = ""
            lines.append(f"No ladder: {printable(error)}.")
        self.detail = {"lines": [printable(line, 600) for line in lines], "svg": drawn}


def _row(row: dict[str, Any]) -> dict[str, Any]:
    cells = [
        str(row["connection_id"]),
        endpoint(row["client_ip"], row["client_port"]),
        endpoint(row["server_ip"], row["server_port"]),
        f"{row['start']:%H:%M:%S.%f}",
        duration(row["duration_s"]),
        row["ending"],
        row["ended_by"],
        row["cause"],
        f"{row['confidence']:.0%}",
    ]
    colour = class_of(row["cause"]).colour
    shown = [printable(cell, 60) for cell in cells]
    return {"id": row["connection_id"], "cells": shown, "colour": colour}
