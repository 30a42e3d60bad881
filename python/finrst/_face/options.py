"""How the options of a reading are handed to the engine.

Each is declared once, in the engine (``src/engine/options/declared.rs``); their types in
``declared.py`` are made of that.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any

from finrst._base.hosts import hosts
from finrst._base.units import count, moment, nanoseconds, octets
from finrst._tables import reference
from finrst._tables.choice import chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# How a value of each kind is read.
_KINDS: dict[str, Callable[[Any], Any]] = {
    "filter": str,
    "moment": moment,
    "duration": nanoseconds,
    "size": octets,
    "count": count,
    "switch": bool,
    "thresholds": dict,
    "columns": chosen,
    "hosts": hosts,
}


@functools.cache
def kinds() -> dict[str, str]:
    """Give the kind of each option."""
    return {row["name"]: row["kind"] for row in reference.options()}


@functools.cache
def _readers() -> dict[str, Callable[[Any], Any]]:
    """Give how the value of each option is read."""
    return {name: _KINDS[kind] for name, kind in kinds().items()}


def settings(options: Mapping[str, Any], zone: dt.tzinfo = dt.UTC) -> dict[str, Any]:
    """Give the options as the engine takes them; times that say no zone are of this one.

    Raises ``TypeError`` for a name that is none.
    """
    readers = _readers()
    unknown = sorted(set(options) - set(readers))
    if unknown:
        message = f"no such option: {', '.join(unknown)}; known are {', '.join(sorted(readers))}"
        raise TypeError(message)
    given = {name: value for name, value in options.items() if value is not None}
    return {
        name: moment(value, zone) if readers[name] is moment else readers[name](value)
        for name, value in given.items()
    }
