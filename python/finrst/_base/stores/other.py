"""What other schemes name, through fsspec and the package that it has for each of them."""

from __future__ import annotations

import errno
import importlib
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import errors
from .store import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .names import Name
    from .store import Options

# Where file systems tell what an object is known by, the surest first.
_TAGS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "modified", "created")


class Other:
    """A file system of fsspec."""

    def __init__(self, name: Name, options: Options) -> None:
        """Find the file system."""
        self._name = name
        shown = name.shown
        if name.has_secrets:
            said = (
                "Credentials are not taken from a URL: name them in storage_options, as fsspec does"
            )
            raise errors.refused(errno.EINVAL, said, shown)
        try:
            core = importlib.import_module("fsspec.core")
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != "fsspec":
                raise
            raise errors.lacking(shown, "fsspec", "fsspec") from None
        try:
            self._system, root = core.url_to_fs(name.at(""), **options)
        except ImportError as error:
            said = f"{name.scheme}:// needs a package that is not installed: {error}"
            raise errors.refused(errno.EPROTONOSUPPORT, said, shown) from None
        except Exception as error:  # noqa: BLE001 - of a library: any
            raise self._error(name.path, error) from None
        self._root = root.rstrip("/")

    def stat(self, key: str) -> Found:
        """Look an object up."""
        info = self._call(key, self._system.info, self._path(key))
        if info["type"] == "directory":
            raise errors.missing(self._name.at(key))
        return self._found(info)

    def below(self, folder: str) -> Iterator[Found]:
        """Go through the objects below a folder."""
        found = self._call(folder, self._system.find, self._path(folder), detail=True)
        yield from map(self._found, found.values())

    def inside(self, folder: str) -> tuple[list[Found], list[str]]:
        """Give what is right in a folder."""
        infos = self._call(folder, self._system.ls, self._path(folder), detail=True)
        files = [self._found(info) for info in infos if info["type"] == "file"]
        return files, [self._key(info["name"]) for info in infos if info["type"] == "directory"]

    def read(self, known: Found, offset: int, length: int) -> bytes:
        """Give bytes of an object, and make sure that they are of that one."""
        end = offset + length if known.size is None else min(offset + length, known.size)
        path = self._path(known.key)
        octets = self._call(known.key, self._system.cat_file, path, start=offset, end=end)
        # Only now: what was read before the object changed is all of the one that is known.
        self._system.invalidate_cache(path)
        if not known.is_still(self.stat(known.key)):
            raise errors.changed(self._name.at(known.key))
        return bytes(octets)

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}" if key else self._root

    def _key(self, path: str) -> str:
        return path.removeprefix(self._root).strip("/")

    def _found(self, info: Any) -> Found:
        tag = next((info[name] for name in _TAGS if info.get(name)), None)
        # Some tell a moment in lists as a number, and else as what it is.
        tag = tag.timestamp() if isinstance(tag, datetime) else tag
        return Found(self._key(info["name"]), info.get("size"), None if tag is None else str(tag))

    def _call(self, key: str, function: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - of a library: any
            raise self._error(key, error) from None

    def _error(self, key: str, error: Exception) -> Exception:
        name = self._name.at(key)
        if isinstance(error, FileNotFoundError):
            return errors.missing(name)
        if isinstance(error, PermissionError):
            return errors.denied(name, self._name.scheme, errors.plain(error))
        number = error.errno if isinstance(error, OSError) and error.errno else errno.EIO
        said = errors.plain(error)
        return errors.refused(errno.EINVAL if isinstance(error, ValueError) else number, said, name)
