"""The files of a capture in order, in groups that one task reads."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from finrst._base.stores import is_url
from finrst._base.text import file_name, printable
from finrst._errors import CaptureError
from finrst._face.steps import state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from finrst._base.source import PathText

Paths: TypeAlias = "PathText | Iterable[PathText]"
"""A path, a directory, a pattern, or a list of these."""

_DAY = 86_400 * 10**9
_EPOCH = dt.date(1970, 1, 1)
NO_DATE = "__HIVE_DEFAULT_PARTITION__"
"""What a partition is called that has none, by the convention that all readers of them know."""


@dataclass(frozen=True)
class File:
    """A file of a capture, or an object, and the state in which it was found."""

    path: str
    """Or its URL, without what may be a secret."""
    size: int | None
    """Bytes, where that is known."""
    changed: int | str | None
    """Nanoseconds since the epoch; of an object its tag."""
    time: int | None = None
    """Its first packet's, in nanoseconds, else that of the file before it."""
    signed: str | None = field(default=None, repr=False)
    """The whole URL, where some of it may be a secret: told to workers, and not kept."""

    @property
    def stamp(self) -> tuple[int | None, int | str | None]:
        """Size and last change."""
        return self.size, self.changed

    @property
    def stamped(self) -> dict[str, int | str | None]:
        """The same, each by its name."""
        return {"size": self.size, ("tag" if is_url(self.path) else "modified_ns"): self.changed}

    @property
    def opened(self) -> str:
        """By what name it is read."""
        return self.path if self.signed is None else self.signed

    @property
    def date(self) -> str:
        """The day, in UTC, of its first packet."""
        return NO_DATE if self.time is None else _date(self.time)

    def check(self, storage_options: Mapping[str, Any] | None) -> None:
        """Raise :exc:`CaptureError` where it is not what it was any more."""
        try:
            now = state(self.opened, storage_options)
        except FileNotFoundError:
            now = None
        if now != self.stamp:
            what = "is gone" if now is None else "has changed"
            message = (
                f"'{printable(file_name(self.path))}' {what} since the reading began: what was "
                "read of it is not the rows of one capture"
            )
            raise CaptureError(message)


@dataclass(frozen=True)
class Run:
    """Neighbouring files that one task reads."""

    number: int
    files: tuple[File, ...]

    @property
    def date(self) -> str:
        """The day on which it begins: all of its files do."""
        return self.files[0].date

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(file.size or 0 for file in self.files)

    def __str__(self) -> str:
        """Name it by its files."""
        first, *rest = (printable(file_name(file.path)) for file in self.files)
        return f"'{first}'" + (f" to '{rest[-1]}'" if rest else "")


def _date(time: int) -> str:
    day = time // _DAY
    try:
        return str(_EPOCH + dt.timedelta(days=day))
    except OverflowError:  # pragma: no cover - nanoseconds in 64 bits end in the year 2262
        return NO_DATE


def names(paths: Paths) -> tuple[str, ...]:
    """Give what is read by its names: other processes read it."""
    given: Iterable[Any] = [paths] if isinstance(paths, str | os.PathLike) else paths
    if isinstance(given, bytes | bytearray | memoryview) or not isinstance(given, Iterable):
        raise _no_path(given)
    found = tuple(map(_name, given))
    if not found:
        message = "there is nothing to read: the list of paths is empty"
        raise ValueError(message)
    return found


def _name(one: object) -> str:
    if not isinstance(one, str | os.PathLike):
        raise _no_path(one)
    path = os.fspath(one)
    text = os.fsdecode(path) if isinstance(path, bytes) else path
    if text == "-":
        message = "standard input cannot be read by several processes: write it into a file first"
        raise ValueError(message)
    return text


def _no_path(one: object) -> TypeError:
    return TypeError(
        f"a {type(one).__name__} cannot be read by several processes: paths are wanted, "
        "of files, of directories, or with * for patterns, or URLs of these"
    )


def files(survey: Mapping[str, Any], sources: Sequence[str]) -> list[File]:
    """Give the files of a :func:`finrst.survey` of these sources, in the order of reading."""
    found = survey["files"]
    # Days go up with the order of reading: a file that tells no time stands on the day before it.
    last = next((one["time"] for one in found if one["time"] is not None), survey["origin"])
    made = []
    for one in found:
        last = last if one["time"] is None else one["time"]
        size, changed = one["stamp"]
        given = None if one["named"] is None else sources[one["named"]]
        name = one["name"] if one["path"] is None else one["path"]
        secret = given is not None and is_url(given) and given != name
        made.append(File(name, size, changed, last, given if secret else None))
    return made


def runs(files: Iterable[File], octets: int) -> list[Run]:
    """Group neighbours: a run ends before it would be larger, and with the day.

    >>> files = [File(name, 4, 0, 0) for name in "abc"]
    >>> [len(run.files) for run in runs(files, 8)], [len(run.files) for run in runs(files, 1)]
    ([2, 1], [1, 1, 1])
    """
    return [Run(number, files) for number, files in enumerate(_groups(files, octets))]


def _groups(files: Iterable[File], octets: int) -> Iterator[tuple[File, ...]]:
    group: list[File] = []
    total = 0
    for file in files:
        size = file.size or 0
        if group and (total + size > octets or file.date != group[0].date):
            yield tuple(group)
            group, total = [], 0
        group.append(file)
        total += size
    if group:
        yield tuple(group)
