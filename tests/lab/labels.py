"""What a scenario says about its connections, and the table it is written to."""

from __future__ import annotations

import csv
import dataclasses
import math
import pathlib
from collections.abc import Iterable

from net import VANTAGES

ENDINGS = frozenset(
    [
        "stray",
        "handshake_unanswered",
        "handshake_refused",
        "handshake_abandoned",
        "handshake_aborted_by_server",
        "handshake_incomplete",
        "superseded",
        "graceful",
        "reset_after_fin",
        "reset",
        "half_closed",
        "peer_unresponsive",
        "open",
    ]
)
SIDES = frozenset(["client", "server", "both", "third_party", "none"])
CAUSES = frozenset(
    [
        "port_closed",
        "intermittent_refusal",
        "rejected_by_firewall",
        "icmp_unreachable",
        "syn_unanswered",
        "client_handshake_timeout",
        "accept_queue_overflow_reset",
        "accept_queue_overflow",
        "accept_queue_dropped",
        "forged_syn_ack",
        "old_duplicate_syn",
        "half_open_discovered",
        "syn_ack_bad_timestamp",
        "syn_scan",
        "connect_race_lost",
        "health_check_probe",
        "syn_ack_mismatch",
        "abort_unread_data",
        "application_abort",
        "data_after_close",
        "keepalive_race",
        "no_socket",
        "idle_timeout_reset",
        "keepalive_timeout",
        "retransmission_timeout",
        "zero_window_giveup",
        "fin_wait2_expired",
        "device_stated",
        "reset_injected",
        "stray_segment",
        "probe_scan",
        "mptcp_reset",
        "rst_challenged",
        "nat_state_lost",
        "tls_failure",
        "client_close",
        "server_close",
        "simultaneous_close",
        "half_close_eof",
        "idle_close",
        "fin_unanswered",
        "still_open",
        "content_injected",
        "port_reuse_collision",
        "syn_ack_ignored",
        "handshake_reset_ignored",
        "syn_ack_unanswered",
        "handshake_ack_lost",
        "timestamp_rejected",
        "syn_option_dropped",
        "path_mtu_black_hole",
        "nat_bypassed",
        "unread_close_notify",
        "request_unanswered",
        "tls_handshake_cut",
        "service_event",
        "relayed_end",
        "connection_age_limit",
        "admission_limit",
        "filtered_by_name",
        "zero_window_stall",
        "rst_answers_unseen_segment",
        "undetermined",
    ]
)
COLUMNS = [
    "capture",
    "vantage",
    "client_ip",
    "client_port",
    "server_ip",
    "server_port",
    "ordinal",
    "start",
    "scenario",
    "repetition",
    "ending",
    "ended_by",
    "cause",
    "alternatives_allowed",
    "visible",
    "kernel_reason",
]


@dataclasses.dataclass(frozen=True)
class Label:
    """The truth about one connection as it can be told at one place.

    `expect` is the connection on the wire, checked after every run: `>` client, `<` server;
    S, SA, A, D (data), F (also with data), R, RA, N (no flags), X (FIN, PSH, URG), I (ICMP);
    `~` stands for any number of ACKs and data of either side. A regular expression otherwise.
    """

    ending: str
    ended_by: str
    cause: str
    expect: str
    also: tuple[str, ...] = ()
    visible: bool = True

    def __post_init__(self) -> None:
        assert self.ending in ENDINGS, self.ending
        assert self.ended_by in SIDES, self.ended_by
        assert {self.cause, *self.also} <= CAUSES, (self.cause, self.also)


# One label (or None: nothing of it passes there) for each vantage point.
Views = dict[str, Label | None]


def label(ending: str, by: str, cause: str, expect: str, *also: str, visible: bool = True) -> Label:
    return Label(ending, by, cause, expect, also, visible)


def views(client: Label | None, **other: Label | None) -> Views:
    """The client's label at every place but those named; a box sees what the router sees."""
    made = {v: other.get(v, client) for v in VANTAGES}
    made["box"] = other.get("box", made["router"])
    return made


@dataclasses.dataclass
class Record:
    scenario: str
    repetition: int
    client: tuple[str, int]
    server: tuple[str, int]
    start: float
    views: Views
    end: float = math.inf
    ordinals: dict[str, int] = dataclasses.field(default_factory=dict)
    # Whether its hosts' kernels sent its resets, so that they can be asked for the reason.
    kernel: bool = True
    # The reasons that its kernel may give, where they are not its cause's.
    expected: frozenset[str] = frozenset()
    # What the kernel of each side gave as the reason of its first reset.
    reasons: dict[str, str] = dataclasses.field(default_factory=dict)


def number(records: list[Record]) -> None:
    """Tells connections of the same 4-tuple apart, in each capture of its own."""
    for vantage in (*VANTAGES, "box"):
        seen: dict[tuple[tuple[str, int], ...], int] = {}
        for record in sorted(records, key=lambda r: r.start):
            if record.views.get(vantage) is None:
                continue
            key = tuple(sorted((record.client, record.server)))
            seen[key] = record.ordinals[vantage] = seen.get(key, 0) + 1


def rows(family: str, places: Iterable[str], records: Iterable[Record]) -> list[list[str]]:
    made = []
    for record in records:
        for vantage in places:
            seen = record.views.get(vantage)
            if seen is None:
                continue
            ends = [
                record.client[0],
                str(record.client[1]),
                record.server[0],
                str(record.server[1]),
            ]
            which = [str(record.ordinals[vantage]), f"{record.start:.6f}"]
            what = [record.scenario, str(record.repetition), seen.ending, seen.ended_by, seen.cause]
            last = ["|".join(seen.also), "yes" if seen.visible else "no"]
            last.append(record.reasons.get(seen.ended_by, ""))
            made.append([f"{family}.{vantage}", vantage, *ends, *which, *what, *last])
    return made


def write(path: pathlib.Path, table: Iterable[list[str]]) -> None:
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows(table)
