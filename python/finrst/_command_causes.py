"""The command ``finrst causes``."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import TYPE_CHECKING

from . import _command
from ._paint import Paint
from ._reference import causes
from ._text import nearest, printable

if TYPE_CHECKING:
    import argparse

_EPILOG = """\
examples:
  finrst causes                   all, in the order in which the rules decide
  finrst causes reset_injected syn_scan
  finrst causes --json | jq -r '.[] | [.name, .class, .summary] | @tsv'"""

_WIDTH = 96


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = _command.bare_parser(
        "finrst causes", "Say what each cause means and how it is recognised.", _EPILOG
    )
    made.add_argument("names", nargs="*", metavar="NAME", help="only these")
    made.add_argument("--json", action="store_true", help="print JSON, for programs")
    return made


def main(arguments: list[str]) -> int:
    """Print what is known of causes and return the exit code."""
    given = parser().parse_args(arguments)
    known = {cause["name"]: cause for cause in causes()}
    for name in given.names:
        if name not in known:
            message = f"no cause {printable(name)!r}{nearest(name, known)}; see: finrst causes"
            raise ValueError(message)
    chosen = [known[name] for name in given.names] or list(known.values())
    if given.json:
        print(json.dumps(chosen, indent=2))
        return _command.OK
    paint = Paint.for_stream(sys.stdout)
    for place, cause in enumerate(chosen):
        print(
            ("\n" if place else "") + paint(cause["name"], cause["class"]) + f" ({cause['class']})"
        )
        print(_wrapped(cause["summary"]))
        for title, key in (("on the wire", "wire"), ("source", "reference"), ("next", "next")):
            print(_wrapped(f"{title}: {cause[key]}"))
        for example in cause["examples"]:
            print(f"  example: {example}")
        for twin in cause["twins"]:
            print(_wrapped(f"cannot be told from {twin}"))
    return _command.OK


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ")
