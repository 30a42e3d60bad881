"""The command ``finrst report``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ._read import read

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\
examples:
  finrst report incident.pcapng -o incident.html     for any browser; loads nothing
  finrst report day/*.pcap.zst -o day.md             Markdown, for a ticket
  tcpdump -w - tcp | finrst report - -o now.html

A capture that is itself called report is read with: finrst ./report"""


def main(arguments: Sequence[str]) -> int:
    """Read captures, write a report about them and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="finrst report",
        description="Write a report: one HTML file that needs nothing else, or Markdown (.md).",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("captures", nargs="+", metavar="CAPTURE", help="what to read")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="file to write")
    parser.add_argument("--title", help="heading of the report")
    parser.add_argument("--filter", metavar="EXPR", help="packets that take part, as for tcpdump")
    given = parser.parse_args(arguments)
    read(given.captures, filter=given.filter).report(given.output, title=given.title)
    return 0
