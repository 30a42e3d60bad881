"""Five classes of causes, and one for what is not decided: their order, meaning and colours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CauseClass:
    """A class of causes."""

    name: str
    meaning: str
    """What happened to its connections: "3 …"."""
    colour: str
    """One colour for light and dark backgrounds."""


CLASSES = (
    CauseClass("orderly", "closed by FIN, as intended", "#3f9b6d"),
    CauseClass("abort", "reset after the handshake", "#d65a4a"),
    CauseClass("refused", "turned down at the handshake", "#dd9526"),
    CauseClass("timeout", "given up after waiting", "#7a74c9"),
    CauseClass("suspicious", "ended by somebody between, or scanned", "#c2479a"),
    CauseClass("undecided", "still open, or not explained by the capture", "#8b949e"),
)
"""Every class, in the order in which plots stack them."""

BY_NAME = {one.name: one for one in CLASSES}

_MEMBERS = {
    "orderly": (
        "client_close server_close simultaneous_close half_close_eof idle_close health_check_probe"
    ),
    "abort": (
        "abort_unread_data application_abort connect_race_lost data_after_close device_stated "
        "fin_wait2_expired follow_up_reset half_open_discovered keepalive_race mptcp_reset "
        "nat_state_lost no_socket old_duplicate_syn rst_answers_unseen_segment rst_challenged "
        "stray_segment syn_ack_bad_timestamp tls_failure tls_handshake_cut"
    ),
    "refused": (
        "accept_queue_dropped accept_queue_overflow accept_queue_overflow_reset icmp_unreachable "
        "intermittent_refusal port_closed rejected_by_firewall"
    ),
    "timeout": (
        "client_handshake_timeout fin_unanswered idle_timeout_reset keepalive_timeout "
        "retransmission_timeout syn_unanswered zero_window_giveup zero_window_stall"
    ),
    "suspicious": "forged_syn_ack probe_scan reset_injected syn_ack_mismatch syn_scan",
    "undecided": "still_open undetermined",
}
CLASS_OF = {cause: name for name, members in _MEMBERS.items() for cause in members.split()}
"""The class of every cause."""


def class_of(cause: str) -> CauseClass:
    """Give the class of a cause; one that is not known counts as undecided.

    >>> class_of("port_closed").name
    'refused'
    """
    return BY_NAME[CLASS_OF.get(cause, "undecided")]
