"""How much room a line has, what a text takes of it, and how it is laid out in it.

Whatever is written in lines for people goes through here: prose, bars, tables, arrows.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
import unicodedata
from typing import Self, TextIO

from .text import shortened

READABLE = 100
"""Columns in which a sentence is still followed with ease.

No prose is wider, however wide the terminal, and what goes into a pipe, a file or a notebook is
laid out for them, so that it is the same wherever it is made."""
_LEAST = 20
_LINES = 24
_LEAST_NAME = 10

_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
# Between words, and not between a number and its unit.
_BETWEEN = re.compile(r"((?<!\d)[ \n]+|(?<=\d)[ \n]+(?![ \n]|(?:[nµm]?s|min|h|d|%)(?!\w)))")
# Marks above and below letters, joiners and directions: they stand where others stand.
_NO_COLUMN = frozenset({"Mn", "Me", "Cf", "Cc"})


def available(stream: TextIO | None = None) -> int:
    """Give the columns of a line on standard output, or on another stream.

    On a terminal they are the terminal's, elsewhere :data:`READABLE`; ``COLUMNS`` in the
    environment outweighs both.
    """
    stream = sys.stdout if stream is None else stream
    return max(_LEAST, _size(stream).columns) if is_known(stream) else READABLE


def is_known(stream: TextIO | None = None) -> bool:
    """Tell whether a stream has columns of its own, or ``COLUMNS`` says how many."""
    stream = sys.stdout if stream is None else stream
    return os.environ.get("COLUMNS", "").isdecimal() or _is_terminal(stream)


def _size(stream: TextIO | None) -> os.terminal_size:
    """Ask for the size; shutil asks for that of standard output only."""
    try:
        found = os.get_terminal_size(stream.fileno() if stream else -1)
    except (AttributeError, OSError, ValueError):
        found = os.terminal_size((READABLE, _LINES))
    return shutil.get_terminal_size(found)


def height() -> int:
    """Give the lines of the terminal that standard output is."""
    return shutil.get_terminal_size((READABLE, _LINES)).lines


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


def columns(text: str) -> int:
    r"""Count the columns that a text takes on a terminal.

    East Asian wide characters take two, marks that combine with others none, colour codes none.

    >>> columns("abc"), columns("日本"), columns("e\u0301"), columns("\x1b[1mabc\x1b[0m")
    (3, 4, 1, 3)
    """
    if text.isascii() and "\x1b" not in text:
        return len(text)
    return sum(map(_column, _ESCAPE.sub("", text)))


def _column(character: str) -> int:
    if unicodedata.category(character) in _NO_COLUMN:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text up with spaces, behind it or, for numbers, before it.

    >>> pad("日本", 6) + "|", pad("7", 3, right=True)
    ('日本  |', '  7')
    """
    space = " " * (width - columns(text))
    return space + text if right else text + space


def cut(line: str, width: int) -> str:
    r"""Give what fits of a painted line, with all its colour codes.

    >>> cut("\x1b[1mabcdef\x1b[0m", 3), cut("日本", 3)
    ('\x1b[1mabc\x1b[0m', '日')
    """
    shown, out, at = 0, [], 0
    for match in [*_ESCAPE.finditer(line), None]:
        for character in line[at : match.start() if match else None]:
            shown += _column(character)
            if shown <= width:
                out.append(character)
        if match:
            out.append(match.group())
            at = match.end()
    return "".join(out)


def middle(text: str, room: int) -> str:
    """Leave out what is in the middle, where a text takes more columns than there are.

    Of a name of a host the end says more, so that two thirds are kept of it.

    >>> middle("edge-star-mini-shv-01.fra3.example.com", 24), middle("short", 24)
    ('edge-st…fra3.example.com', 'short')
    """
    if columns(text) <= room:
        return text
    before = max(0, room - 1) // 3
    begin = cut(text, before)
    end, left = "", room - 1 - columns(begin)
    for character in reversed(text):
        left -= _column(character)
        if left < 0:
            break
        end = character + end
    return f"{begin}…{end}"


def fit(place: str, room: int) -> str:
    """Shorten what names a host until it takes no more columns than there are.

    First its addresses, in their middle, then the name that stands before them.

    >>> fit("edge-star-mini-shv-01.example.com (192.0.2.1:443, https)", 40)
    'edge-…example.com (192.0.2.1:443, https)'
    """
    if columns(place) <= room:
        return place
    name, between, address = shortened(place).partition(" (")
    rest = between + address
    if columns(rest) > room - _LEAST_NAME:
        return middle(name + rest, room)
    return middle(name, room - columns(rest)) + rest


class _Word(str):
    """A piece of text whose length is the columns that it takes."""

    __slots__ = ("_taken",)
    _taken: int

    def __new__(cls, text: str) -> Self:
        made = super().__new__(cls, text)
        made._taken = columns(text)
        return made

    def __len__(self) -> int:
        return self._taken


class _Wrapper(textwrap.TextWrapper):
    """Breaks lines between words only, and counts columns."""

    def _split(self, text: str) -> list[str]:
        return [_Word(part) for part in _BETWEEN.split(text) if part]


def wrap(
    text: str,
    width: int | None = None,
    first: str = "",
    rest: str | None = None,
    *,
    whole: bool = False,
) -> list[str]:
    """Break a sentence into lines between words, behind ``first``, then behind ``rest``.

    An address that is wider than a line is shortened, unless the text is to be copied and stays
    ``whole``; any other word that is stands alone in one. A number stays with its unit. Without a
    width it is that of standard output, and :data:`READABLE` at most.

    >>> wrap("The server never answered in 19.6 s.", 16, "- ")
    ['- The server', '  never answered', '  in 19.6 s.']
    """
    room = min(available(), READABLE) if width is None else width
    follow = " " * columns(first) if rest is None else rest
    inner = room - max(columns(first), columns(follow))
    if not whole and max(map(columns, text.split()), default=0) > inner:
        text = " ".join(
            shortened(word) if columns(word) > inner else word for word in text.split(" ")
        )
    wrapper = _Wrapper(
        width=room,
        initial_indent=_Word(first),
        subsequent_indent=_Word(follow),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.wrap(text) or [first.rstrip()]
