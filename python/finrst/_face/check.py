"""Tables of one reading held against each other."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

from finrst._base.text import printable
from finrst._errors import CaptureWarning, InternalError

if TYPE_CHECKING:
    from finrst._story.answer import Answer
    from finrst._tables.table import Table


class Carried(NamedTuple):
    """Connections that go from one reading to the next, and their packets so far."""

    connections: int = 0
    packets: int = 0
    read: int = 0
    """Packets of all captures until then, whose numbers come before those of the next."""


def check(capture: Answer, kept: Table, came: Carried, left: Carried) -> None:
    """Raise :exc:`InternalError` if they disagree; warn of files that changed meanwhile.

    ``kept`` has the packets of connections, whatever columns were asked for; what was not is not
    held against anything. ``came`` are packets of rows that an earlier reading counted, ``left``
    those counted here of connections that are rows of a later one.
    """
    tcp = sum(row["packets"] for row in capture.ledger if row["class"] == "tcp")
    tcp += came.packets - left.packets
    wanted = {"packets of connections": (kept, "packets", tcp)}
    if "kind" in capture.teardowns.column_names:
        kinds = dict(capture.teardowns.counts("kind"))
        for kind in ("fin", "rst"):
            name = f"{kind.upper()} segments"
            wanted[name] = (capture.connections, f"{kind}s", kinds.get(kind, 0))
    wrong = []
    for what, (table, name, count) in wanted.items():
        both = [f"{side}_{name}" for side in ("client", "server")]
        if set(both) <= set(table.column_names):
            found = sum(sum(table[column]) for column in both)
            wrong += [] if found == count else [f"{what}: {found} is not {count}"]
    wrong += unbalanced(capture.files, capture.ledger)
    if wrong:
        raise InternalError("; ".join(wrong))
    warn_of_changes(capture.issues, 4)


def warn_of_changes(issues: Table, stacklevel: int) -> None:
    """Warn of files that changed while they were read."""
    for row in issues:
        if row["kind"] == "file_changed":
            text = f"{printable(row['file'])}: {printable(row['detail'])}"
            warnings.warn(text, CaptureWarning, stacklevel=stacklevel)


def unbalanced(files: Table, ledger: Table) -> list[str]:
    """Tell of which files the bytes, records or packets do not add up."""
    packets: dict[str, int] = {}
    for row in ledger:
        packets[row["file"]] = packets.get(row["file"], 0) + row["packets"]
    wrong = []
    names = files["file"]
    for row in files:
        octets = ("bytes_headers", "bytes_records", "bytes_skipped", "bytes_tail")
        if sum(row[part] for part in octets) != row["bytes_total"]:
            wrong.append(f"{row['file']}: the bytes do not add up")
        records = ("packets", "blocks_other", "records_bad")
        if sum(row[part] for part in records) != row["records"]:
            wrong.append(f"{row['file']}: the records do not add up")
        # Files may share a name; their ledgers cannot be told apart then.
        if names.count(row["file"]) == 1 and packets.get(row["file"], 0) != row["packets"]:
            wrong.append(f"{row['file']}: the classes do not add up to the packets")
    return wrong
