"""Colours, for terminals that want them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from .palette import HUES

if TYPE_CHECKING:
    from typing import TextIO

_CODES = {"bold": "1", "dim": "2", **{name: hue.terminal for name, hue in HUES.items()}}


class Paint:
    r"""Paints text, or leaves it as it is.

    >>> Paint(on=True)("1", "bold"), Paint(on=False)("1", "bold")
    ('\x1b[1m1\x1b[0m', '1')
    """

    def __init__(self, *, on: bool) -> None:
        """Decide whether to paint at all."""
        self.on = on

    @classmethod
    def for_stream(cls, stream: TextIO) -> Paint:
        """Paint on a terminal, unless ``NO_COLOR`` is set or it is a dumb one."""
        wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(on=wanted and stream.isatty())

    def __call__(self, text: str, style: str) -> str:
        """Paint; a style that is not known leaves the text as it is."""
        code = _CODES.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and code and text else text


PLAIN = Paint(on=False)
"""Leaves everything as it is."""
