"""Object stores and web servers on loopback, which do as they are told: for the tests of stores."""

from __future__ import annotations

import http.server
import io
import logging
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Answer = tuple[int, str] | None

KEY, SECRET = "AKIATESTING", "very-secret-key"
REASONS = {403: "Forbidden", 404: "Not Found", 412: "Precondition Failed", 503: "Slow Down"}


@dataclass
class Asked:
    """A request that came."""

    method: str
    path: str
    range: str | None
    authorization: str | None


@dataclass
class Gate:
    """Stands in front of a store: keeps what is asked, and answers some of it itself."""

    application: Any
    asked: list[Asked] = field(default_factory=list)
    rule: Callable[[Asked], Answer] | None = None
    """Gives the status and the code of an error, or nothing for what goes through."""
    delay: float = 0.0
    together: Counter[str] = field(default_factory=Counter)
    """How many requests of a path are on their way."""
    most: Counter[str] = field(default_factory=Counter)
    """How many there were at most."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, environ: Mapping[str, Any], start: Any) -> Iterable[bytes]:
        asked = Asked(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ.get("HTTP_RANGE"),
            environ.get("HTTP_AUTHORIZATION"),
        )
        with self.lock:
            self.asked.append(asked)
            self.together[asked.path] += 1
            self.most[asked.path] = max(self.most[asked.path], self.together[asked.path])
        try:
            time.sleep(self.delay)
            answer = self.rule(asked) if self.rule is not None else None
            if answer is None:
                found: Iterable[bytes] = self.application(environ, start)
                return found
            status, code = answer
            body = f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()
            start(f"{status} {REASONS.get(status, 'Error')}", [("Content-Length", str(len(body)))])
            return [] if asked.method == "HEAD" else [body]
        finally:
            with self.lock:
                self.together[asked.path] -= 1

    def reset(self) -> None:
        """Forget what was asked, and let everything through."""
        self.asked.clear()
        self.rule, self.delay = None, 0.0
        self.most.clear()


@dataclass
class Warehouse:
    """An S3 server with one bucket, ``caps``."""

    gate: Gate
    endpoint: str
    bucket: Any
    obstore: Any

    def put(self, key: str, data: bytes) -> str:
        """Put an object there and give its URL."""
        self.obstore.put(self.bucket, key, data)
        return f"s3://caps/{key}"

    def publish(self, key: str, data: bytes) -> str:
        """Put an object there that everybody may read."""
        signed = (
            f"Credential={KEY}/20261130/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
        )
        headers = {"x-amz-acl": "public-read", "Authorization": f"AWS4-HMAC-SHA256 {signed}"}
        headers["Content-Type"] = "application/byte-stream"
        made = urllib.request.Request(f"{self.endpoint}/caps/{key}", data, headers, method="PUT")
        with urllib.request.urlopen(made, timeout=20):
            return f"s3://caps/{key}"

    def delete(self, key: str) -> None:
        self.obstore.delete(self.bucket, key)

    def clear(self) -> None:
        for page in self.obstore.list(self.bucket):
            for one in page:
                self.delete(one["path"])
        self.gate.reset()


def warehouse(environment: pytest.MonkeyPatch) -> Iterator[Warehouse]:
    """Start one, of which the environment tells, as it would of the real one."""
    reason = "NOT TESTED: object stores need obstore and moto[server] (the extra test)"
    obstore = pytest.importorskip("obstore", reason=reason)
    moto = pytest.importorskip("moto.moto_server.werkzeug_app", reason=reason)
    serving = pytest.importorskip("werkzeug.serving", reason=reason)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    gate = Gate(moto.DomainDispatcherApplication(moto.create_backend_app))
    server = serving.make_server(
        "127.0.0.1", 0, gate, threaded=True, request_handler=moto.MotoRequestHandler
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    told = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "NO_PROXY": "*",
    }
    for name, value in told.items():
        environment.setenv(name, value)
    made = urllib.request.Request(f"{endpoint}/caps", method="PUT")
    with urllib.request.urlopen(made, timeout=20):
        pass
    bucket = obstore.store.from_url("s3://caps")
    yield Warehouse(gate, endpoint, bucket, obstore)
    server.shutdown()
    thread.join()
    server.server_close()


class Web:
    """A web server of a few files, which does as it is told."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        """By path, or by path and query."""
        self.ranges = True
        self.tagged = True
        self.lengths = True
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        """Method, path with its query, headers."""
        self.rule: Callable[[str, int], tuple[int, dict[str, str]] | None] | None = None
        """Gives, of a path and how often it was asked for, a status and headers instead."""
        self.cut: Callable[[str, int], int | None] | None = None
        """Gives after how many bytes the connection breaks."""
        self.hangs = False
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None: ...

            def do_GET(self) -> None:
                web.answer(self)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None: ...

        self.server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path: str) -> str:
        return f"http://{self.host}/{path}"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        path = handler.path.removeprefix("/")
        if path not in self.files:
            path = path.partition("?")[0]
        self.asked.append((handler.command, handler.path, dict(handler.headers.items())))
        count = sum(asked.partition("?")[0] == f"/{path}" for _, asked, _ in self.asked)
        while self.hangs:
            time.sleep(0.05)
        if self.rule is not None and (told := self.rule(path, count)) is not None:
            status, headers = told
            self._send(handler, status, {**headers, "Content-Length": "0"}, b"", None)
            return
        if path not in self.files:
            self._send(handler, 404, {"Content-Length": "0"}, b"", None)
            return
        data = self.files[path]
        headers = {"ETag": f'"{hash(data)}"'} if self.tagged else {}
        status, asked = 200, handler.headers.get("Range")
        if self.ranges and asked is not None:
            begin, _, end = asked.removeprefix("bytes=").partition("-")
            if int(begin) >= len(data):
                headers |= {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0"}
                self._send(handler, 416, headers, b"", None)
                return
            last = min(int(end), len(data) - 1)
            headers["Content-Range"] = f"bytes {begin}-{last}/{len(data)}"
            status, data = 206, data[int(begin) : last + 1]
        if self.lengths:
            headers["Content-Length"] = str(len(data))
        else:
            headers["Connection"] = "close"
        self._send(handler, status, headers, data, self.cut and self.cut(path, count))

    @staticmethod
    def _send(
        handler: http.server.BaseHTTPRequestHandler,
        status: int,
        headers: Mapping[str, str],
        data: bytes,
        cut: int | None,
    ) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        try:
            with io.BytesIO(data if cut is None else data[:cut]) as rest:
                while piece := rest.read(1 << 16):
                    handler.wfile.write(piece)
        except OSError:
            # Whoever asked has heard enough.
            handler.close_connection = True
        if cut is not None or not headers.get("Content-Length"):
            handler.close_connection = True
