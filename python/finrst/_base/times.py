"""Moments as people and programs write them, and the zone in which people read them.

People read ``2026-11-22 07:00:06 +01:00``, in their zone, which ``start`` and ``end`` take as it
stands there; programs get RFC 3339 in UTC with nanoseconds, ``2026-11-22T06:00:06.000000000Z``.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo

from .text import nearest, printable

Zone = dt.tzinfo | str
"""A name of the IANA database (``"Europe/Berlin"``), ``"local"``, ``"UTC"``, an offset
(``"+02:00"``), or a ``tzinfo``."""

_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{1,2})(?::?(\d{2}))?")
_HOURS = 24


class _Local(dt.tzinfo):
    """The zone of this machine, with the rules that it has for each moment."""

    def utcoffset(self, when: dt.datetime | None, /) -> dt.timedelta | None:
        return None if when is None else _here(when).utcoffset()

    def dst(self, _: dt.datetime | None, /) -> dt.timedelta | None:
        return None

    def tzname(self, when: dt.datetime | None, /) -> str | None:
        return None if when is None else _here(when).tzname()

    def fromutc(self, when: dt.datetime, /) -> dt.datetime:
        there = when.replace(tzinfo=dt.UTC).astimezone()
        local = there.replace(tzinfo=self, fold=0)
        # The second of two hours that a clock shows twice.
        again = local.utcoffset() != there.utcoffset()
        return local.replace(fold=1) if again else local

    def __reduce__(self) -> tuple[type[_Local], tuple[()]]:
        return _Local, ()


def _here(when: dt.datetime) -> dt.datetime:
    return when.replace(tzinfo=None).astimezone()


LOCAL = _Local()
"""The zone of this machine."""


def zone(name: Zone) -> dt.tzinfo:
    """Find a time zone.

    Raises ``ValueError`` where there is none of that name, ``ModuleNotFoundError`` where this
    machine has no time zones, with what to install.

    >>> import datetime as dt
    >>> zone("UTC") is dt.UTC, zone_name(zone("+02:00")), zone_name(zone("Europe/Berlin"))
    (True, '+02:00', 'Europe/Berlin')
    """
    if isinstance(name, dt.tzinfo):
        return name
    text = name.strip()
    if text.upper() in {"UTC", "Z", "GMT"}:
        return dt.UTC
    if text.lower() == "local":
        return LOCAL
    if offset := _OFFSET.fullmatch(text):
        hours, minutes = int(offset[2]), int(offset[3] or 0)
        if hours < _HOURS and minutes < 60:  # noqa: PLR2004
            ahead = dt.timedelta(hours=hours, minutes=minutes)
            return dt.timezone(-ahead if offset[1] == "-" else ahead)
    return _named(text)


def _named(text: str) -> dt.tzinfo:
    try:
        return zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
    if not known:
        message = (
            "this machine has no time zone database: pip install tzdata "
            "(or your system's package tzdata); UTC, local and offsets as +02:00 need none"
        )
        raise ModuleNotFoundError(message, name="tzdata")
    message = (
        f"no time zone {printable(text, 60)!r}{nearest(text, known)}; write a name as "
        "Europe/Berlin, local, UTC, or an offset as +02:00"
    )
    raise ValueError(message)


def zone_name(where: dt.tzinfo) -> str:
    """Name a zone.

    >>> zone_name(zone("utc")), zone_name(zone("-0330")), zone_name(zone("local"))
    ('UTC', '-03:30', 'local time')
    """
    if where is LOCAL:
        return "local time"
    key = getattr(where, "key", None)
    if isinstance(key, str):
        return "UTC" if key == "Etc/UTC" else key
    return str(where).removeprefix("UTC") or "UTC"


def stamp(when: dt.datetime, where: dt.tzinfo = dt.UTC, digits: int = 0) -> str:
    """Write a moment for people: date, time with so many digits of a second, and offset.

    >>> import datetime as dt
    >>> when = dt.datetime(2026, 11, 22, 6, 0, 6, 250000, dt.UTC)
    >>> stamp(when), stamp(when, zone("Europe/Berlin"), 3)
    ('2026-11-22 06:00:06 UTC', '2026-11-22 07:00:06.250 +01:00')
    """
    return f"{clock(when, where, digits, date=True)} {offset(when, where)}"


def clock(when: dt.datetime, where: dt.tzinfo, digits: int = 0, *, date: bool) -> str:
    """Write a moment below a heading that says the zone, with its date or without.

    >>> import datetime as dt
    >>> clock(dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC), zone("Europe/Berlin"), date=True)
    '2026-07-02 00:30:00'
    """
    there = when.astimezone(where)
    text = f"{there:%Y-%m-%d %H:%M:%S}" if date else f"{there:%H:%M:%S}"
    # strftime leaves years before 1000 short on some systems.
    text = f"{there.year:04}{text[text.index('-') :]}" if date else text
    return text + (f".{there.microsecond:06}"[: 1 + digits] if digits else "")


def offset(when: dt.datetime, where: dt.tzinfo) -> str:
    """Tell how far a zone is from UTC at a moment.

    >>> import datetime as dt
    >>> noon = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    >>> offset(noon, dt.UTC), offset(noon, zone("Europe/Berlin"))
    ('UTC', '+02:00')
    """
    if where is dt.UTC:
        return "UTC"
    text = f"{when.astimezone(where):%z}"
    return f"{text[:3]}:{text[3:5]}"


def several_days(first: dt.datetime, last: dt.datetime, where: dt.tzinfo) -> bool:
    """Tell whether two moments lie on different days of a zone."""
    return first.astimezone(where).date() != last.astimezone(where).date()


def rfc3339(when: dt.datetime) -> str:
    """Write a moment for programs, as the engine writes those that it has itself.

    >>> import datetime as dt
    >>> rfc3339(dt.datetime(2026, 11, 22, 7, 0, 6, 5, zone("+01:00")))
    '2026-11-22T06:00:06.000005000Z'
    """
    return when.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "000Z"
