"""The traffic that a build with profiles learns from is what it is meant to be."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
import train

import finrst

if TYPE_CHECKING:
    from pathlib import Path

ENDINGS = {
    "closed": "graceful",
    "refused": "handshake_refused",
    "unanswered": "handshake_unanswered",
    "reset": "reset",
    "abandoned": "handshake_abandoned",
    "lossy": "graceful",
    "left_open": "open",
    "long": "graceful",
}


@pytest.mark.parametrize("kind", train.SHARES)
def test_each_kind_ends_as_it_is_called(kind: str, tmp_path: Path) -> None:
    packets = train.traffic([kind] * 12, random.Random(7))
    for path in train.write(packets, tmp_path):
        cap = finrst.read(path)
        assert cap.connections.counts("ending") == [(ENDINGS[kind], 12)]
        assert sum(cap.ledger["packets"]) == len(packets)
        assert len(cap.issues) == 0
        repeated = sum(cap.connections["client_retransmitted_packets"])
        repeated += sum(cap.connections["server_retransmitted_packets"])
        assert (repeated > 0) == (kind in {"lossy", "unanswered"})
