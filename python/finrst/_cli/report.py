"""The command ``finrst report``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from finrst._base.text import plural, printable
from finrst._face.read import read
from finrst._files.atomic import check

from . import common

if TYPE_CHECKING:
    import argparse

_ENDINGS = (".html", ".htm", ".md", ".markdown")
_EPILOG = """\
examples:
  finrst report incident.pcapng -o incident.html   for a browser; loads nothing
  finrst report day/*.pcap.zst -o day.md           Markdown, for a ticket
  tcpdump -w - tcp | finrst report - -o now.html   Ctrl-C ends it and writes it

Plots need matplotlib: pip install 'finrst[plot]'."""


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = common.parser(
        "finrst report",
        "Write a report: one HTML file that needs nothing else, or Markdown (.md).",
        _EPILOG,
    )
    made.add_argument("-o", "--output", required=True, metavar="FILE", help="file to write")
    made.add_argument("--title", help="heading of the report")
    common.add_force(made)
    common.add_reading(made)
    common.add_days(made)
    return made


def main(arguments: list[str]) -> int:
    """Read captures, write a report about them and return the exit code."""
    given = parser().parse_args(arguments)
    if Path(given.output).suffix.lower() not in _ENDINGS:
        message = f"a report ends in {', '.join(_ENDINGS)}, not as {printable(given.output)}"
        raise ValueError(message)
    with common.sources(given.captures, recursive=given.recursive) as (found, _, outcome):
        check(given.output, common.files(found, recursive=given.recursive), overwrite=given.force)
        capture = read(found, **common.options(given))
        capture.report(given.output, title=given.title, overwrite=given.force)
        told = f"{plural(len(capture), 'connection')}: {printable(given.output)}"
    if sys.stderr.isatty():
        print(told, file=sys.stderr)
    return outcome.code
