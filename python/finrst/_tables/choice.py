"""Which columns of connections and teardowns are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from finrst._base.text import nearest, printable

from .reference import columns

Columns: TypeAlias = "str | Sequence[str] | Mapping[str, str | Sequence[str] | None]"
"""Names of columns of both tables, or of each by its name; in a text with commas between them."""

TABLES = ("connections", "teardowns")
"""The tables whose columns can be chosen."""


def chosen(asked: Columns) -> dict[str, list[str] | None]:
    """Give the columns that are wanted of each table, in the order of asking; ``None`` for all.

    A name stands for the column of that name in either table, or in both. Raises ``ValueError``
    for a name that no column has, and says which was meant; for one that is given twice; and
    ``TypeError`` for what is no name.

    >>> chosen(["cause", "client_ip"])
    {'connections': ['cause', 'client_ip'], 'teardowns': ['cause']}
    >>> chosen({"teardowns": "packet,flags"}), chosen({"connections": None})["connections"]
    ({'connections': [], 'teardowns': ['packet', 'flags']}, None)
    """
    known = _known()
    if not isinstance(asked, Mapping):
        names = _names(asked, known, TABLES)
        return {table: [name for name in names if name in known[table]] for table in TABLES}
    for table in asked:
        if table not in TABLES:
            meant = nearest(str(table), TABLES)
            message = f"no columns of '{printable(table)}' can be chosen{meant}"
            message += f": those of {' and '.join(TABLES)} can"
            raise ValueError(message)
    return {
        table: None if asked.get(table, ()) is None else _names(asked.get(table), known, [table])
        for table in TABLES
    }


def _known() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {table: [] for table in TABLES}
    for row in columns():
        found.get(row["table"], []).append(row["name"])
    return found


def _names(asked: Any, known: Mapping[str, list[str]], tables: Iterable[str]) -> list[str]:
    if isinstance(asked, str):
        asked = [name for part in asked.split(",") if (name := part.strip())]
    names = [] if asked is None else list(asked)
    there = list(dict.fromkeys(name for table in tables for name in known[table]))
    for place, name in enumerate(names):
        if not isinstance(name, str):
            message = f"a column's name is wanted, not {type(name).__name__}"
            raise TypeError(message)
        if name not in there:
            where = " or ".join(tables)
            message = f"no column '{printable(name)}' in {where}{nearest(name, there)}"
            raise ValueError(message)
        if name in names[:place]:
            message = f"column {name!r} is asked for twice"
            raise ValueError(message)
    return names
