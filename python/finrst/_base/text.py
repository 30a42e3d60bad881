"""Text from outside, fit to print."""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Characters that a terminal obeys or does not show: control, format (bidirectional, zero-width),
# private use, surrogates, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
# Three groups and more with colons between them; a time of day is shorter than what is shortened.
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.IGNORECASE)
_ROOM = 21
"""Columns of an IPv6 address that was shortened, at most."""


def file_name(name: str | bytes) -> str:
    r"""Call a file as the tables do: a byte that is not UTF-8 becomes ``\xff``.

    >>> file_name(b"na\xff.pcap"), file_name("na\udcff.pcap"), file_name("é.pcap")
    ('na\\xff.pcap', 'na\\xff.pcap', 'é.pcap')
    """
    return _octets(name).decode("utf-8", "backslashreplace")


def _octets(name: str | bytes) -> bytes:
    if isinstance(name, bytes):
        return name
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half characters, of a system whose names are not bytes.
        return name.encode("utf-8", "backslashreplace")


def printable(value: object, limit: int = 300) -> str:
    r"""Show a value on a terminal without obeying what it contains.

    Control, bidirectional and zero-width characters become escapes, and what is longer than
    ``limit`` characters is cut.

    >>> printable("a\x1b[2Jb"), printable("na\udcff.pcap")
    ('a\\x1b[2Jb', 'na\\xff.pcap')
    """
    text = str(value)
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(_escaped(c) if unicodedata.category(c) in _HIDDEN else c for c in text)


def _escaped(character: str) -> str:
    # A byte of a file's name that is not UTF-8, as Python has it.
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


def number(value: int) -> str:
    """Write a count with separators.

    >>> number(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def plural(count: int, noun: str) -> str:
    """Write a count with its noun.

    >>> plural(1, "packet"), plural(2000, "packet")
    ('1 packet', '2,000 packets')
    """
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")


def share(part: int, whole: int) -> str:
    """Write a share in words that do not claim too much.

    >>> share(1, 3), share(9, 1000), share(1, 100000), share(999, 1000), share(0, 0)
    ('33 %', '0.9 %', 'under 0.1 %', '99.9 %', 'none')
    """
    if not part:
        return "none"
    percent = 100 * part / whole
    if percent < 0.1:  # noqa: PLR2004
        return "under 0.1 %"
    if part < whole and not 1 <= percent < 99.5:  # noqa: PLR2004
        return f"{min(percent, 99.9):.1f} %"
    return f"{percent:.0f} %"


def certainty(confidence: float) -> str:
    """Write how sure a verdict is; a dash for what is not decided.

    >>> certainty(0.97), certainty(0)
    ('97 %', '-')
    """
    return f"{100 * confidence:.0f} %" if confidence else "-"


def duration(seconds: float) -> str:
    """Write a duration with two units at most.

    >>> duration(0.00042), duration(12.34), duration(3725), duration(200000), duration(0)
    ('420 µs', '12.3 s', '1 h 2 min', '2 d 7 h', '0 s')
    """
    if seconds < 0:
        return "-" + duration(-seconds)
    if not seconds:
        return "0 s"
    for limit, unit, scale in ((1e-6, "ns", 1e9), (1e-3, "µs", 1e6), (1, "ms", 1e3), (60, "s", 1)):
        if seconds < limit:
            return f"{seconds * scale:.3g} {unit}"
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    rest = round(seconds)
    parts = []
    for unit, size in units:
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount} {unit}")
    return " ".join(parts[:2])


def endpoint(ip: str, port: int) -> str:
    """Write address and port.

    >>> endpoint("10.0.0.1", 80), endpoint("::1", 80)
    ('10.0.0.1:80', '[::1]:80')
    """
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def shortened(text: str, room: int = _ROOM) -> str:
    """Shorten every IPv6 address in a text in its middle, where it takes more than ``room``.

    Where that leaves no doubt which network and host is meant, two groups of both stay. Whoever
    shows it so gives the whole, too: in a title that hovering shows.

    >>> shortened("[2001:db8:85a3:8d3:1319:8a2e:370:7348]:443"), shortened("2001:db8::1")
    ('[2001:db8:…:370:7348]:443', '2001:db8::1')
    >>> shortened("from 2001:db8:85a3:8d3:1319:8a2e:370:7348 to 192.0.2.1:80", 12)
    'from 2001:…:7348 to 192.0.2.1:80'
    """
    return _IPV6.sub(lambda found: _short(found[0], room), text)


def _short(ip: str, room: int) -> str:
    if len(ip) <= room:
        return ip
    groups = ip.split(":")
    for first, last in ((2, 2), (1, 2), (1, 1)):
        made = ":".join([*groups[:first], "…", *groups[-last:]])
        if len(made) <= room:
            break
    return made


def nearest(word: str, known: Iterable[str]) -> str:
    """Ask whether a known word was meant, where one is like it.

    >>> nearest("expain", ["explain", "report"]), nearest("xyz", ["explain"])
    (" (did you mean 'explain'?)", '')
    """
    found = difflib.get_close_matches(word, list(known), 1, 0.75)
    return f" (did you mean {found[0]!r}?)" if found else ""
