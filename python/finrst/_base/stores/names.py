"""Names of objects in stores: what is one, what of it may be shown, and how names are sorted."""

from __future__ import annotations

import re
from dataclasses import dataclass

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://([^/?#]*)(.*)", re.DOTALL)
# A query, where it is one and no wildcard: parameters with values.
_QUERY = re.compile(r"\?(?=[^?]*=)")
# In these what stands before "@" is a container, and no user.
_CONTAINERS = frozenset({"abfs", "abfss", "wasb", "wasbs"})
WEB = frozenset({"http", "https"})
"""Schemes of the web, where a query and a fragment are no part of a name."""
_WILD = re.compile(r"[*?[]")
_TOKEN = re.compile(rb"[0-9]+|[^0-9]", re.DOTALL)


def is_url(name: object) -> bool:
    r"""Tell whether a name is a URL: a scheme of two letters or more, and ``://``.

    >>> is_url("s3://bucket/x.pcap"), is_url(r"C:\x"), is_url("a:b.pcap"), is_url("C://x")
    (True, False, False, False)
    """
    return isinstance(name, str) and _URL.match(name) is not None


@dataclass(frozen=True)
class Name:
    """A URL in its parts."""

    scheme: str
    """In small letters."""
    host: str
    """Of the web a host and port, of a store a bucket or container, without credentials."""
    path: str
    """What follows, as it was given: a key, without the slash in front."""
    credentials: str = ""
    """What stood before ``@``: a user, or a user, a colon and a password."""
    query: str = ""
    """What stood behind ``?`` in a URL of the web, or a signature."""

    @property
    def shown(self) -> str:
        """Write it without credentials and without a query, which may be a signature.

        >>> parsed("https://ann:secret@host:81/x.pcap?X-Amz-Signature=1f#end").shown
        'https://host:81/x.pcap'
        """
        return self.at(self.path)

    def at(self, path: str) -> str:
        """Write the same for another key of the same store.

        >>> parsed("s3://bucket/a/*.pcap").at("a/1.pcap")
        's3://bucket/a/1.pcap'
        """
        return f"{self.scheme}://{self.host}{'/' if path else ''}{path}"

    @property
    def is_pattern(self) -> bool:
        """Tell whether it has wildcards.

        >>> parsed("s3://bucket/a/*").is_pattern, parsed("https://host/a*").is_pattern
        (True, False)
        """
        return self.scheme not in WEB and _WILD.search(self.path) is not None

    @property
    def has_secrets(self) -> bool:
        """Tell whether something of it is not shown."""
        return bool(self.credentials or self.query)


def parsed(url: str) -> Name:
    """Take a URL apart; ``ValueError`` where it is none.

    >>> parsed("S3://bucket/a/b?.pcap")
    Name(scheme='s3', host='bucket', path='a/b?.pcap', credentials='', query='')
    """
    match = _URL.match(url)
    if match is None:
        message = "not a URL"
        raise ValueError(message)
    scheme, host, rest = match[1].lower(), match[2], match[3]
    credentials = ""
    if "@" in host and not (scheme in _CONTAINERS and ":" not in host.rpartition("@")[0]):
        credentials, _, host = host.rpartition("@")
    if scheme in WEB:
        path, _, query = rest.partition("#")[0].partition("?")
    else:
        path, *queries = _QUERY.split(rest, maxsplit=1)
        query = "".join(queries)
    return Name(scheme, host, path.removeprefix("/"), credentials, query)


def natural(name: str) -> tuple[object, ...]:
    """Give the key by which names are sorted as people count, as those of local files are.

    >>> sorted(["x10", "x", "x2", "x02"], key=natural)
    ['x', 'x02', 'x2', 'x10']
    """
    octets = name.encode("utf-8", "surrogateescape")
    tokens = [
        (b"0", len(digits := token.lstrip(b"0")), digits) if token.isdigit() else (token, 0, b"")
        for token in _TOKEN.findall(octets)
    ]
    return tokens, octets


def by_folders(path: str) -> tuple[object, ...]:
    """Give the key by which paths are sorted: files before folders, each as people count.

    >>> sorted(["b", "a/2/x", "a/10/x", "a/1", "c"], key=by_folders)
    ['b', 'c', 'a/1', 'a/2/x', 'a/10/x']
    """
    *folders, file = path.split("/")
    return (*((1, natural(one)) for one in folders), (0, natural(file)))


def by_octets(path: str) -> list[bytes]:
    """Give the key by which what a pattern found is sorted: bytes, folder by folder."""
    return [part.encode("utf-8", "surrogateescape") for part in path.split("/")]
