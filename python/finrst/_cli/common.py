"""What the commands share."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any, NoReturn

from finrst import _native
from finrst._base.source import sources as items
from finrst._base.stores import is_url
from finrst._base.text import nearest, printable
from finrst._base.width import READABLE, available, wrap
from finrst._errors import CaptureError, CaptureWarning, OutputWarning
from finrst._face.read import read
from finrst._tables import reference

from .pipe import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finrst._face.capture import Capture

    from .pipe import Pipe

OK, UNREADABLE, USAGE, DAMAGED, CHANGED, EXISTS, INTERRUPTED, CLOSED = 0, 1, 2, 3, 4, 5, 130, 141


def parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """Begin the parser of a command that takes captures."""
    made = bare_parser(name, description, epilog)
    made.add_argument(
        "captures",
        nargs="+",
        metavar="CAPTURE",
        help="pcap or pcapng file, plain or compressed; a directory of such files (-r: and of "
        "directories); the URL of one in a store, as s3://bucket/2026-11-*/**, or of the web; - "
        "for standard input; several are one capture, merged by time",
    )
    return made


class UnknownOptionError(ValueError):
    """Options that this command has not."""

    def __init__(self, command: str, options: list[str], own: list[str]) -> None:
        """Say which, and which ones the command has."""
        first = printable(options[0], 40)
        super().__init__(
            f"{command} has no option {first}{nearest(options[0], own)}: {command} --help"
        )
        self.options = options


class _Parser(argparse.ArgumentParser):
    """One whose errors obey nothing in what was typed: names of files may come from anywhere."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end."""
        super().error(printable(message))

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Read the arguments; an option that is unknown raises :exc:`UnknownOptionError`."""
        given, rest = self.parse_known_args(args, namespace)
        if not rest:
            return given
        own = [name for action in self._actions for name in action.option_strings]
        unknown = [word.partition("=")[0] for word in rest if word.startswith("-")]
        if not unknown:
            self.error(f"unrecognized arguments: {' '.join(rest)}")
        raise UnknownOptionError(self.prog, unknown, own)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help and version, and fail where that cannot be written."""
        (file or sys.stderr).write(message)


class _Help(argparse.HelpFormatter):
    """Lays out help between words; of what stands in lines of its own, each by itself."""

    def __init__(self, prog: str) -> None:
        """Take the width of standard output."""
        super().__init__(prog, width=min(available(), READABLE))

    def _format_usage(self, *given: Any) -> str:
        made = super()._format_usage(*given)
        if max(map(len, made.splitlines())) <= self._width:
            return made
        return "\n".join(wrap(" ".join(made.split()), self._width, rest="    ")) + "\n\n"

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        made, prose = [], []
        for line in [*text.splitlines(), ""]:
            if line and not line.startswith(" "):
                prose.append(line)
                continue
            made += wrap(" ".join(prose), width, indent) if prose else []
            prose = []
            made += _laid(indent + line, width)
        return "\n".join(made[:-1])


_TWO_COLUMNS = re.compile(r"( *)(\S.*?)  +")


def _laid(line: str, width: int) -> list[str]:
    """Lay out a line that may say on the right what stands on the left.

    >>> _laid("  0    read to the end", 16), _laid("  finrst x.pcap --all   everything", 30)
    (['  0    read to', '       the end'], ['  finrst x.pcap --all', '        everything'])
    """
    match = _TWO_COLUMNS.match(line)
    if match and len(match[0]) < width / 2:
        return wrap(line, width, rest=" " * len(match[0]))
    inner = " " * (len(line) - len(line.lstrip(" ")) + 4)
    if match and len(line) > width:
        command = wrap(match[2], width, match[1], inner)
        return [*command, *wrap(line[match.end() :], width, inner + "  ")]
    return wrap(line, width, rest=inner)


def bare_parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """Begin the parser of a command."""
    return _Parser(
        prog=name,
        description=description,
        epilog=epilog,
        formatter_class=_Help,
        allow_abbrev=False,
    )


# What is typed often.
_SHORT = {"recursive": ("-r",)}


def add_reading(made: argparse.ArgumentParser, *, refused: tuple[str, ...] = ()) -> None:
    """Add the options of reading; those that are refused by their names are not shown."""
    group = made.add_argument_group("reading")
    for option in _flags():
        group.add_argument(
            *_SHORT.get(option["name"], ()),
            "--" + option["name"].replace("_", "-"),
            # An argument of its own kind for a flag without a value.
            **({"metavar": option["flag"]} if option["flag"] else {"action": "store_true"}),
            help=argparse.SUPPRESS
            if option["name"] in refused
            else option["doc"][0].lower() + option["doc"][1:].removesuffix("."),
        )
    group.add_argument(
        "--tz",
        default="UTC",
        metavar="ZONE",
        help="time zone of what is shown, and of --start and --end that say none: a name as "
        "Europe/Berlin, local, UTC, or an offset as +02:00 (default: UTC, which tables and JSON "
        "always are in)",
    )
    group.add_argument("--no-progress", action="store_true", help="show no progress")


