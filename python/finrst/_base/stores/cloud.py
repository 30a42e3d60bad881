"""Object stores of the clouds, through obstore."""

from __future__ import annotations

import errno
import importlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import errors
from .store import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .names import Name
    from .store import Options

SCHEMES = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gs",
    "az": "az",
    "adl": "az",
    "azure": "az",
    "abfs": "az",
    "abfss": "az",
}
"""The kind of store of each scheme."""
_PAGE = 1000
_BARRED = re.compile(r"code: 40[13]\b")
_ELSEWHERE = re.compile("redirect|AuthorizationHeaderMalformed", re.IGNORECASE)
# Whom a machine of a cloud asks for the credentials of its role: elsewhere nobody answers.
_ROLES = ("169.254.169.254", "metadata.google.internal")


class Cloud:
    """A bucket or container."""

    def __init__(self, name: Name, options: Options) -> None:
        """Find the store; nothing is asked of it yet."""
        self._name = name
        self._kind = SCHEMES[name.scheme]
        try:
            self._obstore = importlib.import_module("obstore")
            stores = importlib.import_module("obstore.store")
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] != "obstore":
                raise
            raise errors.lacking(name.shown, "obstore", "'finrst[s3]'") from None
        if name.has_secrets:
            said = "Credentials are not taken from a URL; they come from "
            raise errors.refused(errno.EINVAL, said + errors.CREDENTIALS[self._kind], name.shown)
        given = {**_profile(self._kind, options), **options}
        try:
            self._store = stores.from_url(name.at(""), **given)
        except Exception as error:  # noqa: BLE001 - of a library: any
            hint = ""
            if "anon" in options:
                hint = ' (obstore calls it so: {"skip_signature": True})'
            said = f"{errors.plain(error)}{hint}"
            raise errors.refused(errno.EINVAL, said, name.shown) from None

    def stat(self, key: str) -> Found:
        """Look an object up."""
        return _found(self._call(key, self._obstore.head, key))

    def below(self, folder: str) -> Iterator[Found]:
        """Go through the objects below a folder."""
        pages = iter(self._call(folder, self._obstore.list, folder or None, chunk_size=_PAGE))
        while (page := self._next(folder, pages)) is not None:
            yield from map(_found, page)

    def _next(self, folder: str, pages: Iterator[Any]) -> Any:
        try:
            return next(pages, None)
        except Exception as error:  # noqa: BLE001 - of a library: any
            raise self._error(folder, error) from None

    def inside(self, folder: str) -> tuple[list[Found], list[str]]:
        """Give what is right in a folder."""
        listed = self._call(folder, self._obstore.list_with_delimiter, folder or None)
        return list(map(_found, listed["objects"])), list(listed["common_prefixes"])

    def read(self, known: Found, offset: int, length: int) -> bytes:
        """Give bytes of an object, and make sure that they are of that one."""
        wanted = {"range": (offset, offset + length)}
        try:
            got = self._obstore.get(self._store, known.key, options=wanted)
            still = known.is_still(_found(got.meta))
            octets = bytes(got.bytes()) if still else b""
        except Exception as error:  # noqa: BLE001 - of a library: any
            # Nothing lies behind the end of an object that became shorter.
            still = "416 Range Not Satisfiable" not in str(error)
            if still:
                raise self._error(known.key, error) from None
        if not still:
            raise errors.changed(self._name.at(known.key))
        return octets

    def write(self, key: str, data: bytes | Path) -> None:
        """Write an object, bytes or a whole file; it appears whole."""
        self._call(key, self._obstore.put, key, data)

    def create(self, key: str, data: bytes) -> bool:
        """Write an object where there is none; tell whether that was so."""
        try:
            self._obstore.put(self._store, key, data, mode="create", use_multipart=False)
        except Exception as error:  # noqa: BLE001 - of a library: any
            # So it is called in each of the stores, and the built-in one has no number.
            if type(error).__name__ in {"AlreadyExistsError", "PreconditionError"}:
                return False
            raise self._error(key, error) from None
        return True

    def delete(self, keys: list[str]) -> None:
        """Delete objects."""
        for first in range(0, len(keys), _PAGE):
            some = keys[first : first + _PAGE]
            self._call(some[0], self._obstore.delete, some)

    def _call(self, key: str, function: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return function(self._store, *arguments, **named)
        except Exception as error:  # noqa: BLE001 - of a library: any
            raise self._error(key, error) from None

    def _error(self, key: str, error: Exception) -> Exception:
        if isinstance(error, OSError) and error.errno is not None:
            return error
        name, said, text = self._name.at(key), errors.plain(error), str(error)
        kind = type(error).__name__
        barred = kind in {"PermissionDeniedError", "UnauthenticatedError"} or _BARRED.search(text)
        if isinstance(error, FileNotFoundError) or "NoSuchBucket" in said:
            what = "No such bucket" if "NoSuchBucket" in said else "No such object"
            found = errors.missing(name, what)
        elif barred:
            found = errors.denied(name, self._kind, said)
        elif any(host in text for host in _ROLES):
            found = errors.denied(name, self._kind, "there are none")
        else:
            if _ELSEWHERE.search(text):
                said += (
                    "; the bucket lies in another region: set AWS_REGION, or "
                    'storage_options={"region": ...}'
                )
            number = errno.EINVAL if isinstance(error, ValueError) else errno.EIO
            found = errors.refused(number, said, name)
        return found


def _found(meta: Any) -> Found:
    tag = meta["e_tag"]
    if tag is None:
        # Lists tell more of a second than headers do.
        tag = meta["last_modified"].replace(microsecond=0).isoformat()
    # Some lists leave the quotes out that headers have.
    return Found(meta["path"], meta["size"], tag.removeprefix("W/").strip('"'))


def _profile(kind: str, options: Options) -> dict[str, Any]:
    """Give boto3's provider of credentials where nothing but a profile can have some."""
    own = {"skip_signature", "credential_provider", "access_key_id", "aws_access_key_id"}
    environment = {"AWS_ACCESS_KEY_ID", "AWS_SKIP_SIGNATURE", "AWS_WEB_IDENTITY_TOKEN_FILE"}
    if kind != "s3" or own & {name.lower() for name in options} or environment & os.environ.keys():
        return {}
    file = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    if "AWS_PROFILE" not in os.environ and not Path(file).expanduser().is_file():
        return {}
    try:
        provider = importlib.import_module("obstore.auth.boto3").Boto3CredentialProvider
    except ModuleNotFoundError:
        # obstore goes on without: it knows the environment and what the machine's role gives.
        return {}
    return {"credential_provider": provider()}
