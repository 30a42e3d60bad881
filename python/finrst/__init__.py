"""How every TCP connection in a packet capture ended, who ended it, and why.

>>> import finrst
>>> cap = finrst.conversation("> S, < R.")  # the notation of tcpdump
>>> cap.connection(0).ending
'handshake_refused'
"""

from ._capture import Capture
from ._connection import Connection, community_id
from ._errors import CaptureError, CaptureWarning, FilterError, FinrstError, InternalError
from ._explain import Explanation
from ._functions import conversation
from ._native import __version__
from ._reference import causes, columns
from ._table import Table

__all__ = [
    "Capture",
    "CaptureError",
    "CaptureWarning",
    "Connection",
    "Explanation",
    "FilterError",
    "FinrstError",
    "InternalError",
    "Table",
    "__version__",
    "causes",
    "columns",
    "community_id",
    "conversation",
]
