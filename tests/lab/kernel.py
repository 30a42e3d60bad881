"""The kernel's own reason for each reset, from the tracepoint `tcp:tcp_send_reset`, joined to captures.

The trace lives in a tracefs of its own that is attached nowhere, so that nothing else on the machine
sees it or is seen by it.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import os
import pathlib
import platform
import re
import time
from collections import defaultdict

import wire
from labels import Label, Record
from net import Bed

# fsopen, fsconfig, fsmount: the same numbers wherever they exist (Linux 5.2).
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_CREATE = 6
_EVENT = "events/tcp/tcp_send_reset"
_LINE = re.compile(
    r"(\d+\.\d+): tcp_send_reset: skbaddr=(\S+) .*src=(\S+):(\d+) dest=(\S+):(\d+) "
    r"state=(\S+) reason=(\S+)"
)
_libc = ctypes.CDLL(None, use_errno=True)
# A packet is captured within this many seconds of its event; a listener's event does not name the
# peer, so that it must be nearer.
NEAR, NEAR_LISTENER = 0.05, 0.002

# What the kernel of the side that sent the deciding reset may say for a cause. A cause that is not
# named here is not decided by a host's reset, or by one that no single reason tells.
ABORT = frozenset({"TCP_STATE", "TCP_ABORT_ON_LINGER", "TCP_DISCONNECT_WITH_DATA"})
UNREAD = frozenset({"TCP_ABORT_ON_CLOSE"})
# A listener that meets anything but a SYN says TCP_FLAGS, when the sender's socket is no more.
NOBODY = frozenset({"NO_SOCKET", "TCP_FLAGS"})
LATE = frozenset({"TCP_ABORT_ON_DATA", "TCP_TIMEWAIT_SOCKET", "NO_SOCKET"})
REASONS: dict[str, frozenset[str]] = {
    "abort_unread_data": UNREAD,
    "unread_close_notify": UNREAD | LATE,
    "application_abort": ABORT,
    "data_after_close": LATE,
    "keepalive_race": LATE,
    "no_socket": NOBODY,
    "port_closed": NOBODY,
    "client_handshake_timeout": NOBODY,
    "keepalive_timeout": frozenset({"TCP_KEEPALIVE_TIMEOUT"}),
    "connect_race_lost": NOBODY,
}
RESETS = frozenset(
    {
        "reset",
        "reset_after_fin",
        "handshake_refused",
        "handshake_abandoned",
        "handshake_aborted_by_server",
    }
)


@dataclasses.dataclass(frozen=True)
class Event:
    time: float
    sender: tuple[str, int]
    to: tuple[str, int]
    reason: str


class Reasons:
    """One family's trace; `why` says why there is none."""

    def __init__(self, name: str) -> None:
        self.why = ""
        self._root = -1
        self._name = f"finlab-{os.getpid()}-{name}"
        try:
            self._begin()
        except OSError as error:
            self.why = f"{_EVENT}: {error}"

    def _begin(self) -> None:
        if platform.system() != "Linux":
            raise OSError("not Linux")
        opened = _libc.syscall(_FSOPEN, b"tracefs", 0)
        if opened < 0:
            raise OSError(ctypes.get_errno(), "no tracefs")
        try:
            if _libc.syscall(_FSCONFIG, opened, _CREATE, None, None, 0) != 0:
                raise OSError(ctypes.get_errno(), "tracefs refused")
            self._root = _libc.syscall(_FSMOUNT, opened, 0, 0)
        finally:
            os.close(opened)
        if self._root < 0:
            raise OSError(ctypes.get_errno(), "tracefs cannot be opened")
        if "reason" not in self._read(f"{_EVENT}/format"):
            raise OSError("this kernel's event has no reason")
        os.mkdir(f"instances/{self._name}", dir_fd=self._root)
        self._write("trace_clock", "tai")
        self._write("buffer_size_kb", "4096")
        self._write(f"{_EVENT}/enable", "1")

    def _read(self, path: str) -> str:
        with open(os.open(path, os.O_RDONLY, dir_fd=self._root)) as file:
            return file.read()

    def _write(self, path: str, value: str) -> None:
        made = os.open(f"instances/{self._name}/{path}", os.O_WRONLY, dir_fd=self._root)
        with open(made, "w") as file:
            file.write(value)

    def stop(self) -> list[Event]:
        """All events so far; the trace is gone after it."""
        events = []
        if not self.why:
            self._write(f"{_EVENT}/enable", "0")
            offset = round(time.clock_gettime(time.CLOCK_TAI) - time.time())
            for line in self._read(f"instances/{self._name}/trace").splitlines():
                if not (m := _LINE.search(line)):
                    continue
                when, _, src, sport, dst, dport, _, reason = m.groups()
                ends = ((address(src), int(sport)), (address(dst), int(dport)))
                events.append(Event(float(when) - offset, *ends, reason))
        self.close()
        return events

    def close(self) -> None:
        if self._root < 0:
            return
        with contextlib.suppress(OSError):
            os.rmdir(f"instances/{self._name}", dir_fd=self._root)
        os.close(self._root)
        self._root = -1


