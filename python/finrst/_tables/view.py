"""Which rows of a table a person sees: the first, and of packets never without the decisive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from finrst._base.text import number, plural

if TYPE_CHECKING:
    from collections.abc import Iterable

_FIRST = 10
_PACKETS = 20
_BEGIN, _AROUND, _END = 4, 2, 2
_DECISIVE = 6
"""Decisive packets that are shown with what is around them; beyond, they are counted."""


class Rows(Protocol):
    """A :class:`finrst.Table`, as far as a view goes."""

    name: str

    def __len__(self) -> int:
        """Count the rows."""

    def __getitem__(self, name: str, /) -> list[Any]:
        """Give a column."""

    def slice(self, offset: int, length: int) -> Iterable[dict[str, Any]]:
        """Give some of the rows."""


class View(NamedTuple):
    """What is shown."""

    rows: list[dict[str, Any] | str]
    """Rows, and between them what was left out, in words."""
    more: str
    """What is said behind their number: how many are shown, and which are decisive."""
    marked: frozenset[int]
    """Numbers of the packets that are decisive."""


def shown(table: Rows, decisive: frozenset[int]) -> View:
    """Choose the rows of a table; of packets, with the numbers of those that are decisive."""
    count = len(table)
    rows: list[dict[str, Any] | str] = []
    if not decisive:
        rows += table.slice(0, _FIRST)
        first = f", the first {_FIRST} of them shown" if count > _FIRST else ""
        return View(rows, first, frozenset())
    numbers = table["packet"]
    marks = [place for place, packet in enumerate(numbers) if packet in decisive]
    places = _places(count, marks)
    before = -1
    for place in [*places, count]:
        if place - before > 1:
            first, last = numbers[before + 1], numbers[place - 1]
            which = f"packet {first}" if first == last else f"packets {first} to {last}"
            rows.append(f"{plural(place - before - 1, 'row')} left out: {which}")
        if place < count:
            rows += table.slice(place, 1)
        before = place
    more = f", {number(len(places))} of them shown" if len(places) < count else ""
    if marks:
        named = ", ".join(str(numbers[place]) for place in marks[:_DECISIVE])
        rest = len(marks) - _DECISIVE
        more += f"; decisive: packet{'s' if len(marks) > 1 else ''} {named}"
        more += f" and {number(rest)} more" if rest > 0 else ""
    return View(rows, more, frozenset(numbers[place] for place in marks))


def _places(count: int, marks: list[int]) -> list[int]:
    """Give the places of the rows that are shown: the beginning, around what decided, the end."""
    if count <= _PACKETS:
        return list(range(count))
    keep = set(range(_BEGIN)) | set(range(count - _END, count))
    for place in marks[:_DECISIVE]:
        keep |= set(range(place - _AROUND, place + _AROUND + 1))
    return sorted(place for place in keep if 0 <= place < count)
