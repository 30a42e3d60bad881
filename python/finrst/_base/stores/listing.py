"""From prefixes and patterns to objects, as from directories and patterns to files."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from finrst._errors import CaptureError

from . import errors
from .names import WEB, by_folders, by_octets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .names import Name
    from .store import Found, Store

MOST = 100_000
"""Objects in what was named, at most; as files in a directory."""
_WILD = frozenset("*?[")


def found(
    store: Store, name: Name, *, recursive: bool
) -> tuple[Found | None, list[Found], list[str]]:
    """Give the one object of a name; or ``None``, those in it, and the folders passed over."""
    path = name.path
    if name.scheme in WEB or (path and not path.endswith("/")):
        try:
            return store.stat(path), [], []
        except FileNotFoundError:
            if name.scheme in WEB:
                raise
    if name.is_pattern:
        objects = _counted(_matching(store, path.split("/"), ""))
        if not objects:
            message = f"{name.shown}: no file matches the pattern"
            raise CaptureError(message)
        return None, sorted(objects, key=lambda one: by_octets(one.key)), []
    return None, *_folder(store, name, recursive=recursive)


def covers(name: Name, other: Name, *, recursive: bool) -> bool:
    """Tell whether what lies in a folder is, or will be, among what a name names.

    >>> from .names import parsed
    >>> one, other = parsed("s3://caps/2026-*/**"), parsed("s3://caps/2026-11/endings")
    >>> covers(one, other, recursive=False), covers(other, one, recursive=True)
    (True, False)
    """
    if (name.scheme, name.host) != (other.scheme, other.host):
        return False
    folder = [part for part in other.path.split("/") if part]
    if name.is_pattern:
        parts = name.path.split("/")
        # Whatever its name, and however deep.
        return any(_fits([*folder, *["*"] * deep], parts) for deep in (1, 2, 3))
    around = [part for part in name.path.split("/") if part]
    return folder == around or (recursive and folder[: len(around)] == around)


def _folder(store: Store, name: Name, *, recursive: bool) -> tuple[list[Found], list[str]]:
    path = name.path.strip("/")
    folders: list[str] = []
    if recursive:
        objects = _counted(store.below(path))
    else:
        objects, folders = store.inside(path)
        objects = _counted(iter(objects))
    objects = _without_marks(objects, path, folders)
    if not objects and not folders:
        raise errors.missing(name.shown, "No such object, and none below it")
    if not objects:
        message = (
            f"{name.shown}: the directory holds no files, only directories: recursive=True (-r) "
            "enters them"
        )
        raise CaptureError(message)
    return sorted(objects, key=lambda one: by_folders(one.key)), sorted(folders, key=by_folders)


def _counted(objects: Iterator[Found]) -> list[Found]:
    counted = []
    for one in objects:
        counted.append(one)
        if len(counted) > MOST:
            message = f"there are more than {MOST} files in what was named"
            raise ValueError(message)
    return counted


def _without_marks(objects: list[Found], path: str, folders: list[str]) -> list[Found]:
    """Leave empty objects out that stand for folders, as consoles of stores make them."""
    known = {path, *folders}
    for one in objects:
        above = one.key.rpartition("/")[0]
        while above and above not in known:
            known.add(above)
            above = above.rpartition("/")[0]
    return [one for one in objects if one.size != 0 or one.key.strip("/") not in known]


def _is_wild(part: str) -> bool:
    return not _WILD.isdisjoint(part)


def _matching(store: Store, parts: list[str], base: str) -> Iterator[Found]:
    """Go through what a pattern names below a folder; no more is listed than it needs."""
    part, *rest = parts
    if part == "**":
        for one in _without_marks(_counted(store.below(base)), base, []):
            if _fits(one.key.removeprefix(base).strip("/").split("/"), parts):
                yield one
    elif not rest:
        objects, folders = store.inside(base)
        objects = _without_marks(objects, base, folders)
        yield from (one for one in objects if _fits([_last(one.key)], parts))
    elif _is_wild(part):
        for folder in store.inside(base)[1]:
            if _fits([_last(folder)], [part]):
                yield from _matching(store, rest, folder)
    else:
        yield from _matching(store, rest, f"{base}/{part}" if base else part)


def _last(key: str) -> str:
    return key.rpartition("/")[2]


def _fits(names: list[str], parts: list[str]) -> bool:
    """Tell whether names of folders and a file fit a pattern; "**" is any number of folders.

    >>> _fits(["a", "b", "x.pcap"], ["**", "*.pcap"]), _fits(["x.gz"], ["**", "*.pcap"])
    (True, False)
    >>> _fits(["a", "x"], ["**"]), _fits(["a"], ["a", "**"])
    (True, False)
    """
    if parts[-1] == "**":
        # At its end it is all that lies below.
        parts = [*parts, "*"]
    # Which beginnings of the pattern the names so far fit.
    reached = {0}
    for name in names:
        following = set()
        for place in _with_none(reached, parts):
            if place == len(parts):
                continue
            if parts[place] == "**":
                following.add(place)
            elif fnmatch.fnmatchcase(name, parts[place]):
                following.add(place + 1)
        reached = following
    return len(parts) in reached


def _with_none(reached: set[int], parts: list[str]) -> set[int]:
    """Add the places behind "**" where that is for no folder at all."""
    more = set(reached)
    for place in reached:
        while place < len(parts) and parts[place] == "**":
            place += 1  # noqa: PLW2901 - goes on from there
            more.add(place)
    return more