def address(text: str) -> str:
    return text.strip("[]").removeprefix("::ffff:")


@dataclasses.dataclass
class Joined:
    """How many resets of the hosts' own captures have their event, and what contradicts a label."""

    resets: int = 0
    joined: int = 0
    wrong: list[tuple[str, Record]] = dataclasses.field(default_factory=list)


def join(
    bed: Bed,
    files: dict[str, pathlib.Path],
    records: list[Record],
    events: list[Event],
    *,
    stack: bool = False,
) -> Joined:
    """Each label against the kernel of the side that it names; `stack`: the server has none."""
    told: dict[tuple[tuple[str, int], tuple[str, int]], list[Event]] = defaultdict(list)
    listening: dict[tuple[str, int], list[Event]] = defaultdict(list)
    for event in events:
        told[event.sender, event.to].append(event)
        if event.to[1] == 0:
            listening[event.sender].append(event)
    made = Joined()
    found = {v: wire.connections(files[v]) for v in ("client", "server")}
    for record in records:
        if not record.kernel:
            continue
        for side, host in (("client", record.client), ("server", record.server)):
            if stack and side == "server":
                continue
            peer = record.server if side == "client" else record.client
            label = record.views.get(side)
            low, high = sorted((host, peer))
            rows = found[side].get((low, high), [])
            if label is None or record.ordinals.get(side, 0) > len(rows):
                continue
            seen = rows[record.ordinals[side] - 1]
            sent = [at for at, sender, what in seen.resets if sender == host]
            # A capture may hold a reset of an earlier or later connection of the same ports.
            mine = [
                _near(told[host, peer], at, NEAR) or _near(listening[host], at, NEAR_LISTENER)
                for at in sent
            ]
            reasons = [event.reason for event in mine if event]
            made.resets += len(sent)
            made.joined += len(reasons)
            # A box has a kernel of its own, which is traced too.
            if label.ended_by == "third_party" and label.ending in RESETS and not bed.box:
                claimed = sum(sender == peer for _, sender, _ in seen.resets)
                real = sum(event.time > record.start for event in told[peer, host])
                if claimed and claimed <= real:
                    name = f"{record.scenario}/{record.repetition} at {side}"
                    text = f"the peer's own kernel sent its {claimed} resets"
                    made.wrong.append((f"{name}: {text}", record))
            if reasons:
                record.reasons[side] = reasons[0]
            allowed = record.expected or REASONS.get(label.cause, frozenset())
            if text := _contradicts(label, side, sent, reasons, allowed):
                name = f"{record.scenario}/{record.repetition} {side}'s kernel"
                made.wrong.append((f"{name}: {text}", record))
    return made


def _near(events: list[Event], at: float, within: float) -> Event | None:
    near = [event for event in events if abs(event.time - at) < within]
    return min(near, key=lambda event: abs(event.time - at), default=None)


def _contradicts(
    label: Label, side: str, sent: list[float], reasons: list[str], allowed: frozenset[str]
) -> str:
    if label.ending not in RESETS or label.ended_by != side or not sent:
        return ""
    if not reasons:
        return f"{label.cause}, but the kernel sent none of the {len(sent)} resets"
    if allowed and reasons[0] not in allowed:
        return f"{label.cause}, but the kernel says {', '.join(dict.fromkeys(reasons))}"
    return ""
