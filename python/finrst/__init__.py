"""How every TCP connection in a packet capture ended, who ended it, and why.

>>> import finrst
>>> cap = finrst.read("tests/data/demo.pcap")
>>> cap.connections.counts("ending")[0]
('reset', 7)
>>> finrst.conversation("> S, < R.").connection(0).cause  # in the notation of tcpdump
'port_closed'
"""

import sys

from . import cluster
from ._errors import (
    CaptureError,
    CaptureWarning,
    FilterError,
    FinrstError,
    InternalError,
    OutputWarning,
    StateError,
)
from ._face.capture import Capture
from ._face.compare import Change, Comparison, compare
from ._face.declared import Options
from ._face.functions import conversation
from ._face.read import Scan, Stream, read, scan
from ._face.steps import Plan, accounts, digest, judge, plan, stitch, survey
from ._native import __version__
from ._story.connection import Connection, community_id
from ._story.explain import Explanation
from ._story.finding import Finding, Findings
from ._tables.reference import causes, columns, facts, finding_kinds, options, parameters
from ._tables.table import Table

__all__ = [
    "Capture",
    "CaptureError",
    "CaptureWarning",
    "Change",
    "Comparison",
    "Connection",
    "Explanation",
    "FilterError",
    "Finding",
    "Findings",
    "FinrstError",
    "InternalError",
    "Options",
    "OutputWarning",
    "Plan",
    "Scan",
    "StateError",
    "Stream",
    "Table",
    "__version__",
    "accounts",
    "causes",
    "cluster",
    "columns",
    "community_id",
    "compare",
    "conversation",
    "digest",
    "facts",
    "finding_kinds",
    "judge",
    "options",
    "parameters",
    "plan",
    "read",
    "scan",
    "stitch",
    "survey",
]

# A pickle names the module of a class: those made when there were no rooms name these.
sys.modules.update(
    {
        f"{__name__}.{old}": sys.modules[held.__module__]
        for old, held in (("_compare", Change), ("_explain", Explanation))
    }
)
