"""Functions that read no capture."""

from __future__ import annotations

from finrst import _native

from .capture import Capture
from .origin import Origin


def conversation(script: str) -> Capture:
    """Play a script of packets through the engine.

    The notation is tcpdump's: ``>`` from the client, ``<`` from the server, flags (``S``, ``S.``,
    ``P.``, ``F.``, ``R``, ``R.``, ``.``), then payload octets; items are separated by commas.

    >>> import finrst
    >>> finrst.conversation("> S, < S., > ., > P. 120, < R.").connection(0).ending
    'reset'
    """
    return Capture(_native.conversation(script), Origin(script=script))
