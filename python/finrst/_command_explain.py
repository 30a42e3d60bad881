"""The commands ``finrst explain`` and ``finrst causes``."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import TYPE_CHECKING

from ._errors import CaptureError
from ._read import read
from ._reference import causes
from ._text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
examples:
  finrst explain incident.pcapng                        the first that did not end in order
  finrst explain incident.pcapng --connection 17
  finrst explain incident.pcapng --filter 'port 443' --limit 20

A capture that is itself called explain is read with: finrst ./explain"""

_ORDERLY = ("graceful", "open")


def explain(arguments: Sequence[str]) -> int:
    """Tell the stories of connections and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="finrst explain",
        description="Tell in plain words why connections ended, with the packets that prove it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("captures", nargs="+", metavar="CAPTURE", help="what to read")
    parser.add_argument("--connection", type=int, metavar="N", help="only this connection_id")
    parser.add_argument("--filter", metavar="EXPR", help="packets that take part, as for tcpdump")
    parser.add_argument(
        "--limit", type=int, default=5, metavar="N", help="stories at most (default: 5)"
    )
    given = parser.parse_args(arguments)
    capture = read(given.captures, filter=given.filter)
    if given.connection is not None:
        chosen = [given.connection]
    else:
        endings = zip(
            capture.connections["connection_id"], capture.connections["ending"], strict=True
        )
        chosen = [number for number, ending in endings if ending not in _ORDERLY]
    for place, number in enumerate(chosen[: given.limit]):
        try:
            story = capture.connection(number).explain()
        except KeyError as error:
            raise CaptureError(str(error.args[0])) from None
        rule = "\n" if place else ""
        print(f"{rule}connection {number}: {story}")
    if not chosen:
        print("Every connection ended in order or was still open.")
    elif len(chosen) > given.limit:
        print(f"\n... and {len(chosen) - given.limit} more (--limit).")
    return 0


def list_causes(arguments: Sequence[str]) -> int:
    """Print what is known of every cause and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="finrst causes", description="Say how each cause is recognised."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(arguments)
    known = {cause["name"]: cause for cause in causes()}
    for name in given.names:
        if name not in known:
            message = f"no cause {printable(name)!r}: one of {', '.join(known)}"
            raise ValueError(message)
    chosen = [known[name] for name in given.names] or list(known.values())
    if given.json:
        print(json.dumps(chosen, indent=2))
        return 0
    for cause in chosen:
        print(cause["name"])
        for part in ("summary", "wire", "reference", "next"):
            print(textwrap.fill(cause[part], 96, initial_indent="  ", subsequent_indent="  "))
        for example in cause["examples"]:
            print(f"  example: {example}")
        for twin in cause["twins"]:
            print(textwrap.fill(f"cannot be told from {twin}", 96, initial_indent="  "))
        print()
    return 0
