"""The columns of ``connections`` as typed attributes.

Made from the declared columns by ``tests/python/attributes.py``; not written by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finrst._base.pickles import ByValue

if TYPE_CHECKING:
    import datetime as dt
    from typing import Literal


class Attributes(ByValue):
    """What a connection has of each column; the values come from its row."""

    connection_id: int
    """Number of the connection, given at its first packet, from 0 upwards."""
    client_ip: str
    """Address of the initiator, in canonical text (RFC 5952)."""
    client_port: int
    """Port of the initiator."""
    server_ip: str
    """Address of the responder, in canonical text (RFC 5952)."""
    server_port: int
    """Port of the responder."""
    ip_version: int
    """4 or 6."""
    vlan_id: int | None
    """Outermost VLAN around the first packet."""
    inner_vlan_id: int | None
    """Innermost VLAN, where there are several."""
    tunnel: str | None
    """Tunnels around the first packet, outermost first, as in `gre/vxlan:42`."""
    interface: str | None
    """Name of the interface that captured the first packet."""
    server_name: str | None
    """TLS server name or HTTP host in the client's first payload."""
    first_packet: int
    """Number of the first packet over the whole capture, from 1."""
    last_packet: int
    """Number of the last packet over the whole capture."""
    file: str | None
    """File of the first packet."""
    first_packet_in_file: int
    """Number of the first packet in its file, from 1; only packets count."""
    start: dt.datetime
    """Capture time of the first packet."""
    end: dt.datetime
    """Capture time of the last packet."""
    duration_s: float
    """Time from the first to the last packet (s)."""
    opening: Literal["syn", "syn_ack_first", "mid_stream"]
    """How the capture shows the beginning; `mid_stream` makes client and server a guess."""
    client_wait_s: float | None
    """From the first SYN to the client's first acknowledgment or reset: how long it waited (s)."""
    syn_retry_s: float | None
    """From the first SYN to the latest before the SYN-ACK: what repeated SYNs took (s)."""
    synack_delay_s: float | None
    """From the latest SYN before it to the SYN-ACK: the server's part of the round trip (s)."""
    ack_delay_s: float | None
    """From the SYN-ACK to its acknowledgment: the client's part of the round trip (s)."""
    handshake_rtt_s: float | None
    """Round trip of the handshake: both parts added (s)."""
    synack_ack_offset: int | None
    """How far the SYN-ACK's acknowledgment is from the one that fits the SYN; 0 when it fits
    (bytes).
    """
    client_syns: int
    """SYN segments of the client (packets)."""
    server_syn_acks: int
    """SYN-ACK segments of the server (packets)."""
    client_mss: int | None
    """Client: maximum segment size option of its SYN (bytes)."""
    server_mss: int | None
    """Server: maximum segment size option of its SYN (bytes)."""
    client_window_scale: int | None
    """Client: window scale option of its SYN, a shift count."""
    server_window_scale: int | None
    """Server: window scale option of its SYN, a shift count."""
    client_packets: int
    """Client: segments sent (packets)."""
    server_packets: int
    """Server: segments sent (packets)."""
    client_bytes: int
    """Client: payload sent, each byte counted once (bytes)."""
    server_bytes: int
    """Server: payload sent, each byte counted once (bytes)."""
    client_bytes_on_wire: int
    """Client: payload sent, retransmissions counted again (bytes)."""
    server_bytes_on_wire: int
    """Server: payload sent, retransmissions counted again (bytes)."""
    client_retransmitted_packets: int
    """Client: segments that brought nothing new (packets)."""
    server_retransmitted_packets: int
    """Server: segments that brought nothing new (packets)."""
    client_retransmitted_bytes: int
    """Client: payload sent again (bytes)."""
    server_retransmitted_bytes: int
    """Server: payload sent again (bytes)."""
    client_out_of_order: int
    """Client: segments that filled a gap after later bytes (packets)."""
    server_out_of_order: int
    """Server: segments that filled a gap after later bytes (packets)."""
    client_missing_bytes: int
    """Client: payload below the highest seen that was not captured (bytes)."""
    server_missing_bytes: int
    """Server: payload below the highest seen that was not captured (bytes)."""
    client_duplicate_acks: int
    """Client: acknowledgments repeated while data was outstanding (packets)."""
    server_duplicate_acks: int
    """Server: acknowledgments repeated while data was outstanding (packets)."""
    client_zero_windows: int
    """Client: segments that closed its receive window (packets)."""
    server_zero_windows: int
    """Server: segments that closed its receive window (packets)."""
    client_probes: int
    """Client: keep-alive and zero-window probes sent (packets)."""
    server_probes: int
    """Server: keep-alive and zero-window probes sent (packets)."""
    client_ece_packets: int
    """Client: segments outside the handshake that echo congestion (ECE) (packets)."""
    server_ece_packets: int
    """Server: segments outside the handshake that echo congestion (ECE) (packets)."""
    client_window_minimum: int | None
    """Client: smallest receive window outside SYN and RST, scaled (bytes)."""
    server_window_minimum: int | None
    """Server: smallest receive window outside SYN and RST, scaled (bytes)."""
    client_ttl: int | None
    """Client: TTL or hop limit of its SYN, else of its first segment (hops)."""
    server_ttl: int | None
    """Server: TTL or hop limit of its SYN, else of its first segment (hops)."""
    client_min_rtt_s: float | None
    """Client: shortest time from its segment to the acknowledgment (s)."""
    server_min_rtt_s: float | None
    """Server: shortest time from its segment to the acknowledgment (s)."""
    ending: Literal[
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
    """How it ended, from packets alone; resets without effect are left out."""
    ending_raw: Literal[
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
    """How it ended when every reset counts, obeyed or not."""
    ended_by: Literal["client", "server", "both", "third_party", "none"]
    """Who sent the segment that decided the ending, after judgement."""
    deciding_packet: int | None
    """Number of the packet that decided the ending."""
    phase: Literal["handshake", "after_handshake", "data", "idle", "closing"]
    """Phase in which it ended."""
    idle_before_end_s: float | None
    """Silence before the segment that decided the ending (s)."""
    close_start: dt.datetime | None
    """Capture time of the first FIN, else of the first RST, whichever decided the ending."""
    idle_before_close_s: float | None
    """Silence before the first FIN, else before the first RST, whichever decided the ending (s)."""
    first_fin_by: Literal["client", "server"] | None
    """Who sent the first FIN."""
    first_rst_by: Literal["client", "server"] | None
    """Who sent the first RST, by its addresses."""
    simultaneous_close: bool
    """Whether the FINs of both sides crossed."""
    late_packets: int
    """Segments after it was over (packets)."""
    icmp_errors: int
    """ICMP errors that quote a segment of it (packets)."""
    icmp_error: str | None
    """Type and code of the first ICMP error about it, as in `3/1`."""
    icmp_reporter: str | None
    """Who sent the first ICMP error about it."""
    release: Literal["closed", "idle", "reuse", "evicted", "end"]
    """Why the row was let go."""
    superseded: bool
    """Whether a new connection of the same addresses and ports replaced it while it was open."""
    censored: bool
    """Whether the capture ended too early to know the ending."""
    client_fins: int
    """Client: FIN segments sent (packets)."""
    server_fins: int
    """Server: FIN segments sent (packets)."""
    client_rsts: int
    """Client: RST segments sent, by their addresses (packets)."""
    server_rsts: int
    """Server: RST segments sent, by their addresses (packets)."""
    client_bytes_lost: int
    """Client: payload a reset threw away: sent, never acknowledged (lower bound) (bytes)."""
    server_bytes_lost: int
    """Server: payload a reset threw away: sent, never acknowledged (lower bound) (bytes)."""
    client_bytes_after_fin: int
    """Client: new payload after the first FIN of either side (bytes)."""
    server_bytes_after_fin: int
    """Server: new payload after the first FIN of either side (bytes)."""
    client_tls_alert: str | None
    """Client: its last TLS alert; `encrypted` where it cannot be read."""
    server_tls_alert: str | None
    """Server: its last TLS alert; `encrypted` where it cannot be read."""
    mechanism: Literal[
        "orderly_close",
        "half_close",
        "host_abort",
        "reply_reset",
        "unclear_reset",
        "refusal",
        "handshake_abandoned",
        "third_party_reset",
        "third_party_data",
        "icmp_error",
        "silence",
        "superseded",
        "open",
        "stray",
    ]
    """How it was ended, as the packets alone decide it."""
    cause: str
    """Why it ended; `undetermined` when no rule holds."""
    confidence: float
    """How sure the cause is, from 0 to 1 in steps of 0.01; 0 when undetermined."""
    evidence: list[dict[str, Any]]
    """The facts that the cause rests on: name, number, text, packet that shows it."""
    alternatives: list[dict[str, Any]]
    """What else it could be, likeliest first, with shares of what the confidence leaves."""
    harmless: bool
    """Whether it is over and nothing was lost, whatever reset came; false where that is not
    seen.
    """
    directions_seen: Literal["both", "client", "server"]
    """Whose segments were captured: of both sides, or of one."""
    vantage: Literal["client", "server", "middle", "unknown"]
    """Where the capture was made: next to the client, the server, or in between."""
    vantage_basis: Literal["direction", "handshake", "offload", "ttl", "none"]
    """What says so."""
    capture_gaps: int
    """Payload that was acknowledged and never captured: what the capture lost (bytes)."""
    cut_packets: int
    """Segments whose payload the snap length cut (packets)."""
    duplicate_packets: int
    """Exact copies made by the capture; the counts of packets, FINs and RSTs include them
    (packets).
    """
    time_backward: int
    """Segments at which the capture's clock went back (packets)."""
    zeek_conn_state: Literal[
        "S0",
        "S1",
        "SF",
        "REJ",
        "S2",
        "S3",
        "RSTO",
        "RSTR",
        "RSTOS0",
        "RSTRH",
        "SH",
        "SHR",
        "OTH",
    ]
    """What Zeek's conn.log has as conn_state."""
    zeek_history: str
    """What Zeek's conn.log has as history."""
    tampering_signature: Literal[
        "none",
        "post_syn_silence",
        "post_syn_reset",
        "post_ack_silence",
        "post_ack_reset",
        "post_psh_silence",
        "post_psh_reset",
        "later_reset",
    ]
    """Published passive signature of the client's half alone; a shape, not a verdict."""
    wireshark_completeness: int
    """What Wireshark has as tcp.completeness: SYN 1, SYN-ACK 2, ACK 4, data 8, FIN 16, RST 32."""
