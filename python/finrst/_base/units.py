"""Durations, moments and sizes as people write them."""

from __future__ import annotations

import datetime as dt
import re

_NANO = 1_000_000_000
_TIMES = {"ns": 1, "us": 1000, "µs": 1000, "ms": 10**6, "s": _NANO, "m": 60 * _NANO}
_TIMES |= {"min": 60 * _NANO, "h": 3600 * _NANO, "d": 86400 * _NANO}
_SIZES: dict[str, int] = {"": 1, "b": 1} | {
    f"{letter}{suffix}": base**power
    for power, letter in enumerate("kmgt", 1)
    for suffix, base in (("", 1000), ("b", 1000), ("ib", 1024))
}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zµ]*)\s*", re.IGNORECASE)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO = dt.timedelta(microseconds=1)
_LIMIT = 2**63 - 1

Duration = float | str | dt.timedelta
"""Seconds, or text as in ``"30s"``, ``"5 min"``, ``"250ms"``, or a ``timedelta``."""

Moment = dt.datetime | str | dt.timedelta | float
"""A ``datetime`` or ISO text (UTC unless it says otherwise), or how long after the first packet:
text as in ``"+30s"``, a ``timedelta``, or seconds."""

Size = int | str
"""Octets, or text as in ``"512MiB"``, ``"2 GB"``."""


def nanoseconds(value: Duration) -> int:
    """Read a duration.

    >>> nanoseconds(1.5), nanoseconds("250ms"), nanoseconds("2 min")
    (1500000000, 250000000, 120000000000)
    """
    if isinstance(value, dt.timedelta):
        found = value // _MICRO * 1000
    elif isinstance(value, str):
        match = _AMOUNT.fullmatch(value)
        unit = _TIMES.get((match[2] or "s").lower()) if match else None
        if match is None or unit is None:
            message = f"not a duration: {value!r}; write '30s', '5 min', '250ms'"
            raise ValueError(message)
        found = round(float(match[1]) * unit)
    else:
        found = round(value * _NANO)
    if not 0 <= found <= _LIMIT:
        message = f"a duration cannot be {value!r}"
        raise ValueError(message)
    return found


def count(value: int) -> int:
    """Read a number of things, at least one.

    >>> count(2)
    2
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        message = f"a count of at least 1 is needed, not {value!r}"
        raise ValueError(message)
    return value


def moment(value: Moment) -> tuple[str, int]:
    """Read a moment: ``("at", since the epoch)`` or ``("after", since the first packet)``.

    >>> moment("1970-01-01T00:00:01Z"), moment("+2s"), moment(0.5)
    (('at', 1000000000), ('after', 2000000000), ('after', 500000000))
    """
    if isinstance(value, str):
        if value.lstrip().startswith("+"):
            return "after", nanoseconds(value.strip()[1:])
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            message = f"not a time: {value!r}; write '2026-11-24T15:00:00Z' or '+30s'"
            raise ValueError(message) from None
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
        found = (aware - _EPOCH) // _MICRO * 1000
        # Beyond what nanoseconds in 64 bits hold, every packet lies on one side.
        return "at", max(-_LIMIT, min(_LIMIT, found))
    return "after", nanoseconds(value)


def octets(value: Size) -> int:
    """Read a size.

    >>> octets(4096), octets("1 GiB"), octets("20MB")
    (4096, 1073741824, 20000000)
    """
    if isinstance(value, str):
        match = _AMOUNT.fullmatch(value)
        unit = _SIZES.get(match[2].lower()) if match else None
        if match is None or unit is None:
            message = f"not a size: {value!r}; write '512MiB', '2 GB'"
            raise ValueError(message)
        return round(float(match[1]) * unit)
    if value < 0:
        message = f"a size cannot be {value!r}"
        raise ValueError(message)
    return value
