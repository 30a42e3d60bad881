"""Colours, for terminals that want them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from .palette import HUES

if TYPE_CHECKING:
    from typing import TextIO

_CODES = {"bold": "1", "dim": "2", **{name: hue.terminal for name, hue in HUES.items()}}
_ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


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


def cut(line: str, width: int) -> str:
    r"""Shorten a painted line to so many characters on the screen.

    >>> cut("\x1b[1mabcdef\x1b[0m", 3)
    '\x1b[1mabc\x1b[0m'
    """
    shown, out, at = 0, [], 0
    for match in [*_ESCAPE.finditer(line), None]:
        end = match.start() if match else len(line)
        part = line[at:end][: max(0, width - shown)]
        shown += len(part)
        out.append(part)
        if match:
            out.append(match.group())
            at = match.end()
    return "".join(out)
