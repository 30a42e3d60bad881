"""The command ``finrst play``: a conversation that is written down, and what it would be."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from finrst import _native
from finrst._base.classes import class_of
from finrst._base.paint import Paint
from finrst._base.text import number, plural, printable
from finrst._face.functions import conversation
from finrst._files.atomic import Whole
from finrst._files.write import json_ready
from finrst._story import trust

from . import common
from .steps import steps

if TYPE_CHECKING:
    import argparse

    from finrst._face.capture import Capture

LONGEST = 64 << 20
"""Bytes of a text that is played."""
_BEGINNINGS = (">", "<", "(", "!")

_EPILOG = """\
examples:
  finrst play '> S, < R.'                  a port without a listener
  finrst play '> S, < S., > ., > P. 120, < ., < R. +50ms'
  finrst play '> S' '> S again +1s' '> S again +2s'
  finrst play conversation.txt             a file with a script, or tcpdump's
  tcpdump -nr x.pcap port 443 | finrst play -
  finrst play '> S, < S., > ., < R' --json | jq '.[].connection.cause'
  finrst play conversation.txt -o made.pcapng   its packets, for Wireshark or a test

> is sent by the client, < by the server. Flags as tcpdump has them (S, S., .,
P., F., R, R.), then bytes of payload and words such as +100ms, again, win=0.
Quote a script: a shell takes > and < for files. The manual has every word.

Lines that tcpdump prints are played with -n, and with any time but -t; -v adds
the TTL, which tells a forger. What is not printed is not made up.

With -o the packets become a pcapng file of Ethernet, and nothing is told: finrst
reads it with the same verdicts. A script that is read is never replaced, and a
capture only with --force."""


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = common.bare_parser(
        "finrst play",
        "Play a conversation that is written down, and tell how it ended and why.",
        _EPILOG,
    )
    made.add_argument(
        "script",
        nargs="+",
        metavar="SCRIPT",
        help="script, file with one (or with lines that tcpdump printed), or - for standard "
        "input; several scripts are parts of one",
    )
    made.add_argument(
        "--limit", type=int, default=5, metavar="N", help="stories at most (default: 5)"
    )
    how = made.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print JSON, for programs")
    how.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the packets as a capture (pcapng) instead; - for standard output",
    )
    common.add_force(made)
    return made


def main(arguments: list[str]) -> int:
    """Play a script, tell what became of its connections and return the exit code."""
    given = parser().parse_args(arguments)
    if given.limit < 0:
        message = "--limit cannot be negative"
        raise ValueError(message)
    if given.output is not None:
        return _write(given)
    script = _script(given.script)
    capture = conversation(script)
    if given.json:
        print(json.dumps([_plain(capture, one) for one in _numbers(capture)], indent=2))
        return common.OK
    paint = Paint.for_stream(sys.stdout)
    numbers = _numbers(capture)
    if not numbers:
        print("No TCP segment was captured.")
    if len(numbers) > 1:
        ends = capture.connections.counts("ending")
        said = ", ".join(f"{number(count)} {ending}" for ending, count in ends)
        print(f"{plural(len(numbers), 'connection')}: {said}\n")
    for place, one in enumerate(numbers[: given.limit]):
        connection = capture.connection(one)
        title = paint(f"connection {one}:", class_of(connection.cause).name)
        story = connection.explain().lines(f"{title} ")
        drawn = ["", "Packets", *steps(capture, one, paint)]
        print(*([""] if place else []), *story, *drawn, sep="\n")
    if len(numbers) > given.limit:
        print(f"\n... and {number(len(numbers) - given.limit)} more (--limit).")
    print(*trust.text(_unsaid(script)), sep="\n", end="\n" if _unsaid(script) else "")
    return common.OK


def _write(given: argparse.Namespace) -> int:
    """Write the packets of a script as a capture."""
    path = None if given.output == "-" else given.output
    if path is None and sys.stdout.isatty():
        message = "a capture is not for a terminal: -o FILE, or a pipe behind -o -"
        raise ValueError(message)
    script = _script(given.script)
    sources = common.files([] if _is_typed(given.script) else given.script)
    with contextlib.closing(Whole(path, sources, overwrite=given.force)) as file:
        written = file.handle.write(_native.capture_of_script(script))
        file.commit()
    if sys.stderr.isatty() and path is not None:
        print(f"{plural(written, 'byte')}: {printable(path)}", file=sys.stderr)
    return common.OK


def _unsaid(script: str) -> list[str]:
    """Tell what tcpdump's lines do not say, and a verdict may hang on."""
    if ": Flags [" not in script or " ttl " in script or "hlim " in script:
        return []
    return ["The lines have no TTL: a forger is hardly told from the host. Print with tcpdump -vv."]


def _numbers(capture: Capture) -> list[int]:
    return list(capture.connections["connection_id"])


def _plain(capture: Capture, one: int) -> dict[str, object]:
    connection = capture.connection(one)
    return {
        **connection.explain().__dict__,
        "connection": json_ready(connection.to_dict()),
    }


def _is_typed(parts: list[str]) -> bool:
    """Tell a script from the name of a file with one."""
    return all(part.lstrip().startswith(_BEGINNINGS) for part in parts)


def _script(parts: list[str]) -> str:
    """Give the text to play: what was typed, or what a file or standard input holds."""
    if _is_typed(parts):
        return "\n".join(parts)
    if len(parts) > 1:
        message = "a script, or one file: each part of a script begins with > or <"
        raise ValueError(message)
    (name,) = parts
    if name == "-":
        if sys.stdin is None:
            message = "there is no standard input to read"
            raise OSError(message)
        octets = sys.stdin.buffer.read(LONGEST + 1)
    else:
        with Path(name).open("rb") as file:
            octets = file.read(LONGEST + 1)
    return text_of(octets, "standard input" if name == "-" else name)


def text_of(octets: bytes, name: str) -> str:
    """Decode what is to be played; ``ValueError`` for what is no text, or too long for one."""
    if len(octets) > LONGEST:
        message = f"{name}: longer than {LONGEST >> 20} MiB"
        raise ValueError(message)
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        message = f"{name}: no text; a capture is read by: finrst {name}"
        raise ValueError(message) from None
