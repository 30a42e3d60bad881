"""The command ``finrst convert``: tables into files."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from finrst import _native
from finrst._base.text import number, printable
from finrst._face.read import read, scan
from finrst._files.atomic import check
from finrst._files.write import EXTENSIONS, Sink, format_of, sink
from finrst._tables.choice import TABLES as CHOSEN
from finrst._tables.choice import chosen

from . import common

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator

    from finrst._tables.table import Table

Targets: TypeAlias = dict[str, tuple[str | None, str]]

TABLES = ("connections", "teardowns", "ledger", "interfaces", "issues", "files", "names")

_EPILOG = """\
examples:
  finrst convert incident.pcapng -o endings.csv        one row per connection
  finrst convert incident.pcapng -o endings.xlsx       the same for Excel
  finrst convert day/*.pcap.zst -o day.parquet
  finrst convert x.pcap -o ends.csv -t teardowns       one row per FIN or RST
  finrst convert x.pcap -o why.csv --columns server_ip,server_port,cause
  finrst convert x.pcap -o tables/                     every table, as Parquet
  finrst convert x.pcap -o tables/ --format csv
  finrst convert x.pcap -o - --format json | jq -r .cause | sort | uniq -c
  finrst convert huge/*.pcap -o huge.parquet --stream  larger than memory
  tcpdump -w - tcp | finrst convert - -o now.parquet   Ctrl-C ends it, rows stay
  finrst convert day2.pcap -o day2.parquet --resume day1.state --save day2.state

A file appears whole or not at all. With --stream, and always of a pipe, rows
are written in the order in which connections were let go, and a cause that
rests on other connections is judged by those seen until then; without it rows
are in order of connection, and all of them are in memory. In CSV a ' is put
before what a spreadsheet would run as a formula.

A capture that is read is never replaced, and another one only with --force."""


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = common.parser(
        "finrst convert", "Write tables as Parquet, Arrow, CSV, JSON lines or Excel.", _EPILOG
    )
    made.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="file to write, whose ending says the format (.parquet .arrow .csv .json .xlsx); "
        "a directory (or a name with / at its end) for every table; - for standard output",
    )
    made.add_argument(
        "-t",
        "--table",
        choices=TABLES,
        metavar="TABLE",
        help=f"which table goes into a file: {', '.join(TABLES)} (default: connections)",
    )
    made.add_argument(
        "--format",
        choices=sorted(EXTENSIONS),
        metavar="FORMAT",
        help=f"{', '.join(EXTENSIONS)}: where the name does not say it (for a directory: parquet)",
    )
    made.add_argument(
        "--columns",
        metavar="NAMES",
        help="columns of connections and teardowns, with commas between them, in this order: what "
        "is not named is not worked out (default: all)",
    )
    made.add_argument(
        "--stream",
        action="store_true",
        help="write rows while reading, in bounded memory",
    )
    made.add_argument(
        "--no-formula-guard",
        action="store_true",
        help="write texts into CSV as they are, even those a spreadsheet would run",
    )
    common.add_force(made)
    common.add_reading(made)
    common.add_days(made)
    return made


def main(arguments: list[str]) -> int:
    """Write tables and return the exit code."""
    given = parser().parse_args(arguments)
    targets = _targets(given)
    days = common.goes_on(given)
    if given.stream and days:
        message = "--stream judges rows before the end, and --resume and --save need the whole"
        raise ValueError(message)
    with common.sources(given.captures, recursive=given.recursive) as (found, pipes, outcome):
        options = {**common.options(given), "columns": _columns(targets, given.columns)}
        _check(targets, common.files(found, recursive=given.recursive), given)
        tables = _streamed if given.stream or (pipes and not days) else _whole
        done = _write(tables(found, options), targets, given)
    if sys.stderr.isatty():
        for path, rows in done:
            if path is not None:
                print(f"{number(rows)} rows: {printable(path)}", file=sys.stderr)
    return outcome.code


def _check(targets: Targets, sources: _native.Sources, given: argparse.Namespace) -> None:
    """Make sure of the outputs before anything is read."""
    for path, _ in targets.values():
        if path is None:
            sys.stdout.write("")  # fails where it is closed
            _native.Output(None, sources, given.force).abandon()
        elif len(targets) == 1:
            check(path, sources, overwrite=given.force)
        else:
            # Their directory may have to be made yet.
            _native.check_output(path, sources, given.force)


def _targets(given: argparse.Namespace) -> Targets:
    """Give path (none for standard output) and format of every table that is wanted."""
    output = given.output
    if output == "-":
        if given.format is None:
            message = "-o - needs --format: csv or json"
            raise ValueError(message)
        return {given.table or "connections": (None, given.format)}
    if output.endswith(("/", os.sep)) or Path(output).is_dir():
        if given.table is not None:
            message = f"-t names one table, and '{output}' is a directory for every table"
            raise ValueError(message)
        chosen = given.format or "parquet"
        return {name: (str(Path(output, name + EXTENSIONS[chosen])), chosen) for name in TABLES}
    return {given.table or "connections": (output, format_of(output, given.format))}


def _columns(targets: Targets, asked: str | None) -> dict[str, list[str] | None]:
    """Give the columns that are read; of the targets, tables of which there are none are left out.

    What goes into no file is not worked out.
    """
    wanted = [table for table in CHOSEN if table in targets]
    if asked is None:
        return {table: None if table in wanted else [] for table in CHOSEN}
    if not wanted:
        message = f"--columns are those of {' and '.join(CHOSEN)}"
        raise ValueError(message)
    found = chosen({wanted[0]: asked} if len(wanted) == 1 else asked)
    if not any(found.values()):
        message = "--columns names no column"
        raise ValueError(message)
    for table in wanted:
        if found[table] == []:
            del targets[table]
    return found


def _whole(sources: list[Any], options: dict[str, Any]) -> Generator[Table]:
    capture = read(sources, **options)
    for name in TABLES:
        yield capture.table(name)


def _streamed(sources: list[Any], options: dict[str, Any]) -> Generator[Table]:
    with scan(sources, **options) as rows:
        yield from rows.empty()
        for pair in rows:
            yield from pair
        for name in TABLES[2:]:
            yield rows.table(name)


def _write(
    tables: Generator[Table], targets: Targets, given: argparse.Namespace
) -> list[tuple[str | None, int]]:
    sinks: dict[str, Sink] = {}
    with contextlib.ExitStack() as stack:
        stack.callback(tables.close)
        for rows in tables:
            if rows.name not in targets:
                continue
            path, chosen = targets[rows.name]
            if rows.name not in sinks:
                if given.output.endswith(("/", os.sep)):
                    Path(given.output).mkdir(parents=True, exist_ok=True)
                guard = not given.no_formula_guard
                made = sink(path, chosen, rows, formula_guard=guard, overwrite=given.force)
                sinks[rows.name] = stack.enter_context(contextlib.closing(made))
            sinks[rows.name].add(rows)
        # All of them are complete before the first one appears.
        return [(targets[name][0], out.commit()) for name, out in sinks.items()]
