"""How every TCP connection in a packet capture ended, who ended it, and why.

>>> import finrst
>>> cap = finrst.read("tests/data/demo.pcap")
>>> cap.connections.counts("ending")[0]
('reset', 7)
>>> finrst.conversation("> S, < R.").connection(0).cause  # in the notation of tcpdump
'port_closed'
"""

from ._capture import Capture
from ._compare import Change, Comparison, compare
from ._connection import Connection, community_id
from ._errors import (
    CaptureError,
    CaptureWarning,
    FilterError,
    FinrstError,
    InternalError,
    OutputWarning,
)
from ._explain import Explanation
from ._functions import conversation
from ._native import __version__
from ._read import Options, Scan, Stream, read, scan
from ._reference import causes, columns
from ._table import Table

__all__ = [
    "Capture",
    "CaptureError",
    "CaptureWarning",
    "Change",
    "Comparison",
    "Connection",
    "Explanation",
    "FilterError",
    "FinrstError",
    "InternalError",
    "Options",
    "OutputWarning",
    "Scan",
    "Stream",
    "Table",
    "__version__",
    "causes",
    "columns",
    "community_id",
    "compare",
    "conversation",
    "read",
    "scan",
]
