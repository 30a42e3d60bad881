"""Network namespaces in a row (client, router, server, perhaps a box), captured in each."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator

PREFIX = "finlab"
# Routers that the path seems to have besides this one: a box in between is nearer than a host.
HOPS = 3
VANTAGES = ("client", "router", "server")
_CLONE_NEWNET = 0x40000000
_SIOCETHTOOL = 0x8946
# Offloads off (checksums, scatter-gather, TSO, GSO, GRO): a segment is what a wire would carry.
_OFFLOADS = (0x15, 0x17, 0x19, 0x1F, 0x24, 0x2C)
_FILTER = "tcp or (icmp and icmp[0] == 3) or (icmp6 and (ip6[40] == 1 or ip6[40] == 2))"
_libc = ctypes.CDLL(None, use_errno=True)


def possible() -> str:
    """Why the laboratory cannot run here, or an empty text."""
    if os.geteuid() != 0:
        return "not root"
    for tool in ("ip", "nft", "iptables", "tcpdump", "ss"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    name = f"{PREFIX}-probe{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode != 0:
        return "network namespaces cannot be made"
    try:
        veth = ["ip", "-n", name, "link", "add", "va", "type", "veth", "peer", "name", "vb"]
        if subprocess.run(veth, capture_output=True).returncode != 0:
            return "veth pairs cannot be made"
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return ""


def run(*argv: str, text: str | None = None) -> str:
    done = subprocess.run(argv, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout


def client_ip(host: int, v6: bool) -> str:
    return f"fd77:1::{host:x}" if v6 else f"10.77.1.{host}"


def stack_ip(v6: bool) -> str:
    """Where another TCP stack lives, behind the server's namespace."""
    return "fd77:3::2" if v6 else "10.77.3.2"


def outside_ip(host: int, v6: bool) -> str:
    """The box's own address for a scenario, in whose name it sends what clients sent."""
    return f"fd77:4::{host:x}" if v6 else f"10.77.4.{host}"


def service_ip(host: int, v6: bool) -> str:
    """An address that is the box's alone: it stands for a server behind it."""
    return f"fd77:5::{host:x}" if v6 else f"10.77.5.{host}"


def server_ip(host: int, v6: bool) -> str:
    return f"fd77:2::{host:x}" if v6 else f"10.77.2.{host}"


