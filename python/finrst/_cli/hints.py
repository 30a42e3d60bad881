"""What was probably meant by what was typed, and the command that would be right."""

from __future__ import annotations

import difflib
import os
import shlex
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from finrst._base.text import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .common import UnknownOptionError

    Parsers = Mapping[str, Callable[[], argparse.ArgumentParser]]

_HELP = frozenset({"help", "-help", "--?", "/?", "-?"})
_INTERFACE = ("-i", "--interface")
# Options of tcpdump and tshark: what stands for them here.
_FOREIGN = {
    "-Y": "a display filter is Wireshark's; --filter takes what tcpdump does: --filter 'port 443'",
    "-R": "a display filter is Wireshark's; --filter takes what tcpdump does: --filter 'port 443'",
    "-f": "a filter is given as --filter 'port 443'",
    "-n": "leave it out: no name is ever looked up",
    "-nn": "leave it out: no name is ever looked up",
    "-w": "finrst convert writes tables, and Capture.save packets: finrst convert --help",
}


def before(given: Sequence[str], commands: Iterable[str]) -> str | None:
    """Tell what is wrong with arguments as a whole, before any command takes them."""
    first = given[0] if given else ""
    if first in _HELP and not Path(first).exists():
        about = given[1] if len(given) > 1 and given[1] in commands else ""
        return f"there is no command {first!r}; try: {_line('finrst', about, '--help')}"
    if first in commands:
        return _interface(given)
    command = _later(given, commands)
    if command is not None:
        rest = list(given)
        rest.remove(command)
        return f"the command comes first: {_line('finrst', command, *rest)}"
    near = difflib.get_close_matches(first, list(commands), 1, 0.75)
    if near and not (Path(first).suffix or os.sep in first or os.path.lexists(first)):
        meant = _line("finrst", near[0], *given[1:])
        return f"there is no command {printable(first)!r}; did you mean: {meant}"
    return _interface(given)


def _later(given: Sequence[str], commands: Iterable[str]) -> str | None:
    """Give a command that stands behind something else."""
    for earlier, word in pairwise(given):
        # What follows an option may be its value.
        if word in commands and not earlier.startswith("-") and not Path(word).exists():
            return word
    return None


def _interface(given: Sequence[str]) -> str | None:
    for place, word in enumerate(given):
        if word == "--":
            return None
        option = next((one for one in _INTERFACE if word.startswith(one)), None)
        if option is None or (option == "-i" and word.startswith("--")):
            continue
        name = word.removeprefix(option).removeprefix("=") or next(iter(given[place + 1 :]), "any")
        shown = _line("tcpdump", "-i", name, "-w", "-", "tcp")
        return f"{option}: others capture, and finrst reads: {shown} | finrst -"
    return None


def unknown(error: UnknownOptionError, given: Sequence[str], parsers: Parsers) -> str:
    """Tell what to do instead of giving options that a command has not."""
    first = error.options[0]
    if first in _FOREIGN:
        return f"no option {first}: {_FOREIGN[first]}"
    own = given[0] if given and given[0] in parsers else ""
    # The command that knows most of them, and the first one at least.
    known = {name: _options(parser()) for name, parser in parsers.items() if name != own}
    fitting = [name for name, options in known.items() if first in options]
    if not fitting:
        return str(error)
    name = max(fitting, key=lambda name: len(known[name].intersection(error.options)))
    line = _line("finrst", name, *(given[1:] if own else given))
    return f"{first} is an option of {_line('finrst', name) if name else 'finrst alone'}: {line}"


def _options(parser: argparse.ArgumentParser) -> set[str]:
    actions = parser._actions  # noqa: SLF001 - argparse has no other way to ask for them
    return {option for action in actions for option in action.option_strings}


def script(name: str) -> str:
    """Tell how a text is played."""
    return f"finrst play {_quoted(name)}"


def _line(*words: str) -> str:
    """Write a command as a shell takes it, unless a word is not what it looks like."""
    return " ".join(_quoted(word) for word in words if word)


def _quoted(word: str) -> str:
    return shlex.quote(word) if printable(word, 4096) == word else "..."
