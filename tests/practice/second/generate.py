"""Writes the pcaps of the second set of cases, with the hosts and the tap of the blind ones.

python tests/practice/second/generate.py
"""

from __future__ import annotations

import importlib.util
import pathlib
import random
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

HERE = pathlib.Path(__file__).resolve().parent


def _blind() -> ModuleType:
    path = HERE.parent / "blind" / "generate.py"
    spec = importlib.util.spec_from_file_location("generate_blind", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BLIND = _blind()
Host, Talk, Tap, talk, talk6 = BLIND.Host, BLIND.Talk, BLIND.Tap, BLIND.talk, BLIND.talk6
START: int = BLIND.START
WRITTEN: dict[str, Callable[[Any], None]] = {}


def case(write: Callable[[Any], None]) -> Callable[[Any], None]:
    """Names a capture after its function."""
    WRITTEN[write.__name__.replace("_", "-")] = write
    return write


class Plan:
    """What happens when: segments of several connections, by the second."""

    def __init__(self, tap: Any) -> None:
        self.tap = tap
        self.steps: list[tuple[float, int, Callable[[], object]]] = []

    def at(self, second: float, does: Callable[[], object]) -> None:
        self.steps.append((second, len(self.steps), does))

    def play(self) -> None:
        for second, _, does in sorted(self.steps, key=lambda step: step[:2]):
            self.tap.now = START + round(second * 1e6)
            does()


def exchange(plan: Plan, one: Any, second: float, rtt: float = 0.002) -> None:
    """A request and its answer."""
    plan.at(second, lambda: one.c("P.", 120, after=0))
    plan.at(second + rtt, lambda: one.s("P.", 400, after=0))
    plan.at(second + rtt + 0.00005, lambda: one.c(".", after=0))


def opened(plan: Plan, one: Any, second: float, rtt: float = 0.002) -> None:
    """The handshake."""
    plan.at(second, lambda: one.c("S", after=0))
    plan.at(second + rtt, lambda: one.s("S.", after=0))
    plan.at(second + rtt + 0.00005, lambda: one.c(".", after=0))


def closed_by_server(plan: Plan, one: Any, second: float, rtt: float = 0.002) -> None:
    """FINs of both, the server's first."""
    plan.at(second, lambda: one.s("F.", after=0))
    plan.at(second + 0.0003, lambda: one.c("F.", after=0))
    plan.at(second + 0.0003 + rtt, lambda: one.s(".", after=0))


@case
def refusal_of_the_hosts_own_firewall_v6(tap: Any) -> None:
    for port in (41000, 41001, 41002):
        talk6(tap, port).open().ask().close()
    one = talk6(tap, 42000, 9200)
    one.c("S", after=0.4)
    one.s("R.", after=0.02, seq=0, reply=True, label=0)


@case
def pf_returns_reset(tap: Any) -> None:
    for port in (41000, 41001):
        talk(tap, port).open().ask().close()
    one = talk(tap, 42000, 9200)
    one.c("S", after=0.4)
    one.s("R.", after=0.02, seq=0, reply=True, df=False, number=48211)


@case
def conntrack_invalid_in_mid_download(tap: Any) -> None:
    pod, service, backend = "10.244.0.3", "10.96.0.10", "10.244.1.7"
    tap.snap = 128
    one = Talk(
        tap,
        Host(pod, 40000, mac=1, to=9),
        Host(service, 80, ttl=62, mac=9, to=1, isn=700_000),
    )
    one.open(0.001)
    one.c("P.", 150, after=0.0005)
    one.s(".", after=0.001)
    for _ in range(6):
        one.s(".", 1398, after=0.0002)
        one.s("P.", 1398, after=0.00001)
        one.c(".", after=0.00003)
    late = one.server.seq - 4 * 1398
    stray = Talk(
        tap,
        Host(pod, 40000, mac=1, to=9, isn=one.client.seq),
        Host(backend, 8080, ttl=62, mac=9, to=1, isn=late),
    )
    stray.s(".", 1398, after=0.0001, seq=late)
    stray.c("R", after=0.00003, seq=one.client.seq)
    one.s("P.", 1398, after=0.0003)
    one.c(".", after=0.00003)
    one.s("R", after=0.0009, seq=one.server.seq)


@case
def grpc_max_connection_age(tap: Any) -> None:
    tap.snap = 96
    plan, chance = Plan(tap), random.Random(7)
    for number in range(6):
        one = talk(tap, 41000 + number, 50051, ttl=62)
        begin, age = 13.0 * number, chance.uniform(285, 315)
        opened(plan, one, begin)
        second = begin + 0.01
        while second < begin + age - 1:
            exchange(plan, one, second)
            second += chance.uniform(0.4, 9)
        plan.at(begin + age, lambda one=one: one.s("P.", 17, after=0))
        plan.at(begin + age + 0.0001, lambda one=one: one.c(".", after=0))
        closed_by_server(plan, one, begin + age + 0.002)
    plan.play()


@case
def nginx_keepalive_requests(tap: Any) -> None:
    tap.snap = 96
    plan, chance = Plan(tap), random.Random(11)
    for number in range(5):
        one = talk(tap, 41000 + number, 80, ttl=60)
        second = 3.1 * number
        opened(plan, one, second)
        pace = (0.05, 0.9, 0.2, 2.5, 0.5)[number]
        for _ in range(20):
            second += 0.02 + chance.uniform(0.5, 1.5) * pace
            exchange(plan, one, second)
        closed_by_server(plan, one, second + 0.0021)
    plan.play()


@case
def snap_length_hides_the_alert(tap: Any) -> None:
    tap.snap = 68
    one = talk(tap).open(0.03)
    hello = b"\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03" + bytes(242)
    one.c("P.", payload=hello, after=0.001)
    one.s(".", after=0.03)
    one.s("P.", payload=b"\x15\x03\x03\x00\x02\x02\x28", after=0.002)
    one.s("F.", after=0.00002)
    one.c(".", after=0.00003)
    one.c("F.", after=0.0005)
    one.s(".", after=0.03)


@case
def vlan_and_large_frames(tap: Any) -> None:
    tap.snap = 96
    one = talk(tap)
    one.client.moved(vlan=100)
    one.server.moved(vlan=100)
    one.open().ask()
    for _ in range(3):
        one.s("P.", 20_000, after=0.001)
        one.c(".", after=0.00005)
    one.c("P.", 20_000, after=0.01)
    one.s(".", after=0.02)
    one.close()


@case
def keepalive_segments_one_octet(tap: Any) -> None:
    one = talk(tap, ttl=119, stamps=False)
    one.client.moved(ttl=128, stamps=False)
    one.open(0.02).ask(0.02)
    last = one.client.seq - 1
    for gap in (7200, *(1.0,) * 9):
        one.c(".", 1, after=gap, seq=last, payload=b"\0")
    one.c("R.", after=1.0, win=0)


@case
def both_legs_at_the_proxy_host(tap: Any) -> None:
    front, back = BLIND.legs(tap)
    BLIND.through(front, back)
    back.s("P.", 700, after=0.02)
    back.c(".", after=0.00003)
    front.s("P.", 700, after=0.0001)
    front.c(".", after=0.03)
    for _ in range(3):
        front.c("P.", 200, after=4.7)
        front.s(".", after=0.00002)
        back.c("P.", 200, after=0.0001)
        back.s("P.", 300, after=0.004)
        back.c(".", after=0.00003)
        front.s("P.", 300, after=0.0001)
        front.c(".", after=0.03)
    back.s("F.", after=2.2)
    back.c("F.", after=0.00003)
    front.s("F.", after=0.001)
    back.s(".", after=0.0003)
    front.c("F.", after=0.03)
    front.s(".", after=0.00003)


@case
def icmp_admin_prohibited_mid_connection(tap: Any) -> None:
    one = talk(tap).open(0.03).ask(0.03)
    first = one.c("P.", 120, after=5)
    one.icmp("203.0.113.1", first, 3, 13)
    for gap in (0.23, 0.46, 0.9, 1.8, 3.6, 7.2):
        again = one.c("P.", 120, after=gap, seq=one.client.seq - 120)
        one.icmp("203.0.113.1", again, 3, 13)


def main(folder: pathlib.Path = HERE) -> None:
    """Writes them all."""
    BLIND.write_all(WRITTEN, folder)


if __name__ == "__main__":
    main()
