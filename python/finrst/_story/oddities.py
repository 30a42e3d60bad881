"""The kinds of the table ``issues`` as people are told of them: each is declared here, once."""

from __future__ import annotations

from finrst._base.text import plural

_KINDS = {
    "bad_fragment": ("IP fragments do not fit together", "fragment"),
    "block_damaged": ("Blocks of the file are damaged", "block"),
    "captured_longer": ("More was captured of a packet than it had", "packet"),
    "clock_leap": ("The capture's clock leaps by hours", "time"),
    "compressed_trailing": ("Something else follows the compressed data", "file"),
    "context_full": (
        "More hosts and services than are remembered: comparisons may miss some",
        "time",
    ),
    "crowded_tuple": (
        "The same addresses and ports in more VLANs or tunnels than are kept apart",
        "segment",
    ),
    "directory_not_entered": ("Directories within directories were passed over", "folder"),
    "evicted": ("Connections were let go early, to stay within the memory limit", "connection"),
    "file_changed": ("A file changed while it was read", "file"),
    "files_out_of_order": ("Files were named in another order than that of time", "file"),
    "files_overlap": ("Files share a span of time", "file"),
    "gaps_folded": ("Sides with more gaps than are kept apart", "side"),
    "interface_limit": ("More interfaces than are kept apart", "time"),
    "io_error": ("Reading failed", "time"),
    "link_type_bits": ("The file's link type has bits that mean nothing", "file"),
    "many_blocks": ("Many blocks without a packet", "time"),
    "name_record_damaged": ("Records of names are damaged", "record"),
    "not_a_capture": ("Files that are no captures were passed over", "file"),
    "option_damaged": ("Options of blocks are damaged", "option"),
    "pcap_version": ("A version of pcap that is not known", "file"),
    "record_damaged": ("Records have lengths that cannot be", "record"),
    "resync": ("Packets were found again behind damage", "time"),
    "section_damaged": ("Sections of the file are damaged", "section"),
    "section_limit": ("More sections than are described", "section"),
    "statistics_backward": ("Counters of an interface went down", "time"),
    "statistics_interface": ("Counters of an interface that is not described", "time"),
    "teardowns_not_compared": (
        "Of very many FINs and RSTs of a connection those in the middle are not compared",
        "segment",
    ),
    "text_limit": ("Texts in the file are longer, or more, than are kept", "text"),
    "time_backward": ("Packets are older than the one before", "packet"),
    "time_fraction": ("Times have more than a second for their fraction", "packet"),
    "time_out_of_range": ("Times lie beyond what can be written", "packet"),
    "too_many_paths": ("More VLANs and tunnels than are kept apart", "packet"),
    "truncated_tail": ("The file ends in the middle of a packet", "file"),
    "undefined_interface": ("Packets of an interface that is not described", "packet"),
    "unreadable": ("What cannot be read was passed over", "file"),
    "zero_fill": ("The file ends in zeros", "file"),
}
"""For every kind its sentence and what its count counts."""


def told(kind: str, count: int) -> str:
    """Tell of one kind of oddity, and how often it was met.

    >>> told("clock_leap", 23)
    "The capture's clock leaps by hours (23 times)"
    """
    sentence, noun = _KINDS.get(kind, (kind.replace("_", " "), "time"))
    return f"{sentence} ({plural(count, noun)})"
