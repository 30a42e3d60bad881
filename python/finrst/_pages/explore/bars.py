"""What is counted for the explorer: bars to click, and when connections began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of, class_of_ending
from finrst._base.extras import need
from finrst._base.services import port_name
from finrst._base.text import duration, printable
from finrst._base.times import stamp

from .asked import FACETS
from .rows import fitting

if TYPE_CHECKING:
    from .rows import Rows

np = need("numpy", "notebook")

_CLASSED = {"cause": class_of, "ending": class_of_ending}
_BARS = 8
_BINS = 60


class Bars:
    """The words of the columns with bars, and how many of the rows left have each."""

    def __init__(self, rows: Rows) -> None:
        """Begin with nothing looked up."""
        self._rows = rows
        self._places: dict[str, dict[str, int]] = {name: {} for name in FACETS}

    def place(self, name: str, word: Any) -> int:
        """Find the place of a word; that of a missing value when there is no such word."""
        known, word = self._places[name], str(word)
        if word not in known:
            names = self._rows.words[name].names
            known[word] = names.index(word) if word in names else len(names)
        return known[word]

    def masks(self, chosen: dict[str, Any], searched: dict[str, str]) -> dict[str, Any]:
        """Give what each column lets through: the words chosen, else what contains the text."""
        masks = {}
        for name in FACETS:
            column = self._rows.words[name]
            if words := chosen.get(name):
                wanted = np.zeros(len(column.names) + 1, dtype=bool)
                wanted[[self.place(name, word) for word in words]] = True
                wanted[-1] = False
                masks[name] = wanted[column.codes]
            elif text := searched.get(name, "").strip():
                masks[name] = fitting(column, text.lower())
        return masks

    def facet(self, name: str, mask: Any, words: Any, text: str) -> dict[str, Any]:
        """Count the words of a column; those chosen are there whatever their counts."""
        column = self._rows.words[name]
        codes = column.codes[mask]
        counts = np.bincount(codes[codes >= 0], minlength=len(column.names))
        found = np.flatnonzero(counts)
        if wanted := text.strip().lower():
            fits = (i for i in found.tolist() if wanted in column.names[i].lower())
            found = np.fromiter(fits, dtype=np.int64)
        on = [self.place(name, word) for word in words]
        order = [i for i in _top(counts, found) if i not in on] + on
        order = [i for i in order if i < len(column.names)]
        order.sort(key=lambda i: (-counts[i], column.names[i]))
        for i in order:
            self._places[name][column.names[i]] = i
        return {
            "name": name,
            "title": FACETS[name],
            "more": max(0, len(found) - _BARS),
            "searched": text,
            "many": int((counts > 0).sum()) > _BARS,
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
        return self._rows.naming.host(word) if name.endswith("_ip") else word

    def time(self, mask: Any) -> dict[str, Any]:
        """Count the beginnings of connections by time."""
        rows = self._rows
        counts, _ = np.histogram(rows.start[mask], np.linspace(0, rows.length, _BINS + 1))
        begin, end = rows.span
        return {
            "counts": counts.tolist(),
            "length": rows.length,
            "begin": stamp(begin, rows.zone),
            "end": stamp(end, rows.zone),
            "bin": duration(rows.length / _BINS),
        }


def _top(counts: Any, found: Any) -> list[int]:
    """Give the places with the highest counts; of equals the first."""
    if len(found) > _BARS:
        least = np.partition(counts[found], -_BARS)[-_BARS]
        above = found[counts[found] > least]
        found = np.append(above, found[counts[found] == least][: _BARS - len(above)])
    return [int(place) for place in found]
