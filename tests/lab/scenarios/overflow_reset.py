"""The same full queue with `tcp_abort_on_overflow`: the server resets instead of ignoring."""

from __future__ import annotations

from labels import label
from scenarios.overflow import race
from trial import Family, Trial

FAMILY = Family(
    "overflow_reset",
    {"net/ipv4/tcp_syncookies": "0", "net/ipv4/tcp_abort_on_overflow": "1"},
)
RESET = label("reset", "server", "accept_queue_overflow_reset", r">S <SA >A(?: >D)? <R(?: <R)*")


@FAMILY.scenario(RESET, delay=(0.004, 0.008))
def overflow_reset(t: Trial) -> None:
    """The final ACK finds the queue full: a reply reset."""
    listener, _ = race(t, 3, t.scenario.views)
    t.hold(listener)


@FAMILY.scenario(RESET, delay=(0.02, 0.03))
def overflow_reset_far(t: Trial) -> None:
    """The same over a longer path."""
    listener, _ = race(t, 2, t.scenario.views)
    t.hold(listener)
