"""Functions that read no capture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from finrst import _native
from finrst._base.hosts import hosts as named
from finrst._base.times import zone

from .capture import Capture
from .origin import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finrst._base.hosts import Hosts
    from finrst._base.times import Zone


def conversation(
    script: str,
    *,
    hosts: Hosts | None = None,
    tz: Zone = "UTC",
    parameters: Mapping[str, float] | None = None,
) -> Capture:
    """Play a script of packets through the engine.

    The notation is tcpdump's: ``>`` from the client, ``<`` from the server, flags (``S``, ``S.``,
    ``P.``, ``F.``, ``R``, ``R.``, ``.``), then payload bytes; items are separated by commas or
    lines.

    >>> import finrst
    >>> finrst.conversation("> S, < S., > ., > P. 120, < R.").connection(0).ending
    'reset'

    Each side sends what a real host would; further words change it:

    - ``+1s``, ``-5ms``: time since the segment before it (10 ms unless said)
    - ``seq=+5``, ``ack=-1`` move a number, ``seq=#7`` gives it, relative to the initial one
    - ``isn=500``, ``win=0``, ``ttl=60``, ``id=7``, ``mac=2``: header fields
    - ``again``: the sender's latest segment with these flags once more; ``copy``: the same bytes
      once more, as a capture repeats them; ``probe``: one byte before the next, a keep-alive
    - ``nots``, ``ts``, ``clock=+9``, ``echo=-9``: without and with timestamps, moved;
      ``bare``: a SYN with the MSS option alone; ``mptcp=3``: an MPTCP reset with this reason
    - ``reply``: shaped as the answer of a host without a socket, what ``R`` is anyhow
    - ``text="…"``, ``hex=1503``, ``tls``: payload bytes; ``hello=a.org``, ``get=a.org``: a TLS
      ClientHello, an HTTP request, for this name; ``cut``: the capture kept none of them
    - ``port=40001``, ``service=80``, ``client=2``, ``server=2``: other ports and hosts from here
      on; ``port=1..5`` plays the item for each; ``client=s2``: the client is the host that server 2
      is, a proxy
    - ``path=1``, ``in``, ``out``: on another VLAN or tunnel; marked as received, as sent

    ``hosts`` names addresses, ``tz`` is a time zone and ``parameters`` changes thresholds of the
    causes, as in :func:`read`:

    >>> stated = finrst.conversation("> S, < S., > ., > R.", parameters={"calibration": 0})
    >>> stated.connection(0).confidence
    0.7

    A segment in parentheses was sent and not captured; ``< icmp 3/1`` is an ICMP error about the
    other side's latest segment, ``! icmp 3/13`` the same from a box between.
    """
    known = None if hosts is None else named(hosts)
    return Capture(_native.conversation(script, known, parameters), Origin(script=script), zone(tz))
