"""The findings of a capture as the explorer shows them, and the connections of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.extras import need
from finrst._base.palette import HUES, SEVERITIES
from finrst._base.text import printable, shortened
from finrst._story.told import details, example
from finrst.plot._columns import Columns

if TYPE_CHECKING:
    from finrst._story.answer import Answer

    from .rows import Rows

np = need("numpy", "notebook")

_LONG = 900


class Found:
    """The findings, and which rows each is about; that is looked up when it is first asked for."""

    def __init__(self, capture: Answer, rows: Rows) -> None:
        """Find them."""
        self._findings = list(capture.findings())
        self._rows = rows
        self._masks: dict[int, Any] = {}

    def __len__(self) -> int:
        """Count them."""
        return len(self._findings)

    def mask(self, place: int) -> Any:
        """Let through the rows of one finding."""
        if place not in self._masks:
            table = self._findings[place].connections
            ids = Columns(table, ["connection_id"], ["connections"]).floats("connection_id")
            self._masks[place] = np.isin(self._rows.ids, ids.astype(np.int64))
        return self._masks[place]

    def told(self) -> list[dict[str, Any]]:
        """Put them into texts for the browser, gravest first."""
        return [
            {
                "severity": one.severity,
                "colour": HUES[SEVERITIES[one.severity]].css,
                "sentence": shortened(printable(one.sentence, _LONG)),
                "whole": printable(one.sentence, _LONG),
                "count": one.count,
                "more": [printable(line, _LONG) for line in (details(one), one.why) if line],
                "next": printable(one.next, _LONG),
                "example": one.to_dict()["example"],
                "shown": printable(example(one), _LONG),
            }
            for one in self._findings
        ]
