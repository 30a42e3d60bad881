"""Draws verdicts of the public captures to be read by hand.

    python tests/practice/sample.py [--seed N] [--count N] [--most N] [--without TABLE] [--hidden]

Evenly over the causes, of other files where there are any: the causes are gone round, rarest
first, and each gives the next of its connections in an order that the seed decides, until there
are enough. `--most` bounds how many come from one capture file; `--without` leaves out the
connections of tables that were read before. `--hidden` tells only where the connections are, in
an order that says nothing of their causes: what the packets say can be written down first.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import pathlib
import re
import sys
import warnings
from typing import Any

from score import SHARED

import finrst

#: A row of a table of verdicts that were read: a file, the number of a connection, and its ending,
#: who ended it and cause.
READ = re.compile(r"^\| ([^ |]+) \| (\d+) \| (\w+), (\w+), (\w+) \(", re.MULTILINE)


def read_before(tables: list[pathlib.Path]) -> set[tuple[str, int]]:
    """File and connection of every verdict in tables of `sample*.md`."""
    return {
        (f"files/{name}", int(number))
        for table in tables
        for name, number, *_ in READ.findall(table.read_text())
    }


def verdicts() -> dict[str, list[dict[str, Any]]]:
    """Every connection of the public captures, by cause."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((SHARED / "captures" / "public" / "files").rglob("*")):
        if not path.is_file():
            continue
        try:
            rows = finrst.read(path, progress=False).connections
        except (finrst.CaptureError, OSError) as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        name = str(path.relative_to(SHARED / "captures" / "public"))
        for row in rows:
            keys = (
                *("connection_id", "client_ip", "client_port", "server_ip", "server_port"),
                *("first_packet", "last_packet"),
                *("ending", "ended_by", "mechanism", "cause", "confidence", "harmless"),
            )
            one = {"file": name, **{key: row[key] for key in keys}}
            found.setdefault(row["cause"], []).append(one)
    return found


def place(seed: int, row: dict[str, Any]) -> bytes:
    """Where a connection comes, which the seed decides."""
    text = f"{seed} {row['file']} {row['connection_id']}"
    return hashlib.sha256(text.encode()).digest()


def draw(
    found: dict[str, list[dict[str, Any]]], seed: int, count: int = 60, most: int | None = None
) -> list[dict[str, Any]]:
    """Some of them, rarest causes first."""
    order = {cause: sorted(rows, key=lambda row: place(seed, row)) for cause, rows in found.items()}
    drawn: list[dict[str, Any]] = []
    files: set[tuple[str, str]] = set()
    taken: collections.Counter[str] = collections.Counter()
    while len(drawn) < count and any(order.values()):
        for cause in sorted(order, key=lambda cause: (len(found[cause]), cause)):
            if most is not None:
                order[cause] = [row for row in order[cause] if taken[row["file"]] < most]
            rows = order[cause]
            fresh = [row for row in rows if (cause, row["file"]) not in files] or rows
            if fresh and len(drawn) < count:
                one = fresh[0]
                drawn.append(one)
                rows.remove(one)
                files.add((cause, one["file"]))
                taken[one["file"]] += 1
    return drawn


def main() -> None:
    """Prints one line of JSON a verdict."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--most", type=int)
    parser.add_argument("--without", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--hidden", action="store_true")
    asked = parser.parse_args()
    warnings.simplefilter("ignore", finrst.CaptureWarning)
    before = read_before(asked.without)
    found = {
        cause: [row for row in rows if (row["file"], row["connection_id"]) not in before]
        for cause, rows in verdicts().items()
    }
    drawn = draw(found, asked.seed, asked.count, asked.most)
    if asked.hidden:
        drawn.sort(key=lambda row: place(asked.seed + 1, row))
        told = ("file", "connection_id", "client_ip", "client_port", "server_ip", "server_port")
        drawn = [{key: row[key] for key in (*told, "first_packet")} for row in drawn]
    for row in drawn:
        print(json.dumps(row))


if __name__ == "__main__":
    main()
