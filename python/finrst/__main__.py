"""The command ``finrst``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

from . import (
    CaptureWarning,
    FilterError,
    FinrstError,
    __version__,
    _command_explain,
    _command_report,
    read,
)
from ._summary import summarize, text
from ._text import printable
from ._write import format_of

if TYPE_CHECKING:
    from collections.abc import Sequence

OK, UNREADABLE, USAGE, DAMAGED, INTERRUPTED, CLOSED = 0, 1, 2, 3, 130, 141

_DESCRIPTION = """\
Say how every TCP connection in a packet capture ended, who ended it, and why.

CAPTURE is a pcap or pcapng file, plain or compressed, a directory of such files, or - for
standard input; several are one capture, merged by time."""

_EPILOG = """\
examples:
  finrst incident.pcapng                      what ended how, in the terminal
  finrst incident.pcapng -o endings.csv       one row per connection, for a spreadsheet
  finrst day/*.pcap.zst -o day.parquet        a rotated capture as one table
  finrst x.pcap -o fin_rst.json -t teardowns  one row per FIN or RST segment
  finrst x.pcap --filter 'host 10.0.0.5 and port 443' --start +30s --json
  tcpdump -i any -w - tcp | finrst -
  finrst report incident.pcapng -o x.html     findings, plots, ladders (finrst report --help)
  finrst explain incident.pcapng              why, in plain words (finrst explain --help)
  finrst causes                               every cause and how it is recognised

exit codes:
  0  read to the end        2  wrong usage                         130  interrupted
  1  could not be read      3  read, but the capture is cut short or damaged"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="finrst",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("captures", nargs="+", metavar="CAPTURE", help="what to read")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write a table: .parquet, .arrow, .csv or .json (JSON lines)",
    )
    parser.add_argument(
        "-t",
        "--table",
        default="connections",
        choices=["connections", "teardowns", "ledger", "interfaces", "issues", "files"],
        help="which table to write (default: connections)",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.add_argument("--filter", metavar="EXPR", help="packets that take part, as for tcpdump")
    parser.add_argument("--start", metavar="TIME", help="ISO time, or +30s after the first packet")
    parser.add_argument("--end", metavar="TIME", help="first moment that takes no part")
    parser.add_argument("--memory-limit", metavar="SIZE", help="for connections followed: 1GiB")
    parser.add_argument("--strict", action="store_true", help="refuse cut and damaged captures")
    parser.add_argument("--no-progress", action="store_true", help="show no progress")
    parser.add_argument(
        "--no-formula-guard",
        action="store_true",
        help="write texts into CSV as they are, even those a spreadsheet would run",
    )
    parser.add_argument("--version", action="version", version=f"finrst {__version__}")
    return parser


def _complain(what: object) -> None:
    print(f"finrst: {printable(what, 400)}", file=sys.stderr)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.output is not None:
        format_of(arguments.output)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CaptureWarning)
        capture = read(
            arguments.captures,
            progress=False if arguments.no_progress else "auto",
            filter=arguments.filter,
            start=arguments.start,
            end=arguments.end,
            memory_limit=arguments.memory_limit,
            strict=arguments.strict,
        )
    for warning in caught:
        _complain(warning.message)
    if arguments.output is not None:
        capture.write(
            arguments.output, arguments.table, formula_guard=not arguments.no_formula_guard
        )
    summary = summarize(capture)
    if arguments.json:
        print(json.dumps(_plain(summary.__dict__), ensure_ascii=True, indent=2))
    elif arguments.output is None:
        print(text(summary))
    sys.stdout.flush()
    return DAMAGED if any(w.category is CaptureWarning for w in caught) else OK


def _plain(figures: dict[str, Any]) -> dict[str, Any]:
    pairs = {key: dict(value) if _counts(value) else value for key, value in figures.items()}
    pairs.pop("tones")
    return pairs


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, tuple) for item in value)


_COMMANDS = {
    "causes": _command_explain.list_causes,
    "explain": _command_explain.explain,
    "report": _command_report.main,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = _parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        command = _COMMANDS.get(given[0]) if given else None
        return command(given[1:]) if command else _run(parser.parse_args(given))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing is left to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except FilterError as error:
        _complain(error)
        return USAGE
    except (FinrstError, OSError, ModuleNotFoundError) as error:
        _complain(error)
        return UNREADABLE
    except ValueError as error:
        _complain(error)
        return USAGE


if __name__ == "__main__":
    sys.exit(main())
