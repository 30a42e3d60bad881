"""Which connections a page has, where not all can be there: those that need an explanation first.

There are hundreds, of which a reader looks for his own, so that each cause has its share. The few
of a card stand for the findings: :mod:`finrst._story.troubled`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.classes import CLASSES, class_of
from finrst._base.text import number, plural

if TYPE_CHECKING:
    from finrst._tables.table import Table

    from .answer import Answer

_ORDER = ("suspicious", "abort", "refused", "timeout", "undecided", "orderly")
"""Classes, those that matter most first."""


def is_calm(cause: str) -> bool:
    """Whether a cause needs no explanation: closed in order, or not over yet.

    >>> is_calm("client_close"), is_calm("still_open"), is_calm("undetermined")
    (True, True, False)
    """
    calm = {CLASSES[0].name, CLASSES[-1].name}
    return class_of(cause).name in calm and cause != "undetermined"


def chosen_rows(capture: Answer, limit: int) -> tuple[list[dict[str, Any]], str]:
    """Give at most ``limit`` rows of connections, and say which they are.

    Each cause that needs an explanation has its share of them, so that none crowds out another;
    those of suspicious causes come first, then in the order of their numbers. What room there is
    left is for connections that need none.

    >>> import finrst
    >>> rows, said = chosen_rows(finrst.read("tests/data/demo.pcap"), 5)
    >>> [row["cause"] for row in rows][:2]
    ['reset_injected', 'abort_unread_data']
    >>> said
    '5 of the 15 connections that need an explanation, of 25'
    """
    table = capture.connections
    counts = dict(table.counts("cause"))
    troubled = {cause: count for cause, count in counts.items() if not is_calm(cause)}
    # The rarest first: what they leave of their shares is for the others.
    shares, room = {}, limit
    ranked = sorted(troubled, key=lambda cause: (troubled[cause], _rank(cause), cause))
    by_rank = sorted(troubled, key=lambda cause: (_rank(cause), -troubled[cause], cause))[:limit]
    kept = [cause for cause in ranked if cause in by_rank]
    for place, cause in enumerate(kept):
        shares[cause] = min(troubled[cause], room // (len(kept) - place))
        room -= shares[cause]
    places = [place for cause, share in shares.items() for place in _places(capture, cause, share)]
    places.sort(key=lambda place: (_rank(place[1]), place[0]))
    told = len(places)
    for cause in sorted(set(counts) - set(troubled), key=_rank):
        more = sorted(_places(capture, cause, limit - len(places)))
        places += more
    rows = [_row(table, one) for one, _ in places]
    return rows, _said(len(table), sum(troubled.values()), told, len(rows))


def _rank(cause: str) -> int:
    return _ORDER.index(class_of(cause).name)


def _places(capture: Answer, cause: str, limit: int) -> list[tuple[int, str]]:
    if limit < 1:
        return []
    found = capture.connections.counts("connection_id", only={"cause": [cause]}, top=limit)
    return [(int(one), cause) for one, _ in found]


def _row(table: Table, connection_id: int) -> dict[str, Any]:
    """Give a row by its number, which in a capture read at once is its place."""
    for row in table.slice(connection_id, 1):
        if row["connection_id"] == connection_id:
            return row
    found = table.find("connection_id", connection_id)
    if found is None:
        raise KeyError(connection_id)
    return found


def _said(total: int, troubled: int, told: int, shown: int) -> str:
    if shown == total:
        return f"All {plural(total, 'connection')}" + (
            ", those that need an explanation first" if 0 < troubled < total else ""
        )
    if told < troubled:
        return (
            f"{number(told)} of the {plural(troubled, 'connection')} that need an explanation, "
            f"of {number(total)}"
        )
    return f"{number(shown)} of {plural(total, 'connection')}, those that need an explanation first"
