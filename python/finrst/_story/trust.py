"""What of a capture limits how far its verdicts can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.text import number, plural, printable
from finrst._base.width import wrap

if TYPE_CHECKING:
    from .answer import Answer

_UNSURE = 0.6
_NAMED = 3


def limits(capture: Answer) -> list[str]:
    """Tell it in sentences, most far-reaching first; none when nothing was found."""
    table = capture.connections
    found = []
    mid_stream = _rows(capture, "opening", "mid_stream")
    if mid_stream:
        found.append(
            f"{plural(mid_stream, 'connection')} began before the capture: who is client and who "
            "is server is a guess."
        )
    one_way = sum(n for seen, n in table.counts("directions_seen") if seen != "both")
    if one_way:
        found.append(f"Only one direction of {plural(one_way, 'connection')} was captured.")
    censored = dict(table.counts("censored")).get(True, 0)
    if censored:
        found.append(
            f"The capture ended too early to know how {plural(censored, 'connection')} went on."
        )
    gaps = sum(n for missing, n in table.counts("capture_gaps") if missing)
    if gaps:
        found.append(f"In {plural(gaps, 'connection')} octets are missing from the capture.")
    unsure = sum(n for sure, n in table.counts("confidence") if 0 < float(sure) < _UNSURE)
    if unsure:
        verdicts = "verdict is" if unsure == 1 else "verdicts are"
        found.append(f"{number(unsure)} {verdicts} less than {_UNSURE:.0%} sure.")
    return found


def _rows(capture: Answer, column: str, word: str) -> int:
    counts: dict[Any, int] = dict(capture.connections.counts(column, only={column: [word]}))
    return counts.get(word, 0)


def named(files: list[str]) -> list[str]:
    """Name the files where a title only counts them.

    >>> named(["a.pcap"]), named(["a", "b", "c", "d", "e"])
    ([], ['a, b, c and 2 others'])
    """
    if len(files) == 1:
        return []
    more = f" and {plural(len(files) - _NAMED, 'other')}" if len(files) > _NAMED else ""
    return [", ".join(files[:_NAMED]) + more] if files else []


def text(sentences: list[str]) -> list[str]:
    """Give the lines for a terminal; nothing in them is obeyed by one."""
    lines = [part for line in sentences for part in wrap(printable(line), first="  ", rest="    ")]
    return ["", "Limits of trust", *lines] if lines else []
