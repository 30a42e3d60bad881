"""What a text of JSON holds, looked at before it is used: anybody may have written it.

Whatever it is not is ``ValueError``, which says where and what is there instead.
"""

from __future__ import annotations

import json
import os
import reprlib
from typing import TYPE_CHECKING, Any, NoReturn

from .text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 2**47 - 1
"""No count is larger, so that all of them can be added up."""

_LARGE = 1e300


def load(text: str | bytes) -> Any:
    """Give what a text holds.

    >>> load('{"buckets": 8}')
    {'buckets': 8}
    >>> load("[" * 100_000)
    Traceback (most recent call last):
    ...
    ValueError: it is nested too deeply
    """
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        message = "it is nested too deeply"
        raise ValueError(message) from None


def fields(value: object, what: str, names: Iterable[str]) -> dict[str, Any]:
    """Give a mapping that has these names; others beside them are left alone."""
    found = mapping(value, what)
    missing = [name for name in names if name not in found]
    if missing:
        message = f"{what} has no {', '.join(missing)}"
        raise ValueError(message)
    return found


def mapping(value: object, what: str) -> dict[str, Any]:
    """Give a mapping of names."""
    return value if isinstance(value, dict) else _other(what, "a mapping", value)


def items(value: object, what: str, length: int | None = None) -> list[Any]:
    """Give a list, of so many things where that is told."""
    wanted = "a list" if length is None else f"a list of {length}"
    fits = isinstance(value, list) and length in {None, len(value)}
    return value if fits else _other(what, wanted, value)  # type: ignore[return-value]


def whole(value: object, what: str, least: int = 0, most: int = MOST) -> int:
    """Give a whole number in these bounds.

    >>> whole(7, "buckets", 1, 64)
    7
    >>> whole(True, "buckets", 1, 64)
    Traceback (most recent call last):
    ...
    ValueError: buckets is True, not a whole number from 1 to 64
    """
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    return _other(what, f"a whole number from {least} to {most}", value)


def time(value: object, what: str) -> int | None:
    """Give nanoseconds since the epoch, in 64 bits, or ``None``."""
    return None if value is None else signed(value, what)


def signed(value: object, what: str) -> int:
    """Give a whole number of 64 bits."""
    return whole(value, what, -(2**63), 2**63 - 1)


def number(value: object, what: str) -> float:
    """Give a number."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGE:
        return value
    return _other(what, "a number", value)


def switch(value: object, what: str) -> bool:
    """Give yes or no."""
    return value if isinstance(value, bool) else _other(what, "true or false", value)


def text(value: object, what: str) -> str:
    """Give a text that the system can take as a name."""
    if isinstance(value, str):
        try:
            os.fsencode(value)
        except UnicodeEncodeError:
            pass
        else:
            return value
    return _other(what, "a text", value)


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no number"
    raise ValueError(message)


def _other(what: str, wanted: str, value: object) -> NoReturn:
    message = f"{what} is {printable(reprlib.repr(value))}, not {wanted}"
    raise ValueError(message)
