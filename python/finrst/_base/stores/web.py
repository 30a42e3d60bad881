"""Objects behind plain web addresses, by the standard library: nothing has to be installed.

A server that knows ranges is asked for ranges. From one that does not, the answer is read as it
comes, and begun anew where reading does not go on where it stopped.
"""

from __future__ import annotations

import base64
import errno
import re
import threading
import time
import urllib.parse
from collections import OrderedDict
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

from . import errors
from .store import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .names import Name
    from .store import Options

T = TypeVar("T")

_TIMEOUT = 30.0
_RETRIES = 5
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 20.0
# What may be over in a moment (RFC 9110 section 15).
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE = frozenset({404, 410})
_BARRED = frozenset({401, 403, 407})
_PARTIAL, _UNSATISFIABLE = 206, 416
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
# Answers that are held open, of servers without ranges.
_OPEN = 16
_PIECE = 1 << 20
# What looking an object up asks for.
_LOOK = 1


class _Answer:
    """What came of one request, with its bytes still to be read."""

    def __init__(self, response: Any, offset: int) -> None:
        self.response = response
        headers = response.headers
        match = _RANGE.fullmatch(headers.get("Content-Range", "").strip())
        self.is_partial = response.status == _PARTIAL and match is not None
        length = headers.get("Content-Length")
        self.left = int(length) if length is not None and length.isdigit() else None
        if match is not None:
            self.size = None if match[2] == "*" else int(match[2])
            self.at = int(match[1] or offset)
        else:
            self.size, self.at = self.left, 0
        self.tag = headers.get("ETag") or headers.get("Last-Modified")

    def read(self, length: int) -> bytes:
        """Give so many bytes, fewer at the end; ``ConnectionError`` where it is cut short."""
        pieces = []
        while length > 0 and self.left != 0:
            piece = self.response.read(min(length, _PIECE))
            if not piece:
                break
            pieces.append(piece)
            length -= len(piece)
            self.at += len(piece)
            self.left = None if self.left is None else self.left - len(piece)
        if length > 0 and self.left:
            message = "the connection ended too early"
            raise ConnectionError(message)
        return b"".join(pieces)


