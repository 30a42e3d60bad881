"""An interactive view of a capture in a notebook.

``widget`` talks to the browser: what is asked goes through ``asked``, is answered by ``rows`` (the
table), ``bars`` (counts), ``found`` (findings) and ``detail`` (one connection). The browser's half
is in the scripts, which ``scripts`` joins.
"""

from .widget import Explorer

__all__ = ["Explorer"]
