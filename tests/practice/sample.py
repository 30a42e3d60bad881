"""Draws verdicts of the public captures to be read by hand.

    python tests/practice/sample.py [--seed N]

Evenly over the causes, of other files where there are any: the causes are gone round, rarest
first, and each gives the next of its connections in an order that the seed decides, until there
are 60.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import warnings
from typing import Any

from score import SHARED

import finrst

COUNT = 60


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
            keys = ("connection_id", "ending", "ended_by", "mechanism", "cause", "confidence")
            one = {"file": name, **{key: row[key] for key in keys}}
            found.setdefault(row["cause"], []).append(one)
    return found


def draw(found: dict[str, list[dict[str, Any]]], seed: int) -> list[dict[str, Any]]:
    """Sixty of them."""

    def place(row: dict[str, Any]) -> bytes:
        text = f"{seed} {row['file']} {row['connection_id']}"
        return hashlib.sha256(text.encode()).digest()

    order = {cause: sorted(rows, key=place) for cause, rows in found.items()}
    drawn: list[dict[str, Any]] = []
    files: set[tuple[str, str]] = set()
    while len(drawn) < COUNT and any(order.values()):
        for cause in sorted(order, key=lambda cause: (len(found[cause]), cause)):
            rows = order[cause]
            fresh = [row for row in rows if (cause, row["file"]) not in files] or rows
            if fresh and len(drawn) < COUNT:
                one = fresh[0]
                drawn.append(one)
                rows.remove(one)
                files.add((cause, one["file"]))
    return drawn


def main() -> None:
    """Prints one line of JSON a verdict."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=16)
    seed = parser.parse_args().seed
    warnings.simplefilter("ignore", finrst.CaptureWarning)
    for row in draw(verdicts(), seed):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
