"""The command ``finrst annotate``: verdicts into a capture, for Wireshark."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from finrst import _native
from finrst._base.text import plural, printable
from finrst._errors import CaptureError
from finrst._face.comments import annotate
from finrst._face.read import read
from finrst._files.atomic import check

from . import common

if TYPE_CHECKING:
    import argparse
    from typing import Any

_EPILOG = """\
examples:
  finrst annotate incident.pcapng -o verdicts.pcapng   then open it in Wireshark
  finrst annotate day/*.pcap.zst -o day.pcapng         several become one, by time
  finrst annotate x.pcap -o one.pcapng --connection 13 only its packets
  finrst annotate x.pcap -o - | tshark -r - -Y 'frame.comment contains "reset_injected"'

The copy is pcapng, with every packet as it was and a comment on every FIN and
RST, and on the packet that decided each connection (where none did, on its last
packet). In Wireshark, frame.comment contains "reset_injected" finds those with a
cause; a column for frame.comment shows them in the list.

Blocks, options and comments that were there stay; comments that an earlier
finrst annotate made are replaced. A filter or times choose what is commented on,
and all packets are copied. A pipe is read once only: save it to a file first.

A capture that is read is never replaced, and another one only with --force."""


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = common.parser(
        "finrst annotate",
        "Copy captures as pcapng with the verdicts as comments, which Wireshark shows and filters.",
        _EPILOG,
    )
    made.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="pcapng file to write; - for standard output",
    )
    made.add_argument(
        "--connection",
        type=int,
        action="append",
        metavar="N",
        help="only the packets of this one; may be given several times",
    )
    common.add_force(made)
    common.add_reading(made)
    return made


def main(arguments: list[str]) -> int:
    """Copy with comments and return the exit code."""
    given = parser().parse_args(arguments)
    printed = given.output == "-"
    if printed:
        _check(given)
    with common.sources(given.captures, recursive=given.recursive) as (found, pipes, outcome):
        if pipes:
            message = "a pipe can be read only once: save it to a file, and annotate that"
            raise CaptureError(message)
        if printed:
            _native.Output(
                None, common.files(found, recursive=given.recursive), given.force
            ).abandon()
        else:
            check(
                given.output, common.files(found, recursive=given.recursive), overwrite=given.force
            )
        said = _copy(found, given, None if printed else given.output)
    if sys.stderr.isatty():
        print(said if printed else f"{said}: {printable(given.output)}", file=sys.stderr)
    return outcome.code


def _check(given: argparse.Namespace) -> None:
    if given.connection:
        message = "--connection needs a file to write"
        raise ValueError(message)
    if sys.stdout.isatty():
        message = "a capture is not for a terminal: -o FILE, or a pipe behind -o -"
        raise ValueError(message)


def _copy(found: list[Any], given: argparse.Namespace, path: str | None) -> str:
    options = common.options(given)
    capture = read(found, **options)
    if given.connection:
        try:
            packets = capture.save(
                given.connection, given.output, comments=True, overwrite=given.force
            )
        except KeyError as error:
            raise CaptureError(str(error.args[0])) from None
        return plural(packets, "packet")
    comments = annotate(
        capture,
        capture._origin,  # noqa: SLF001 - standard output has no path
        path,
        overwrite=given.force,
        progress=options["progress"],
    )
    return plural(comments, "comment")
