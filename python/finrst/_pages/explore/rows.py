"""The table of the explorer: which rows, in which order, with which texts."""

from __future__ import annotations

import datetime as dt
import socket
from typing import TYPE_CHECKING, Any

from finrst._base.classes import class_of
from finrst._base.extras import need
from finrst._base.text import duration, printable
from finrst._base.times import clock, several_days, zone_name
from finrst.plot._columns import Columns

from .asked import FACETS, PAGE

if TYPE_CHECKING:
    from finrst._story.answer import Answer
    from finrst.plot._columns import Words

np = need("numpy", "notebook")

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MANY = 300
# Which connections are shown first: the suspicious, then the failed, then what nobody can explain.
_WEIGHTS = {"suspicious": 0, "abort": 1, "refused": 1, "timeout": 1, "undecided": 4, "orderly": 5}
_UNDETERMINED, _HARMLESS = 2, 3
_PORTS = 65_536


class Rows:
    """What the explorer shows of every connection, as arrays, and the orders of them.

    An order is worked out when it is first asked for and kept: 4 bytes for each connection.
    """

    def __init__(self, capture: Answer) -> None:
        """Take the columns out of the table."""
        texts, whole = [*FACETS, "server_name"], ["connection_id", "client_port"]
        needed = [*texts, *whole, "start", "duration_s", "confidence", "harmless"]
        columns = Columns(capture, needed, ["connections"])
        self.naming = capture.naming
        self.zone = capture.tz
        """In which times are written."""
        self.words = {name: columns.words(name) for name in texts}
        self.ids = columns.floats("connection_id").astype(np.int64)
        self.ports = {
            side: columns.floats(f"{side}_port").astype(np.int32) for side in ("client", "server")
        }
        self.times = columns.times("start")
        self.origin = int(self.times.min()) if len(self.times) else 0
        self.start = (self.times - self.origin) / 1e9
        self.length = max(float(self.start.max()) if len(self.start) else 0.0, 1e-6)
        self._duration = columns.floats("duration_s")
        self._confidence = columns.floats("confidence")
        self._harmless = columns.floats("harmless") == 1
        self._orders: dict[str, Any] = {}
        self._ends_by_rank: dict[str, Any] = {}
        told = capture.table("names")
        self._told = list(zip(told["address"], map(str.lower, told["name"]), strict=True))

    def __len__(self) -> int:
        """Count the connections."""
        return len(self.ids)

    @property
    def span(self) -> tuple[dt.datetime, dt.datetime]:
        """When the first and the last connection began."""
        return _moment(self.origin), _moment(self.origin + round(1e9 * self.length))

    @property
    def dated(self) -> bool:
        """Whether connections began on more than one day."""
        return several_days(*self.span, self.zone)

    def columns(self) -> list[dict[str, Any]]:
        """Describe the columns: what sorts by them, their heading, their width in characters."""
        zoned = f"start ({zone_name(self.zone)})"
        digits = len(str(int(self.ids.max()))) if len(self) else 1
        return [
            {"name": "connection_id", "title": "#", "wide": max(digits, 2), "number": True},
            {"name": "cause", "title": "cause", "wide": self._longest("cause")},
            {"name": "confidence", "title": "sure", "wide": 5, "number": True},
            {"name": "client", "title": "client", "wide": 15, "most": self._most("client")},
            {"name": "server", "title": "server", "wide": 15, "most": self._most("server")},
            {"name": "start", "title": zoned, "wide": 26 if self.dated else 15},
            {"name": "duration_s", "title": "lasted", "wide": 9, "number": True},
            {"name": "ending", "title": "how", "wide": self._longest("ending")},
            {"name": "ended_by", "title": "who", "wide": self._longest("ended_by")},
        ]

    def _longest(self, name: str) -> int:
        column = self.words[name]
        there = np.unique(column.codes)
        return max([4, *(len(column.names[code]) for code in there.tolist() if code >= 0)])

    def _most(self, side: str) -> int:
        """Give a width that most addresses with ports and names fit into."""
        texts = [self._ends(place)[side == "server"] for place in range(min(len(self), PAGE))]
        return max([21, *map(len, texts)])

    def ordered(self, order: str, mask: Any) -> Any:
        """Give the places of the rows that a mask lets through, in an order."""
        whole = self._order(order)
        return whole if mask.all() else whole[mask[whole]]

    def _order(self, order: str) -> Any:
        known = self._orders.get(order)
        if known is None:
            keys = self._keys(order.removeprefix("-"))
            known = np.lexsort(keys) if isinstance(keys, tuple) else _sorted(keys, order)
            known = self._orders[order] = known.astype(np.int32)
        return known

    def _keys(self, name: str) -> Any:
        """Give what a column is sorted by; what is missing is not a number."""
        if not name:
            return (self._confidence * -1, self._weights())
        if name in {"client", "server"}:
            if name not in self._ends_by_rank:
                ranks = _ranks_of_addresses(self.words[f"{name}_ip"])
                self._ends_by_rank[name] = ranks * _PORTS + self.ports[name]
            return self._ends_by_rank[name]
        if name in self.words:
            return _ranks(self.words[name], self.words[name].names)
        if name == "confidence":
            return np.where(self._confidence > 0, self._confidence, np.nan)
        return {"connection_id": self.ids, "start": self.times, "duration_s": self._duration}[name]

    def _weights(self) -> Any:
        """Give small numbers to what a reader should see first."""
        column = self.words["cause"]
        by_cause = [_WEIGHTS[class_of(name).name] for name in column.names]
        for place, name in enumerate(column.names):
            if name == "undetermined":
                by_cause[place] = _UNDETERMINED
        weights = np.array([*by_cause, _UNDETERMINED], dtype=np.int8)[column.codes]
        failed = (weights > 0) & (weights <= _UNDETERMINED)
        return np.where(self._harmless & failed, _HARMLESS, weights)

    def shown(self, places: Any) -> list[dict[str, Any]]:
        """Put rows into texts for the browser."""
        return [self._row(place) for place in places.tolist()]

    def _row(self, place: int) -> dict[str, Any]:
        cause, sure = self._word("cause", place) or "", float(self._confidence[place])
        cells = [
            str(self.ids[place]),
            cause,
            f"{100 * sure:.0f} %" if sure else "\N{EN DASH}",
            *self._ends(place),
            clock(_moment(int(self.times[place])), self.zone, 6, date=self.dated),
            duration(float(self._duration[place])),
            self._word("ending", place),
            self._word("ended_by", place),
        ]
        return {
            "id": int(self.ids[place]),
            "cells": [printable(cell, _MANY) for cell in cells],
            "colour": class_of(cause).colour,
        }

    def _word(self, name: str, place: int) -> str | None:
        code = self.words[name].codes[place]
        return self.words[name].names[code] if code >= 0 else None

    def _ends(self, place: int) -> tuple[str, str]:
        """Write client and server, with their names."""
        row: dict[str, Any] = {
            name: self._word(name, place) for name in ("client_ip", "server_ip", "server_name")
        }
        row["start"] = _moment(int(self.times[place]))
        row |= {f"{side}_port": int(ports[place]) for side, ports in self.ports.items()}
        return self.naming.client(row), self.naming.server(row)

    def containing(self, text: str) -> Any:
        """Let through the rows that have every word of a text in one of their cells but the times.

        Case does not matter. ``#12`` is the connection of this number, ``10.0.0.1:443`` an
        address that ends so with a port that begins so.
        """
        mask = np.ones(len(self), dtype=bool)
        for word in text.lower().split():
            mask &= self._containing(word)
        return mask

    def _containing(self, word: str) -> Any:
        if word[0] == "#" and word[1:].isdecimal():
            return self.ids == int(word[1:][:18])
        found = np.zeros(len(self), dtype=bool)
        for name, column in self.words.items():
            # Texts of ports are in server_port; both ports are looked through below.
            if name != "server_port":
                found |= fitting(column, word)
        if named := {address for address, name in self._told if word in name}:
            for side in self.ports:
                column = self.words[f"{side}_ip"]
                there = [ip in named for ip in column.names]
                found |= np.array([*there, False])[column.codes]
        if word.isdecimal():
            ports = np.array([word in str(port) for port in range(_PORTS)])
            for side in self.ports:
                found |= ports[self.ports[side]]
        ip, colon, port = word.rpartition(":")
        if colon and ip and (port.isdecimal() or not port):
            ports = np.array([str(one).startswith(port) for one in range(_PORTS)])
            for side in self.ports:
                ends = fitting(self.words[f"{side}_ip"], ip.strip("[]"), end=True)
                found |= ends & ports[self.ports[side]]
        return found