class Web:
    """A host, or rather one address there: what its query says is kept, and not shown."""

    def __init__(self, name: Name, options: Options) -> None:
        """Prepare requests; nothing is asked yet."""
        self._name = name
        self._headers = {str(key): str(value) for key, value in options.get("headers", {}).items()}
        if name.credentials:
            plain = urllib.parse.unquote(name.credentials).encode()
            plain += b"" if b":" in plain else b":"
            self._headers["Authorization"] = "Basic " + base64.b64encode(plain).decode()
        self._timeout = float(options.get("timeout", _TIMEOUT))
        if unknown := sorted(set(options) - {"headers", "timeout"}):
            said = f"No such storage option of http: {', '.join(unknown)} (headers and timeout are)"
            raise errors.refused(errno.EINVAL, said, name.shown)
        self._opener = build_opener()
        self._lock = threading.Lock()
        # By key: answers that are read as they come, that used last behind.
        self._streams: OrderedDict[str, _Answer] = OrderedDict()

    def stat(self, key: str) -> Found:
        """Look an object up, by asking for its first octet: a signature may allow no more."""
        return self._retried(key, lambda: self._look(key))

    def _look(self, key: str) -> Found:
        with self._ask(key, 0, _LOOK) as answer:
            found = _Answer(answer, 0)
            return Found(key, found.size, found.tag)

    def below(self, folder: str) -> Iterator[Found]:
        """Refuse: the web has no lists."""
        raise self._listless(folder)

    def inside(self, folder: str) -> tuple[list[Found], list[str]]:
        """Refuse: the web has no lists."""
        raise self._listless(folder)

    def _listless(self, key: str) -> OSError:
        said = "The web has no lists of files: name each of them"
        return errors.refused(errno.EOPNOTSUPP, said, self._name.at(key))

    def read(self, known: Found, offset: int, length: int) -> bytes:
        """Give bytes of an object, and make sure that they are of that one."""
        pieces: list[bytes] = []

        def go_on() -> bytes:
            # What came before a connection broke need not come again.
            have = sum(map(len, pieces))
            pieces.append(self._read(known, offset + have, length - have))
            return b"".join(pieces)

        return self._retried(known.key, go_on)

    def _read(self, known: Found, offset: int, length: int) -> bytes:
        with self._lock:
            answer = self._streams.pop(known.key, None)
        if answer is not None and answer.at != offset:
            answer.response.close()
            answer = None
        if answer is None:
            answer = _Answer(self._ask(known.key, offset, length), offset)
            try:
                self._sure(known, answer)
                self._go_to(offset, answer)
            except BaseException:
                answer.response.close()
                raise
        try:
            octets = answer.read(length)
        except BaseException:
            answer.response.close()
            raise
        if answer.is_partial or len(octets) < length or answer.left == 0:
            answer.response.close()
        else:
            self._keep(known.key, answer)
        return octets

    def _sure(self, known: Found, answer: _Answer) -> None:
        if not known.is_still(Found(known.key, answer.size, answer.tag)):
            raise errors.changed(self._name.at(known.key))

    @staticmethod
    def _go_to(offset: int, answer: _Answer) -> None:
        """Pass over what lies before, where the answer is from the beginning on."""
        while answer.at < offset and not answer.is_partial:
            if not answer.read(min(_PIECE, offset - answer.at)):
                return
        if answer.at != offset:
            message = "the server gave another range than it was asked for"
            raise HTTPException(message)

    def _keep(self, key: str, answer: _Answer) -> None:
        with self._lock:
            self._streams[key] = answer
            surplus = [
                self._streams.popitem(last=False)[1] for _ in range(len(self._streams) - _OPEN)
            ]
        for one in surplus:
            one.response.close()

    def _ask(self, key: str, offset: int, length: int) -> Any:
        url = urllib.parse.quote(self._name.at(key), safe="/:?#[]@!$&'()*+,;=%~")
        request = Request(f"{url}?{self._name.query}" if self._name.query else url)  # noqa: S310
        for header, value in self._headers.items():
            # Not for whom the server names instead.
            request.add_unredirected_header(header, value)
        request.add_header("Range", f"bytes={offset}-{offset + length - 1}")
        request.add_header("Accept-Encoding", "identity")
        try:
            return self._opener.open(request, timeout=self._timeout)
        except HTTPError as error:
            end = _RANGE.fullmatch(error.headers.get("Content-Range", "").strip())
            if error.code == _UNSATISFIABLE and end and end[2] == "0":
                # Nothing lies in an empty object.
                return error
            if error.code == _UNSATISFIABLE and offset:
                error.close()
                raise errors.changed(self._name.at(key)) from None
            raise

    def _retried(self, key: str, call: Callable[[], T]) -> T:
        name, pause = self._name.at(key), _FIRST_PAUSE
        for left in reversed(range(_RETRIES + 1)):
            asked = 0.0
            try:
                return call()
            except HTTPError as error:
                said = f"The server says {error.code} {error.reason}".rstrip()
                with error:
                    if error.code in _GONE:
                        raise errors.missing(name) from None
                    if error.code in _BARRED:
                        raise errors.denied(name, "web", said) from None
                    if error.code not in _PASSING or not left:
                        raise errors.refused(errno.EIO, said, name) from None
                    after = error.headers.get("Retry-After", "")
                    asked = float(after) if after.isdigit() else 0.0
            except (URLError, HTTPException, ConnectionError, TimeoutError) as error:
                # A name that is not known, or a certificate, will not be better in a moment.
                reason = error.reason if isinstance(error, URLError) else error
                broken = isinstance(reason, ConnectionError | TimeoutError | HTTPException)
                if not broken or not left:
                    said = f"Cannot be reached: {errors.plain(_inner(reason))}"
                    raise errors.refused(errno.EIO, said, name) from None
            time.sleep(min(max(pause, asked), _LONGEST_PAUSE))
            pause *= 2
        raise AssertionError(name)


def _inner(reason: object) -> BaseException:
    return reason if isinstance(reason, BaseException) else OSError(str(reason))
