"""What tasks leave for each other, in a directory that all of them reach."""

from __future__ import annotations

import contextlib
import json
import shutil
from typing import TYPE_CHECKING, Any

from finrst import _native
from finrst._files.atomic import whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

# What an interrupted writer leaves, by the engine's name for what is not whole yet.
_HALF = ".finrst-*.tmp"


def kept(place: Path) -> dict[str, Any] | None:
    """Give what a task told; ``None`` where it is not done, or what is there is no telling."""
    try:
        found = json.loads(place.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write(place: Path, octets: bytes) -> None:
    """Leave a file; it appears whole or not at all."""
    with whole(place, _native.Sources([]), overwrite=True) as file:
        file.write(octets)


def once(place: Path, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do a task, unless another start or another worker has done it."""
    found = kept(place)
    if found is None:
        found = work()
        write(place, json.dumps(found).encode())
    return found


def clean(places: Iterable[Path]) -> None:
    """Take away what workers that were killed were in the middle of writing."""
    for place in places:
        for half in place.rglob(_HALF):
            with contextlib.suppress(OSError):
                half.unlink()


def remove(place: Path) -> None:
    """Take away a directory of a reading that is over."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(place)
