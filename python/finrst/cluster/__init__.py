"""Captures larger than one machine: the same rows, read by many workers.

:func:`read` reads a capture into a directory of Parquet files, :func:`open` opens such a directory,
and both give a :class:`Dataset`. What runs the tasks is a Client of Dask, any executor of
``concurrent.futures``, or processes of this machine (:class:`Workers`).

>>> import finrst, tempfile
>>> ds = finrst.cluster.read("tests/data/demo.pcap", to=tempfile.mkdtemp() + "/endings")
>>> ds.arrow("connections").num_rows
25
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._dataset import Dataset, open  # noqa: A004 - finrst.cluster.open
    from ._read import ReadOptions, read
    from ._workers import Workers

__all__ = ["Dataset", "ReadOptions", "Workers", "open", "read"]

_MODULES = {
    "Dataset": "_dataset",
    "ReadOptions": "_read",
    "Workers": "_workers",
    "open": "_dataset",
    "read": "_read",
}


def __getattr__(name: str) -> Any:
    """Import what is here when it is used: who reads on one processor needs none of it."""
    from importlib import import_module

    if name not in _MODULES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
