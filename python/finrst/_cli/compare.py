"""The command ``finrst compare``."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finrst._base.extras import need
from finrst._base.paint import Paint
from finrst._base.width import wrap
from finrst._errors import CaptureError
from finrst._face.compare import Change, Comparison, compare
from finrst._face.read import read

from . import common

if TYPE_CHECKING:
    import argparse

_EPILOG = """\
examples:
  finrst compare yesterday/ today/
  finrst compare before.pcap after.pcap --by server_ip,server_port,cause
  finrst compare a.parquet b.parquet --by server_ip,cause --within server_ip
  finrst compare a.parquet b.parquet > changes || mail -s TCP noc < changes

Each is a capture, a directory of captures, or connections that finrst convert
wrote as Parquet or Arrow. What changed more than by chance, and at least
--ratio times, is shown, and the exit code is then 4. Connections come in
bursts: choose --score by what ordinary days differ."""

_READERS = {
    ".parquet": "pyarrow.parquet",
    ".pq": "pyarrow.parquet",
    ".arrow": "pyarrow.feather",
    ".feather": "pyarrow.feather",
    ".ipc": "pyarrow.feather",
}


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = common.bare_parser(
        "finrst compare", "Say what became more or less frequent, and alert on it.", _EPILOG
    )
    made.add_argument("before", metavar="BEFORE", help="capture, directory, .parquet or .arrow")
    made.add_argument("after", metavar="AFTER", help="the same, of later")
    made.add_argument(
        "--by",
        default="cause",
        metavar="COLUMNS",
        help="count by these columns of connections, as in server_ip,cause (default: cause)",
    )
    made.add_argument(
        "--within",
        default="",
        metavar="COLUMNS",
        help="compare shares within these of them (default: of all connections)",
    )
    made.add_argument(
        "--ratio",
        type=float,
        default=2,
        metavar="X",
        help="smallest change of a share to be told (default: 2)",
    )
    made.add_argument(
        "--score",
        type=float,
        default=4,
        metavar="X",
        help="distance from chance to be told, in standard deviations (default: 4)",
    )
    made.add_argument("--all", action="store_true", help="show every change")
    made.add_argument("--json", action="store_true", help="print JSON, for programs")
    common.add_reading(made)
    return made


def main(arguments: list[str]) -> int:
    """Tell what changed and return the exit code."""
    given = parser().parse_args(arguments)
    if not given.ratio > 0:
        message = "--ratio is a number above 0"
        raise ValueError(message)
    with common.sources([given.before, given.after], recursive=given.recursive) as (
        found,
        _,
        outcome,
    ):
        by = _names(given.by)
        before, after = (_load(one, given, by) for one in found)
    changes = compare(
        before,
        after,
        by=by,
        within=_names(given.within),
        min_ratio=max(given.ratio, 1 / given.ratio),
        min_score=given.score,
    )
    if given.json:
        print(json.dumps([_plain(change) for change in _shown(changes, given)], indent=2))
    else:
        paint = Paint.for_stream(sys.stdout)
        print(*wrap(changes.headline), sep="\n")
        for change in _shown(changes, given):
            style = ("bad" if change.score > 0 else "good") if change.alert else "dim"
            lines = wrap(str(change), first="  ", rest="    ")
            print(*(paint(line, style) for line in lines), sep="\n")
    return common.CHANGED if outcome.code == common.OK and changes else outcome.code


def _shown(changes: Comparison, given: argparse.Namespace) -> list[Change]:
    return changes.changes if given.all else changes.alerts


def _names(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]


def _load(source: Any, given: argparse.Namespace, by: list[str]) -> Any:
    reader = _READERS.get(Path(source).suffix.lower()) if isinstance(source, str) else None
    if reader is None:
        # What is shown of an address is its name, too.
        named = ["server_ip", "server_name"] if any(name.endswith("_ip") for name in by) else []
        columns = {"connections": list(dict.fromkeys([*by, *named]))}
        return read(source, columns=columns, **common.options(given))
    module = need(reader, "parquet")
    Path(source).stat()  # its error names the file, that of pyarrow does not
    try:
        return module.read_table(source)
    except ValueError as error:
        message = f"{source}: {error}"
        raise CaptureError(message) from None


def _plain(change: Change) -> dict[str, Any]:
    # JSON has no infinity.
    ratio = None if math.isinf(change.ratio) else change.ratio
    return {**change.__dict__, "ratio": ratio}
