"""Rows of connections by their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.text import number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from finrst._tables.table import Table

# More connections than these are not looked for one by one.
_FEW = 16


def rows(table: Table, connection_ids: int | Iterable[int]) -> list[dict[str, Any]]:
    """Give each row that is asked for once; ``KeyError`` where there is none."""
    one_or_more = [connection_ids] if isinstance(connection_ids, int) else connection_ids
    ids = list(dict.fromkeys(int(one) for one in one_or_more))
    places: dict[int, int] = {}
    if len(ids) > _FEW:
        places = {one: place for place, one in enumerate(table["connection_id"])}
    found = []
    for one in ids:
        place = places.get(one)
        row = (
            table.find("connection_id", one) if place is None else next(iter(table.slice(place, 1)))
        )
        if row is None:
            message = no_connection(one, len(table))
            raise KeyError(message)
        found.append(row)
    return found


def no_connection(wanted: int, count: int) -> str:
    """Say that there is none of this number.

    >>> no_connection(7, 1)
    'no connection 7: 1 was found, counted from 0'
    """
    found = (
        "none was found"
        if not count
        else f"{number(count)} {'was' if count == 1 else 'were'} found"
    )
    return f"no connection {wanted}: {found}" + (", counted from 0" if count else "")
