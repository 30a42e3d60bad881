"""What a browser may ask: its messages are checked like anything else from outside."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

FACETS = {
    "cause": "Cause",
    "ending": "How",
    "ended_by": "Who",
    "server_ip": "Server",
    "server_port": "Port",
    "client_ip": "Client",
}
"""The columns with bars to click, and their headings."""

ORDERS = (
    "connection_id",
    "cause",
    "confidence",
    "client",
    "server",
    "start",
    "duration_s",
    "ending",
    "ended_by",
)
"""What the table can be sorted by: its columns."""

PAGE = 100
"""Rows that go to the browser at first, and the most that it gets for one question."""

_TEXT = 200
_WORDS = 1000
_ENDS = 2


class RefusedError(ValueError):
    """What was asked cannot be done; the message may be shown."""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _TEXT


def _is_words(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) > _WORDS:
        return False
    return all(isinstance(one, int) or _is_text(one) for one in value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _by_column(fits: Callable[[object], bool]) -> Callable[[object], bool]:
    def all_fit(value: object) -> bool:
        return isinstance(value, dict) and all(
            _is_text(name) and fits(one) for name, one in value.items()
        )

    return all_fit


def _is_span(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) not in {0, _ENDS}:
        return False
    return all(
        isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one)
        for one in value
    )


CHANGES: dict[str, tuple[Callable[[object], bool], str]] = {
    "chosen": (_by_column(_is_words), "lists of words by column"),
    "searched": (_by_column(_is_text), "a text by column"),
    "text": (_is_text, f"a text of at most {_TEXT} characters"),
    "span": (_is_span, "no or two numbers of seconds"),
    "order": (
        lambda value: value == "" or (_is_text(value) and str(value).removeprefix("-") in ORDERS),
        "'', or one of " + ", ".join(ORDERS) + ", with '-' before it for the largest first",
    ),
    "finding": (
        lambda value: value is None or _is_whole(value),
        "the place of a finding or None",
    ),
    "picked": (lambda value: value is None or _is_whole(value), "a connection_id or None"),
}
"""What of an explorer can be set, the test of it, and what passes the test."""


def checked(name: str, value: Any) -> Any:
    """Let a value through that an attribute of the explorer can have.

    >>> checked("order", "-start")
    '-start'
    >>> checked("order", "__class__")
    Traceback (most recent call last):
    finrst._pages.explore.asked.RefusedError: order is '', or one of connection_id, cause, ...
    """
    fits, wanted = CHANGES[name]
    if not fits(value):
        message = f"{name} is {wanted}"
        raise RefusedError(message)
    return value


def change(asked: object) -> dict[str, Any]:
    """Check what shall be set.

    >>> change({"text": "10.0.0.1"})
    {'text': '10.0.0.1'}
    """
    if not isinstance(asked, dict) or not asked or not set(asked) <= set(CHANGES):
        message = "a change names what is changed: " + ", ".join(CHANGES)
        raise RefusedError(message)
    return {name: checked(name, value) for name, value in asked.items()}


def stretch(asked: dict[str, Any]) -> tuple[int, int]:
    """Check which rows are wanted: from where, how many.

    >>> stretch({"from": 100, "count": 50})
    (100, 50)
    """
    begin, count = asked.get("from"), asked.get("count")
    if not (_is_whole(begin) and _is_whole(count)):
        message = "rows are asked for by two whole numbers"
        raise RefusedError(message)
    if not (0 <= begin < 2**53 and 1 <= count <= PAGE):  # type: ignore[operator]
        message = f"at most {PAGE} rows are given at once"
        raise RefusedError(message)
    return begin, count  # type: ignore[return-value]


def number(asked: object) -> tuple[str, int]:
    """Give who asks and the number of the question, by which the answer finds its way."""
    if isinstance(asked, dict):
        who, count = asked.get("of"), asked.get("number")
        if _is_text(who) and _is_whole(count):
            return who, count  # type: ignore[return-value]
    message = "a question has a number and says whose it is"
    raise RefusedError(message)