class Bed:
    """client 10.77.1.x --- router --- server 10.77.2.x, with one address pair per scenario.

    A box is another router with connection tracking: the client's own gateway (`near`), or in
    front of the server (`far`). It is captured on all its interfaces at once.
    """

    def __init__(
        self, name: str, hosts: int, sysctls: dict[str, str], hops: int = HOPS, box: str = ""
    ) -> None:
        self.name, self.hops, self.box = name, hops, box
        self.vantages = (*VANTAGES, "box") if box else VANTAGES
        self.names = {v: f"{PREFIX}-{os.getpid()}-{name}-{v}" for v in self.vantages}
        self.interfaces = {"client": "c0", "router": "r0", "server": "s0", "box": "any"}
        self._dumps: list[subprocess.Popen[bytes]] = []
        self._children: list[subprocess.Popen[str]] = []
        self._fds: dict[str, int] = {}
        self._here = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._lock = threading.Lock()
        try:
            self._build(hosts, sysctls)
        except BaseException:
            self.close()
            raise

    def _build(self, hosts: int, sysctls: dict[str, str]) -> None:
        for vantage, name in self.names.items():
            run("ip", "netns", "add", name)
            self._fds[vantage] = os.open(f"/run/netns/{name}", os.O_RDONLY)
            with self.inside(vantage):
                for key in ("all", "default"):
                    # No duplicate address detection: addresses work at once.
                    pathlib.Path(f"/proc/sys/net/ipv6/conf/{key}/accept_dad").write_text("0")
        row = {"": "crs", "near": "cbrs", "far": "crbs"}[self.box]
        whole = {v[0]: v for v in self.vantages}
        lines: dict[str, list[str]] = {v: ["link set lo up"] for v in self.vantages}
        devices: dict[str, list[str]] = {v: [] for v in self.vantages}
        # Each link a network: 1 is the clients', 2 the servers', 6 between two routers.
        links = [(1, row[0], row[1]), (2, row[-2], row[-1])]
        if self.box:
            links.insert(1, (6, row[1], row[2]))
        for net, left, right in links:
            ends = []
            for near in (left, right):
                # c0 and s0 are hosts'; r0 is the router's client side, r1 the other.
                ends.append(f"{near}{len(devices[whole[near]])}")
                devices[whole[near]].append(ends[-1])
                lines[whole[near]].append(f"link set {ends[-1]} up")
            # Made inside a namespace and moved from there, so that beds never collide.
            a, b = self.names[whole[left]], self.names[whole[right]]
            run("ip", "-n", a, "link", "add", ends[0], "type", "veth", "peer", "name", ends[1])
            run("ip", "-n", a, "link", "set", ends[1], "netns", b)
            for n, (near, dev) in enumerate(zip((left, right), ends, strict=True)):
                if near in "cs":
                    for host in range(10, 10 + hosts):
                        lines[whole[near]].append(f"addr add 10.77.{net}.{host}/24 dev {dev}")
                        lines[whole[near]].append(
                            f"addr add fd77:{net}::{host:x}/64 dev {dev} nodad"
                        )
                    lines[whole[near]].append(f"route add default via 10.77.{net}.1")
                    lines[whole[near]].append(f"-6 route add default via fd77:{net}::1")
                else:
                    own = 1 + n if net == 6 else 1
                    lines[whole[near]].append(f"addr add 10.77.{net}.{own}/24 dev {dev}")
                    lines[whole[near]].append(f"addr add fd77:{net}::{own}/64 dev {dev} nodad")
        if self.box:
            # The left one of the two routers knows what is right of the link, and the other way.
            first, second = row[1], row[2]
            beyond, before = ({2, 5}, {1, 4}) if self.box == "near" else ({2, 4, 5}, {1})
            for where, via, nets in ((first, 2, beyond), (second, 1, before)):
                for net in nets - ({5, 4} if where == "b" else set()):
                    lines[whole[where]].append(f"route add 10.77.{net}.0/24 via 10.77.6.{via}")
                    lines[whole[where]].append(f"-6 route add fd77:{net}::/64 via fd77:6::{via}")
        for vantage, batch in lines.items():
            four = [line for line in batch if not line.startswith("-6 ")]
            six = [line[3:] for line in batch if line.startswith("-6 ")]
            run("ip", "-n", self.names[vantage], "-batch", "-", text="\n".join(four))
            if six:
                run("ip", "-n", self.names[vantage], "-6", "-batch", "-", text="\n".join(six))
        for vantage in self.vantages:
            with self.inside(vantage):
                wanted = {"net/ipv4/tcp_no_metrics_save": "1"}
                wanted |= {"net/ipv4/icmp_ratelimit": "0", "net/ipv6/icmp/ratelimit": "0"}
                if vantage in ("router", "box"):
                    wanted |= {"net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1"}
                else:
                    wanted |= sysctls
                for key, value in wanted.items():
                    pathlib.Path("/proc/sys", key).write_text(value)
                for dev in devices[vantage]:
                    _plain(dev)

    @contextlib.contextmanager
    def inside(self, vantage: str) -> Iterator[None]:
        """The calling thread, and the sockets it makes, live in that namespace."""
        if _libc.setns(self._fds[vantage], _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            if _libc.setns(self._here, _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns back")

    def nft(self, vantage: str, rules: str) -> None:
        with self._lock:
            run("ip", "netns", "exec", self.names[vantage], "nft", "-f", "-", text=rules)

    def ip(self, vantage: str, *argv: str) -> None:
        run("ip", "-n", self.names[vantage], *argv)

    def add_stack(self, program: pathlib.Path) -> subprocess.Popen[str]:
        """Another stack on a TUN device, one hop behind the server's namespace."""
        via4, via6 = server_ip(10, False), server_ip(10, True)
        self.ip("router", "route", "add", "10.77.3.0/24", "via", via4)
        self.ip("router", "-6", "route", "add", "fd77:3::/64", "via", via6)
        self.ip("server", "tuntap", "add", "tun0", "mode", "tun")
        self.ip("server", "addr", "add", "10.77.3.1/24", "dev", "tun0")
        self.ip("server", "addr", "add", "fd77:3::1/64", "dev", "tun0", "nodad")
        self.ip("server", "link", "set", "tun0", "up")
        with self.inside("server"):
            for key in ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"):
                pathlib.Path("/proc/sys", key).write_text("1")
        argv = ["ip", "netns", "exec", self.names["server"], str(program), "tun0"]
        argv += [stack_ip(False), stack_ip(True), "10.77.3.1", "fd77:3::1"]
        pipe = subprocess.PIPE
        stack = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True)
        self._children.append(stack)
        return stack

    def capture(self, directory: pathlib.Path) -> dict[str, pathlib.Path]:
        """Starts tcpdump at all three places; the router's tap is on its client side."""
        files = {v: directory / f"{self.name}.{v}.pcap" for v in self.vantages}
        for vantage, file in files.items():
            argv = ["ip", "netns", "exec", self.names[vantage], "tcpdump", "-i"]
            argv += [self.interfaces[vantage], "-n", "-U", "-Z", "root", "-B", "16384"]
            # No packet is longer than the links' 1,500 octets: the buffer has room for many.
            argv += ["--immediate-mode", "--time-stamp-precision=nano", "-s", "2048"]
            self._dumps.append(
                subprocess.Popen([*argv, "-w", str(file), _FILTER], stderr=subprocess.PIPE)
            )
        for dump in self._dumps:
            assert dump.stderr is not None
            while line := dump.stderr.readline():
                if b"listening on" in line:
                    break
            else:
                raise RuntimeError("tcpdump did not start")
        return files

    def stop_capture(self) -> None:
        time.sleep(0.3)
        for dump in self._dumps:
            dump.send_signal(signal.SIGINT)
        for dump in self._dumps:
            _, err = dump.communicate(timeout=20)
            lost = [x for x in err.decode().splitlines() if "dropped by kernel" in x]
            if lost and not lost[0].startswith("0 "):
                raise RuntimeError(f"{self.name}: tcpdump lost packets: {lost[0]}")
        self._dumps.clear()

    def close(self) -> None:
        for dump in self._dumps:
            dump.kill()
        for child in self._children:
            child.kill()
            child.wait()
        for fd in (*self._fds.values(), self._here):
            with contextlib.suppress(OSError):
                os.close(fd)
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def sweep(pids: set[int]) -> None:
    """Removes what the given processes left behind (a killed child cannot do it itself)."""
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    for line in names.splitlines():
        name = line.split()[0]
        parts = name.split("-")
        if parts[0] == PREFIX and parts[1].isdigit() and int(parts[1]) in pids:
            found = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
            for pid in found.stdout.split():
                with contextlib.suppress(OSError):
                    os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def _plain(device: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for command in _OFFLOADS:
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP", device.encode(), ctypes.addressof(value))
            with contextlib.suppress(OSError):
                fcntl.ioctl(s.fileno(), _SIOCETHTOOL, request)
