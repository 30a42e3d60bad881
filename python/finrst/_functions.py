"""Functions that read no capture."""

from __future__ import annotations

from . import _native
from ._capture import Capture
from ._packets import Origin
from ._table import Table


def causes() -> Table:
    """Describe every cause, in the order in which the rules decide.

    Columns: ``name``, ``summary``, ``wire``, ``reference``, ``next``, ``examples``,
    ``near_misses``, ``twins``. The examples can be played with :func:`conversation`.

    >>> "port_closed" in causes()["name"]
    True
    """
    return Table(_native.causes(), "causes")


def columns() -> Table:
    """Describe every column of every table.

    Columns: ``table``, ``group``, ``name``, ``type``, ``unit``, ``nullable``, ``doc``, ``words``.

    >>> columns()["name"][0]
    'connection_id'
    """
    return Table(_native.columns(), "columns")


def conversation(script: str) -> Capture:
    """Play a script of packets through the engine.

    The notation is tcpdump's: ``>`` from the client, ``<`` from the server, flags (``S``, ``S.``,
    ``P.``, ``F.``, ``R``, ``R.``, ``.``), then payload octets; items are separated by commas.

    >>> conversation("> S, < S., > ., > P. 120, < R.").connection(0).ending
    'reset'
    """
    return Capture(_native.conversation(script), Origin(script=script))
