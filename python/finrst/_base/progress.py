"""Telling how far a long reading has come."""

from __future__ import annotations

import importlib.util
import sys
import time
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .text import number

if TYPE_CHECKING:
    from collections.abc import Callable

Progress: TypeAlias = 'bool | Literal["auto"] | Callable[[int, int | None, int], object]'
"""``"auto"``: a bar on a terminal or in a notebook when reading takes longer than half a second;
``True``: a bar at once; ``False``: none; or a function that gets bytes read, bytes in all (or
``None``) and packets read, at most twenty times a second."""

PATIENCE = 0.5
"""Seconds of a reading before an automatic bar is shown."""


class Bar:
    """A tqdm bar where that is installed, else a line on a terminal."""

    def __init__(self, progress: Progress) -> None:
        """Decide what to show."""
        self._function = progress if callable(progress) else None
        self._wanted = progress is True
        self._auto = progress == "auto"
        self._begin = time.monotonic()
        self._bar: Any = None
        self._line = False
        self._bytes = 0

    @property
    def callback(self) -> Callable[[int, int | None, int], object] | None:
        """What the engine calls; ``None`` for silence."""
        if self._function is not None:
            return self._function
        wanted = self._wanted and sys.stderr is not None
        return self._tell if wanted or (self._auto and can_show()) else None

    def _tell(self, done: int, total: int | None, packets: int) -> None:
        if self._auto and time.monotonic() - self._begin < PATIENCE:
            return
        if self._bar is None and not self._line:
            self._bar = _tqdm(total)
            self._line = self._bar is None
        if self._bar is not None:
            self._bar.set_postfix_str(f"{number(packets)} packets", refresh=False)
            self._bar.update(done - self._bytes)
            self._bytes = done
        elif self._line:
            share = f"{100 * done / total:3.0f} %" if total else f"{done / 1e6:,.0f} MB"
            print(f"\r{share}, {number(packets)} packets ", end="", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
        elif self._line:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def follow(
    step: Callable[[], tuple[int, int | None, int] | None],
    tell: Callable[[int, int | None, int], object] | None,
) -> None:
    """Go on step by step to the end, and tell how far it has come."""
    while (at := step()) is not None:
        if tell is not None:
            tell(*at)


def can_show() -> bool:
    """Tell whether somebody would see a bar: in a notebook, or on a terminal."""
    return "ipykernel" in sys.modules or (sys.stderr is not None and sys.stderr.isatty())


def _tqdm(total: int | None) -> Any:
    try:
        if "ipykernel" in sys.modules and _has_widgets():
            from tqdm.notebook import tqdm
        else:
            from tqdm import tqdm
    except ImportError:
        return None
    return tqdm(total=total, unit="B", unit_scale=True, leave=False, desc="finrst")


def _has_widgets() -> bool:
    return importlib.util.find_spec("ipywidgets") is not None
