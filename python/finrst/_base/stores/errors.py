"""What stores refuse, as errors of the system that name the URL and say what to do."""

from __future__ import annotations

import errno
import re

_QUERIES = re.compile(r"(\w+://)(?:[^\s/@]*@)?([^\s?)'\"]*)(?:\?[^\s)'\",]*)?")
_PART = re.compile(r"<(Code|Message)>([^<]*)</")
# Whatever stands before it, the server's own words say more.
_STATUS = re.compile(r"Server returned (?:non-2xx status code: )?(\S.*)", re.DOTALL)
_LONGEST = 200

CREDENTIALS = {
    "s3": (
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile (with boto3 installed); public "
        "buckets are read with AWS_SKIP_SIGNATURE=true, or "
        'storage_options={"skip_signature": True}'
    ),
    "gs": (
        "GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`; public "
        'buckets are read with storage_options={"skip_signature": True}'
    ),
    "az": (
        "AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN; "
        'public containers are read with storage_options={"skip_signature": True}'
    ),
    "web": 'storage_options={"headers": {"Authorization": ...}}, or a URL that is signed',
}
"""Where credentials come from, by the kind of store."""


def refused(number: int, said: str, name: str) -> OSError:
    """Make the error of a number: ``FileNotFoundError`` of ``ENOENT``, ..."""
    return OSError(number, said, name)


def missing(name: str, what: str = "No such object") -> OSError:
    """Say that there is nothing of that name."""
    return refused(errno.ENOENT, what, name)


def denied(name: str, kind: str, said: str = "") -> OSError:
    """Say that access is refused, and where credentials come from."""
    where = CREDENTIALS.get(kind)
    hint = f"; credentials come from {where}" if where else ""
    return refused(errno.EACCES, f"Access denied{said and f' ({said})'}{hint}", name)


def changed(name: str) -> OSError:
    """Say that an object is another one than when reading began."""
    return refused(errno.ESTALE, "It has changed since reading began", name)


def lacking(name: str, module: str, install: str) -> OSError:
    """Say what to install for a scheme."""
    scheme = name.partition(":")[0]
    said = f"{scheme}:// needs {module}, which is not installed: pip install {install}"
    return refused(errno.EPROTONOSUPPORT, said, name)


def plain(error: BaseException) -> str:
    """Say an error in a line, without what may be a secret in URLs.

    >>> plain(ValueError("GET https://a:b@host/x?sig=1 in 3 ms - timed out"))
    'GET https://host/x in 3 ms - timed out'
    >>> plain(ValueError("GET in 3 ms - Server returned non-2xx status code: 503 Slow Down: "))
    '503 Slow Down'
    """
    text = str(error).partition("\n\nDebug source")[0]
    if status := _STATUS.search(text):
        text = text[status.start(1) :]
    parts = dict(_PART.findall(text))
    text = _QUERIES.sub(r"\1\2", text.partition(": <?xml")[0].partition("<")[0])
    text = " ".join([*text.split(), *parts.values()]).strip(" :")
    return text[:_LONGEST] or type(error).__name__
