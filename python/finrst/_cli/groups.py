"""What ``finrst explain`` tells at once: connections that are alike, by their findings."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of
from finrst._base.text import number, plural, printable
from finrst._base.width import wrap
from finrst._story.tally import GOOD, NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finrst._base.paint import Paint
    from finrst._face.capture import Capture
    from finrst._story.connection import Connection
    from finrst._story.finding import Finding

_TOLD = ("connection_id", "ending", "cause", "mechanism", "client_bytes_lost", "server_bytes_lost")
_CALM = {"orderly", "undecided"}
_MECHANISMS = {"orderly_close", "half_close", "superseded", "open", "stray"}
ACROSS = frozenset({"busiest_host", "one_sided", "capture_gaps", "begun_before"})
"""The kinds of findings whose connections are told in other ones, too."""
_RUNS = 12
"""Numbers, or runs of numbers, that are listed."""
_LONGEST = 2000


@dataclass(frozen=True)
class Group:
    """Connections that are told by one of them."""

    example: int
    """The ``connection_id`` of the one that is told."""
    connections: list[int]
    """Those of all, the example among them, in order."""
    finding: Finding | None = None
    """What they have in common; none where one was asked for by its number."""

    def told(self, one: Connection, paint: Paint) -> list[str]:
        """Tell a single one whole; of several what they have in common, their numbers, and one."""
        finding = self.finding
        if finding is None or len(self.connections) == 1:
            title = paint(f"connection {self.example}:", class_of(one.cause).name)
            return one.explain().lines(f"{title} ")
        style = class_of(one.cause).name
        lines = _wrapped(finding.sentence, paint(f"{finding.severity}:", style) + " ", "")
        for text in (
            finding.why,
            f"Cost: {finding.cost}." if finding.cost else "",
            f"Next: {finding.next}",
            self._numbers(finding),
            f"One of them, told whole by --connection {self.example}: {one.explain().sentence}",
        ):
            lines += _wrapped(text, "  ", "    ") if text else []
        return lines

    def _numbers(self, finding: Finding) -> str:
        many = len(self.connections)
        of = f" of {number(finding.count)}" if many < finding.count else ""
        return f"{plural(many, 'connection')}{of}: {listed(self.connections)}"


def groups(capture: Capture, cause: str | None = None, *, everything: bool = False) -> list[Group]:
    """Give what there is to tell, the gravest first.

    Those are the connections that need an explanation, or all, or all that have one cause; each
    is in one group.
    """

    def wanted(row: tuple[Any, ...]) -> bool:
        return everything or (not _calm(*row[1:]) if cause is None else row[2] == cause)

    found = []
    for finding in capture.findings():
        if finding.kind in ACROSS:
            continue
        table = finding.connections
        rows = zip(*(table[name] for name in _TOLD), strict=True)
        numbers = [row[0] for row in rows if wanted(row)]
        if numbers:
            surest = finding.example.connection_id
            found.append(Group(surest if surest in numbers else numbers[0], numbers, finding))
    return found


def listed(numbers: list[int]) -> str:
    """Write numbers with what follows one another as a run, a dozen of both at most.

    >>> listed([3, 5, 6, 7, 8, 12, 13]), listed(list(range(0, 80, 2)))
    ('3, 5 to 8, 12, 13', '0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22 and 28 more')
    """
    parts: list[str] = []
    told = 0
    for first, last in _runs(numbers):
        if len(parts) == _RUNS:
            break
        told += last - first + 1
        if last - first > 1:
            parts.append(f"{first} to {last}")
        else:
            parts += [str(one) for one in range(first, last + 1)]
    left = len(numbers) - told
    return ", ".join(parts) + (f" and {number(left)} more" if left else "")


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    begin = numbers[0]
    for one, following in pairwise([*numbers, -1]):
        if following != one + 1:
            yield begin, one
            begin = following


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return wrap(printable(text, _LONGEST), None, first, rest)


def _calm(ending: str, cause: str, mechanism: str, lost: int, lost_too: int) -> bool:
    """Whether nothing of a connection needs an explanation: neither how it ended nor why."""
    if ending == "stray":
        return mechanism == "stray"
    return (
        ending in GOOD | NEUTRAL
        and class_of(cause).name in _CALM
        and mechanism in _MECHANISMS
        and not lost
        and not lost_too
    )
