"""A bucket as a file system of Arrow's, for readers of Parquet that look into several files.

It is only read from, and pickles with what it needs to be read elsewhere.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import fs

from finrst._base.stores import place

if TYPE_CHECKING:
    from collections.abc import Mapping


class Handler(fs.FileSystemHandler):  # type: ignore[misc] # pyarrow tells no types
    """What Arrow asks, of names without the scheme, as Dask makes them."""

    def __init__(self, scheme: str, storage_options: Mapping[str, Any] | None) -> None:
        """Take the scheme of all names, ``s3``, and what opens them."""
        self.scheme = scheme
        self.options = dict(storage_options or {})

    def __eq__(self, other: object) -> bool:
        """Tell whether another one reads the same."""
        return isinstance(other, Handler) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment] # options may hold anything

    def get_type_name(self) -> str:
        return "finrst"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> list[Any]:
        return [self._info(path) for path in paths]

    def _info(self, path: str) -> Any:
        try:
            found = place(f"{self.scheme}://{path}", self.options).stat()
        except FileNotFoundError:
            return fs.FileInfo(path, fs.FileType.NotFound)
        return fs.FileInfo(path, fs.FileType.File, size=found.size)

    def get_file_info_selector(self, selector: Any) -> list[Any]:
        raise NotADirectoryError(errno.ENOTDIR, "Files are named one by one", selector.base_dir)

    def open_input_file(self, path: str) -> Any:
        return pa.PythonFile(place(f"{self.scheme}://{path}", self.options).open(), mode="r")

    def open_input_stream(self, path: str) -> Any:
        return self.open_input_file(path)

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise OSError(errno.EROFS, "Results are only read here")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = _refuse
    delete_file = move = copy_file = open_output_stream = open_append_stream = _refuse


def system(url: str, storage_options: Mapping[str, Any] | None) -> Any:
    """Make one for URLs of the same scheme as this one."""
    return fs.PyFileSystem(Handler(url.partition("://")[0], storage_options))