def fitting(column: Words, text: str, *, end: bool = False) -> Any:
    """Let through the rows whose word contains a text, or ends with it."""
    names = column.names
    fits = np.zeros(len(names) + 1, dtype=bool)
    if end:
        fits[:-1] = np.fromiter((name.endswith(text) for name in names), bool, len(names))
    else:
        fits[:-1] = np.fromiter((text in name.lower() for name in names), bool, len(names))
    return fits[column.codes]


def _moment(nanoseconds: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=nanoseconds // 1000)


def _sorted(keys: Any, order: str) -> Any:
    """Sort places by keys; equals stay in order of time, and what is missing is last."""
    return np.argsort(-keys if order.startswith("-") else keys, kind="stable")


def _ranks(column: Words, keys: Any) -> Any:
    """Replace words by their places when sorted; a missing one is after all."""
    ranks = np.full(len(column.names) + 1, len(column.names), dtype=np.int64)
    ranks[sorted(range(len(column.names)), key=keys.__getitem__)] = np.arange(len(column.names))
    return ranks[column.codes]


def _ranks_of_addresses(column: Words) -> Any:
    return _ranks(column, [_packed(name) for name in column.names])


def _packed(ip: str) -> bytes:
    """Give what addresses are sorted by: IPv4 first, then by their bytes.

    >>> sorted(["::1", "10.0.0.9", "9.0.0.10"], key=_packed)
    ['9.0.0.10', '10.0.0.9', '::1']
    """
    if ":" in ip:
        return b"\x06" + socket.inet_pton(socket.AF_INET6, ip)
    return b"\x04" + socket.inet_pton(socket.AF_INET, ip)
