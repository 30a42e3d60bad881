"""The command ``finrst cluster``: the rows of a large capture, made by many workers."""

from __future__ import annotations

import contextlib
import json
import sys
import warnings
from typing import TYPE_CHECKING, Any

from finrst import _native, cluster
from finrst._base.paint import Paint
from finrst._errors import CaptureWarning, OutputWarning
from finrst.cluster import _dask

from . import common
from .summary import can_show

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

_EPILOG = """\
examples:
  finrst cluster /nfs/caps/*.pcap.zst --to /nfs/endings
  finrst cluster /nfs/caps -r --to /nfs/endings --workers 8
  finrst cluster /nfs/caps --to /nfs/endings --scheduler tcp://head:8786
  finrst cluster 's3://caps/2026-11-*/**' --to s3://lake/endings
  duckdb -c "select cause, count(*) from read_parquet(
    '/nfs/endings/connections/**', hive_partitioning=true) group by all"

The rows are those of one reading of all files, whoever made them. Results are
connections/date=.../part-*.parquet and teardowns/..., and ledger, files,
interfaces, issues and names, each one file. Interrupted, the same command goes
on where it stopped; a directory with other results is refused. Captures, --to
and --scratch may be URLs; results go into buckets of s3://, gs:// and az://.

Workers are processes of this machine, or those of a Dask scheduler, which reach
captures, --to and --scratch by the same names. They leave digests of packets
in --scratch, some hundredth of what is read; at the end it is taken away."""


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    made = common.bare_parser(
        "finrst cluster",
        "Read a capture on many processors or machines, into a directory of Parquet files.",
        _EPILOG,
    )
    made.add_argument(
        "captures",
        nargs="+",
        metavar="CAPTURE",
        help="pcap or pcapng file, plain or compressed; a directory of such files (-r: and of "
        "directories); all of them are one capture, merged by time",
    )
    made.add_argument(
        "--to",
        required=True,
        metavar="DIR",
        help="directory of the results, new or to go on with; or a bucket's folder, as "
        "s3://lake/endings",
    )
    where = made.add_mutually_exclusive_group()
    where.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="address of a Dask scheduler, as tcp://head:8786 (needs finrst[cluster])",
    )
    where.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes of this machine (default: as many as it has processors)",
    )
    made.add_argument(
        "--scratch",
        metavar="DIR",
        help="where workers leave what is on its way (default: _scratch in --to)",
    )
    made.add_argument(
        "--run-bytes",
        default="4 GiB",
        metavar="SIZE",
        help="bytes of the files that a worker reads at a time (default: 4 GiB); a file is never "
        "split",
    )
    made.add_argument(
        "--buckets",
        type=int,
        metavar="N",
        help="parts by addresses and ports in which connections are followed: more take less "
        "memory each (default: by the size of the capture)",
    )
    made.add_argument("--json", action="store_true", help="print the figures as JSON, for programs")
    common.add_reading(made, refused=("memory_limit",))
    return made


def main(arguments: list[str]) -> int:
    """Read, and print the summary; return the exit code."""
    given = parser().parse_args(arguments)
    outcome = common.Outcome()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", CaptureWarning)
        warnings.simplefilter("always", OutputWarning)
        # What is shown may go into a file that is read.
        if given.captures != ["-"]:
            sources = common.files(given.captures, recursive=given.recursive)
            _native.Output(None, sources, overwrite=False).abandon()
        ds = _read(given)
    common.told(caught, outcome)
    if given.json:
        print(json.dumps(ds.summary(), ensure_ascii=True, indent=2))
    else:
        shown = ds.text(Paint.for_stream(sys.stdout))
        print(shown if can_show("█") else shown.replace("█", "#"))
    sys.stdout.flush()
    return outcome.code


def _read(given: argparse.Namespace) -> cluster.Dataset:
    with _client(given) as client:
        return cluster.read(
            given.captures,
            to=given.to,
            client=client,
            scratch=given.scratch,
            run_bytes=given.run_bytes,
            buckets=given.buckets,
            **common.options(given),
        )


@contextlib.contextmanager
def _client(given: argparse.Namespace) -> Iterator[Any]:
    """Give what runs the tasks, and let it go."""
    if given.scheduler is not None:
        with _dask.connect(given.scheduler) as client:
            yield client
        return
    workers = cluster.Workers(given.workers)
    done = False
    try:
        yield workers
        done = True
    finally:
        workers.shutdown(cancel_futures=not done)
