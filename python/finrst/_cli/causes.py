"""The command ``finrst causes``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from finrst._base.paint import Paint
from finrst._base.text import nearest, printable
from finrst._base.width import wrap
from finrst._tables.reference import causes

from . import common

if TYPE_CHECKING:
    import argparse

_EPILOG = """\
examples:
  finrst causes                   all, in the order in which the rules decide
  finrst causes reset_injected syn_scan
  finrst causes --json | jq -r '.[] | [.name, .class, .summary] | @tsv'"""

_TITLES = {"on the wire": "wire", "source": "reference", "next": "next"}


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = common.bare_parser(
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
        return common.OK
    paint = Paint.for_stream(sys.stdout)
    for place, cause in enumerate(chosen):
        title = paint(cause["name"], cause["class"]) + f" ({cause['class']})"
        said = [
            cause["summary"],
            *(f"{title}: {cause[key]}" for title, key in _TITLES.items()),
            *(f"example: {example}" for example in cause["examples"]),
            *(f"cannot be told from {twin}" for twin in cause["twins"]),
        ]
        lines = [part for line in said for part in wrap(line, first="  ", rest="    ")]
        print(*([""] if place else []), *wrap(title), *lines, sep="\n")
    return common.OK
