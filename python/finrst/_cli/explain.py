"""The command ``finrst explain``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of
from finrst._base.paint import Paint
from finrst._base.text import nearest, printable
from finrst._base.width import wrap
from finrst._errors import CaptureError
from finrst._face.functions import conversation
from finrst._files.write import json_ready
from finrst._story.tally import GOOD, NEUTRAL
from finrst._tables.reference import causes

from . import common
from .steps import steps

if TYPE_CHECKING:
    import argparse

    from finrst._face.capture import Capture

_LONGEST_SCRIPT = 1 << 20
_TOLD = ("ending", "cause", "mechanism", "client_bytes_lost", "server_bytes_lost")
_CALM = {"orderly", "undecided"}
_MECHANISMS = {"orderly_close", "half_close", "superseded", "open", "stray"}

_EPILOG = """\
examples:
  finrst explain incident.pcapng           those that did not end in order
  finrst explain incident.pcapng --connection 17 --packets
  finrst explain incident.pcapng --cause reset_injected --limit 20
  finrst explain incident.pcapng --filter 'host 10.0.0.5 and port 443'
  finrst explain incident.pcapng --json | jq -r '.[].sentence'

Numbers are those of the column connection_id. A text file with a script is
played, as finrst.conversation does."""


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
    _check(given)
    played = _played(given)
    capture, code = (played, common.OK) if played is not None else _read(given)
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
        lines = [*([""] if place else []), *story.lines(f"{title} ")]
        if given.packets:
            lines += ["", "Packets", *steps(capture, number, paint)]
        if played is None:
            lines += ["", "In Wireshark"]
            lines += wrap(connection.wireshark_filter, first="  ", whole=True)
        print(*lines, sep="\n")
    if given.json:
        print(json.dumps(stories, indent=2))
    elif not chosen:
        print(*wrap(_nothing(capture, given)), sep="\n")
    elif len(shown) < len(chosen):
        print(f"\n... and {len(chosen) - len(shown)} more (--limit).")
    return code


def _check(given: argparse.Namespace) -> None:
    known = [*causes()["name"], "undetermined"]
    if given.cause is not None and given.cause not in known:
        message = (
            f"no cause {printable(given.cause)!r}{nearest(given.cause, known)}; see: finrst causes"
        )
        raise ValueError(message)
    if given.limit < 0:
        message = "--limit cannot be negative"
        raise ValueError(message)


def _read(given: argparse.Namespace) -> tuple[Capture, int]:
    capture, outcome = common.load(given)
    return capture, outcome.code


def _played(given: argparse.Namespace) -> Capture | None:
    """Play what is no capture but a script, if it is one."""
    if len(given.captures) != 1 or not Path(given.captures[0]).is_file():
        return None
    with Path(given.captures[0]).open("rb") as file:
        script = file.read(_LONGEST_SCRIPT)
    if not script.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"> ", b"< ")):
        return None
    if any(value for name, value in common.options(given).items() if name != "progress"):
        message = "a script is played as it stands, without options of reading"
        raise ValueError(message)
    return conversation(script.decode("utf-8-sig"))


def _chosen(capture: Capture, given: argparse.Namespace) -> list[int]:
    if given.connection:
        return list(given.connection)
    table = capture.connections
    if given.cause is not None:
        rows = zip(table["connection_id"], table["cause"], strict=True)
        return [number for number, cause in rows if cause == given.cause]
    if given.all:
        return list(table["connection_id"])
    columns = [table[name] for name in ("connection_id", *_TOLD)]
    return [number for number, *row in zip(*columns, strict=True) if not _calm(*row)]


def _calm(ending: str, cause: str, mechanism: str, lost: int, lost_too: int) -> bool:
    """Whether nothing of a connection needs an explanation: neither how it ended nor why."""
    if ending == "stray":
        return mechanism == "stray"
    return (
        ending in GOOD | NEUTRAL
        and class_of(cause).name in _CALM
        and mechanism in _MECHANISMS
        and not lost
        and not lost_too
    )


def _nothing(capture: Capture, given: argparse.Namespace) -> str:
    if not len(capture):
        return "No TCP connection was found: finrst CAPTURE tells what the packets were."
    if given.cause is not None:
        return f"No connection has the cause {given.cause}."
    return (
        "Every connection ended in order, with nothing lost that was seen, or was still open "
        "(--all tells of these, too)."
    )
