"""The command ``finrst explain``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of
from finrst._base.paint import Paint
from finrst._base.text import nearest, printable
from finrst._errors import CaptureError
from finrst._files.write import json_ready
from finrst._story.tally import GOOD, NEUTRAL
from finrst._tables.reference import causes

from . import common
from .steps import steps

if TYPE_CHECKING:
    import argparse

    from finrst._face.capture import Capture

_EPILOG = """\
examples:
  finrst explain incident.pcapng           those that did not end in order
  finrst explain incident.pcapng --connection 17 --packets
  finrst explain incident.pcapng --cause reset_injected --limit 20
  finrst explain incident.pcapng --filter 'host 10.0.0.5 and port 443'
  finrst explain incident.pcapng --json | jq -r '.[].sentence'

Numbers are those of the column connection_id."""


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = common.parser(
        "finrst explain",
        "Tell in plain words why connections ended, with the packets that prove it.",
        _EPILOG,
    )
    made.add_argument(
        "--connection",
        type=int,
        action="append",
        metavar="N",
        help="only this one; may be given several times",
    )
    made.add_argument("--cause", metavar="NAME", help="only those with this cause")
    made.add_argument(
        "--packets",
        action="store_true",
        help="draw the packets, too: the beginning, what decided it, the end",
    )
    made.add_argument("--all", action="store_true", help="also those that ended in order")
    made.add_argument(
        "--limit", type=int, default=5, metavar="N", help="stories at most (default: 5)"
    )
    made.add_argument("--json", action="store_true", help="print JSON, for programs")
    common.add_reading(made)
    return made


def main(arguments: list[str]) -> int:
    """Tell the stories of connections and return the exit code."""
    given = parser().parse_args(arguments)
    known = [*causes()["name"], "undetermined"]
    if given.cause is not None and given.cause not in known:
        message = (
            f"no cause {printable(given.cause)!r}{nearest(given.cause, known)}; see: finrst causes"
        )
        raise ValueError(message)
    if given.limit < 0:
        message = "--limit cannot be negative"
        raise ValueError(message)
    capture, outcome = common.load(given)
    chosen = _chosen(capture, given)
    shown = chosen if given.connection else chosen[: given.limit]
    paint = Paint.for_stream(sys.stdout)
    stories: list[dict[str, Any]] = []
    for place, number in enumerate(shown):
        try:
            connection = capture.connection(number)
        except KeyError as error:
            raise CaptureError(str(error.args[0])) from None
        story = connection.explain()
        if given.json:
            stories.append(
                {
                    **story.__dict__,
                    "wireshark_filter": connection.wireshark_filter,
                    "connection": json_ready(connection.to_dict()),
                }
            )
            continue
        title = paint(f"connection {number}:", class_of(connection.cause).name)
        print(("\n" if place else "") + f"{title} {story}")
        if given.packets:
            print("\nPackets", *steps(capture, number, paint), sep="\n")
        print(f"\nIn Wireshark\n  {connection.wireshark_filter}")
    if given.json:
        print(json.dumps(stories, indent=2))
    elif not chosen:
        print(_nothing(capture, given))
    elif len(shown) < len(chosen):
        print(f"\n... and {len(chosen) - len(shown)} more (--limit).")
    return outcome.code


def _chosen(capture: Capture, given: argparse.Namespace) -> list[int]:
    if given.connection:
        return list(given.connection)
    table = capture.connections
    rows = zip(table["connection_id"], table["ending"], table["cause"], strict=True)
    calm = GOOD | NEUTRAL
    if given.cause is not None:
        return [number for number, _, cause in rows if cause == given.cause]
    return [number for number, ending, _ in rows if given.all or ending not in calm]


def _nothing(capture: Capture, given: argparse.Namespace) -> str:
    if not len(capture):
        return "No TCP connection was found: finrst CAPTURE tells what the packets were."
    if given.cause is not None:
        return f"No connection has the cause {given.cause}."
    return "Every connection ended in order or was still open (--all tells of these, too)."
