"""The command ``finrst CAPTURE``: what ended how, as a summary."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING

from finrst._base.paint import Paint
from finrst._base.text import printable
from finrst._base.times import zone
from finrst._base.width import wrap
from finrst._face.read import read, scan
from finrst._story.summary import figures, plain, text
from finrst._story.tally import Tally, needed

from . import common, live

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from finrst._tables.table import Table

_DESCRIPTION = "Say how every TCP connection in a packet capture ended, who ended it, and why."

_EPILOG = """\
commands:
  finrst CAPTURE...          what ended how, in the terminal
  finrst explain CAPTURE...  why, in plain words, with the packets that prove it
  finrst report CAPTURE...   a page to send: findings, plots, tables
  finrst convert CAPTURE...  tables: Parquet, Arrow, CSV, JSON lines, Excel
  finrst annotate CAPTURE... verdicts as comments that Wireshark shows
  finrst compare A B         what changed from one capture or day to another
  finrst cluster CAPTURE...  captures larger than one processor or machine
  finrst play SCRIPT         a conversation in a line, or tcpdump's, and its end
  finrst causes              every cause, and how it is recognised
  Each has a --help with examples.

examples:
  finrst incident.pcapng
  finrst day/*.pcap.zst --filter 'host 10.0.0.5 and port 443' --start +30s
  tcpdump -i any -w - tcp | finrst -     live; Ctrl-C ends it with the summary
  finrst day2.pcap --resume day1.state --save day2.state
                                         what ends tomorrow, tomorrow
  ssh router tcpdump -U -w - tcp | finrst -
  finrst incident.pcapng --json | jq .causes

exit codes:
  0    read to the end; of a pipe, also to the Ctrl-C that ends it
  1    could not be read, or not written
  2    wrong usage
  3    read, but the capture is cut short or damaged
  4    finrst compare: something changed
  5    not written: the output is a capture that is read, or any without --force
  130  interrupted; of a pipe, by a second Ctrl-C: what it still held is lost
  141  who reads the output has closed it

Colours appear on a terminal only, and not with NO_COLOR set. A capture that is
called as a command is read with ./ before its name."""


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    from finrst._native import __version__

    made = common.parser("finrst", _DESCRIPTION, _EPILOG)
    made.add_argument("--json", action="store_true", help="print the figures as JSON, for programs")
    common.add_reading(made)
    common.add_days(made)
    made.add_argument("--version", action="version", version=f"finrst {__version__}")
    return made


def main(arguments: list[str]) -> int:
    """Print the summary and return the exit code."""
    given = parser().parse_args(arguments)
    with common.sources(given.captures, recursive=given.recursive) as (sources, pipes, outcome):
        options = common.options(given)
        # The terminal draws the latest of a live capture, too.
        options["columns"] = needed("client_port") if pipes else needed()
        accounts: Mapping[str, Table]
        carried = 0, 0
        if not pipes or common.goes_on(given):
            capture = read(sources, **options)
            carried = capture.resumed, capture.saved
            tally = Tally()
            tally.add(capture.connections, len(capture.teardowns))
            accounts = {name: capture.table(name) for name in live.ACCOUNTS}
        elif len(sources) == 1 and sys.stdout.isatty() and not given.json:
            tally, accounts = live.watch(pipes[0], options)
        else:
            # What comes through a pipe may have no end: rows are counted and let go.
            tally = Tally()
            with scan(sources, **options) as rows:
                for connections, teardowns in rows:
                    tally.add(connections, len(teardowns))
                accounts = {name: rows.table(name) for name in live.ACCOUNTS}
    if given.json:
        print(json.dumps(plain(tally, accounts, carried), ensure_ascii=True, indent=2))
    else:
        paint = Paint.for_stream(sys.stdout)
        shown = text(figures(tally, accounts, zone(given.tz), carried=carried), paint)
        print(shown if can_show("█") else shown.replace("█", "#"))
        if not pipes and tally.servers:
            print("", *(paint(line, "dim") for line in wrap(_hint(given.captures))), sep="\n")
    sys.stdout.flush()
    return outcome.code


def can_show(character: str) -> bool:
    """Tell whether standard output has a character."""
    try:
        character.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _hint(captures: list[str]) -> str:
    name = shlex.quote(captures[0]) if len(captures) == 1 else "CAPTURE..."
    # A name that is not what it looks like is not one to copy.
    return f"Why, one by one: finrst explain {name if printable(name) == name else 'CAPTURE'}"
