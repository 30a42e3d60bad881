"""What tasks leave for each other, in a place that all of them reach."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from finrst._base import told
from finrst._base.stores import together

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from finrst._files.places import Place


def kept(place: Place) -> dict[str, Any] | None:
    """Give what a task told; ``None`` where it is not done, or what is there is no telling."""
    try:
        found = told.load(place.read())
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def all_kept(scratch: Place, names: Mapping[int, str]) -> dict[int, dict[str, Any]]:
    """Give what those tasks told that are done, by their numbers."""
    there = {place.name for place in scratch.below()}
    numbers = [number for number, name in names.items() if (scratch / name).name in there]
    told = together(lambda number: kept(scratch / names[number]), numbers)
    found = zip(numbers, told, strict=True)
    return {number: one for number, one in found if one is not None}


def once(place: Place, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do a task, unless another start or another worker has done it."""
    found = kept(place)
    if found is None:
        found = work()
        place.write(json.dumps(found).encode())
    return found