def add_days(made: argparse.ArgumentParser) -> None:
    """Add the options of a reading that goes on another day."""
    group = made.add_argument_group("day by day")
    group.add_argument(
        "--resume",
        metavar="STATE",
        help="go on from what an earlier reading has saved: its connections end here",
    )
    group.add_argument(
        "--save",
        metavar="STATE",
        help="save connections that are still followed at the end into this file, for the reading "
        "that resumes; they are no rows here",
    )


def goes_on(given: argparse.Namespace) -> bool:
    """Tell whether a reading goes on from another one, or is to be gone on with."""
    return given.resume is not None or given.save is not None


def _flags() -> list[dict[str, Any]]:
    """Give the options of reading that the commands take."""
    return [option for option in reference.options() if option["flag"] is not None]


def add_force(made: argparse.ArgumentParser) -> None:
    """Add the option of writing."""
    made.add_argument(
        "--force",
        action="store_true",
        help="replace a capture with the output, too; but never one that is read for it",
    )


def options(given: argparse.Namespace) -> dict[str, Any]:
    """Give the options of reading as :func:`finrst.read` takes them."""
    found = {option["name"]: getattr(given, option["name"]) for option in _flags()}
    found["tz"] = given.tz
    found["progress"] = False if given.no_progress else "auto"
    days = {name: getattr(given, name, None) for name in ("resume", "save")}
    return found | {name: path for name, path in days.items() if path is not None}


class Outcome:
    """What a reading came to, beside its rows."""

    def __init__(self) -> None:
        """Begin well."""
        self.damaged = False
        self.cut_off = False
        """Ctrl-C did not wait for what a pipe still held."""

    @property
    def code(self) -> int:
        """The exit code."""
        if self.cut_off:
            return INTERRUPTED
        return DAMAGED if self.damaged else OK


@contextlib.contextmanager
def sources(
    captures: list[str], *, recursive: bool = False
) -> Iterator[tuple[list[Any], list[Pipe], Outcome]]:
    """Open captures, keep what Ctrl-C leaves of pipes, and tell warnings at the end."""
    outcome = Outcome()
    with opened(captures) as (found, pipes), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CaptureWarning)
        warnings.simplefilter("always", OutputWarning)
        # What is shown may go into a file that is read.
        _native.Output(None, files(found, recursive=recursive), overwrite=False).abandon()
        try:
            yield found, pipes, outcome
        except CaptureError:
            if any(pipe.interrupted for pipe in pipes):
                # Too little came before Ctrl-C to be a capture.
                raise KeyboardInterrupt from None
            raise
        ended = any(pipe.interrupted for pipe in pipes)
        outcome.cut_off = any(pipe.interrupted > 1 for pipe in pipes)
    told(caught, outcome, ended=ended)


def told(caught: list[warnings.WarningMessage], outcome: Outcome, *, ended: bool = False) -> None:
    """Tell warnings; those of a capture that somebody has ended himself are none."""
    for warning in caught:
        if issubclass(warning.category, OutputWarning):
            complain(warning.message)
        elif not issubclass(warning.category, CaptureWarning):
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
        elif not ended:
            outcome.damaged = True
            complain(warning.message)


def files(found: list[Any], *, recursive: bool = False) -> _native.Sources:
    """Give the files that are going to be read, for what must not replace them."""
    # What lies in a store is not in the way of anything here.
    local = [one for one in found if not is_url(one)]
    return _native.Sources(items(local)[0] if local else [], recursive)


def load(given: argparse.Namespace) -> tuple[Capture, Outcome]:
    """Read the captures of a command to their end."""
    with sources(given.captures, recursive=given.recursive) as (found, _, outcome):
        capture = read(found, **options(given))
    return capture, outcome


def complain(what: object) -> None:
    """Tell what is wrong: on a terminal between words, for a log in one line; neither obeys it."""
    # Where nobody hears it, there is nobody else to tell.
    with contextlib.suppress(OSError):
        said = f"finrst: {printable(what, 600)}"
        lines = wrap(said, available(sys.stderr), rest="  ") if sys.stderr.isatty() else [said]
        print(*lines, sep="\n", file=sys.stderr)
