"""Functions that read no capture."""

from __future__ import annotations

from . import _native
from ._capture import Capture
from ._packets import Origin


def conversation(script: str) -> Capture:
    """Play a script of packets through the engine.

    The notation is tcpdump's: ``>`` from the client, ``<`` from the server, flags (``S``, ``S.``,
    ``P.``, ``F.``, ``R``, ``R.``, ``.``), then payload octets; items are separated by commas.

    >>> import finrst
    >>> finrst.conversation("> S, < S., > ., > P. 120, < R.").connection(0).ending
    'reset'
    """
    return Capture(_native.conversation(script), Origin(script=script))
