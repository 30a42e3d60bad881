"""What columns, causes, facts, options and thresholds mean."""

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


def finding_kinds() -> Table:
    """Describe every kind of finding, in the order in which equals are told.

    Columns: ``name``, ``severity``, ``summary``, ``next``, ``causes``; the severity is that of the
    kind where its connections do not say otherwise.

    >>> import finrst
    >>> finrst.finding_kinds()["name"][:2]
    ['injection', 'filtered_name']
    """
    return Table(_native.finding_kinds(), "finding_kinds")


def columns() -> Table:
    """Describe every column of every table.

    Columns: ``table``, ``group``, ``name``, ``type``, ``unit``, ``nullable``, ``doc``, ``words``.

    >>> import finrst
    >>> finrst.columns()["name"][0]
    'connection_id'
    """
    return Table(_native.columns(), "columns")


def facts() -> Table:
    """Describe every fact that may stand in the column ``evidence``.

    Columns: ``name``, ``unit``, ``words``, ``none``. The unit says what the fact's number is:
    ``s``; ``weight``, how much it speaks for the cause (below 0 against it), which is no quantity
    of the capture; ``id`` of a connection; a ``code``; a ``signed`` difference; else what it
    counts. :meth:`Connection.explain` tells facts by their ``words``.

    >>> import finrst
    >>> facts = finrst.facts()
    >>> dict(zip(facts["name"], facts["unit"], strict=True))["unread_bytes"]
    'byte'
    """
    return Table(_native.facts(), "facts")


def options() -> Table:
    """Describe every option of :func:`read` and :func:`scan`.

    Columns: ``name``, ``kind``, ``unit``, ``default``, ``flag``, ``doc``, ``more``. A kind is
    ``filter``, ``moment``, ``duration``, ``size``, ``count``, ``switch``, ``thresholds``,
    ``columns`` or ``hosts``; ``flag`` is null where the command line has none of that name.

    >>> import finrst
    >>> [(row["name"], row["default"]) for row in finrst.options() if row["unit"] == "s"][0]
    ('linger', '120')
    """
    return Table(_native.options(), "options")


def parameters() -> Table:
    """Describe every number that decides a verdict.

    Thresholds come first: ``settable``, for ``read(..., parameters={name: value})``; those that
    made a table stand in its ``metadata``. What the rules state comes next, in their order of
    decision, and then what is no single rule's, down to the numbers by which facts are told from
    each other: shown, and the same in every reading.

    Columns: ``name``, ``default`` (of what cannot be set, its value), ``unit`` (``s``, ``bytes`` or
    null), ``doc``, ``kind``, ``settable``. A kind is ``threshold``, ``confidence`` (how sure a rule
    is before the quality of the capture counts, or the share of a candidate), ``weight`` (what a
    sign adds to a sum), ``window`` (a time), ``size`` (bytes), ``count``, ``fraction`` (a part, or
    one part in so many) or ``bound`` (what is remembered or looked at, at most).

    >>> import finrst
    >>> numbers = {row["name"]: row for row in finrst.parameters()}
    >>> next(iter(numbers)), numbers["handshake_timeout_s"]["default"]
    ('handshake_timeout_s', 0.1)
    >>> numbers["score.lockstep"]["kind"], numbers["score.lockstep"]["settable"]
    ('weight', False)
    """
    return Table(_native.parameters(), "parameters")
