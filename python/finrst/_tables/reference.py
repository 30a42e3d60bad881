"""What the tables' columns and causes mean."""

from __future__ import annotations

from finrst import _native

from .table import Table


def causes() -> Table:
    """Describe every cause, in the order in which the rules decide.

    Columns: ``name``, ``class``, ``summary``, ``wire``, ``reference``, ``next``, ``examples``,
    ``near_misses``, ``twins``. The examples can be played with :func:`conversation`.

    >>> import finrst
    >>> "port_closed" in finrst.causes()["name"]
    True
    """
    return Table(_native.causes(), "causes")


def columns() -> Table:
    """Describe every column of every table.

    Columns: ``table``, ``group``, ``name``, ``type``, ``unit``, ``nullable``, ``doc``, ``words``.

    >>> import finrst
    >>> finrst.columns()["name"][0]
    'connection_id'
    """
    return Table(_native.columns(), "columns")
