"""The command ``finrst``."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from . import (
    _command_causes,
    _command_compare,
    _command_convert,
    _command_explain,
    _command_report,
    _command_summary,
)
from ._command import CLOSED, INTERRUPTED, UNREADABLE, USAGE, complain
from ._errors import CaptureError, FilterError, FinrstError
from ._text import nearest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


class Command(NamedTuple):
    """How a command reads its arguments, and what it does with them."""

    parser: Callable[[], argparse.ArgumentParser]
    main: Callable[[list[str]], int]


SUMMARY = Command(_command_summary.parser, _command_summary.main)
"""What is done where the first argument is a capture."""
COMMANDS = {
    "explain": Command(_command_explain.parser, _command_explain.main),
    "report": Command(_command_report.parser, _command_report.main),
    "convert": Command(_command_convert.parser, _command_convert.main),
    "compare": Command(_command_compare.parser, _command_compare.main),
    "causes": Command(_command_causes.parser, _command_causes.main),
}
"""What a first argument may be beside a capture."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What an old terminal cannot show is no reason to say nothing.
            stream.reconfigure(errors="replace")
    try:
        return _run(given)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; nothing is left to be flushed at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except (FinrstError, OSError, ModuleNotFoundError, ValueError) as error:
        complain(_plainly(error) + _hint(given, error))
        # A CaptureError is a ValueError, too, but not for what was asked.
        asked_wrongly = isinstance(error, FilterError | ValueError)
        return USAGE if asked_wrongly and not isinstance(error, CaptureError) else UNREADABLE


def _run(given: list[str]) -> int:
    command = COMMANDS.get(given[0]) if given else None
    return command.main(given[1:]) if command else SUMMARY.main(given)


def _plainly(error: Exception) -> str:
    """Say what is wrong, without a system's numbers."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        return f"{error.filename}: {error.strerror[:1].lower()}{error.strerror[1:]}"
    said = str(error)
    return f"standard input: {said[3:]}" if said.startswith("-: ") else said


def _hint(given: list[str], error: Exception) -> str:
    """Say what to do about it, where that is known."""
    if isinstance(error, CaptureError) and ": not a capture" in str(error):
        return "; finrst reads what tcpdump -w and Wireshark write (pcap, pcapng)"
    if isinstance(error, CaptureError) and "empty file" in str(error) and "-" in given:
        return "; did the command that writes to it fail?"
    if isinstance(error, FilterError):
        return (
            "; a filter has host, net, port, portrange, vlan, ip, ip6 with src, dst, and, or, not"
        )
    first = given[0]
    if not isinstance(error, FileNotFoundError) or error.filename != first:
        return ""
    if Path(first).suffix or os.sep in first:
        return ""
    return nearest(first, COMMANDS) or f" (commands are {', '.join(COMMANDS)}: finrst --help)"


if __name__ == "__main__":
    sys.exit(main())
