"""What of a capture limits how far its verdicts can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finrst._base.text import certainty, number, plural, printable
from finrst._base.width import wrap

from .tally import UNSURE

if TYPE_CHECKING:
    from .finding import Findings
    from .tally import Tally

_NAMED = 3


def limits(tally: Tally, found: Findings) -> list[str]:
    """Tell it in sentences, most far-reaching first; none when nothing was found."""
    said = [one.sentence for one in found if one.severity == "uncertain"]
    if tally.censored:
        said.append(
            "The capture ended too early to know how "
            f"{plural(tally.censored, 'connection')} went on."
        )
    if tally.unsure:
        verdicts = "verdict is" if tally.unsure == 1 else "verdicts are"
        said.append(f"{number(tally.unsure)} {verdicts} less than {certainty(UNSURE)} sure.")
    if tally.left_out:
        came = f"{plural(tally.left_out, 'connection')} came"
        said.append(f"{came} after a million others: no finding tells of them.")
    return said


def untold(limits: list[str], found: Findings) -> list[str]:
    """Leave out what the findings say already."""
    told = {one.sentence for one in found}
    return [limit for limit in limits if limit not in told]


def named(files: list[str]) -> list[str]:
    """Name the files where a title only counts them.

    >>> named(["a.pcap"]), named(["a", "b", "c", "d", "e"])
    ([], ['a, b, c and 2 others'])
    """
    if len(files) == 1:
        return []
    more = f" and {plural(len(files) - _NAMED, 'other')}" if len(files) > _NAMED else ""
    return [", ".join(files[:_NAMED]) + more] if files else []


def text(sentences: list[str]) -> list[str]:
    """Give the lines for a terminal; nothing in them is obeyed by one."""
    lines = [part for line in sentences for part in wrap(printable(line), first="  ", rest="    ")]
    return ["", "Limits of trust", *lines] if lines else []
