"""The same narrow paths before kernels that find the size out by themselves (tcp_mtu_probing)."""

from __future__ import annotations

from labels import label
from scenarios.orderly import CLIENT_FIRST, SERVER_FIRST
from scenarios.pmtu import narrow
from trial import Family, Trial, drain

FAMILY = Family("plpmtud", {"net/ipv4/tcp_mtu_probing": "1"}, spare=100)
UP = label("graceful", "client", "client_close", CLIENT_FIRST)
DOWN = label("graceful", "server", "server_close", SERVER_FIRST)


@FAMILY.scenario(UP, slow=True, delay=(0.001, 0.03))
def plpmtud_upload(t: Trial) -> None:
    """An upload is stuck for seconds, then goes on in smaller segments and ends in order."""
    narrow(t, "server", told=False)
    c, s = t.pair()
    t.talk(c, s, 1)
    t.say(c, s, 1448 * t.rng.randint(2, 4) + t.rng.randint(50, 700))
    t.say(s, c, 200)
    c.close()
    drain(s)
    s.close()


@FAMILY.scenario(DOWN, slow=True, delay=(0.001, 0.03))
def plpmtud_download(t: Trial) -> None:
    """The same for a response."""
    narrow(t, "client", told=False)
    c, s = t.pair()
    t.say(c, s, 300)
    t.say(s, c, 1448 * t.rng.randint(2, 4) + t.rng.randint(50, 700))
    s.close()
    drain(c)
    c.close()
