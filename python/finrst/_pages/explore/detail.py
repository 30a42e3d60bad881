"""The story of the connection that was picked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.text import printable, shortened
from finrst._errors import CaptureError
from finrst.plot import ladder

if TYPE_CHECKING:
    from finrst._story.answer import Answer

_LONG = 600


def story(capture: Answer, connection_id: int) -> dict[str, Any]:
    """Tell what is known without the packets; ``KeyError`` when there is no such connection."""
    one = capture.connection(connection_id)
    told = one.explain()
    parts = (
        ("What happened", told.story),
        ("What to check next", (told.next,)),
        ("What speaks for it", told.evidence),
        ("What speaks against it", told.doubts),
        ("What else it could be", told.rivals),
    )
    return {
        "id": connection_id,
        "sentence": shortened(printable(told.sentence, _LONG)),
        "whole": printable(told.sentence, _LONG),
        "parts": [
            {"title": title, "lines": [printable(line, _LONG) for line in lines]}
            for title, lines in parts
            if any(lines)
        ],
        "filter": printable(one.wireshark_filter, _LONG),
        "svg": None,
    }


def drawn(capture: Answer, told: dict[str, Any]) -> dict[str, Any]:
    """Add the ladder, for which the packets are read again."""
    try:
        return {**told, "svg": str(ladder(capture, told["id"]))}
    except (CaptureError, OSError) as error:
        part = {"title": "No ladder", "lines": [printable(error)]}
        return {**told, "svg": "", "parts": [*told["parts"], part]}
