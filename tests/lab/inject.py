"""Raw packets, sent from any of the three namespaces with any source address."""

from __future__ import annotations

import socket

from net import Bed
from packet import Packet


class Injector:
    def __init__(self, bed: Bed, vantage: str) -> None:
        with bed.inside(vantage):
            self._four = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._six = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._four.setsockopt(socket.IPPROTO_IP, socket.IP_HDRINCL, 1)
        self._six.setsockopt(socket.IPPROTO_IPV6, 36, 1)  # IPV6_HDRINCL

    def send(self, *packets: Packet) -> None:
        for packet in packets:
            if packet.v6:
                self._six.sendto(packet.encode(), (packet.dst, 0))
            else:
                self._four.sendto(packet.encode(), (packet.dst, 0))

    def close(self) -> None:
        self._four.close()
        self._six.close()
