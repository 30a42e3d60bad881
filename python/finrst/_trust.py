"""What of a capture limits how far its verdicts can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._text import number, plural

if TYPE_CHECKING:
    from ._capture import Capture

_UNSURE = 0.6


def limits(capture: Capture) -> list[str]:
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


def _rows(capture: Capture, column: str, word: str) -> int:
    counts: dict[Any, int] = dict(capture.connections.counts(column, only={column: [word]}))
    return counts.get(word, 0)


def oddities(capture: Capture) -> list[tuple[str, int]]:
    """Give what was lost at capturing, then the kinds of issues, most frequent first."""
    seen = {(row["file"], row["kind"]): row["count"] for row in capture.issues}
    kinds: dict[str, int] = {}
    for (_, kind), count in seen.items():
        kinds[kind] = kinds.get(kind, 0) + count
    found = [(kind.replace("_", " "), count) for kind, count in kinds.items()]
    found.sort(key=lambda item: (-item[1], item[0]))
    columns = ("dropped_by_interface", "dropped_by_os", "dropped_between")
    lost = sum(row[name] or 0 for row in capture.interfaces for name in columns)
    return [("dropped by the capturing machine", lost), *found] if lost else found
