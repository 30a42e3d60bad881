"""Durations, moments and sizes as people write them."""

from __future__ import annotations

import datetime as dt
import re

from .times import zone_name

_NANO = 1_000_000_000
_TIMES = {"ns": 1, "us": 1000, "µs": 1000, "ms": 10**6, "s": _NANO, "m": 60 * _NANO}
_TIMES |= {"min": 60 * _NANO, "h": 3600 * _NANO, "d": 86400 * _NANO}
_SIZES: dict[str, int] = {"": 1, "b": 1} | {
    f"{letter}{suffix}": base**power
    for power, letter in enumerate("kmgt", 1)
    for suffix, base in (("", 1000), ("b", 1000), ("ib", 1024))
}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zµ]*)\s*", re.IGNORECASE)
_STAMP = re.compile(
    r"(?P<time>\d{4}-?\d{2}-?\d{2}(?:[T ]\d[\d:]*(?:\.(?P<fraction>\d{1,9}))?)?)"
    r"\s*(?P<zone>[Zz]|UTC|[+-]\d{2}(?::?\d{2})?)?"
)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO = dt.timedelta(microseconds=1)
_LIMIT = 2**63 - 1

Duration = float | str | dt.timedelta
"""Seconds, or text as in ``"30s"``, ``"5 min"``, ``"250ms"``, or a ``timedelta``."""

Moment = dt.datetime | str | dt.timedelta | float
"""A ``datetime`` or ISO text (of the zone ``tz``, UTC unless told, where it says none itself), or
how long after the first packet: text as in ``"+30s"``, a ``timedelta``, or seconds."""

Size = int | str
"""Bytes, or text as in ``"512MiB"``, ``"2 GB"``."""


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


def moment(value: Moment, zone: dt.tzinfo = dt.UTC) -> tuple[str, int]:
    """Read a moment: ``("at", since the epoch)`` or ``("after", since the first packet)``.

    A time of day that says no zone is one of ``zone``; one that its clocks skip or show twice is a
    ``ValueError``, for which of them is meant cannot be told.

    >>> moment("1970-01-01T00:00:01Z"), moment("+2s"), moment(0.5)
    (('at', 1000000000), ('after', 2000000000), ('after', 500000000))
    >>> moment("1970-01-01 02:00:00.000000009", dt.timezone(dt.timedelta(hours=2)))
    ('at', 9)
    """
    rest = 0
    if isinstance(value, str):
        if value.lstrip().startswith("+"):
            return "after", nanoseconds(value.strip()[1:])
        value, rest = _read(value)
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo is not None else _placed(value, zone)
        found = (aware - _EPOCH) // _MICRO * 1000 + rest
        # Beyond what nanoseconds in 64 bits hold, every packet lies on one side.
        return "at", max(-_LIMIT, min(_LIMIT, found))
    return "after", nanoseconds(value)


def _read(text: str) -> tuple[dt.datetime, int]:
    """Read a moment as people and programs write it, and the nanoseconds beyond microseconds."""
    match = _STAMP.fullmatch(text.strip())
    try:
        if match is None:
            return dt.datetime.fromisoformat(text.strip()), 0
        rest = (match["fraction"] or "").ljust(9, "0")[6:9]
        return dt.datetime.fromisoformat(
            match["time"] + (match["zone"] or "").upper().replace("UTC", "Z")
        ), int(rest)
    except ValueError:
        message = (
            f"not a time: {text!r}; write '2026-11-24T15:00:00Z', '2026-11-24 15:00' or '+30s'"
        )
        raise ValueError(message) from None


def _placed(value: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """Take a time of day for one of a zone."""
    one, other = (value.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    ahead, behind = one.utcoffset(), other.utcoffset()
    if ahead == behind or value.fold:
        return one if ahead == behind else other
    # Either of a pair that comes back from UTC as it went is a time that clocks show.
    shown = one.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None, fold=0) == value
    what = "is shown twice" if shown else "is not shown"
    choices = " or ".join(f"{value.isoformat(' ')}{when:%z}" for when in (one, other))
    message = f"{value.isoformat(' ')} {what} by the clocks of {zone_name(zone)}: write {choices}"
    raise ValueError(message)


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
