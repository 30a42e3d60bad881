"""The command ``finrst explain``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finrst._base.paint import Paint
from finrst._base.text import nearest, plural, printable
from finrst._base.width import wrap
from finrst._errors import CaptureError
from finrst._face.functions import conversation
from finrst._tables.reference import causes

from . import common
from .groups import Group, groups
from .steps import steps

if TYPE_CHECKING:
    import argparse

    from finrst._face.capture import Capture
    from finrst._story.connection import Connection

_LONGEST_SCRIPT = 1 << 20

_EPILOG = """\
examples:
  finrst explain incident.pcapng           what did not end in order, the gravest first
  finrst explain incident.pcapng --connection 17 --packets
  finrst explain incident.pcapng --cause reset_injected --limit 20
  finrst explain incident.pcapng --filter 'host 10.0.0.5 and port 443'
  finrst explain incident.pcapng --json | jq -r '.[].sentence'

Connections that are alike are told in one paragraph with their numbers, those
of the column connection_id; --connection tells one of them whole. A text file
with a script is played, as finrst.conversation does."""


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
    made.add_argument("--cause", metavar="NAME", help="only connections with this cause")
    made.add_argument(
        "--packets",
        action="store_true",
        help="draw the packets, too, of each or of one like it: the beginning, what decided it, "
        "the end",
    )
    made.add_argument("--all", action="store_true", help="also those that ended in order")
    made.add_argument(
        "--limit",
        type=int,
        default=5,
        metavar="N",
        help="stories at most: one for each connection or for those that are alike (default: 5)",
    )
    made.add_argument("--json", action="store_true", help="print JSON, for programs")
    common.add_reading(made)
    common.add_days(made)
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
    for place, group in enumerate(shown):
        try:
            connection = capture.connection(group.example)
        except KeyError as error:
            raise CaptureError(str(error.args[0])) from None
        if given.json:
            stories.append(_plain(capture, group, connection))
            continue
        lines = [*([""] if place else []), *group.told(connection, paint)]
        if given.packets:
            one = "" if len(group.connections) == 1 else f" of connection {group.example}"
            lines += ["", f"Packets{one}"]
            lines += steps(capture, group.example, paint)
        if played is None and len(group.connections) == 1:
            lines += ["", "In Wireshark"]
            lines += wrap(connection.wireshark_filter, first="  ", whole=True)
        print(*lines, sep="\n")
    if given.json:
        print(json.dumps(stories, indent=2))
    elif not chosen:
        print(*wrap(_nothing(capture, given)), sep="\n")
    elif len(shown) < len(chosen):
        print("\n" + _left(chosen[len(shown) :]))
    return code


def _plain(capture: Capture, group: Group, connection: Connection) -> dict[str, Any]:
    """Give for programs the story of one, and of those that are like it the finding and numbers."""
    return {
        **connection.explain().__dict__,
        "names": connection.names,
        "wireshark_filter": connection.wireshark_filter,
        "connection": capture.connections.records("connection_id", group.example)[0],
        "connections": group.connections,
        "finding": group.finding.to_dict() if group.finding else None,
    }


def _left(groups: list[Group]) -> str:
    many = sum(len(group.connections) for group in groups)
    noun = "story" if len(groups) == 1 else "stories"
    return f"... and {len(groups)} more {noun}, of {plural(many, 'connection')} (--limit)."


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
    options = common.options(given)
    if any(value for name, value in options.items() if name not in {"progress", "hosts", "tz"}):
        message = "a script is played as it stands, without options of reading"
        raise ValueError(message)
    text = script.decode("utf-8-sig")
    return conversation(text, hosts=options["hosts"], tz=options["tz"])


def _chosen(capture: Capture, given: argparse.Namespace) -> list[Group]:
    if given.connection:
        return [Group(number, [number]) for number in given.connection]
    return groups(capture, given.cause, everything=given.all)


def _nothing(capture: Capture, given: argparse.Namespace) -> str:
    if not len(capture):
        return "No TCP connection was found: finrst CAPTURE tells what the packets were."
    if given.cause is not None:
        return f"No connection has the cause {given.cause}."
    return (
        "Every connection ended in order, with nothing lost that was seen, or was still open "
        "(--all tells of these, too)."
    )
