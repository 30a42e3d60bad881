"""The command ``finrst``."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ._cli import annotate, causes, cluster, compare, convert, explain, hints, play, report, summary
from ._cli.common import (
    CLOSED,
    EXISTS,
    INTERRUPTED,
    UNREADABLE,
    USAGE,
    UnknownOptionError,
    complain,
)
from ._errors import CaptureError, FilterError, FinrstError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


_STANDARD_ERROR = 2


class Command(NamedTuple):
    """How a command reads its arguments, and what it does with them."""

    parser: Callable[[], argparse.ArgumentParser]
    main: Callable[[list[str]], int]


SUMMARY = Command(summary.parser, summary.main)
"""What is done where the first argument is a capture."""
COMMANDS = {
    "explain": Command(explain.parser, explain.main),
    "report": Command(report.parser, report.main),
    "convert": Command(convert.parser, convert.main),
    "annotate": Command(annotate.parser, annotate.main),
    "compare": Command(compare.parser, compare.main),
    "cluster": Command(cluster.parser, cluster.main),
    "play": Command(play.parser, play.main),
    "causes": Command(causes.parser, causes.main),
}
"""What a first argument may be beside a capture."""
PLAYED = "; finrst.conversation plays it"
"""How the engine's word on a text that is a script, or tcpdump's output, ends."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _find_streams()
    try:
        code = _run(given)
    except SystemExit:
        # Of the parser, which has said all.
        if (failure := _flush(given)) is not None:
            return failure
        raise
    failure = _flush(given)
    return code if failure is None or code in {CLOSED, INTERRUPTED} else failure


class _Closed(io.TextIOBase):
    """Standard output where there is none."""

    def write(self, _: str) -> int:
        """Fail."""
        raise OSError(errno.EBADF, "is closed", "standard output")


def _find_streams() -> None:
    """Make sure of the streams: whoever called us may have closed some."""
    if os.name == "posix":
        # Files that are opened next would get their numbers, and what is meant for the streams.
        while (handle := os.open(os.devnull, os.O_RDWR)) <= _STANDARD_ERROR:
            pass
        os.close(handle)
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - to the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What an old terminal cannot show is no reason to say nothing.
            stream.reconfigure(errors="replace")


def _flush(given: list[str]) -> int | None:
    """Write what is still held; else the interpreter would, and complain where it cannot."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _silence()
        return _failed(given, error)
    return None


def _silence() -> None:
    """Send nowhere what standard output still holds."""
    # What stands for it in another program may have no descriptor.
    with contextlib.suppress(io.UnsupportedOperation):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _run(given: list[str]) -> int:
    meant = hints.before(given, COMMANDS)
    if meant is not None:
        complain(meant)
        return USAGE
    command = COMMANDS.get(given[0]) if given else None
    try:
        return command.main(given[1:]) if command else SUMMARY.main(given)
    except KeyboardInterrupt:
        return INTERRUPTED
    except UnknownOptionError as error:
        parsers = {"": SUMMARY.parser, **{name: one.parser for name, one in COMMANDS.items()}}
        complain(hints.unknown(error, given, parsers))
        return USAGE
    except (FinrstError, OSError, ModuleNotFoundError, ValueError) as error:
        return _failed(given, error)


def _failed(given: list[str], error: Exception) -> int:
    """Say what is wrong and give the exit code."""
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has seen enough.
        _silence()
        return CLOSED
    if isinstance(error, OSError) and error.filename is None:
        # Of standard output, which would fail again with what it still holds.
        _silence()
    hint, meant = _hint(given, error)
    complain(_plainly(error).removesuffix(PLAYED) + hint)
    if isinstance(error, FileExistsError):
        return EXISTS
    # A CaptureError is a ValueError, too, but not for what was asked.
    asked_wrongly = isinstance(error, ValueError) and not isinstance(error, CaptureError)
    return USAGE if asked_wrongly or meant else UNREADABLE


def _plainly(error: Exception) -> str:
    """Say what is wrong, without a system's numbers."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        return f"{error.filename}: {error.strerror[:1].lower()}{error.strerror[1:]}"
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"standard input: {said[3:]}" if said.startswith("-: ") else said


def _hint(given: list[str], error: Exception) -> tuple[str, bool]:
    """Say what to do about it, where that is known, and whether another command was meant."""
    said, hint = str(error), ""
    if isinstance(error, CaptureError) and ": not a capture" in said:
        if said.endswith(PLAYED):
            return f"; play it: {hints.script(said.partition(': not a capture')[0])}", True
        hint = "; finrst reads what tcpdump -w and Wireshark write (pcap, pcapng)"
    elif isinstance(error, CaptureError) and "empty file" in said and "-" in given:
        hint = "; did the command that writes to it fail?"
    elif isinstance(error, FilterError) and ": write '" not in said:
        words = "host, net, port, portrange, vlan, ip, ip6 with src, dst, and, or, not"
        hint = f"; a filter has {words}"
    elif isinstance(error, FileNotFoundError) and error.filename == (given or [""])[0]:
        bare = not Path(given[0]).suffix and os.sep not in given[0]
        hint = f" (commands are {', '.join(COMMANDS)}: finrst --help)" if bare else ""
    return hint, False


if __name__ == "__main__":
    sys.exit(main())
