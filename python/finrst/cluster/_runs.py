"""The files of a capture in order, in groups that one task reads."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from finrst._base.text import file_name, printable
from finrst._errors import CaptureError
from finrst._face.steps import state

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from finrst._base.source import PathText

Paths: TypeAlias = "PathText | Iterable[PathText]"
"""A path, a directory, a pattern, or a list of these."""

_DAY = 86_400 * 10**9
_EPOCH = dt.date(1970, 1, 1)
NO_DATE = "__HIVE_DEFAULT_PARTITION__"
"""What a partition is called that has none, by the convention that all readers of them know."""


@dataclass(frozen=True)
class File:
    """A file of a capture, and the state in which it was found."""

    path: str
    size: int
    modified: int
    """Nanoseconds since the epoch."""
    time: int | None = None
    """Its first packet's, in nanoseconds, else that of the file before it."""

    @property
    def stamp(self) -> tuple[int, int]:
        """Size and time of its last change."""
        return self.size, self.modified

    @property
    def date(self) -> str:
        """The day, in UTC, of its first packet."""
        return NO_DATE if self.time is None else _date(self.time)

    def check(self) -> None:
        """Raise :exc:`CaptureError` where it is not what it was any more."""
        try:
            now = state(self.path)
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
        return sum(file.size for file in self.files)

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
    if "://" in text and not Path(text).exists():
        message = f"'{printable(text)}' is no file that every worker reaches: mount it, or copy it"
        raise ValueError(message)
    return text


def _no_path(one: object) -> TypeError:
    return TypeError(
        f"a {type(one).__name__} cannot be read by several processes: paths are wanted, "
        "of files, of directories, or with * for patterns"
    )


def files(survey: Mapping[str, Any]) -> list[File]:
    """Give the files of :func:`finrst.survey`, in the order in which they are read."""
    found = survey["files"]
    # Days go up with the order of reading: a file that tells no time stands on the day before it.
    last = next((one["time"] for one in found if one["time"] is not None), survey["origin"])
    made = []
    for one in found:
        last = last if one["time"] is None else one["time"]
        made.append(File(one["path"], *state(one["path"]), last))
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
        if group and (total + file.size > octets or file.date != group[0].date):
            yield tuple(group)
            group, total = [], 0
        group.append(file)
        total += file.size
    if group:
        yield tuple(group)
